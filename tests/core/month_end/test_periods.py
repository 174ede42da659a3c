"""Periods: their business days, what acts make of them, and who takes corrections."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.shapes.finance import Close, Disposition, Reopening, SeatPlan
from config.shapes.policy import Periods
from tasks.core.books import (
    BookKey,
    Break,
    BreakClass,
    Cause,
    Destination,
    DestinationKind,
    Entry,
    Posting,
)
from tasks.core.days import period_days
from tasks.core.month_end.closing import (
    InvoiceBreak,
    PeriodFacts,
    Precondition,
    checklist,
    expected_days,
)
from tasks.core.month_end.periods import (
    Act,
    PeriodAct,
    PeriodState,
    business_day,
    closed_map,
    due_periods,
    is_new_close,
    is_new_reopening,
    look_back,
    newest_ended,
    next_period,
    period_digest,
    ranges,
    state_of,
    states_of,
)
from tasks.core.reconciling.breaks import Quarantine

NOW = datetime(2026, 12, 20, 6, tzinfo=UTC)
DIGEST = "d" * 64


def act(period: str, kind: Act = Act.CLOSED, number: int = 1, **fields: object) -> PeriodAct:
    return PeriodAct(period, kind, NOW, number=number, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("period", "number", "day"),
    [
        ("2026-10", 1, date(2026, 11, 2)),  # the first of November is a Sunday
        ("2026-10", 5, date(2026, 11, 6)),
        ("2026-10", 6, date(2026, 11, 9)),
        ("2026-12", 5, date(2027, 1, 7)),
        ("2026-01", 20, date(2026, 2, 27)),
    ],
)
def test_a_business_day_counts_from_monday_to_friday(period: str, number: int, day: date) -> None:
    assert business_day(period, number) == day


def test_months_follow_each_other_over_the_year() -> None:
    assert next_period("2026-12") == "2027-01"
    assert newest_ended(date(2027, 1, 31)) == "2026-12"
    assert newest_ended(date(2027, 2, 1)) == "2027-01"


def test_the_last_act_gives_the_state() -> None:
    acts = [act("2026-10", Act.SOFT_CLOSED)]
    assert state_of("2026-10", []) is PeriodState.OPEN
    assert state_of("2026-10", acts) is PeriodState.SOFT_CLOSED
    acts.append(act("2026-10", Act.CLOSED, 2))
    assert state_of("2026-10", acts) is PeriodState.CLOSED
    acts.append(act("2026-10", Act.REOPENED, 3))
    assert state_of("2026-10", acts) is PeriodState.REOPENED
    assert state_of("2026-11", acts) is PeriodState.OPEN


months = st.integers(0, 14).map(lambda n: f"{2026 + n // 12}-{n % 12 + 1:02d}")


@given(st.lists(st.tuples(months, st.sampled_from(list(Act))), max_size=20))
def test_a_closed_period_is_corrected_in_the_first_later_one_that_is_not(
    done: list[tuple[str, Act]],
) -> None:
    acts = [act(period, kind, n) for n, (period, kind) in enumerate(done, 1)]
    states = states_of(acts)
    closed = {period for period, state in states.items() if state is PeriodState.CLOSED}

    found = closed_map(acts)

    assert found.keys() == closed
    for period, taker in found.items():
        assert taker > period
        assert taker not in closed
        between = next_period(period)
        while between != taker:
            assert between in closed
            between = next_period(between)


@pytest.mark.parametrize(
    ("acts", "day"),
    [
        ([], None),
        ([act("2026-10", Act.SOFT_CLOSED)], None),
        ([act("2026-08", Act.SOFT_CLOSED), act("2026-10")], date(2026, 11, 1)),
        ([act("2026-10")], date(2026, 11, 1)),
        ([act("2026-10"), act("2026-12", Act.SOFT_CLOSED)], date(2026, 11, 1)),
        ([act("2026-09"), act("2026-10"), act("2026-09", Act.REOPENED)], date(2026, 9, 1)),
        ([act("2026-09"), act("2026-09", Act.REOPENED)], date(2026, 9, 1)),
    ],
    ids=[
        *("no act", "never closed", "soft-closed before the first close", "closed"),
        *("one left out", "reopened", "all reopened"),
    ],
)
def test_a_night_looks_back_to_the_oldest_period_that_is_not_closed(
    acts: list[PeriodAct], day: date | None
) -> None:
    assert look_back(acts) == day


def reopening(period: str = "2026-10", on: str = "2026-12-19") -> Reopening:
    return Reopening.model_validate(
        {"billing_period": period, "by": "controller", "on": on, "reason": "a late credit"}
    )


def test_what_is_due_is_what_has_ended_what_waits_and_what_a_line_reopens() -> None:
    today = NOW.date()
    acts = [act("2026-09"), act("2026-10", Act.SOFT_CLOSED), act("2026-08")]

    assert due_periods([], [], today) == ["2026-11"]
    assert due_periods(acts, [], today) == ["2026-10", "2026-11"]
    assert due_periods(acts, [reopening("2026-09")], today) == ["2026-09", "2026-10", "2026-11"]


def test_a_signed_line_acts_once_and_not_before_its_day() -> None:
    line = Close.model_validate(
        {"billing_period": "2026-10", "digest": DIGEST, "by": "controller", "on": "2026-12-20"}
    )
    used = act("2026-10", by="controller", on=date(2026, 12, 20), digest=DIGEST)

    assert is_new_close(line, [], NOW.date())
    assert not is_new_close(line, [], date(2026, 12, 19))
    assert not is_new_close(line, [used, act("2026-10", Act.REOPENED, 2)], NOW.date())
    assert is_new_close(line.model_copy(update={"digest": "e" * 64}), [used], NOW.date())
    again = act("2026-10", Act.REOPENED, by="controller", on=date(2026, 12, 19), reason="")
    assert is_new_reopening(reopening(), [again], NOW.date())


def entry(amount: int = 5, day: int = 3) -> Entry:
    key = BookKey("anthropic", "main", date(2026, 10, day), "2026-10", "USD")
    to = Destination(DestinationKind.UNATTRIBUTED, "core")
    return Entry(key, Cause.NEW, (Posting(to, amount),))


def test_a_digest_is_of_amounts_and_order() -> None:
    assert period_digest([entry(), entry(6)]) == period_digest([entry(), entry(6)])
    digests = {
        period_digest(entries)
        for entries in ([], [entry()], [entry(6)], [entry(), entry(6)], [entry(6), entry()])
    }
    assert len(digests) == 5


def test_days_are_told_as_ranges() -> None:
    days = [("openai", date(2026, 10, n)) for n in (3, 4, 5, 9)] + [("a", date(2026, 10, 31))]

    assert ranges(days) == ("a 2026-10-31", "openai 2026-10-03 to 2026-10-05", "openai 2026-10-09")


DAYS = [("anthropic", day) for day in period_days("2026-10")]
GAP = InvoiceBreak(
    "0123456789abcdef",
    Break(BreakClass.INVOICE, "anthropic", "-", date(2026, 10, 31), "USD", 40_000_000_000),
)


def facts(**fields: object) -> PeriodFacts:
    values: dict[str, object] = {
        "period": "2026-10",
        "today": date(2026, 11, 20),
        "state": PeriodState.SOFT_CLOSED,
        "policy": Periods(),
        "expected": DAYS,
        "booked": DAYS,
        "held": (),
        "quarantine": (),
        "breaks": (),
        "dispositions": (),
        "read_on": date(2026, 11, 2),
        **fields,
    }
    return PeriodFacts(**values)  # type: ignore[arg-type]


def failing(checks: Sequence[Precondition]) -> dict[str, tuple[str, ...]]:
    assert all(bool(one.todo) is not one.holds for one in checks)
    return {one.code: one.which for one in checks if not one.holds}


def disposition(**fields: object) -> Disposition:
    return Disposition.model_validate(
        {
            "break": GAP.break_id,
            "verdict": "disputed",
            "on": "2026-11-10",
            "by": "controller",
            "reason": "the vendor counts a refund twice",
            "limit": "50",
            **fields,
        }
    )


def test_a_period_with_everything_in_order_lacks_nothing() -> None:
    assert failing(checklist(facts())) == {}


@pytest.mark.parametrize(
    ("fields", "code", "which"),
    [
        ({"state": PeriodState.OPEN}, "soft_closed", ()),
        ({"read_on": None}, "read", ()),
        ({"held": DAYS[:2]}, "held", ("anthropic 2026-10-01 to 2026-10-02",)),
        ({"booked": DAYS[1:]}, "booked", ("anthropic 2026-10-01",)),
        (
            {"quarantine": [Quarantine("openai", "", date(2026, 10, 7), None, is_billed=True)]},
            "quarantined",
            ("openai 2026-10-07",),
        ),
        ({"breaks": [GAP]}, "invoices", (f"anthropic: break {GAP.break_id}",)),
    ],
)
def test_a_precondition_that_fails_says_which(
    fields: dict[str, object], code: str, which: tuple[str, ...]
) -> None:
    assert failing(checklist(facts(**fields))) == {code: which}


def test_a_broken_log_line_stands_in_the_way_of_no_close() -> None:
    lines = [Quarantine("agent-logs", "", date(2026, 10, 7), None)]

    assert failing(checklist(facts(quarantine=lines))) == {}


@pytest.mark.parametrize(("today", "holds"), [(15, False), (16, True)])
def test_after_the_final_day_what_is_not_booked_is_named(today: int, holds: bool) -> None:
    checks = checklist(facts(booked=DAYS[3:], today=date(2026, 12, today)))

    (booked,) = (one for one in checks if one.code == "booked")
    assert (booked.holds, booked.which) == (holds, ("anthropic 2026-10-01 to 2026-10-03",))


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        (disposition(), True),
        (disposition(verdict="accepted", until="2026-11-19"), False),
        (disposition(verdict="accepted", until="2026-11-20"), True),
        (disposition(on="2026-11-21"), False),
        (disposition(limit="39.999999999"), False),
        (disposition(**{"break": "f" * 16}), False),
    ],
    ids=["holds", "over", "last day", "not yet", "beyond its limit", "of another break"],
)
def test_an_invoice_that_differs_needs_a_disposition_that_holds(
    line: Disposition, holds: bool
) -> None:
    checks = checklist(facts(breaks=[GAP], dispositions=[line]))

    assert (failing(checks) == {}) is holds


def test_days_are_expected_of_reported_issuers_and_of_seats_while_they_hold() -> None:
    plan = SeatPlan.model_validate(
        {
            "id": "team",
            "issuer": "cursor",
            "account": "cursor:team",
            "from": "2026-10-30",
            "seats": 3,
            "price": "40",
        }
    )

    found = expected_days("2026-10", ["anthropic"], [plan])

    assert found == {*DAYS, ("cursor", date(2026, 10, 30)), ("cursor", date(2026, 10, 31))}
    ended = plan.model_copy(update={"to_day": date(2026, 10, 30)})
    assert len(expected_days("2026-10", [], [ended])) == 1
