"""Analytics are asked for day by day; use by squad only where a directory is set."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from config.shapes.sources import Issuer
from tasks.core.errors import SourceError
from tasks.core.people import Door
from tasks.sources import claude_code_analytics
from tests.sources.claude_code_analytics.test_rows import DOOR, model, row
from tests.sources.request_logs import DAY, DIGEST, pull, raw, source
from tests.transport.loopback import Reply, Request

ANALYTICS = claude_code_analytics
USE = "use"


def page(*rows: object, cursor: str | None = None) -> dict[str, object]:
    return {"data": list(rows), "has_more": cursor is not None, "next_page": cursor}


def said(email: str, amount: str = "1.25") -> dict[str, object]:
    return row(email, model(estimated_cost={"currency": "USD", "amount": amount}))


def test_each_ended_day_is_one_listing_of_its_own() -> None:
    seen: list[Request] = []

    def answer(request: Request) -> Reply:
        day = request.query["starting_at"][0]
        return Reply(body=page(said("ada@acme.example") | {"date": f"{day}T00:00:00Z"}))

    pulled = pull(ANALYTICS, answer, window=(date(2026, 11, 19), date(2026, 11, 21)), seen=seen)

    assert [(one.key, len(one.rows), one.is_complete) for one in pulled.batches] == [
        (date(2026, 11, 19), 1, True),
        (date(2026, 11, 20), 1, True),
    ]
    assert [one.query for one in seen] == [
        {"starting_at": ["2026-11-19"], "limit": ["1000"]},
        {"starting_at": ["2026-11-20"], "limit": ["1000"]},
    ]
    assert "/v1/organizations/usage_report/claude_code" in seen[0].path


def test_pages_of_a_day_are_put_together() -> None:
    def answer(request: Request) -> Reply:
        if "page" in request.query:
            return Reply(body=page(said("bo@acme.example")))
        return Reply(body=page(said("ada@acme.example"), cursor="2"))

    rows = raw(pull(ANALYTICS, answer))

    assert [one["cost_usd"] for one in rows] == ["0.0125", "0.0125"]
    assert len({one["run_id"] for one in rows}) == 2


@pytest.mark.parametrize(("minutes", "is_whole"), [(59, False), (60, True)])
def test_a_day_is_whole_an_hour_after_its_end(minutes: int, is_whole: bool) -> None:
    now = datetime(2026, 11, 18, tzinfo=UTC) + timedelta(minutes=minutes)

    for stream in ("runs", USE):
        (batch,) = pull(
            ANALYTICS,
            lambda _: Reply(body=page(said("ada@acme.example"))),
            stream=stream,
            door=DOOR,
            now=now,
        ).batches

        assert batch.is_complete is is_whole


def test_writes_that_the_estimate_does_not_tell_are_counted_once() -> None:
    tokens = {"input": 1, "output": 1, "cache_read": 0, "cache_creation": 100}
    answer = Reply(body=page(row("ada@acme.example", model(tokens=tokens, estimated_cost=None))))

    (finding,) = pull(ANALYTICS, lambda _: answer).findings

    assert (finding.code, finding.source) == ("unsplit_cache", "log")
    assert pull(ANALYTICS, lambda _: answer, stream=USE, door=DOOR).findings == ()


def test_use_without_a_directory_is_not_even_asked_for() -> None:
    seen: list[Request] = []

    pulled = pull(ANALYTICS, lambda _: Reply(body=page()), stream=USE, door=Door(DIGEST), seen=seen)

    assert [(one.key, list(one.rows), one.is_complete) for one in pulled.batches] == [
        (DAY, [], True)
    ]
    assert seen == []


def test_use_with_a_directory_is_folded_before_it_is_kept() -> None:
    people = ["ada@acme.example", "bo@acme.example", "cy@acme.example", "di@acme.example"]
    door = Door(DIGEST, dict.fromkeys(people[:3], "claims"))
    answer: Callable[[Request], Reply] = lambda _: Reply(body=page(*map(said, people)))  # noqa: E731

    pulled = pull(ANALYTICS, answer, stream=USE, door=door)

    assert raw(pulled) == [
        {
            "account": "main",
            "squad": "others",
            "measure": "estimate_nano",
            "value": 50_000_000,
            "actors": 4,
        }
    ]


def test_use_is_of_the_issuer_that_bills_claude() -> None:
    door = Door(DIGEST, {f"p{at}@acme.example": "claims" for at in range(3)})
    rows = [said(f"p{at}@acme.example") for at in range(3)]
    config = source("claude_code_analytics")
    stream = next(one for one in ANALYTICS.STREAMS if one.name == USE)

    (batch,) = pull(ANALYTICS, lambda _: Reply(body=page(*rows)), stream=USE, door=door).batches
    issuers = {"anthropic": Issuer(id="anthropic")}
    conformed = ANALYTICS.conform(stream, config, batch.rows, DAY, issuers)

    assert conformed.rows == [
        {
            "source": "log",
            "issuer": "anthropic",
            "day": DAY,
            "account": "main",
            "squad": "claims",
            "measure": "estimate_nano",
            "value": 37_500_000,
            "actors": 3,
        }
    ]


@pytest.mark.parametrize(
    "body",
    [
        page(said("ada@acme.example"), said("ada@acme.example")),
        page(said("ada@acme.example") | {"date": "2026-11-16T00:00:00Z"}),
        {"data": [], "has_more": True, "next_page": None},
        {"data": {}, "has_more": False},
    ],
    ids=["a row twice", "another day", "more without a cursor", "no list"],
)
def test_an_answer_that_is_not_the_whole_day_is_a_fault(body: object) -> None:
    with pytest.raises(SourceError):
        pull(ANALYTICS, lambda _: Reply(body=body), door=DOOR)
