"""Which snapshots a night stands on: complete, revised, missing, held."""

from dataclasses import replace
from datetime import date

import pytest

from config.shapes.finance import Finance
from tasks.core.books import BreakClass, DayBasis
from tasks.core.standing import Known, second_opinions, stand, unreported_days
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

SEATS = {
    "id": "team",
    "account": "org",
    "from": "2026-11-01",
    "seats": 10,
    "price": "20",
}


def seats_of(*issuers: str) -> Finance:
    plans = [{**SEATS, "id": f"team-{issuer}", "issuer": issuer} for issuer in issuers]
    return Finance.model_validate({"seats": plans})


def booked(issuer: str, day: date, charges_raw: str) -> dict[tuple[str, date], DayBasis]:
    return {
        (issuer, day): DayBasis(issuer, day, charges_raw, "", "", "", "", "", "", "", "", "code")
    }


def test_a_window_with_everything_there_is_present_as_expected() -> None:
    found = standing()

    assert set(found.expected) == set(found.present)
    assert found.held == frozenset()
    assert found.legs.charges == {("anthropic", day) for day in DAYS}
    assert found.legs.usage == found.legs.charges
    assert found.legs.logged_days == set(DAYS)


def test_days_inside_a_vendors_lag_are_not_expected_yet_but_logs_have_none() -> None:
    expected = standing().expected

    assert max(day for source, day in expected if source == "vendor") == date(2026, 11, 17)
    assert max(day for source, day in expected if source == "logs") == END


def test_sources_of_work_are_not_counted_by_day() -> None:
    assert "hub" not in {source for source, _ in standing().expected}


def test_a_day_is_present_only_with_every_stream_of_its_source() -> None:
    missing = snapshot("vendor", "usage", START)

    found = standing([one for one in everything() if one != missing])

    assert ("vendor", START) not in found.present
    assert ("anthropic", START) in found.legs.charges
    assert ("anthropic", START) not in found.legs.usage


def test_a_source_that_is_no_longer_read_counts_for_nothing_and_holds_nothing() -> None:
    gone = replace(snapshot("vendor", "cost", START), source="former")
    logged = replace(snapshot("logs", "runs", START), source="former-logs")
    newer = replace(gone, layer="raw", raw_sha="r2")

    found = standing(
        [*everything(), gone, logged], raw=[newer], first=[gone], unreadable=[gone, logged]
    )

    assert found == standing()


def test_an_unreadable_file_holds_its_issuers_day_and_leaves_the_others() -> None:
    broken = snapshot("vendor", "cost", START)

    found = standing(unreadable=[broken])

    assert found.held == {("anthropic", START)}
    assert broken not in found.charges
    assert ("anthropic", START) not in found.legs.charges


def test_an_unreadable_log_holds_every_issuer_on_its_day() -> None:
    found = standing(unreadable=[snapshot("logs", "runs", END)])

    assert found.held == {("anthropic", END)}


def test_newer_raw_data_that_did_not_pass_its_checks_holds_the_day() -> None:
    newer = snapshot("vendor", "cost", START, raw_sha="r2", layer="raw")

    found = standing(raw=[newer])

    assert found.held == {("anthropic", START)}


def test_raw_data_that_was_conformed_holds_nothing() -> None:
    assert standing(raw=[snapshot("vendor", "cost", START, layer="raw")]).held == frozenset()


@pytest.mark.parametrize(
    ("raw_sha", "expected"), [("r2", BreakClass.RESTATED), ("r1", BreakClass.REPARSED)]
)
def test_a_revision_is_the_vendors_if_the_raw_content_changed_and_ours_if_not(
    raw_sha: str, expected: BreakClass
) -> None:
    first = snapshot("vendor", "cost", START)
    newest = replace(first, sha="2", raw_sha=raw_sha)
    others = [one for one in everything() if one != first]

    found = standing([*others, newest], first=[first])

    assert found.revised == {("anthropic", START): expected}
    assert found.first_charges == (first,)


def test_a_day_told_the_same_from_the_start_is_not_revised() -> None:
    found = standing(first=[snapshot("vendor", "cost", day) for day in DAYS])

    assert found.revised == {}
    assert found.first_charges == ()


