"""The close of a month reads from the top: what is left, the line to merge, what is owed."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from config.shapes.finance import Close
from config.yaml_lines import read_document
from tasks.core.month_end.close_report import CloseReport, InvoiceState, IssuerRow, Signature
from tasks.core.month_end.closing import Precondition
from tasks.core.month_end.corrections import Correction
from tasks.core.month_end.periods import Act, PeriodAct, PeriodState
from tasks.pages.close import close_line, roll_up, run_name, what_to_do
from tasks.pages.corrections import corrections_section
from tests.pages.shown import foreign_markup

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
HOSTILE = "<img src=x onerror=alert(2)>[x](javascript:alert(3))`|"
HOLDS = Precondition("held", "none of its days is held", holds=True)
FAILS = Precondition("booked", "every day is booked", False, (f"a {HOSTILE}",), "run them")
ROW = IssuerRow(
    "anthropic", "USD", 5_000_000_000, 70_000_000, -20_000_000, 10_000_000, InvoiceState.ROUNDED
)


def report(**fields: Any) -> CloseReport:
    values: dict[str, Any] = {
        "period": "2026-10",
        "as_of": NOW,
        "is_dry_run": False,
        "state": PeriodState.SOFT_CLOSED,
        "done": (),
        "checks": (HOLDS, FAILS),
        "signature": Signature.NONE,
        "signed": None,
        "digest": "1" * 64,
        "rows": (ROW,),
        "soft_close_on": date(2026, 11, 6),
        **fields,
    }
    return CloseReport(**values)


def closed() -> CloseReport:
    act = PeriodAct(
        *("2026-10", Act.CLOSED, NOW, "controller", NOW.date()),
        digest="1" * 64,
        named=("openai 2026-10-03",),
    )
    return report(
        state=PeriodState.CLOSED, checks=(), done=(act,), closed_by=act, takes_over="2026-11"
    )


def test_a_run_is_named_by_its_answer() -> None:
    assert run_name([report()]) == "2026-10 · soft-closed · 2 things left"
    assert run_name([report(checks=(HOLDS,))]) == "2026-10 · soft-closed · 1 thing left"
    ready = report(checks=(HOLDS,), signature=Signature.FITS, is_dry_run=True)
    assert run_name([ready]) == "2026-10 · soft-closed · dry run"
    opened = report(period="2026-11", state=PeriodState.OPEN, soft_close_on=date(2026, 12, 7))
    assert run_name([closed(), opened]) == (
        "2026-10 · closed, 2026-11 · open · soft close on 2026-12-07"
    )
    empty = report(state=PeriodState.OPEN)
    assert run_name([empty]) == "2026-10 · open · nothing booked"
    assert run_name([report(), *[closed()] * 3]).endswith("closed, and 1 older")


def test_what_is_left_comes_first_then_the_line() -> None:
    page = what_to_do([report()])

    todo, line = page.index("every day is booked"), page.index(close_line(report()))
    assert page.startswith("# 2026-10 is soft-closed: 2 things left")
    assert todo < line < page.index("## What a close needs")
    assert "Once the above is done" in page
    # What it lacks is told once, above; below only whether it holds.
    assert page.count("onerror") == 1
    assert "- **no**: every day is booked\n" in page


def test_the_line_is_one_that_finance_yaml_takes(tmp_path: Path) -> None:
    file = tmp_path / "finance.yaml"
    file.write_text("closes:\n" + close_line(report()).replace("<role>", "controller"))

    value: Any = read_document(file).value

    (line,) = value["closes"]
    assert Close.model_validate(line) == Close.model_validate(
        {"billing_period": "2026-10", "digest": "1" * 64, "by": "controller", "on": NOW.date()}
    )


def test_a_closed_month_says_who_signed_what_was_left_out_and_who_takes_corrections() -> None:
    page = what_to_do([closed()])

    assert page.startswith("# 2026-10 is closed")
    assert "Signed by controller on 2026-11-20" in page
    assert "Corrections are booked in 2026-11" in page
    assert "Closed without: openai 2026\\-10\\-03" in page


def test_the_parts_of_what_is_owed_are_told_with_their_sum() -> None:
    page = roll_up([replace(report(), unpriced=("openai gpt-x",))])

    figures = "$5.00 | $0.07 | -$0.02 | $0.01 | $5.06"
    assert f"| anthropic | agrees after settlement | {figures} |" in page
    assert "not accrued: openai gpt\\-x" in page


def test_nothing_from_outside_is_markup() -> None:
    act = PeriodAct(*("2026-10", Act.REOPENED, NOW, "controller", NOW.date()), reason=HOSTILE)
    row = replace(ROW, issuer=HOSTILE)
    hostile = report(done=(act,), rows=(row,), unpriced=(HOSTILE,))
    late = Correction(
        *("2026-10", "2026-11", "USD", HOSTILE, "family", HOSTILE, HOSTILE, "production", 5)
    )

    assert foreign_markup(HOSTILE)
    for page in (what_to_do([hostile]), roll_up([hostile]), "\n".join(corrections_section([late]))):
        assert foreign_markup(page) == []


def test_corrections_have_a_section_of_their_own() -> None:
    late = Correction(
        *("2026-10", "2026-11", "USD", "core", "family", "upgrades", "bump", "production"),
        1_500_000_000,
    )

    assert corrections_section([]) == []
    assert corrections_section([late])[-1].endswith(
        "| 2026-10 | 2026-11 | core | bump | production | $1.50 |"
    )
