"""A day of a spend log is taken only if it stood still from its first page to its last."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

import pytest

from tasks.core.errors import SourceError, SourceUnavailableError
from tasks.sources import litellm
from tests.sources.request_logs import DAY, pull, raw, refusals
from tests.transport.loopback import SECRET, Reply, Request

Rows = Sequence[dict[str, object]]
NEXT = DAY + timedelta(days=1)


def row(number: int, at: str = "09:15:02", day: date = DAY, **changes: object) -> dict[str, object]:
    said: dict[str, object] = {
        "request_id": f"chatcmpl-{number:012d}",
        "spend": 0.5,
        "prompt_tokens": 10,
        "completion_tokens": 1,
        "startTime": f"{day}T{at}Z",
        "endTime": f"{day}T{at}Z",
        "model": "claude-opus-5",
    }
    return said | changes


def proxy(
    days: Mapping[str, Rows], page_size: int = 2, most_counted: int = 10_000
) -> Callable[[Request], Reply]:
    """Answer as the proxy does: by time, both ends included, by number of page."""

    def answer(request: Request) -> Reply:
        query = request.query
        start, end = (query[name][0].replace(" ", "T") for name in ("start_date", "end_date"))
        rows = [
            one
            for day in days.values()
            for one in day
            if start <= str(one["startTime"])[:19] <= end
        ]
        number = int(query["page"][0])
        body = {
            "data": rows[(number - 1) * page_size : number * page_size],
            "total": min(len(rows), most_counted),
            "page": number,
            "page_size": page_size,
            "total_pages": -(-min(len(rows), most_counted) // page_size),
            "total_is_capped": len(rows) > most_counted,
        }
        return Reply(body=body)

    return answer


def test_a_day_is_asked_for_whole_and_page_by_page() -> None:
    seen: list[Request] = []
    days = {"day": [row(1), row(2), row(3)]}

    pulled = pull(litellm, proxy(days), seen=seen)

    assert [one["run_id"] for one in raw(pulled)] == [f"chatcmpl-{at:012d}" for at in (1, 2, 3)]
    assert [one.query for one in seen] == [
        {
            "start_date": ["2026-11-17 00:00:00"],
            "end_date": ["2026-11-18 00:00:00"],
            "page_size": ["100"],
            "sort_by": ["startTime"],
            "sort_order": ["asc"],
            "page": [number],
        }
        for number in ("1", "2")
    ]
    assert seen[0].headers["authorization"] == f"Bearer {SECRET}"
    assert pulled.requests == 2


def test_a_request_at_midnight_is_of_the_day_that_it_begins() -> None:
    late, first = row(1, "23:59:59"), row(2, "00:00:00", NEXT)

    pulled = pull(litellm, proxy({"a": [late], "b": [first]}), window=(DAY, NEXT))

    assert [(one.key, len(one.rows), one.is_complete) for one in pulled.batches] == [
        (DAY, 1, True),
        (NEXT, 1, True),
    ]


def test_today_is_left_for_tomorrow_and_a_day_without_a_row_is_told_as_such() -> None:
    pulled = pull(litellm, proxy({}), window=(date(2026, 11, 20), date(2026, 11, 21)))

    assert [(one.key, len(one.rows)) for one in pulled.batches] == [(date(2026, 11, 20), 0)]


def test_a_row_written_meanwhile_shifts_the_pages_and_so_the_day_is_read_again() -> None:
    before = [row(at) for at in (2, 3, 4)]
    seen: list[Request] = []

    def answer(request: Request) -> Reply:
        # The earlier row is written once the first page has been read.
        rows = before if len(seen) == 0 else [row(1), *before]
        seen.append(request)
        return proxy({"day": rows})(request)

    pulled = pull(litellm, answer)

    assert [one["run_id"] for one in raw(pulled)] == [f"chatcmpl-{at:012d}" for at in (1, 2, 3, 4)]
    assert len(seen) == 4


def test_a_day_of_more_rows_than_the_proxy_counts_is_read_in_parts() -> None:
    moments = ("00:00:00", "06:00:00", "11:59:59", "12:00:00", "12:00:00", "12:00:01", "23:59:59")
    rows = [row(number, at) for number, at in enumerate(moments)]
    seen: list[Request] = []

    pulled = pull(litellm, proxy({"day": rows}, most_counted=3), seen=seen)

    assert [one["run_id"] for one in raw(pulled)] == [f"chatcmpl-{at:012d}" for at in range(7)]
    first = [one.query["start_date"] for one in seen if one.query["page"] == ["1"]]
    assert first[:2] == [["2026-11-17 00:00:00"]] * 2
    assert pulled.findings == ()


def test_a_total_that_may_be_cut_short_is_not_believed() -> None:
    rows = [row(1, "06:00:00"), row(2, "18:00:00")]

    def answer(request: Request) -> Reply:
        # The first proxies that counted no further did not say so.
        is_whole = request.query["end_date"] == ["2026-11-18 00:00:00"]
        if is_whole and request.query["start_date"] == ["2026-11-17 00:00:00"]:
            return Reply(body={"data": rows, "total": 10_000, "page": 1})
        return proxy({"day": rows})(request)

    assert len(raw(pull(litellm, answer))) == 2


def test_more_rows_in_a_second_than_the_proxy_counts_are_not_read_in_part() -> None:
    rows = [row(number) for number in range(4)]

    with pytest.raises(SourceError, match="litellm_file"):
        pull(litellm, proxy({"day": rows}, most_counted=3))


def frame(**changes: object) -> dict[str, object]:
    return {"data": [row(1)], "total": 1, "page": 1} | changes


@pytest.mark.parametrize(
    "pages",
    [
        [frame(total=2, data=[row(1)]), frame(total=2, data=[row(1)], page=2)],
        [frame(total=2, data=[row(1)]), frame(total=2, data=[], page=2)],
        [frame(total=2, data=[row(1)]), frame(total=3, data=[row(2), row(3)], page=2)],
        [frame(total=1, data=[row(1), row(2)])],
    ],
    ids=["a row twice", "short of its total", "another total", "beyond its total"],
)
def test_a_day_that_never_stands_still_is_not_taken(pages: list[dict[str, object]]) -> None:
    def answer(request: Request) -> Reply:
        return Reply(body=pages[int(request.query["page"][0]) - 1])

    with pytest.raises(SourceUnavailableError, match="changed 3 times"):
        pull(litellm, answer)


@pytest.mark.parametrize(
    "page",
    [
        {"data": "none", "total": 0, "page": 1},
        {"data": [], "page": 1},
        {"data": [], "total": "0", "page": 1},
        {"data": [], "total": -1, "page": 1},
        {"data": [row(1)], "total": 1, "page": 2},
        {"data": [row(1, day=date(2026, 11, 19))], "total": 1, "page": 1},
        {"data": [row(1, "00:00:01", NEXT)], "total": 1, "page": 1},
        [],
    ],
    ids=["no list", "no total", "a total in text", "a negative total", "another page",
         "another day", "the next day", "no page"],
)  # fmt: skip
def test_a_page_that_is_not_what_was_asked_for_is_a_fault(page: object) -> None:
    with pytest.raises(SourceError):
        pull(litellm, lambda _: Reply(body=page))


def test_a_bad_row_is_refused_and_the_rest_of_its_day_is_kept() -> None:
    rows = [row(1), row(2, prompt_tokens="10"), row(3, spend=None)]

    pulled = pull(litellm, proxy({"day": rows}))

    assert refusals(pulled) == [("prompt_tokens", "int_type")]
    assert [one.get("cost_usd") for one in raw(pulled)] == ["0.5", None]
    assert [batch.is_complete for batch in pulled.batches] == [True]


def test_what_is_not_kept_or_told_is_counted_once_however_often_a_day_is_read() -> None:
    usage = {"usage_object": {"cache_creation_input_tokens": 3}}
    said = {"request_tags": ["workflow:Jo Doe"], "metadata": usage}
    seen: list[Request] = []

    def answer(request: Request) -> Reply:
        rows = [row(at, **said) for at in ((2, 3) if not seen else (1, 2, 3))]  # type: ignore[arg-type]
        seen.append(request)
        return proxy({"day": rows}, page_size=1)(request)

    writes, stamps = pull(litellm, answer).findings

    assert (stamps.code, stamps.subject, stamps.source) == ("hint_dropped", "log", "log")
    assert (writes.code, writes.subject, writes.source) == ("unsplit_cache", "log", "log")
    assert all(" 3 request(s) " in one.detail for one in (stamps, writes))
    assert "Jo" not in stamps.detail


def test_text_without_bytes_stops_nothing() -> None:
    lone = "\ud800"
    rows = [
        row(1, request_tags=[f"workflow:{lone}"], metadata={"spend_logs_metadata": {lone: lone}}),
        row(2, session_id=lone),
        row(3, model=lone),
    ]

    pulled = pull(litellm, proxy({"day": rows}))

    assert len(raw(pulled)) == 1
    assert refusals(pulled) == [("session_id", "string_unicode"), ("model", "string_unicode")]
