"""Find and delete files of the lake that nothing refers to; the only code that deletes any.

A file may be young and unreferenced because a night is about to record it, so that
only old ones count. What is deleted was never part of the books.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pyarrow import fs

from tasks.core.errors import LakeError
from tasks.lake.files import LocalFiles
from tasks.lake.store import LAKE_ID_FILE, Lake

#: A night lasts hours; what is younger than this may be about to be recorded.
YOUNGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class LooseFile:
    """A file that no snapshot refers to.

    Attributes:
        path: Relative to the lake's root.
        modified_at: Aware UTC.
    """

    path: str
    size_bytes: int
    modified_at: datetime


def loose_files(
    lake: Lake, referenced: Collection[str], *, now: datetime, older_than: timedelta
) -> list[LooseFile]:
    """List the files that may go, sorted by path.

    Args:
        lake: The lake.
        referenced: Paths of every snapshot that the ledger ever recorded.
        now: Aware UTC.
        older_than: Age that a file must have; at least a day.

    Raises:
        LakeError: The age is less than a day.
    """
    if older_than < YOUNGEST:
        message = (
            "lake: files younger than a day may belong to a night that runs; ask for 1 or more"
        )
        raise LakeError(message)
    kept = {*referenced, LAKE_ID_FILE}
    found = []
    for info, path in _every_file(lake):
        modified_at = info.mtime.astimezone(UTC) if info.mtime else now
        if path not in kept and now - modified_at > older_than:
            found.append(LooseFile(path, info.size, modified_at))
    return sorted(found)


def delete(lake: Lake, files: Sequence[LooseFile]) -> None:
    """Delete loose files; one that has gone already is no fault."""
    filesystem, root = _filesystem(lake)
    for file in files:
        try:
            filesystem.delete_file(f"{root}/{file.path}")
        except FileNotFoundError:
            continue


def _every_file(lake: Lake) -> list[tuple[fs.FileInfo, str]]:
    filesystem, root = _filesystem(lake)
    selector = fs.FileSelector(root, recursive=True)
    return [
        (info, info.path[len(root) + 1 :])
        for info in filesystem.get_file_info(selector)
        if info.type == fs.FileType.File
    ]


def _filesystem(lake: Lake) -> tuple[fs.FileSystem, str]:
    if isinstance(lake.files, LocalFiles):
        return fs.LocalFileSystem(), str(lake.files.root)
    return lake.files.filesystem, str(lake.files.root)
