"""Publishing and reading whole files, on a local disk or in an object store.

A local file is written aside, flushed, linked to its name and its folder
flushed: after a power cut it is there whole or not at all. A name once taken
is never written over, unless what stands there is known to be damaged.
"""

import errno
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Protocol

import pyarrow as pa
from pyarrow import fs

from tasks.core.errors import LakeError

#: Moments of publishing, in order, at which a kill must leave nothing half-done.
STEPS = ("lake.aside", "lake.flushed", "lake.published", "lake.settled")

_ASIDE = ".aside"
#: Bytes copied at once.
_CHUNK = 1 << 22
#: Object stores, where a folder would be an object of its own, written for nothing.
_WITHOUT_FOLDERS = {"s3", "gcs", "abfs"}
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def no_step(_name: str) -> None:
    """Pass a named moment by; tests put a kill here."""


class Files(Protocol):
    """Files below one root, named by relative POSIX paths."""

    def publish(self, path: str, data: bytes) -> bool:
        """Write a file that did not exist; False, and nothing done, if it does."""

    def publish_file(self, path: str, local: Path, *, replaces: bool = False) -> bool:
        """Publish a local file, which is gone then; False if there is one of that name.

        Args:
            path: Its name.
            local: On the disk of the lake, if that is local (`workspace`).
            replaces: Write it whether or not there is one.
        """

    def workspace(self) -> Path | None:
        """Give a folder for files that are to be published; None for the system's."""

    def replace(self, path: str, data: bytes) -> None:
        """Write a file whether or not it exists."""

    def read(self, path: str) -> bytes | None:
        """Read a whole file; None if it does not exist."""

    def sizes(self, paths: Sequence[str]) -> list[int | None]:
        """Sizes in bytes in the order asked; None for what does not exist."""


