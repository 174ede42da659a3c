"""Days of observations are walked by cursor to their end, or not taken."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import pytest

from tasks.core.errors import SourceError
from tasks.sources import langfuse
from tests.sources.request_logs import DAY, pull, raw, refusals
from tests.transport.loopback import Reply, Request

NEXT = DAY + timedelta(days=1)


def observation(number: int, at: str = "09:15:02.123", **changes: object) -> dict[str, object]:
    said: dict[str, object] = {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "type": "GENERATION",
        "startTime": f"{DAY}T{at}Z",
        "endTime": f"{DAY}T{at}Z",
        "providedModelName": "claude-opus-5",
        "usageDetails": {"input": 5, "output": 1, "total": 6},
        "totalCost": 0.25,
    }
    return said | changes


def pages(*held: Sequence[dict[str, object]]) -> Callable[[Request], Reply]:
    """Serve pages whose cursors are their numbers."""

    def answer(request: Request) -> Reply:
        number = int(request.query.get("cursor", ["0"])[0])
        cursor = str(number + 1) if number + 1 < len(held) else None
        return Reply(body={"data": list(held[number]), "meta": {"cursor": cursor}})

    return answer


def test_a_cursor_is_followed_with_its_query_unchanged() -> None:
    seen: list[Request] = []

    pulled = pull(langfuse, pages([observation(1)], [observation(2)]), seen=seen)

    assert [one["cost_usd"] for one in raw(pulled)] == ["0.25", "0.25"]
    asked = {
        "type": ["GENERATION"],
        "fields": ["core,basic,time,metadata,model,usage,metrics,trace_context"],
        "fromStartTime": ["2026-11-17T00:00:00Z"],
        "toStartTime": ["2026-11-18T00:00:00Z"],
        "limit": ["1000"],
    }
    assert [one.query for one in seen] == [asked, asked | {"cursor": ["1"]}]


def test_the_last_page_may_leave_its_cursor_out() -> None:
    pulled = pull(langfuse, lambda _: Reply(body={"data": [observation(1)], "meta": {}}))

    assert len(raw(pulled)) == 1


def test_every_ended_day_is_asked_for_and_today_is_not() -> None:
    seen: list[Request] = []

    pulled = pull(langfuse, pages([]), window=(date(2026, 11, 19), date(2026, 11, 21)), seen=seen)

    assert [(one.key, len(one.rows), one.is_complete) for one in pulled.batches] == [
        (date(2026, 11, 19), 0, True),
        (date(2026, 11, 20), 0, True),
    ]
    assert len(seen) == pulled.requests == 2


@pytest.mark.parametrize(
    "answer",
    [
        pages([observation(1)], [observation(1)]),
        pages([observation(1, at="00:00:00.000", startTime=f"{NEXT}T00:00:01Z")]),
        lambda _: Reply(body={"data": [observation(1)], "meta": {"cursor": "again"}}),
        lambda _: Reply(body={"data": [], "meta": {"cursor": ""}}),
        lambda _: Reply(body={"data": [], "meta": {"cursor": 7}}),
        lambda _: Reply(body={"data": []}),
        lambda _: Reply(body={"data": [], "meta": {"nextCursor": "1"}}),
        lambda _: Reply(body={"data": {}, "meta": {"cursor": None}}),
        lambda _: Reply(status=400, body={"message": "cursor of another query"}),
    ],
    ids=["an observation twice", "another day", "a cursor twice", "an empty cursor",
         "a cursor that is no text", "no frame", "another cursor", "no list",
         "a cursor of another query"],
)  # fmt: skip
def test_a_walk_that_breaks_off_is_a_fault_and_no_end(answer: Callable[[Request], Reply]) -> None:
    with pytest.raises(SourceError):
        pull(langfuse, answer)


def test_a_wait_that_the_server_asks_for_is_kept() -> None:
    asked: list[Request] = []

    def answer(request: Request) -> Reply:
        asked.append(request)
        if len(asked) == 1:
            return Reply(status=429, headers={"retry-after": "30"})
        return pages([observation(1)])(request)

    pulled = pull(langfuse, answer)

    assert len(raw(pulled)) == 1
    assert len(asked) == 2


def test_a_bad_observation_is_refused_and_what_is_not_told_is_counted() -> None:
    page = [
        observation(1, usageDetails={"input": "5"}),
        observation(2, usageDetails={"input": 5, "Ottiline": 3}),
        observation(3, tags=["workflow:Ottiline Farthingmoor"]),
        observation(4, usageDetails={"input": 5, "cache_creation_input_tokens": 3}),
        observation(5, usageDetails={"input": 5, "input_cache_creation_5m": 3}),
    ]

    pulled = pull(langfuse, pages(page))

    assert refusals(pulled) == [("usageDetails", "value_error")]
    assert len(raw(pulled)) == 4
    assert [(one.code, one.subject) for one in pulled.findings] == [
        ("unsplit_cache", "log"),
        ("hint_dropped", "log"),
        ("unknown_token_kind", "log"),
    ]
    assert all("1 request(s)" in one.detail for one in pulled.findings)
    assert "Ottiline" not in repr(pulled.findings)


def _under(number: int, above: int, **usage: int) -> dict[str, object]:
    parent = f"00000000-0000-4000-8000-{above:012d}" if above else None
    return observation(number, parentObservationId=parent, usageDetails=usage)


def test_a_generation_that_only_sums_those_below_it_is_told_and_not_added() -> None:
    first = [_under(2, 1, input=4, cache_read_input_tokens=6, output=2)]
    second = [_under(3, 1, input=20, output=5), _under(1, 0, input=30, output=7, total=37)]

    pulled = pull(langfuse, pages(first, second))

    assert [row["input_tokens"] for row in raw(pulled)] == [4, 20]
    assert [(one.code, one.detail) for one in pulled.findings] == [
        ("second_copy", "1 request(s) sum what those below them tell again, and are not added")
    ]


def test_a_generation_that_used_more_than_those_below_it_is_one_of_its_own() -> None:
    page = [
        _under(1, 0, input=30, output=7),
        _under(2, 1, input=29, output=7),
        _under(4, 5, input=9, output=1),
        _under(6, 0),
        _under(7, 6),
    ]

    pulled = pull(langfuse, pages(page))

    assert (len(raw(pulled)), pulled.findings) == (5, ())
