"""Several issuers, and several reports of one: whose day is whole, held or revised."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from config.shapes.sources import CursorSource
from tasks.core.books import BreakClass, Snapshot
from tasks.core.standing import Known, stand
from tests.core.source_days import (
    DAYS,
    END,
    NIGHT,
    PLAN,
    SOURCES,
    START,
    STREAMS,
    everything,
    report,
    snapshot,
    standing,
)

TWIN = report("twin")
OTHER = report("other", issuer="openai")


def test_a_report_that_cannot_be_read_holds_its_own_issuer_only() -> None:
    found = standing(more=[OTHER], unreadable=[snapshot("other", "cost", START)])

    assert found.held == {("openai", START)}
    assert ("anthropic", START) in found.legs.charges
    assert ("openai", START) not in found.legs.charges


def test_a_log_that_cannot_be_read_holds_every_issuer() -> None:
    found = standing(more=[OTHER], unreadable=[snapshot("logs", "runs", START)])

    assert found.held == {("anthropic", START), ("openai", START)}


def test_a_bill_without_its_sessions_is_provisional_for_its_issuer_alone() -> None:
    editor = CursorSource.model_validate(
        {
            "type": "cursor",
            "name": "editor",
            "issuer": "cursor",
            "account": "team",
            "base_url": "https://editor.example",
            "secret": "key",
        }
    )
    bill, sessions = (snapshot("editor", stream, START) for stream in ("cost", "runs"))
    streams = STREAMS | {"editor": ["runs", "cost"]}

    def provisional(*told: Snapshot) -> frozenset[tuple[str, date]]:
        known = Known((), [*everything(), *told], (), ())
        return stand(replace(PLAN, end=START), [*SOURCES, editor], streams, known).provisional

    assert provisional(bill, sessions) == frozenset()
    assert provisional(bill) == {("cursor", START)}


@pytest.mark.parametrize(("stream", "leg"), [("cost", "charges"), ("usage", "usage")])
def test_an_issuers_day_is_whole_only_with_every_report_of_it(stream: str, leg: str) -> None:
    late = snapshot("twin", stream, START)
    complete = [one for one in everything("twin", "other") if one != late]

    legs = standing(complete, more=[TWIN, OTHER]).legs

    whole = {(issuer, day) for issuer in ("anthropic", "openai") for day in DAYS}
    assert getattr(legs, leg) == whole - {("anthropic", START)}


@pytest.mark.parametrize("restated", ["vendor", "twin"])
def test_a_day_that_a_vendor_restated_is_restated_whatever_else_was_read_anew(
    restated: str,
) -> None:
    first = [snapshot(name, "cost", START) for name in ("vendor", "twin")]
    newest = [
        replace(one, sha="2", raw_sha="r2" if one.source == restated else one.raw_sha)
        for one in first
    ]
    others = [one for one in everything("twin") if one not in first]

    found = standing([*others, *newest], first=first, more=[TWIN])

    assert found.revised == {("anthropic", START): BreakClass.RESTATED}
    assert found.first_charges == tuple(first)


def test_a_revised_day_of_one_issuer_is_not_another_issuers() -> None:
    first = snapshot("other", "cost", START)
    newest = replace(first, sha="2", raw_sha="r2")
    others = [one for one in everything("other") if one != first]

    found = standing(
        [*others, newest], first=[first, snapshot("vendor", "cost", START)], more=[OTHER]
    )

    assert found.revised == {("openai", START): BreakClass.RESTATED}
    assert found.first_charges == (first,)


def test_of_a_second_opinion_only_what_it_was_billed_is_compared() -> None:
    second = report("second", precedence=200)

    found = standing(more=[second])

    assert found.opinions == tuple(snapshot("second", "cost", day) for day in DAYS)
    assert {one.table for one in found.runs} == {"runs"}
    assert {one.source for one in (*found.usage, *found.charges)} == {"vendor"}


def test_days_are_late_from_the_vendors_lag_on() -> None:
    (lag,) = [one.lag_days for one in SOURCES if one.name == "vendor"]  # type: ignore[union-attr]

    assert standing(more=[report("other", issuer="openai", lag_days=5)]).legs.first_late_day == {
        "anthropic": NIGHT.date() - timedelta(days=lag),
        "openai": date(2026, 11, 15),
    }


def test_the_night_s_own_day_is_not_expected_of_anybody() -> None:
    expected = standing(plan=replace(PLAN, end=NIGHT.date())).expected

    assert max(day for source, day in expected if source == "logs") == END
