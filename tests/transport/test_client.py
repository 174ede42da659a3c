"""The client's own rules: retries, deadlines, stored waits, pace, and errors within a 200."""

import pickle
import socket
from collections.abc import Callable
from datetime import UTC, timedelta

import pytest

from tasks.core.errors import GraduandError, SourceUnavailableError, WaitUntilError
from tasks.transport.bodies import Caps
from tasks.transport.client import Client
from tasks.transport.clock import SystemClock
from tasks.transport.errors import BodyError, DeadlineError, OriginError, StatusError
from tasks.transport.limits import Vendor
from tasks.transport.pacing import Pace, map_bounded
from tasks.transport.waits import MemoryWaitStore
from tests.transport.loopback import NOW, FakeClock, Reply, Request, Server, Tap, scripted

Serve = Callable[..., Server]
Connect = Callable[..., Client]
HOUR = timedelta(hours=1)


class TestRequests:
    def test_parameters_and_headers_go_as_asked(self, serve: Serve, connect: Connect) -> None:
        server = serve(scripted(Reply(200, {"ETag": '"e"'}, {"a": 1})))
        client = connect(f"{server.url}/api/v3", headers={"X-GitHub-Api-Version": "2022-11-28"})

        response = client.get(
            "/repos/a/b",
            params={"group_by[]": ["model", "x y"], "draft": False, "limit": 31},
            headers={"If-None-Match": '"e"'},
        )

        request = server.requests[0]
        assert request.path == (
            "/api/v3/repos/a/b?group_by%5B%5D=model&group_by%5B%5D=x+y&draft=false&limit=31"
        )
        assert request.headers["if-none-match"] == '"e"'
        assert request.headers["x-github-api-version"] == "2022-11-28"
        assert request.headers["accept-encoding"] == "gzip"
        assert (response.headers["etag"], response.json) == ('"e"', {"a": 1})

    def test_a_reading_post_sends_json(self, serve: Serve, connect: Connect) -> None:
        server = serve(scripted(Reply(body=[1])))

        connect(server).post_read("/rest/api/3/search/jql", json={"jql": "ä"})

        assert server.requests[0].json == {"jql": "ä"}
        assert server.requests[0].headers["content-type"] == "application/json"

    def test_not_modified_is_an_answer(self, serve: Serve, connect: Connect) -> None:
        response = connect(serve(scripted(Reply(304, {"etag": '"e"'})))).get("/x")

        assert (response.status, response.json) == (304, None)

    def test_an_accepted_status_is_an_answer_without_json(
        self, serve: Serve, connect: Connect
    ) -> None:
        client = connect(serve(scripted(Reply(404, {}, {"message": "Not Found"}))))

        response = client.get("/x", accept=(404, 410))

        assert (response.status, response.json) == (404, None)
        with pytest.raises(StatusError):
            client.get("/x", accept=(410,))

    @pytest.mark.parametrize("path", ["/x?y=1", "/x#y", "/x\ny", "/\x00"])
    def test_a_path_that_is_none_is_refused(
        self, path: str, serve: Serve, connect: Connect
    ) -> None:
        server = serve(scripted(Reply()))

        with pytest.raises(OriginError):
            connect(server).get(path)

        assert server.requests == []

    def test_a_page_that_is_no_json_is_a_clear_error(self, serve: Serve, connect: Connect) -> None:
        server = serve(scripted(Reply(body=b"<html>please log in</html>")))

        with pytest.raises(BodyError, match="not JSON at character 0") as caught:
            connect(server).get("/x")

        assert "log in" not in str(caught.value)


