"""The limit matrix: every status, every form of signal, every vendor, in the right wait."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.errors import WaitUntilError
from tasks.transport.client import Client
from tasks.transport.errors import StatusError
from tasks.transport.limits import (
    LONGEST_WAIT,
    Answer,
    Permanent,
    Proceed,
    Retry,
    Vendor,
    WaitUntil,
    classify,
    resource_of,
)
from tests.transport.loopback import NOW, FakeClock, Reply, Server, scripted

SECONDS = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
BODY_ONLY = '{"message": "You have exceeded a secondary rate limit. Please wait."}'
PERMISSION = '{"message": "Resource not accessible by integration"}'
SIGNALS: dict[str, tuple[dict[str, str], str]] = {
    "seconds": ({"retry-after": "90"}, ""),
    "date": ({"retry-after": format_datetime(NOW + 3 * MINUTE, usegmt=True)}, ""),
    "past": ({"retry-after": format_datetime(NOW - HOUR, usegmt=True)}, ""),
    "zero": ({"retry-after": "0"}, ""),
    "absurd seconds": ({"retry-after": "99999999999"}, ""),
    "absurd date": ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, ""),
    "unreadable": ({"retry-after": "soon"}, ""),
    "negative": ({"retry-after": "-5"}, ""),
    "missing": ({}, ""),
    "body-only": ({}, BODY_ONLY),
}
TOLD = {
    "seconds": 90 * SECONDS,
    "date": 3 * MINUTE,
    "past": SECONDS,
    "zero": SECONDS,
    "absurd seconds": LONGEST_WAIT,
    "absurd date": LONGEST_WAIT,
    "unreadable": MINUTE,
    "negative": MINUTE,
    "body-only": MINUTE,
}
#: Without any signal the status alone decides.
UNTOLD: dict[int, Permanent | Retry | timedelta] = {
    403: Permanent("permission"),
    429: MINUTE,
    503: Retry(),
}


def classified(
    status: int,
    headers: dict[str, str],
    text: str = "",
    vendor: Vendor = Vendor.GITHUB,
    attempt: int = 0,
) -> object:
    return classify(vendor, Answer(status, headers, text, "core", attempt), NOW)


@pytest.mark.parametrize("vendor", Vendor)
@pytest.mark.parametrize(("status", "signal"), list(product((403, 429, 503), SIGNALS)))
def test_every_limit_ends_in_the_right_wait(status: int, signal: str, vendor: Vendor) -> None:
    headers, text = SIGNALS[signal]

    verdict = classified(status, headers, text, vendor)

    expected = TOLD.get(signal, UNTOLD[status])
    if isinstance(expected, timedelta):
        named = "core" if vendor is Vendor.JIRA else "*"
        assert verdict == WaitUntil(NOW + expected, named)
    else:
        assert verdict == expected


@pytest.mark.parametrize(("status", "signal"), list(product((403, 429, 503), SIGNALS)))
def test_over_a_socket_the_client_waits_as_long_and_then_goes_on(
    status: int,
    signal: str,
    serve: Callable[..., Server],
    connect: Callable[..., Client],
    clock: FakeClock,
) -> None:
    headers, text = SIGNALS[signal]
    server = serve(scripted(Reply(status, headers, text.encode()), Reply(body={"ok": True})))
    client = connect(server, vendor=Vendor.GITHUB)
    expected = TOLD.get(signal) or UNTOLD[status]

    if isinstance(expected, Permanent):
        with pytest.raises(StatusError):
            client.get("/x")
        assert (len(server.requests), clock.slept) == (1, [])
    else:
        assert client.get("/x").json == {"ok": True}
        pause = 0.5 if isinstance(expected, Retry) else expected.total_seconds()
        assert clock.slept == [pause]


def test_a_wait_beyond_the_deadline_is_raised_at_once_and_kept(
    serve: Callable[..., Server], connect: Callable[..., Client], clock: FakeClock
) -> None:
    server = serve(scripted(Reply(429, {"retry-after": "7200"})))

    with pytest.raises(WaitUntilError) as caught:
        connect(server, deadline=NOW + HOUR).get("/x")
    with pytest.raises(WaitUntilError):
        connect(server, deadline=NOW + HOUR).get("/x")  # another process, the same store

    assert caught.value.wait_until == NOW + 2 * HOUR
    assert clock.slept == []
    assert len(server.requests) == 1


def test_untold_waits_double_until_the_client_gives_up(
    serve: Callable[..., Server], connect: Callable[..., Client], clock: FakeClock
) -> None:
    server = serve(scripted(Reply(403, {}, BODY_ONLY.encode())))

    with pytest.raises(WaitUntilError):
        connect(server, vendor=Vendor.GITHUB).get("/x")

    assert clock.slept == [60, 120, 240, 480]
    assert len(server.requests) == 5


def test_a_moment_in_the_past_still_slows_down_every_try() -> None:
    waits = [classified(429, {"retry-after": "0"}, attempt=attempt) for attempt in range(4)]

    assert waits == [WaitUntil(NOW + timedelta(seconds=2**n), "*") for n in range(4)]


class TestGithub:
    RESET = str(int((NOW + 25 * MINUTE).timestamp()))

    def test_a_spent_primary_limit_waits_for_its_reset(self) -> None:
        headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": self.RESET}

        assert classified(403, headers) == WaitUntil(NOW + 25 * MINUTE, "core")
        assert classified(429, headers) == WaitUntil(NOW + 25 * MINUTE, "core")

    def test_retry_after_goes_before_the_reset(self) -> None:
        headers = {
            "retry-after": "7",
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": self.RESET,
        }

        assert classified(403, headers) == WaitUntil(NOW + 7 * SECONDS, "*")

    def test_the_reset_is_no_signal_while_requests_remain(self) -> None:
        headers = {"x-ratelimit-remaining": "4711", "x-ratelimit-reset": self.RESET}

        assert classified(403, headers, BODY_ONLY) == WaitUntil(NOW + MINUTE, "*")
        assert classified(403, headers | {"gh-limited-by": "x"}) == WaitUntil(NOW + MINUTE, "*")
        assert classified(403, headers) == Permanent("permission")

    def test_a_refused_permission_is_never_retried_even_on_the_last_request(self) -> None:
        headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": self.RESET}

        assert classified(403, headers, PERMISSION) == Permanent("permission")

    @pytest.mark.parametrize("reset", ["", "soon", "-1", None])
    def test_a_spent_limit_without_a_readable_reset_waits_a_minute(self, reset: str | None) -> None:
        headers = {"x-ratelimit-remaining": "0"}
        if reset is not None:
            headers["x-ratelimit-reset"] = reset

        verdict = classified(403, headers)

        assert isinstance(verdict, WaitUntil)
        assert verdict.until == NOW + MINUTE

    @pytest.mark.parametrize("reset", ["1", "99999999999999999999", "1e9"])
    def test_odd_resets_stay_within_the_shortest_and_longest_wait(self, reset: str) -> None:
        verdict = classified(429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset})

        assert isinstance(verdict, WaitUntil)
        assert NOW + SECONDS <= verdict.until <= NOW + LONGEST_WAIT

    def test_the_servers_own_clock_counts_where_ours_is_off(self) -> None:
        theirs = NOW + 2 * HOUR
        headers = {
            "date": format_datetime(theirs, usegmt=True),
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": str(int((theirs + 10 * MINUTE).timestamp())),
        }

        assert classified(403, headers) == WaitUntil(NOW + 10 * MINUTE, "core")

    def test_a_date_of_long_ago_is_a_replay_and_no_clock(self) -> None:
        headers = {
            "date": "Fri, 07 Feb 2020 18:00:00 GMT",
            "retry-after": SIGNALS["date"][0]["retry-after"],
        }

        assert classified(403, headers) == WaitUntil(NOW + 3 * MINUTE, "*")

    def test_a_success_that_was_the_last_announces_the_wait(self) -> None:
        headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": self.RESET}

        assert classified(200, headers) == Proceed(WaitUntil(NOW + 25 * MINUTE, "core"))
        assert classified(304, headers) == Proceed(WaitUntil(NOW + 25 * MINUTE, "core"))
        assert classified(200, headers | {"x-ratelimit-reset": "1"}) == Proceed()
        assert classified(200, {"x-ratelimit-remaining": "0"}) == Proceed()

    def test_core_search_and_graphql_are_counted_apart(self) -> None:
        templates = ("/repos/*/*/pulls", "/search/issues", "/graphql", "/api/graphql")

        named = [resource_of(Vendor.GITHUB, "GET", template) for template in templates]

        assert named == ["core", "search", "graphql", "graphql"]


class TestJira:
    @pytest.mark.parametrize(
        ("reason", "resource", "wait"),
        [
            ("jira-quota-global-based", "*", timedelta(minutes=39, seconds=30)),
            ("jira-quota-tenant-based", "*", timedelta(minutes=39, seconds=30)),
            ("jira-burst-based", "core", 5 * SECONDS),
            ("jira-per-issue-on-write", "core", MINUTE),
        ],
    )
    def test_without_a_moment_the_reason_decides(
        self, reason: str, resource: str, wait: timedelta
    ) -> None:
        verdict = classified(429, {"ratelimit-reason": reason}, vendor=Vendor.JIRA)

        assert verdict == WaitUntil(NOW + wait, resource)

    def test_retry_after_holds_for_what_the_reason_names(self) -> None:
        headers = {"retry-after": "30", "ratelimit-reason": "jira-quota-tenant-based"}

        assert classified(429, headers, vendor=Vendor.JIRA) == WaitUntil(NOW + 30 * SECONDS, "*")

    def test_a_reset_without_seconds_means_the_end_of_its_minute(self) -> None:
        whole = {"x-ratelimit-reset": "2026-11-21T10:25Z"}
        exact = {"x-ratelimit-reset": "2026-11-21T10:25:10Z"}

        until_whole = datetime(2026, 11, 21, 10, 26, tzinfo=UTC)
        until_exact = datetime(2026, 11, 21, 10, 25, 10, tzinfo=UTC)
        assert classified(429, whole, vendor=Vendor.JIRA) == WaitUntil(until_whole, "core")
        assert classified(429, exact, vendor=Vendor.JIRA) == WaitUntil(until_exact, "core")

    def test_data_center_names_its_interval(self) -> None:
        headers = {"x-ratelimit-interval-seconds": "9"}

        assert classified(429, headers, vendor=Vendor.JIRA) == WaitUntil(NOW + 9 * SECONDS, "core")

    def test_limits_hold_per_endpoint_and_method(self) -> None:
        assert resource_of(Vendor.JIRA, "POST", "/rest/api/3/search/jql") == (
            "POST /rest/api/3/search/jql"
        )


class TestAnthropicAndOpenai:
    def test_anthropics_reset_is_read_where_retry_after_is_missing(self) -> None:
        headers = {"anthropic-ratelimit-requests-reset": "2026-11-21T10:21:00Z"}

        verdict = classified(429, headers, vendor=Vendor.ANTHROPIC)

        assert verdict == WaitUntil(NOW + 30 * SECONDS, "core")

    def test_an_overloaded_vendor_is_asked_again(self) -> None:
        assert classified(529, {}, '{"type":"error"}', Vendor.ANTHROPIC) == Retry()

    @pytest.mark.parametrize(
        ("text", "wait"),
        [("1s", 1.0), ("6m0s", 360.0), ("1h2m3.5s", 3723.5), ("20ms", 1.0), ("later", 60.0)],
    )
    def test_openais_reset_is_a_duration(self, text: str, wait: float) -> None:
        verdict = classified(429, {"x-ratelimit-reset-requests": text}, vendor=Vendor.OPENAI)

        assert verdict == WaitUntil(NOW + timedelta(seconds=wait), "core")

    def test_a_quota_that_is_used_up_is_not_waited_for(self) -> None:
        text = '{"error": {"code": "insufficient_quota"}}'

        assert classified(429, {}, text, Vendor.OPENAI) == Permanent("quota_exhausted")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, Permanent("credential")),
        (404, Permanent("not_found")),
        (410, Permanent("gone")),
        (400, Permanent("refused")),
        (422, Permanent("refused")),
        (501, Permanent("refused")),
        (408, Retry()),
        (500, Retry()),
        (502, Retry()),
        (504, Retry()),
    ],
)
def test_other_statuses(status: int, expected: object) -> None:
    assert classified(status, {}, vendor=Vendor.GENERIC) == expected


@given(
    st.sampled_from([403, 429, 500, 503]),
    st.dictionaries(
        st.sampled_from(
            [
                "retry-after",
                "date",
                "x-ratelimit-remaining",
                "x-ratelimit-reset",
                "x-ratelimit-reset-requests",
                "anthropic-ratelimit-requests-reset",
                "ratelimit-reason",
            ]
        ),
        st.one_of(st.text(max_size=30), st.integers().map(str), st.datetimes().map(str)),
    ),
    st.text(max_size=40),
    st.sampled_from(Vendor),
    st.integers(0, 10_000),
)
def test_no_header_breaks_the_classifier_and_no_wait_leaves_its_bounds(
    status: int, headers: dict[str, str], text: str, vendor: Vendor, attempt: int
) -> None:
    verdict = classified(status, headers, text, vendor, attempt=attempt)

    if isinstance(verdict, WaitUntil):
        assert NOW + SECONDS <= verdict.until <= NOW + LONGEST_WAIT
