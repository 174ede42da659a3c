"""A night's pages: the answer in its name, what to do first, nothing from outside as markup."""

import ast
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.books import Break, BreakClass
from tasks.core.findings import Finding
from tasks.core.night import Books
from tasks.core.night_report import KnownBreak, NightReport
from tasks.core.plan import Failure, Plan
from tasks.core.reconciling.ties import TieOut
from tasks.core.totals import Coverage, Leak, OtherRow, PoolRow
from tasks.pages import night as pages
from tasks.pages.breaks import breaks
from tasks.pages.meanings import BREAKS, FINDINGS
from tests.pages.shown import foreign_markup

ROOT = Path(__file__).resolve().parents[2]
AS_OF = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
USUAL = Plan(date(2026, 10, 20), date(2026, 11, 19), AS_OF, is_past=False, orders=())
HOSTILE = "<img src=x>|`x`[y](http://z)"


def tie(issuer: str = "vendor") -> TieOut:
    return TieOut(
        issuer=issuer,
        currency="USD",
        billed_nano=12_000_000_000,
        unchecked_nano=0,
        units_nano=0,
        metered_nano=11_500_000_000,
        compared_metered_nano=11_500_000_000,
        logged_nano=10_000_000_000,
        compared_logged_nano=10_000_000_000,
        billed_named=(("price", 500_000_000),),
        billed_within_nano=0,
        logged_named=(("unlogged_usage", 1_500_000_000),),
        logged_within_nano=0,
    )


def a_night(**changes: object) -> NightReport:
    books = Books(
        desired={},
        breaks=(),
        ties=(tie(),),
        totals=(("booked:USD", 12_000_000_000),),
        coverage=(Coverage("USD", 6_000_000_000, 2_000_000_000, 4_000_000_000),),
        completeness_ppm=1_000_000,
        missing=(),
        families=(PoolRow("portfolio", "family", "", "USD", 2_000_000_000, 6_000_000_000),),
        workflows=(PoolRow("portfolio", "family", "flow", "USD", 2_000_000_000, 6_000_000_000),),
        others=(OtherRow("", "unattributed", "USD", 4_000_000_000),),
        leaks=(),
        findings=(),
        digest="d" * 64,
    )
    night = NightReport(
        plan=USUAL,
        status="tied",
        reasons=(),
        books=books,
        breaks=(),
        failures=(),
        notices=(),
        causes=(),
        is_booked=True,
        is_dry_run=False,
        head="h" * 64,
        digest=books.digest,
    )
    return replace(night, **changes)  # type: ignore[arg-type]


def standing(name: BreakClass, *, is_new: bool = True, text: str = "sku") -> KnownBreak:
    item = Break(name, "vendor", text, date(2026, 11, 3), text, 1_500_000_000, 3)
    return KnownBreak(item, date(2026, 11, 18), is_new)


def test_the_name_of_a_usual_night_is_its_day_and_its_answer() -> None:
    night = a_night(breaks=(standing(BreakClass.PRICE), standing(BreakClass.TIMING, is_new=False)))

    assert pages.run_name(night) == "2026-11-20 · tied · 66 % · 1 new"


def test_the_name_of_another_window_a_rehearsal_or_a_past_moment_says_so() -> None:
    window = replace(USUAL, start=date(2026, 11, 1), end=date(2026, 11, 5), is_past=True)

    name = pages.run_name(a_night(plan=window, is_dry_run=True))

    assert name == "2026-11-01 to 2026-11-05 · tied · 66 % · 0 new · as of then · dry run"


def test_a_night_that_asks_for_nothing_says_so() -> None:
    page = pages.what_to_do(a_night())

    assert "# Tied: $12.00 is owed for these days, and all of it is booked" in page
    assert "50 % evidenced, 17 % inferred, 33 % unexplained" in page
    assert "Nothing to do now." in page