class TestRetries:
    @pytest.mark.parametrize("status", [500, 502, 503, 504, 529, 408])
    def test_passing_failures_are_retried_with_growing_pauses(
        self, status: int, serve: Serve, connect: Connect, clock: FakeClock
    ) -> None:
        server = serve(scripted(Reply(status), Reply(status), Reply(status), Reply(body=[1])))

        assert connect(server).get("/x").json == [1]

        assert clock.slept == [0.5, 1, 2]

    def test_pauses_are_jittered_down_to_a_half(
        self, serve: Serve, connect: Connect, clock: FakeClock
    ) -> None:
        server = serve(scripted(Reply(500), Reply(500), Reply()))

        connect(server, jitter=lambda: 0.0).get("/x")

        assert clock.slept == [0.25, 0.5]

    def test_a_failure_that_stays_is_unavailable(self, serve: Serve, connect: Connect) -> None:
        server = serve(scripted(Reply(502)))
        client = connect(server)

        with pytest.raises(SourceUnavailableError, match="failed 5 times, last by status 502"):
            client.get("/x")

        assert client.requests == len(server.requests) == 5

    def test_a_reading_post_is_retried_too(self, serve: Serve, connect: Connect) -> None:
        server = serve(scripted(Reply(502), Reply(body=[1])))

        assert connect(server).post_read("/x", json={"a": 1}).json == [1]
        assert [request.json for request in server.requests] == [{"a": 1}] * 2

    @pytest.mark.parametrize(
        "sent",
        [
            b"",
            b"garbage\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1",
            b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n[1]",
        ],
    )
    def test_answers_that_break_off_or_are_no_http_are_unavailable(
        self, sent: bytes, connect: Connect, tap: Tap
    ) -> None:
        tap.answer = sent

        with pytest.raises(SourceUnavailableError, match=r"last by (Remote|Read)"):
            connect(tap.url).get("/x")

        assert tap.connections == 5

    def test_no_connection_is_unavailable(self, connect: Connect, clock: FakeClock) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]

        with pytest.raises(SourceUnavailableError, match="last by ConnectError"):
            connect(f"http://127.0.0.1:{port}").get("/x")

        assert len(clock.slept) == 4

    @pytest.mark.parametrize(
        ("status", "reason"),
        [
            (400, "refused"),
            (403, "permission"),
            (404, "not_found"),
            (410, "gone"),
            (422, "refused"),
        ],
    )
    def test_refusals_are_not_retried(
        self, status: int, reason: str, serve: Serve, connect: Connect
    ) -> None:
        server = serve(scripted(Reply(status, {}, {"errors": [{"code": "missing"}]})))

        with pytest.raises(StatusError) as caught:
            connect(server).get("/repos/jane/diary")

        assert (caught.value.status, caught.value.reason) == (status, reason)
        assert caught.value.code == "missing"
        assert "jane" not in str(caught.value)
        assert len(server.requests) == 1

    def test_faults_survive_pickling(self, serve: Serve, connect: Connect) -> None:
        with pytest.raises(StatusError) as caught:
            connect(serve(scripted(Reply(404)))).get("/x")

        copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes

        assert (str(copy), copy.status, copy.source) == (str(caught.value), 404, "the-source")


class TestErrorsInA200:
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"errors": [{"type": "NOT_FOUND", "message": "x"}], "data": None}, "NOT_FOUND"),
            ({"errors": [{"message": "Jane's secret"}]}, ""),
            ({"type": "error", "error": {"type": "permission_error"}}, "permission_error"),
            ({"error": {"code": "invalid_api_key", "type": "x"}}, "invalid_api_key"),
            ({"error": {"code": "Jane-secret", "type": "not_found_error"}}, "not_found_error"),
            ({"errors": [{"type": "jane_error", "message": "x"}]}, ""),
            ({"error": "Jane's secret"}, ""),
            ({"errorMessages": ["Jane's secret"], "errors": {}}, ""),
        ],
    )
    def test_an_error_is_an_error(
        self, body: object, code: str, serve: Serve, connect: Connect
    ) -> None:
        with pytest.raises(StatusError) as caught:
            connect(serve(scripted(Reply(body=body)))).get("/x")

        assert (caught.value.status, caught.value.reason) == (200, "error_in_200")
        assert caught.value.code == code
        assert "Jane" not in str(caught.value)

    @pytest.mark.parametrize(
        "body",
        [{"errors": [], "data": {}}, {"error": None}, {"errorMessages": [], "errors": {}}, [1]],
    )
    def test_an_empty_error_field_is_none(
        self, body: object, serve: Serve, connect: Connect
    ) -> None:
        assert connect(serve(scripted(Reply(body=body)))).get("/x").json == body

    def test_a_rate_limit_within_a_200_is_waited_for(
        self, serve: Serve, connect: Connect, clock: FakeClock
    ) -> None:
        reset = {"x-ratelimit-remaining": "0"}
        reset["x-ratelimit-reset"] = str(int((NOW + timedelta(minutes=9)).timestamp()))
        limited = Reply(200, reset, {"errors": [{"message": "x"}, {"type": "RATE_LIMITED"}]})
        server = serve(scripted(limited, Reply(body={"data": 1})))

        response = connect(server, vendor=Vendor.GITHUB).post_read("/graphql", json={})

        assert response.json == {"data": 1}
        assert clock.slept == [540]

    @pytest.mark.parametrize(
        "body",
        [{"type": "error", "error": {"type": "overloaded_error"}}, {"incomplete_results": True}],
    )
    def test_a_passing_failure_within_a_200_is_retried(
        self, body: object, serve: Serve, connect: Connect, clock: FakeClock
    ) -> None:
        server = serve(scripted(Reply(body=body), Reply(body=[1])))

        assert connect(server).get("/x").json == [1]
        assert clock.slept == [0.5]


