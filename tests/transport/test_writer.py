"""A write is sent once; what became of it is told apart: done, refused, unsent, or unknown."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tasks.core.errors import AmbiguousWriteError, SourceUnavailableError, WaitUntilError
from tasks.transport.credentials import Bearer
from tasks.transport.errors import DeadlineError, OriginError, StatusError
from tasks.transport.limits import Vendor
from tasks.transport.waits import MemoryWaitStore
from tasks.transport.writer import Writer
from tests.transport.loopback import (
    NOW,
    SECRET,
    UNPACED,
    FakeClock,
    Reply,
    Request,
    Server,
    Tap,
    scripted,
)

Serve = Callable[..., Server]
Open = Callable[..., Writer]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def write_to(clock: FakeClock, waits: MemoryWaitStore) -> Iterator[Open]:
    opened: list[Writer] = []

    def build(base: Server | str, **changes: object) -> Writer:
        url = base if isinstance(base, str) else base.url
        options: dict[str, Any] = {
            "credential": Bearer(SECRET, [url.partition("//")[2].partition("/")[0]]),
            "waits": waits,
            "clock": clock,
            "deadline": NOW + timedelta(hours=8),
            "longest_wait": MINUTE,
            "pace": UNPACED,
        }
        opened.append(Writer("the-system", url, **(options | changes)))
        return opened[-1]

    yield build
    for writer in opened:
        writer.close()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_goes_once_with_its_body_and_credential(
    serve: Serve, write_to: Open, method: Any
) -> None:
    server = serve(scripted(Reply(201, {"X-Id": "7"}, {"number": 7})))

    made = write_to(f"{server.url}/api").write(method, "/issues", json={"title": "ä"})

    (request,) = server.requests
    assert (request.method, request.path) == (method, "/api/issues")
    assert request.json == {"title": "ä"}
    assert request.headers["authorization"] == f"Bearer {SECRET}"
    assert (made.status, made.json) == (201, {"number": 7})


def test_an_answer_without_content_is_an_answer(serve: Serve, write_to: Open) -> None:
    server = serve(scripted(Reply(204)))

    assert write_to(server).write("PUT", "/issue/1", json={}).json is None


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500),
        Reply(502, {}, b"<html>bad gateway"),
        Reply(503, {"Retry-After": "30"}),
        Reply(501),
        Reply(408),
        Reply(201, {}, b'{"number": 7'),
        Reply(201, {}, b"\xff\xfe"),
        Reply(200, {}, {"errors": [{"type": "RATE_LIMITED"}]}),
        Reply(200, {}, {"errorMessages": ["half done"]}),
    ],
    ids=lambda reply: f"{reply.status}",
)
def test_what_may_have_happened_is_ambiguous_and_is_not_sent_again(
    serve: Serve, write_to: Open, reply: Reply
) -> None:
    server = serve(scripted(reply))

    with pytest.raises(AmbiguousWriteError, match="may have happened or not"):
        write_to(server).write("POST", "/issues", json={})

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{", b"nonsense\r\n\r\n"]
)
def test_a_connection_that_breaks_after_the_write_is_ambiguous(
    tap: Tap, write_to: Open, answer: bytes
) -> None:
    tap.answer = answer

    with pytest.raises(AmbiguousWriteError):
        write_to(tap.url).write("POST", "/issues", json={"title": "once"})

    assert tap.received.count(b"POST /issues") == 1


def test_a_write_for_which_no_connection_comes_about_was_not_sent(write_to: Open) -> None:
    with pytest.raises(SourceUnavailableError, match="was not sent"):
        write_to("http://127.0.0.1:9").write("POST", "/issues", json={})


@pytest.mark.parametrize(
    ("status", "reason"),
    [(400, "refused"), (403, "permission"), (404, "not_found"), (410, "gone"), (422, "refused")],
)
def test_a_refusal_is_final_and_known_not_to_have_happened(
    serve: Serve, write_to: Open, status: int, reason: str
) -> None:
    server = serve(scripted(Reply(status, {}, {"message": "no"})))

    with pytest.raises(StatusError) as refused:
        write_to(server).write("POST", "/issues", json={})

    assert (refused.value.status, refused.value.reason) == (status, reason)
    assert len(server.requests) == 1


def test_an_accepted_refusal_is_an_answer(serve: Serve, write_to: Open) -> None:
    server = serve(scripted(Reply(422, {}, {"message": "exists"})))

    made = write_to(server).write("POST", "/git/refs", json={}, accept=(422,))

    assert (made.status, made.json) == (422, None)


@pytest.mark.parametrize(
    ("vendor", "reply", "minutes"),
    [
        (Vendor.JIRA, Reply(429, {"Retry-After": "300"}), 5),
        (Vendor.GITHUB, Reply(403, {"Retry-After": "300"}), 5),
        (Vendor.GITHUB, Reply(403, {}, {"message": "exceeded a secondary rate limit"}), 1),
    ],
)
def test_a_limit_is_told_and_holds_for_the_next_request_of_any_process(
    serve: Serve,
    write_to: Open,
    vendor: Vendor,
    reply: Reply,
    minutes: int,
) -> None:
    server = serve(scripted(reply, Reply(201, {}, {"number": 7})))

    with pytest.raises(WaitUntilError) as limited:
        write_to(server, vendor=vendor).write("POST", "/issues", json={})

    assert limited.value.wait_until == NOW + minutes * MINUTE
    other = write_to(server, vendor=vendor, longest_wait=MINUTE / 2)
    with pytest.raises(WaitUntilError):
        other.write("POST", "/issues", json={})
    assert len(server.requests) == 1


def test_writes_of_one_writer_follow_each_other_by_a_second(
    serve: Serve, write_to: Open, clock: FakeClock
) -> None:
    writer = write_to(serve(lambda _request: Reply(201)))

    for _ in range(4):
        writer.write("POST", "/issues", json={})
        writer.get("/issues")

    assert clock.now() - NOW == timedelta(seconds=3)


def test_nothing_is_written_after_the_deadline(
    serve: Serve, write_to: Open, clock: FakeClock
) -> None:
    server = serve(lambda _request: Reply(201))
    writer = write_to(server, deadline=NOW + timedelta(seconds=1))
    writer.write("POST", "/issues", json={})

    with pytest.raises(DeadlineError):
        writer.write("POST", "/issues", json={})

    assert len(server.requests) == 1
    assert clock.slept == []


def test_a_redirect_that_keeps_the_write_is_followed_within_the_origin_only(
    serve: Serve, write_to: Open, tap: Tap
) -> None:
    def moved(request: Request) -> Reply:
        if request.path == "/old":
            return Reply(307, {"Location": "/new"})
        if request.path == "/foreign":
            return Reply(307, {"Location": f"{tap.url}/issues"})
        return Reply(201, {}, {"path": request.path}) if request.method == "POST" else Reply(500)

    writer = write_to(serve(moved))

    assert writer.write("POST", "/old", json={"title": "t"}).json == {"path": "/new"}
    with pytest.raises(OriginError):
        writer.write("POST", "/foreign", json={"title": "t"})
    assert tap.received == b""


def test_an_address_of_another_origin_is_not_written_to(write_to: Open, tap: Tap) -> None:
    with pytest.raises(OriginError):
        write_to("http://127.0.0.1:9").write("POST", f"{tap.url}/issues", json={})

    assert tap.received == b""


def test_no_fault_repeats_a_body_or_the_credential(serve: Serve, write_to: Open) -> None:
    writer = write_to(serve(scripted(Reply(500, {}, b"Jane Roe"), Reply(422, {}, b"Jane Roe"))))

    for _ in range(2):
        with pytest.raises((AmbiguousWriteError, StatusError)) as told:
            writer.write("POST", "/repos/jane/roe/issues", json={"title": "Jane Roe"})
        assert "jane" not in str(told.value).lower()
        assert SECRET not in str(told.value)
