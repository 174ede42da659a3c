import gzip
import json
from collections.abc import Callable

import pytest

from tasks.transport.bodies import Caps
from tasks.transport.client import Client
from tasks.transport.downloads import signed_lines
from tasks.transport.errors import BodyError, OriginError, StatusError
from tests.transport.loopback import SECRET, Reply, Script, Server, Tap

Serve = Callable[[Script], Server]
Connect = Callable[..., Client]
LINES = b'{"a": 1}\n\n{"a": 0.10}\r\n[2]\n'


def served(serve: Serve, reply: Reply) -> Server:
    return serve(lambda _: reply)


def test_each_line_is_read_with_exact_numbers(serve: Serve, connect: Connect) -> None:
    server = served(serve, Reply(body=LINES))

    lines = list(signed_lines(connect(server), f"{server.url}/r?sig=1"))

    assert [line.number for line in lines] == [0, 2, 3]
    assert (
        json.dumps([line.value for line in lines], default=str) == '[{"a": 1}, {"a": "0.10"}, [2]]'
    )


@pytest.mark.parametrize("text", [b'{"a": ', b'{"a": 1} {"a": 2}', b'{"a": NaN}', b'"\xff"'])
def test_a_line_that_is_not_one_value_is_told_apart_and_the_others_are_read(
    text: bytes, serve: Serve, connect: Connect
) -> None:
    server = served(serve, Reply(body=b'{"a": 1}\n' + text))

    good, bad = signed_lines(connect(server), f"{server.url}/r?sig=1")

    assert (good.is_readable, good.value) == (True, {"a": 1})
    assert (bad.is_readable, bad.value, bad.number, bad.length) == (False, None, 1, len(text))


def test_a_line_shows_nothing_of_its_content(serve: Serve, connect: Connect) -> None:
    server = served(serve, Reply(body=b'{"user_login": "jane"}'))

    (line,) = signed_lines(connect(server), f"{server.url}/r?sig=1")

    assert "jane" not in repr(line)


def test_no_credential_goes_along(serve: Serve, connect: Connect) -> None:
    server = served(serve, Reply(body=LINES))

    list(signed_lines(connect(server, headers={"x-own": "1"}), f"{server.url}/r?sig=1"))

    (request,) = server.requests
    assert SECRET not in str(request.headers)
    assert "x-own" not in request.headers


def test_a_link_to_an_undeclared_origin_is_not_followed(
    serve: Serve, connect: Connect, tap: Tap
) -> None:
    client = connect(served(serve, Reply()))

    with pytest.raises(OriginError):
        list(signed_lines(client, f"{tap.url}/r?sig=1"))

    assert tap.connections == 0


def test_a_refused_link_is_an_error(serve: Serve, connect: Connect) -> None:
    server = served(serve, Reply(403, body=b"<Error>expired</Error>"))

    with pytest.raises(StatusError):
        list(signed_lines(connect(server), f"{server.url}/r?sig=1"))


@pytest.mark.parametrize(
    ("limits", "reply"),
    [
        (Caps(wire_bytes=100), Reply(body=LINES * 20)),
        (
            Caps(decoded_bytes=1000),
            Reply(headers={"content-encoding": "gzip"}, body=gzip.compress(LINES * 100)),
        ),
        (
            Caps(ratio=10),
            Reply(headers={"content-encoding": "gzip"}, body=gzip.compress(b" " * 2**23)),
        ),
    ],
    ids=["wire", "decoded", "ratio"],
)
def test_a_file_beyond_a_cap_is_refused_whole(
    limits: Caps, reply: Reply, serve: Serve, connect: Connect
) -> None:
    server = served(serve, reply)

    with pytest.raises(BodyError):
        list(signed_lines(connect(server, limits=limits), f"{server.url}/r?sig=1"))
