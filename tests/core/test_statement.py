"""A night is stated in sentences, with its breaks aged and the largest first."""

from dataclasses import replace
from datetime import UTC, date, datetime

from config.shapes.finance import Disposition
from tasks.core.books import Break, BreakClass
from tasks.core.month_end.dispositions import Decided
from tasks.core.night import Books
from tasks.core.plan import Failure
from tasks.core.reconciling.break_ids import break_id
from tasks.core.statement import aged, reasons_of

TONIGHT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def books(missing: tuple[str, ...] = ()) -> Books:
    return Books(
        desired={},
        breaks=(),
        ties=(),
        totals=(),
        coverage=(),
        completeness_ppm=1_000_000,
        missing=missing,
        families=(),
        workflows=(),
        others=(),
        leaks=(),
        findings=(),
        digest="",
    )


def a_break(amount_nano: int) -> Break:
    return Break(BreakClass.TIMING, "vendor", "account", date(2026, 11, 1), "sku", amount_nano)


def test_a_night_with_everything_in_place_needs_no_reason() -> None:
    assert reasons_of(books(), [], []) == []


def test_failures_held_days_and_missing_days_are_named_and_long_lists_counted() -> None:
    missing = tuple(f"vendor 2026-11-0{day}" for day in range(1, 8))

    down = [Failure("jira", stream, "is down") for stream in ("issues", "boards")]

    reasons = reasons_of(books(missing), [("vendor", date(2026, 11, 9))], down)

    assert reasons[0] == "jira: is down"
    assert reasons[1] == "held, and left as booked before: vendor 2026-11-09"
    assert reasons[2].startswith("missing: vendor 2026-11-01, ")
    assert reasons[2].endswith("vendor 2026-11-05 and 2 more")


def test_breaks_come_largest_first_whatever_their_sign_and_know_if_they_are_new() -> None:
    earlier = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)

    found = aged([a_break(5), a_break(-9), a_break(7)], [earlier, None, TONIGHT], TONIGHT)

    assert [(one.item.amount_nano, one.is_new) for one in found] == [
        (-9, True),
        (7, True),
        (5, False),
    ]
    assert found[2].first_seen == date(2026, 11, 18)


def test_a_break_knows_what_was_decided_about_it_and_its_currency() -> None:
    item = a_break(5)
    line = {"break": break_id(item), "verdict": "structural", "on": "2026-11-20", "by": "lead"}
    known = Disposition.model_validate(line | {"reason": "Known.", "limit": "1.00"})

    settled, open_one = aged(
        [item, replace(item, sku="other", amount_nano=3)],
        [None, None],
        TONIGHT,
        dispositions=[known],
        currencies={"vendor": "EUR"},
    )

    assert settled.decided == Decided(known)
    assert settled.is_settled()
    assert not open_one.is_settled()
    assert {settled.currency, open_one.currency} == {"EUR"}
