"""Reads bodies within caps on wire bytes, decoded bytes and their ratio; memory stays bounded."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_MIB = 1024 * 1024
#: Below this many decoded bytes any ratio is harmless: short repetitive pages shrink well.
_RATIO_FREE_BYTES = 4 * _MIB
#: Decoded at a time, so that a bomb is noticed before it has grown.
_STEP_BYTES = 256 * 1024
_WINDOW_BITS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": 0}


@dataclass(frozen=True, slots=True)
class Caps:
    """How much one client takes from a source before it calls the answer unusable.

    Attributes:
        wire_bytes: Body as sent, per answer.
        decoded_bytes: Body after decompression, per answer.
        ratio: Decoded to wire bytes, beyond the first 4 MiB.
        depth: Nesting of JSON arrays and objects.
        pages: Pages of one listing.
        redirects: Redirects of one request.
        attempts: Tries of one request, the first included.
        answer_s: Seconds from a request to the last byte of its answer.
    """

    wire_bytes: int = 32 * _MIB
    decoded_bytes: int = 64 * _MIB
    ratio: int = 200
    depth: int = 64
    pages: int = 5000
    redirects: int = 5
    attempts: int = 5
    answer_s: float = 300.0


class UnusableBodyError(ValueError):
    """A body breaks a cap or its own encoding; the text names the cap, never the content."""


class TruncatedBodyError(UnusableBodyError):
    """A compressed body ends early; asking again can help."""


def read_capped(chunks: Iterable[bytes], encoding: str, caps: Caps) -> bytes:
    """Read a whole body.

    Args:
        chunks: Bytes as they arrive.
        encoding: Value of `Content-Encoding`; empty for none.
        caps: What is too much.

    Raises:
        UnusableBodyError: A cap is broken, the encoding is not one of gzip, deflate and
            identity (once: stacked encodings multiply a bomb), or the data is corrupt.
        TruncatedBodyError: The compressed stream is not complete.
    """
    wire = _Wire(chunks, caps.wire_bytes)
    name = encoding.strip().lower()
    body = bytearray()
    for piece in wire if name in {"", "identity"} else _inflate(wire, name):
        body += piece
        if len(body) > caps.decoded_bytes:
            message = f"the body is larger than {caps.decoded_bytes} bytes"
            raise UnusableBodyError(message)
        if len(body) > max(_RATIO_FREE_BYTES, caps.ratio * wire.count):
            message = f"the body unpacks to more than {caps.ratio} times its size"
            raise UnusableBodyError(message)
    return bytes(body)


def read_excerpt(chunks: Iterable[bytes], encoding: str, size: int) -> bytes:
    """Read the beginning of a body, as far as it can be read; for error answers."""
    name = encoding.strip().lower()
    excerpt = bytearray()
    try:
        for piece in chunks if name in {"", "identity"} else _inflate(chunks, name):
            excerpt += piece
            if len(excerpt) >= size:
                break
    except UnusableBodyError:
        pass  # What was readable so far is all that an excerpt promises.
    return bytes(excerpt[:size])


class _Wire:
    """Counts and caps the bytes as they arrive."""

    def __init__(self, chunks: Iterable[bytes], cap: int) -> None:
        self._chunks = chunks
        self._cap = cap
        self.count = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.count += len(chunk)
            if self.count > self._cap:
                message = f"the body is larger than {self._cap} bytes on the wire"
                raise UnusableBodyError(message)
            yield chunk


def _inflate(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    if encoding not in _WINDOW_BITS:
        message = "the body's encoding is not one of gzip, deflate and identity, used once"
        raise UnusableBodyError(message)
    inflater = None
    for chunk in chunks:
        data = chunk
        while data:
            if inflater is None:
                inflater = zlib.decompressobj(_WINDOW_BITS[encoding] or _deflate_bits(data))
            try:
                yield inflater.decompress(data, _STEP_BYTES)
            except zlib.error as error:
                message = "the compressed body is corrupt"
                raise UnusableBodyError(message) from error
            data = inflater.unconsumed_tail
            if inflater.eof:  # gzip allows further members
                data, inflater = inflater.unused_data, None
    if inflater is not None:
        yield from _drain(inflater)


def _drain(inflater: "zlib._Decompress") -> Iterator[bytes]:
    while piece := inflater.decompress(b"", _STEP_BYTES):
        yield piece
    if not inflater.eof:
        message = "the compressed body ends early"
        raise TruncatedBodyError(message)


def _deflate_bits(data: bytes) -> int:
    """Tell zlib-wrapped from raw deflate; servers send either under the name `deflate`."""
    is_wrapped = data[0] & 0x0F == zlib.DEFLATED
    return zlib.MAX_WBITS if is_wrapped else -zlib.MAX_WBITS