def test_what_failed_comes_first_with_the_moment_it_answers_again() -> None:
    until = AS_OF.replace(hour=6)
    failures = tuple(Failure("github", name, "rate limited", until) for name in ("pulls", "runs"))

    page = pages.what_to_do(
        a_night(status="partial", failures=failures, reasons=("github: rate limited",))
    )

    assert (
        "1\\. **github** (pulls, runs) was not read: rate limited. It answers again at"
        " 2026-11-20 06:00 UTC." in page
    )
    assert page.count("rate limited") == 1


def test_breaks_findings_and_leaks_become_sentences_with_something_to_do() -> None:
    books = replace(
        a_night().books,
        findings=(Finding("unknown_stamp", "turbo", "15 runs carry it"),),
        leaks=(Leak("p", "f", "flow", "exploration", "production", "USD", 2_000_000_000),),
    )

    page = pages.what_to_do(a_night(books=books, breaks=(standing(BreakClass.PRICE),)))

    assert "**$1.50** billed at another price than list or contract (1 new break on" in page
    assert "`unknown_stamp` turbo: 15 runs carry it; name it in the catalog" in page
    assert "Work for exploration was paid from production: **$2.00** of flow. Move its key" in page


def test_leaks_one_way_are_one_line_largest_first() -> None:
    leaks = tuple(
        Leak("p", "f", f"flow{at}", "exploration", "production", "USD", at * 10**9)
        for at in range(1, 11)
    )

    page = pages.what_to_do(a_night(books=replace(a_night().books, leaks=leaks)))

    (line,) = re.findall(r".*Work for exploration was paid from production.*", page)
    assert line.startswith("1\\. ")
    assert "**$10.00** of flow10, **$9.00** of flow9" in line
    assert line.endswith("**$3.00** of flow3, 2 more. Move keys, or change stages.")


def test_findings_of_one_kind_ask_once_and_repeat_no_name() -> None:
    found = tuple(
        Finding("out_of_scope", name, f"31 runs of {name} went astray") for name in ("a1", "b2")
    )

    page = pages.what_to_do(a_night(books=replace(a_night().books, findings=found)))

    assert "`out_of_scope`, 2 times: widen the scope in the catalog" in page
    assert "   - 31 runs of a1 went astray\n   - 31 runs of b2 went astray" in page


@pytest.mark.parametrize("name", [BreakClass.PENDING, BreakClass.RESTATED, BreakClass.CREDIT])
def test_what_needs_nobody_is_listed_as_a_break_but_not_as_a_task(name: BreakClass) -> None:
    night = a_night(breaks=(standing(name),))

    assert "Nothing to do now." in pages.what_to_do(night)
    assert name.value in breaks(night)


def test_the_tie_out_names_every_residual() -> None:
    page = pages.tie_out(a_night())

    assert "| **Billed** for usage | $12.00 |" in page
    assert "price | $0.50 |" in page
    assert "unlogged usage | $1.50 |" in page


def test_the_lines_of_a_tie_out_add_up_to_what_was_billed() -> None:
    searched = replace(tie(), billed_nano=12_100_000_000, units_nano=100_000_000)

    page = pages.tie_out(replace(a_night(), books=replace(a_night().books, ties=(searched,))))

    _, _, lines = page.partition("| **Metered** (all)")
    cents = [int(cell.replace(".", "")) for cell in re.findall(r"\$([0-9.]+)", lines)]
    assert sum(cents[:-1]) == cents[-1] == 1210


def test_a_bill_that_no_usage_report_tells_of_is_one_line() -> None:
    nothing = TieOut("devin", "USD", 9 * 10**9, 9 * 10**9, 0, 0, 0, 0, 0, (), 0, (), 0)

    page = pages.tie_out(a_night(books=replace(a_night().books, ties=(nothing,))))

    assert "| **Billed** for usage (no usage report tells of these days) | $9.00 |" in page
    assert "**Metered**" not in page


