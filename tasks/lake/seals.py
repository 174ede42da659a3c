"""A file's digest over its own bytes, kept inside it.

The digest in a file's name is over its rows, so that compression never decides whether content
is the same. This one covers every byte, also those that no reader of rows looks at: statistics
that a query engine skips by, headers, padding. It is taken with its own digits as zeros.
"""

import hashlib
import mmap
from pathlib import Path

#: Two marks, so that no single damage makes a sealed file look like one from before seals.
KEY = b"graduand-file-digest"
_MARK = b"graduand-sha256:"
_ZEROS = b"0" * 64
#: What an encoder leaves in the bytes for `seal` to fill in.
PLACEHOLDER = _MARK + _ZEROS

#: zstd: a frame that decoders skip (RFC 8878, 3.1.2): magic number, then length.
_SKIPPED = (0x184D2A50).to_bytes(4, "little")


def seal(data: bytes) -> bytes:
    """Fill the placeholder with the digest of everything around it."""
    digest = hashlib.sha256(data).hexdigest().encode()
    return data.replace(PLACEHOLDER, _MARK + digest)


def with_trailer(compressed: bytes) -> bytes:
    """Add a frame to zstd data that readers skip and that holds the seal."""
    return seal(compressed + trailer())


def is_sealed(data: bytes) -> bool:
    """Tell whether a file was written with a seal, sound or not."""
    return KEY in data or _MARK in data


def has_sound_seal(data: bytes) -> bool:
    """Tell whether a sealed file is, byte for byte, what was written."""
    start = data.rfind(_MARK) + len(_MARK)
    if start < len(_MARK) or KEY not in data:
        return False
    told = data[start : start + len(_ZEROS)]
    blank = data[:start] + _ZEROS + data[start + len(_ZEROS) :]
    return hashlib.sha256(blank).hexdigest().encode() == told


def trailer() -> bytes:
    """Give the frame that `with_trailer` adds, its seal not yet filled in."""
    note = KEY + b"=" + PLACEHOLDER
    return _SKIPPED + len(note).to_bytes(4, "little") + note


def seal_file(path: Path) -> None:
    """Fill the placeholder of a file with the digest of everything around it."""
    place, digest = _mark_of(path)
    with path.open("r+b") as file:
        file.seek(place)
        file.write(digest.encode())


def file_has_sound_seal(path: Path) -> bool:
    """Tell of a local file of any size what `has_sound_seal` tells of bytes."""
    if not path.stat().st_size:  # an empty file cannot be mapped
        return False
    place, digest = _mark_of(path)
    with path.open("rb") as file:
        file.seek(place)
        return file.read(len(_ZEROS)) == digest.encode()


def _mark_of(path: Path) -> tuple[int, str]:
    """Find where the last seal's digits stand, and digest the file with zeros for them."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        place = data.rfind(_MARK) + len(_MARK)
        digest = hashlib.sha256()
        with memoryview(data) as view:
            digest.update(view[:place])
            digest.update(_ZEROS)
            digest.update(view[place + len(_ZEROS) :])
    return place, digest.hexdigest()
