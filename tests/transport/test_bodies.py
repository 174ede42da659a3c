"""Bodies within caps: bombs, stacked encodings and endless streams end early, in little memory."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.errors import SourceUnavailableError
from tasks.transport.bodies import (
    Caps,
    TruncatedBodyError,
    UnusableBodyError,
    read_capped,
    read_excerpt,
)
from tasks.transport.client import Client
from tasks.transport.errors import BodyError
from tests.transport.loopback import FakeClock, Reply, Server, scripted

MIB = 1024 * 1024
CAPS = Caps()


def in_chunks(data: bytes, size: int = 1000) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@given(st.binary(max_size=5000), st.integers(1, 700), st.sampled_from(["", "gzip", "deflate"]))
def test_any_body_comes_back_whole_however_it_is_cut(data: bytes, size: int, encoding: str) -> None:
    packed = {"": data, "gzip": gzip.compress(data), "deflate": zlib.compress(data)}

    assert read_capped(in_chunks(packed[encoding], size), encoding, CAPS) == data


def test_raw_deflate_and_several_gzip_members_are_read() -> None:
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = raw.compress(b"abc" * 100) + raw.flush()
    members = gzip.compress(b"one,") + gzip.compress(b"two")

    assert read_capped([deflated], "deflate", CAPS) == b"abc" * 100
    assert read_capped(in_chunks(members, 7), "GZip", CAPS) == b"one,two"


def bomb(mebibytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(MIB)) for _ in range(mebibytes)) + packer.flush()


def test_a_gzip_bomb_ends_by_its_ratio_in_bounded_memory() -> None:
    sent = bomb(256)
    tracemalloc.start()

    with pytest.raises(UnusableBodyError, match="unpacks to more than 200 times"):
        read_capped(in_chunks(sent, 65536), "gzip", CAPS)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 32 * MIB


def test_decoded_and_wire_bytes_are_capped_each() -> None:
    caps = replace(CAPS, wire_bytes=2 * MIB, decoded_bytes=3 * MIB, ratio=10_000)

    with pytest.raises(UnusableBodyError, match="larger than 3145728 bytes"):
        read_capped([bomb(8)], "gzip", caps)
    with pytest.raises(UnusableBodyError, match="2097152 bytes on the wire"):
        read_capped(in_chunks(bytes(4 * MIB), 65536), "", caps)


def test_an_endless_stream_is_left_once_it_is_too_long() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 65536
            yield bytes(65536)

    with pytest.raises(UnusableBodyError):
        read_capped(endless(), "", replace(CAPS, wire_bytes=MIB))

    assert taken <= MIB + 65536


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "gzip,identity", "x"])
def test_stacked_and_unasked_encodings_are_refused(encoding: str) -> None:
    with pytest.raises(UnusableBodyError, match="used once"):
        read_capped([gzip.compress(gzip.compress(b"{}"))], encoding, CAPS)


def test_corrupt_and_cut_bodies_are_told_apart() -> None:
    sent = gzip.compress(bytes(range(256)) * 40)

    with pytest.raises(TruncatedBodyError):
        read_capped([sent[:-9]], "gzip", CAPS)
    with pytest.raises(UnusableBodyError, match="corrupt"):
        read_capped([b"not gzip at all"], "gzip", CAPS)


def test_an_excerpt_is_short_whatever_comes() -> None:
    assert read_excerpt([bomb(64)], "gzip", 100) == bytes(100)
    assert read_excerpt([b"not gzip"], "gzip", 100) == b""
    assert read_excerpt([b"abc", b"def"], "", 4) == b"abcd"


class TestOverSockets:
    def test_a_bomb_is_a_clear_error_and_no_retry(
        self, serve: Callable[..., Server], connect: Callable[..., Client]
    ) -> None:
        server = serve(scripted(Reply(200, {"content-encoding": "gzip"}, bomb(64))))

        with pytest.raises(BodyError, match=r"GET /\*: the body unpacks"):
            connect(server).get("/x")

        assert len(server.requests) == 1

    def test_a_bomb_in_an_error_answer_does_no_harm(
        self, serve: Callable[..., Server], connect: Callable[..., Client]
    ) -> None:
        reply = Reply(429, {"content-encoding": "gzip", "retry-after": "3"}, bomb(64))
        server = serve(scripted(reply, Reply(body=[1])))

        assert connect(server).get("/x").json == [1]

    def test_a_cut_body_is_asked_for_again(
        self, serve: Callable[..., Server], connect: Callable[..., Client], clock: FakeClock
    ) -> None:
        whole = gzip.compress(b"[1]" + b" " * 999)
        packed = {"content-encoding": "gzip"}
        server = serve(scripted(Reply(200, packed, whole[:-4]), Reply(200, packed, whole)))

        assert connect(server).get("/x").json == [1]
        assert clock.slept == [0.5]

    def test_a_body_that_drips_is_given_up(
        self, serve: Callable[..., Server], connect: Callable[..., Client], clock: FakeClock
    ) -> None:
        body = b"[" + b" " * (2 * MIB) + b"]"
        server = serve(scripted(Reply(200, {}, body)))
        client = connect(server, limits=Caps(attempts=1))
        ticking = clock.now
        clock.now = lambda: (clock.sleep(200), ticking())[1]  # type: ignore[method-assign,func-returns-value]

        with pytest.raises(SourceUnavailableError, match="takes too long"):
            client.get("/x")