class LocalFiles:
    """Files on a local disk."""

    def __init__(self, root: Path, steps: Callable[[str], None] = no_step) -> None:
        self.root = root
        self._steps = steps

    def publish(self, path: str, data: bytes) -> bool:
        """See `Files.publish`."""
        target = self.root / path
        with self._telling():
            if target.exists():
                _flush_folder(target.parent)  # whoever wrote it may have been killed before this
                return False
            aside = self._write_aside(data)
            _make_folder(target.parent)
            try:
                os.link(aside, target)
            except FileExistsError:
                aside.unlink()
                return False
            except OSError as fault:
                if fault.errno not in _NO_LINKS:
                    raise
                aside.rename(target)  # a disk without hard links: the last of two equals wins
            self._steps("lake.published")
            aside.unlink(missing_ok=True)
            self._settle(target)
        return True

    def publish_file(self, path: str, local: Path, *, replaces: bool = False) -> bool:
        """See `Files.publish_file`."""
        target = self.root / path
        with self._telling():
            with local.open("rb") as file:
                os.fsync(file.fileno())
            self._steps("lake.flushed")
            _make_folder(target.parent)
            if target.exists() and not replaces:
                local.unlink()
                _flush_folder(target.parent)
                return False
            local.replace(target)  # of two equals at once the last wins
            self._steps("lake.published")
            self._settle(target)
        return True

    def workspace(self) -> Path | None:
        """See `Files.workspace`."""
        folder = self.root / _ASIDE
        _make_folder(folder)
        return folder

    def replace(self, path: str, data: bytes) -> None:
        """See `Files.replace`."""
        target = self.root / path
        with self._telling():
            aside = self._write_aside(data)
            _make_folder(target.parent)
            aside.replace(target)
            self._steps("lake.published")
            self._settle(target)

    def read(self, path: str) -> bytes | None:
        """See `Files.read`."""
        try:
            return (self.root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def sizes(self, paths: Sequence[str]) -> list[int | None]:
        """See `Files.sizes`."""
        return [self._size(path) for path in paths]

    def _size(self, path: str) -> int | None:
        try:
            return (self.root / path).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell a full disk or a folder that is not ours as what it is."""
        try:
            yield
        except OSError as fault:
            why = fault.strerror or type(fault).__name__
            message = (
                f"lake folder {str(self.root)!r} cannot be written ({why}): make room there,"
                " correct its permissions, or choose another with GRADUAND_LAKE_DIR"
            )
            raise LakeError(message) from fault

    def _write_aside(self, data: bytes) -> Path:
        folder = self.root / _ASIDE
        _make_folder(folder)
        aside = folder / uuid.uuid4().hex
        with aside.open("xb") as file:
            file.write(data)
            self._steps("lake.aside")
            file.flush()
            os.fsync(file.fileno())
        self._steps("lake.flushed")
        return aside

    def _settle(self, target: Path) -> None:
        _flush_folder(target.parent)
        self._steps("lake.settled")


class ObjectFiles:
    """Objects of any pyarrow filesystem; one upload makes an object visible, whole."""

    def __init__(
        self, filesystem: fs.FileSystem, root: str, steps: Callable[[str], None] = no_step
    ) -> None:
        self.filesystem = filesystem
        self.root = PurePosixPath(root)
        self._steps = steps

    def full_path(self, path: str) -> str:
        """Name an object as its filesystem does."""
        return str(self.root / path)

    def publish(self, path: str, data: bytes) -> bool:
        """See `Files.publish`; two writers at once write equal content, so either may win."""
        if self._size(path) is not None:
            return False
        self.replace(path, data)
        return True

    def publish_file(self, path: str, local: Path, *, replaces: bool = False) -> bool:
        """See `Files.publish_file`."""
        if not replaces and self._size(path) is not None:
            local.unlink()
            return False
        full = self._writable(path)
        with (
            local.open("rb") as file,
            self.filesystem.open_output_stream(full, compression=None) as stream,
        ):
            while chunk := file.read(_CHUNK):
                stream.write(chunk)
        local.unlink()
        self._steps("lake.published")
        return True

    def workspace(self) -> Path | None:
        """See `Files.workspace`."""
        return None

    def replace(self, path: str, data: bytes) -> None:
        """See `Files.replace`."""
        full = self._writable(path)
        with self.filesystem.open_output_stream(full, compression=None) as stream:
            stream.write(data)
        self._steps("lake.published")

    def _writable(self, path: str) -> str:
        full = self.full_path(path)
        if self.filesystem.type_name not in _WITHOUT_FOLDERS:
            self.filesystem.create_dir(str(PurePosixPath(full).parent), recursive=True)
        self._steps("lake.flushed")
        return full

    def read(self, path: str) -> bytes | None:
        """See `Files.read`."""
        try:
            with self.filesystem.open_input_stream(self.full_path(path), compression=None) as file:
                return bytes(file.read())
        except FileNotFoundError:
            return None

    def sizes(self, paths: Sequence[str]) -> list[int | None]:
        """See `Files.sizes`."""
        infos = self.filesystem.get_file_info([self.full_path(path) for path in paths])
        return [info.size if info.type == fs.FileType.File else None for info in infos]

    def _size(self, path: str) -> int | None:
        return self.sizes([path])[0]


def open_files(place: str, steps: Callable[[str], None] = no_step) -> LocalFiles | ObjectFiles:
    """Open the root of a lake.

    Args:
        place: Folder, or a URI that pyarrow knows (`s3://bucket/prefix`).
        steps: Called at each of `STEPS`.

    Raises:
        LakeError: The place is no folder or URI that can be used.
    """
    if "://" not in place:
        return LocalFiles(_usable_folder(Path(place)), steps)
    try:
        filesystem, path = fs.FileSystem.from_uri(place)
    except pa.ArrowException:  # the base of all that pyarrow itself refuses; stores raise OSError
        raise _unopened(place, "it has a scheme, an option or a form that pyarrow lacks") from None
    except OSError:
        why = "its store does not answer, or a library that it needs is not installed"
        raise _unopened(place, f"{why}; check host, region and credentials") from None
    if isinstance(filesystem, fs.LocalFileSystem):
        return LocalFiles(_usable_folder(Path(path)), steps)
    return ObjectFiles(filesystem, path, steps)


def _unopened(place: str, why: str) -> LakeError:
    # The URI may hold a credential, and pyarrow repeats it: say the scheme only.
    return LakeError(f"lake: cannot open the {place.partition('://')[0]}:// URI: {why}")


def _usable_folder(root: Path) -> Path:
    root = root.absolute()
    if set(str(root)) & set("*?[]"):
        message = f"lake folder {str(root)!r}: choose a path without any of * ? [ ]"
        raise LakeError(message)  # file lists handed to DuckDB would be read as globs
    if root.exists() and not root.is_dir():
        message = f"lake folder {str(root)!r} is a file: choose another place"
        raise LakeError(message)
    return root


def _make_folder(folder: Path) -> None:
    """Make a folder and its parents, each flushed into the one above it."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _flush_folder(folder.parent)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
