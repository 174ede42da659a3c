"""A night on the terminal: what stands there is what the night found, and nothing more."""

from datetime import UTC, date, datetime

import pytest

from cli.telling import tell
from tasks.core.books import Break, BreakClass
from tasks.core.night import Books
from tasks.core.night_report import KnownBreak, NightReport
from tasks.core.plan import Plan

PLAN = Plan(
    date(2026, 10, 20),
    date(2026, 11, 19),
    datetime(2026, 11, 20, 4, 0, tzinfo=UTC),
    is_past=False,
    orders=(),
)


def told(capsys: pytest.CaptureFixture[str], *classes: BreakClass) -> str:
    books = Books(
        desired={},
        breaks=(),
        ties=(),
        totals=(("booked:EUR", 1_500_000_000),),
        coverage=(),
        completeness_ppm=1_000_000,
        missing=(),
        families=(),
        workflows=(),
        others=(),
        leaks=(),
        findings=(),
        digest="d",
    )
    day = date(2026, 11, 3)
    breaks = tuple(
        KnownBreak(Break(name, "vendor", "-", day, "-", 1), day, is_new=False) for name in classes
    )
    tell(
        NightReport(
            plan=PLAN,
            status="partial",
            reasons=("missing: vendor 2026-11-03\x1b[2J",),
            books=books,
            breaks=breaks,
            failures=(),
            notices=(),
            causes=(),
            is_booked=True,
            is_dry_run=False,
            head="",
            digest="d",
        )
    )
    return capsys.readouterr().out


def test_a_night_without_breaks_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert "    breaks        none\n" in told(capsys)


def test_a_few_classes_of_breaks_are_told_whole(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, BreakClass.PRICE, BreakClass.PRICE, BreakClass.TAX)

    assert "    breaks        3 (0 new): 2 price, 1 tax\n" in text


def test_further_classes_are_hinted_at(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, *list(BreakClass)[:5])

    assert text.count(", ...\n") == 1


def test_amounts_keep_their_currency_and_reasons_move_no_cursor(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = told(capsys)

    assert "EUR 1.50" in text
    assert "missing: vendor 2026-11-03[2J\n" in text