class TestWaits:
    def test_a_stored_wait_holds_before_the_first_request(
        self, serve: Serve, connect: Connect, clock: FakeClock
    ) -> None:
        server = serve(scripted(Reply(429, {"retry-after": "600"}), Reply()))
        first = connect(server, deadline=NOW + timedelta(minutes=5))
        with pytest.raises(WaitUntilError):
            first.get("/x")

        connect(server).get("/x")  # a later process with more time

        assert clock.slept == [600]
        assert len(server.requests) == 2

    def test_a_wait_longer_than_wanted_is_raised_though_time_is_left(
        self, serve: Serve, connect: Connect, clock: FakeClock
    ) -> None:
        seconds = iter(("60", "61"))
        server = serve(lambda _: Reply(429, {"retry-after": next(seconds)}))

        with pytest.raises(WaitUntilError) as caught:
            connect(server, longest_wait=timedelta(minutes=1)).get("/x")

        assert clock.slept == [60]
        assert caught.value.wait_until == NOW + timedelta(seconds=121)

    def test_a_wait_holds_for_its_credential_host_and_resource_only(
        self, serve: Serve, connect: Connect, waits: MemoryWaitStore, clock: FakeClock
    ) -> None:
        server = serve(scripted(Reply()))
        client = connect(server, vendor=Vendor.GITHUB, deadline=NOW + timedelta(minutes=5))
        mine = client_fingerprint(client)
        for host, fingerprint, resource in (
            (server.netloc, "0" * 16, "*"),
            ("other.example", mine, "*"),
            (server.netloc, mine, "search"),
        ):
            waits.record(host, fingerprint, resource, NOW + HOUR)

        client.get("/repos/a/b")
        with pytest.raises(WaitUntilError):
            client.get("/search/issues")

        assert clock.slept == []

    def test_the_later_of_two_waits_holds(self) -> None:
        store = MemoryWaitStore()

        store.record("h", "f", "*", NOW + HOUR)
        store.record("h", "f", "*", NOW)

        assert store.read("h", "f", "*") == NOW + HOUR
        assert store.read("h", "f", "core") is None

    def test_the_last_request_of_a_limit_lets_the_next_one_wait(
        self, serve: Serve, connect: Connect, clock: FakeClock
    ) -> None:
        spent = {"x-ratelimit-remaining": "0"}
        spent["x-ratelimit-reset"] = str(int((NOW + timedelta(minutes=2)).timestamp()))
        server = serve(scripted(Reply(200, spent, [1]), Reply(body=[2])))
        client = connect(server, vendor=Vendor.GITHUB)

        assert client.get("/x").json == [1]
        assert clock.slept == []
        assert client.get("/x").json == [2]

        assert clock.slept == [120]

    def test_a_wait_learnt_by_one_thread_holds_the_others(
        self, serve: Serve, connect: Connect, clock: FakeClock
    ) -> None:
        limited = Reply(429, {"retry-after": "100"})
        server = serve(lambda _: limited if clock.now() < NOW + timedelta(seconds=99) else Reply())
        client = connect(server)

        map_bounded(lambda _: client.get("/x"), range(50), 4)

        assert len(server.requests) <= 50 + 4


class TestDeadline:
    def test_no_request_starts_after_it(self, serve: Serve, connect: Connect) -> None:
        server = serve(scripted(Reply()))

        with pytest.raises(DeadlineError, match="is over"):
            connect(server, deadline=NOW).get("/x")

        assert server.requests == []

    def test_no_pause_reaches_over_it(
        self, serve: Serve, connect: Connect, clock: FakeClock
    ) -> None:
        server = serve(scripted(Reply(500)))

        with pytest.raises(DeadlineError, match="about to end"):
            connect(server, deadline=NOW + timedelta(seconds=2)).get("/x")

        assert clock.slept == [0.5, 1]


def test_requests_are_paced_by_host(serve: Serve, connect: Connect, clock: FakeClock) -> None:
    server = serve(scripted(Reply()))
    client = connect(server, pace=Pace(per_second=2, burst=3))

    for _ in range(6):
        client.get("/x")

    assert clock.slept == [0.5, 0.5, 0.5]


def test_requests_are_counted_over_threads(serve: Serve, connect: Connect) -> None:
    server = serve(scripted(Reply()))
    client = connect(server, limits=Caps(attempts=1))

    map_bounded(lambda _: client.get("/x"), range(200), 16)

    assert client.requests == len(server.requests) == 200


def test_every_fault_is_of_the_source(serve: Serve, connect: Connect) -> None:
    def respond(request: Request) -> Reply:
        return {
            "/status": Reply(400),
            "/body": Reply(body=b"{"),
            "/origin": Reply(302, {"location": "https://example.org"}),
            "/limit": Reply(429, {"retry-after": "9999"}),
        }[request.path]

    client = connect(serve(respond), deadline=NOW + HOUR)

    for path in ("/status", "/body", "/origin", "/limit"):
        with pytest.raises(GraduandError, match="source 'the-source'"):
            client.get(path)


def test_the_system_clock_tells_aware_utc() -> None:
    clock = SystemClock()

    before = clock.now()
    clock.sleep(0.001)

    assert before.tzinfo is UTC
    assert clock.now() > before


def client_fingerprint(client: Client) -> str:
    credential = client._sender._credential
    assert credential is not None
    return credential.fingerprint
