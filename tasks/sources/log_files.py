"""Files of a source: found by glob, each once."""

from collections.abc import Sequence
from glob import glob
from pathlib import Path

from tasks.core.errors import SourceError


def find_files(source: str, patterns: Sequence[str]) -> list[Path]:
    """List the files that any of the patterns matches, each once, sorted.

    Raises:
        SourceError: A pattern matches no file: a log that has gone is not an empty one.
    """
    found: dict[tuple[Path, str], Path] = {}
    folders: dict[Path, Path] = {}
    for pattern in patterns:
        # `Path.glob` would refuse absolute patterns.
        matches = map(Path, glob(pattern, recursive=True))  # noqa: PTH207  # see above
        paths = [path for path in matches if path.is_file()]
        if not paths:
            detail = f"no file matches {pattern!r}; correct `paths`, or restore the file"
            raise SourceError(source, detail)
        for path in paths:
            found.setdefault(_real(path, folders), path)
    return sorted(found.values(), key=lambda path: path.parts)


def _real(path: Path, folders: dict[Path, Path]) -> tuple[Path, str]:
    """Say where a file lies; thousands share a folder, which is looked up once."""
    if path.is_symlink():
        path = path.resolve()
    folder = path.parent
    if folder not in folders:
        folders[folder] = folder.resolve()
    return folders[folder], path.name