@given(nanos=st.lists(st.integers(-(10**12), 10**12), min_size=8, max_size=8))
def test_every_printed_block_of_a_tie_out_adds_up(nanos: list[int]) -> None:
    logged, unlogged, within, elsewhere, price, units, unchecked, tolerated = nanos
    compared = logged + unlogged + within
    metered = compared + elsewhere
    one = replace(
        tie(),
        compared_logged_nano=logged,
        logged_named=(("unlogged_usage", unlogged),),
        logged_within_nano=within,
        compared_metered_nano=compared,
        metered_nano=metered,
        billed_named=(("price", price),),
        units_nano=units,
        unchecked_nano=unchecked,
        billed_within_nano=tolerated,
        billed_nano=metered + price + units + unchecked + tolerated,
    )

    page = pages.tie_out(a_night(books=replace(a_night().books, ties=(one,))))

    total = Decimal(0)
    exact = {
        "**Metered** (where logs can be compared)": compared,
        "**Metered** (all)": metered,
        "**Billed** for usage": one.billed_nano,
    }
    for name, cell in cells_of(page):
        if name not in exact:
            total += cell
            continue
        assert cell == total
        assert abs(cell - Decimal(exact[name]) / 10**9) <= Decimal("0.005")


def cells_of(page: str) -> list[tuple[str, Decimal]]:
    """Read names and amounts of the first table of a page."""
    found = re.findall(r"\| (.*?) \| (-?)\$([0-9,.]+) \|", page)
    return [(name, Decimal(sign + digits.replace(",", ""))) for name, sign, digits in found]


def test_a_break_is_told_in_its_issuers_currency_or_in_the_one_that_is_foreign_to_it() -> None:
    books = replace(a_night().books, ties=(replace(tie(), currency="EUR"),))
    found = (standing(BreakClass.PRICE), standing(BreakClass.CURRENCY, text="GBP"))
    night = a_night(books=books, breaks=found)

    todo, listed = pages.what_to_do(night), breaks(night)

    assert "**EUR 1.50** billed at another price" in todo
    assert "**GBP 1.50** billed in another currency" in todo
    assert "| EUR 1.50 |" in listed
    assert "| GBP 1.50 |" in listed


def test_families_stand_with_both_pools_side_by_side_and_the_rest_below() -> None:
    page = pages.families(a_night())

    assert "| portfolio | family | $2.00 | $6.00 | $8.00 |" in page
    assert "| organisation | unattributed | $4.00 |" in page


def test_the_printed_pools_of_a_family_add_up() -> None:
    row = PoolRow("portfolio", "family", "", "USD", 26_584_000_000, 106_924_000_000)

    page = pages.families(a_night(books=replace(a_night().books, families=(row,))))

    (figures,) = re.findall(r"\| family \| \$(.*) \| \$(.*) \| \$(.*) \|\n", page)
    exploration, production, together = map(Decimal, figures)
    assert exploration + production == together == Decimal("133.50")


def test_every_class_of_break_has_a_meaning() -> None:
    assert set(BREAKS) == set(BreakClass)


def test_every_finding_that_a_night_may_tell_has_something_to_do() -> None:
    trees = (ast.parse(file.read_text()) for file in (ROOT / "tasks").rglob("*.py"))
    codes = {
        str(ast.literal_eval(node.args[0]))
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Finding"
    }

    # A failed check holds its days, and is told as the reason for that.
    assert codes - {"check_critical"} == set(FINDINGS)


def test_nothing_from_outside_is_markup_on_any_page() -> None:
    books = replace(
        a_night().books,
        ties=(tie(HOSTILE),),
        findings=(Finding("unknown_stamp", HOSTILE, HOSTILE),),
        families=(PoolRow(HOSTILE, HOSTILE, "", "USD", 1, 1),),
        workflows=(PoolRow(HOSTILE, HOSTILE, HOSTILE, "USD", 1, 1),),
        others=(OtherRow(HOSTILE, HOSTILE, "USD", 1),),
        leaks=(Leak(HOSTILE, HOSTILE, HOSTILE, "exploration", "production", "USD", 1),),
    )
    night = a_night(
        books=books,
        status="partial",
        reasons=(HOSTILE,),
        failures=(Failure(HOSTILE, HOSTILE, HOSTILE),),
        breaks=(standing(BreakClass.PRICE, text=HOSTILE),),
    )

    for page in (pages.what_to_do, pages.tie_out, pages.families, breaks):
        shown = page(night)
        assert foreign_markup(shown) == []
