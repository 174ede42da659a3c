"""Read a configuration file that stands outside the configuration: another policy, other prices."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from config.errors import ConfigError
from config.explain import validate_document
from config.misfits import Misfit
from config.shapes.base import Shape
from config.yaml_lines import read_document

ShapeT = TypeVar("ShapeT", bound=Shape)


def read_other(
    file: Path, shape: type[ShapeT], misfits: Callable[[ShapeT], Iterable[Misfit]]
) -> ShapeT:
    """Read a file as one of the configuration's shapes.

    Args:
        file: Anywhere.
        shape: What it must be.
        misfits: Checks its own content.

    Raises:
        ConfigError: It cannot be read, or is no such file; every problem is named.
    """
    document = read_document(file)
    shaped, problems = validate_document(document, shape)
    found = [*document.problems, *problems]
    if shaped is not None:
        found += [document.problem(one.path, one.message) for one in misfits(shaped)]
    if shaped is None or found:
        what = f"the {shape.__name__.lower()} in {file}"
        raise ConfigError.listing(what, found)
    return shaped