def test_an_issuer_with_seats_that_no_source_reports_is_complete_before_the_nights_day() -> None:
    plan = replace(PLAN, end=NIGHT.date())

    found = unreported_days(plan, seats_of("editor", "anthropic"), SOURCES, {})

    assert found == {("editor", day) for day in DAYS}, "a source reports anthropic; today is open"


def test_lots_of_credits_make_an_unreported_issuer_complete_too() -> None:
    lot = {"id": "lot", "issuer": "editor", "account": "org", "bought": "2026-11-01", "amount": 1}

    found = unreported_days(PLAN, Finance.model_validate({"prepaid": [lot]}), SOURCES, {})

    assert found == {("editor", day) for day in DAYS}


def test_a_source_that_is_gone_does_not_make_its_booked_days_complete_without_charges() -> None:
    previous = booked("editor", START, "r1")

    found = unreported_days(PLAN, seats_of("editor"), SOURCES, previous)

    assert found == {("editor", day) for day in DAYS[1:]}


def test_days_of_a_plan_that_was_withdrawn_stay_complete_so_that_it_can_be_taken_back() -> None:
    previous = {**booked("editor", START, ""), **booked("editor", date(2026, 9, 1), "")}

    assert unreported_days(PLAN, Finance(), SOURCES, previous) == {("editor", START)}


def test_unreported_days_are_complete_for_charges_only_and_held_with_their_logs() -> None:
    found = standing(
        unreported=frozenset({("editor", START), ("editor", END)}),
        unreadable=[snapshot("logs", "runs", END)],
    )

    assert {("editor", START), ("editor", END)} <= set(found.legs.charges)
    assert not {day for issuer, day in found.legs.usage if issuer == "editor"}
    assert found.held == {("editor", END), ("anthropic", END)}


def test_a_stream_that_the_books_are_not_made_of_holds_nothing_and_is_not_expected() -> None:
    beside = [
        replace(snapshot(source, "runs", START, raw_sha="r2", layer=layer), stream="use")
        for source in ("logs", "vendor")
        for layer in ("raw", "conformed")
    ]

    found = standing(everything() + beside[1::2], raw=beside[::2], unreadable=beside[1::2])

    assert found == standing()
    assert standing(raw=beside) == found, "nor where it is not conformed"


def test_a_day_whose_log_is_missing_is_provisional_for_every_issuer() -> None:
    complete = [one for one in everything() if (one.source, one.key) != ("logs", START)]

    found = standing(complete, unreported=frozenset({("editor", START)}))

    assert found.provisional == {("anthropic", START), ("editor", START)}


def test_a_day_that_lacks_a_report_is_not_provisional() -> None:
    complete = [one for one in everything() if (one.source, one.key) != ("vendor", START)]

    assert standing(complete).provisional == frozenset()


def test_of_several_reports_of_an_issuer_the_best_is_booked_and_the_others_are_opinions() -> None:
    second = report("second", precedence=200)
    told = [snapshot("second", "cost", day) for day in DAYS[:2]]
    known = everything() + told

    found = stand(
        PLAN,
        [*SOURCES, second],
        STREAMS | {"second": ["usage", "cost"]},
        Known(raw=(), complete=known, first_charges=(), unreadable=()),
    )

    assert {one.source for one in found.charges} == {"vendor"}
    assert list(found.opinions) == told
    assert {name for name, _ in found.expected} == {"logs", "vendor"}
    assert found.legs.charges == {("anthropic", day) for day in DAYS}


def test_runs_that_a_second_opinion_tells_count_as_those_of_any_log() -> None:
    second = report("second", precedence=200)
    told = snapshot("second", "runs", DAYS[0])
    lost = snapshot("second", "runs", DAYS[1])

    found = stand(
        PLAN,
        [*SOURCES[1:], second],
        STREAMS | {"second": ["runs", "cost"]},
        Known(raw=(), complete=[told, lost], first_charges=(), unreadable=[lost]),
    )

    assert found.runs == (told,)
    assert found.legs.logged_days == {DAYS[0]}
    assert found.held == frozenset()


def test_reports_of_one_rank_are_all_booked() -> None:
    second = report("second")

    assert second_opinions([*SOURCES, second]) == frozenset()
    assert second_opinions([report("vendor", precedence=7), second]) == {"second"}
