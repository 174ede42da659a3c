"""Names in the files that become variables of the environment: none ambiguous, none the same."""

import re
from collections.abc import Iterable, Iterator

from config.misfits import Misfit
from config.problems import Path, shown


def name_misfits(
    file: str, path: Path, names: Iterable[tuple[str, str, str]], seen: dict[str, str]
) -> Iterator[Misfit]:
    """Report names that would become the same or an ambiguous environment variable.

    Args:
        file: File that holds them.
        path: Path of what holds the fields.
        names: (field, beginning of the variable, name).
        seen: Name by variable, over the whole file; grows.
    """
    for field, prefix, name in names:
        variable = prefix + re.sub("[-.]", "_", name).upper()
        if variable.endswith(("_FILE", "_HOSTS")):
            message = "must not end in `file` or `hosts`, which settings use as endings; rename it."
            yield Misfit(file, (*path, field), message)
        other = seen.setdefault(variable, name)
        if other != name:
            message = (
                f"and {shown(other)} would both be GRADUAND_{variable} in the environment; "
                "rename one."
            )
            yield Misfit(file, (*path, field), message)
