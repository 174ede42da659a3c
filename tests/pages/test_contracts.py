"""Seats and credits as people read them."""

from dataclasses import replace

from tasks.core.money import NANO
from tasks.core.reconciling.prepaid import PrepaidRow
from tasks.core.reconciling.seats import SeatRow
from tasks.pages.contracts import prepaid_section, seats_section

SEATS = SeatRow(
    plan="team",
    issuer="editor",
    account="org|1",
    currency="USD",
    accrued_nano=60 * NANO,
    idle_nano=20 * NANO,
    unnamed_nano=0,
    ad_hoc_nano=5 * NANO,
    families=(("triage", 15 * NANO), ("upgrades", 20 * NANO)),
    shadow_nano=123 * NANO,
    unpriced_tokens=0,
)
LOT = PrepaidRow("editor", "org", "pack", "EUR", 100 * NANO, 60 * NANO, 0, 40 * NANO)


def cells(lines: list[str]) -> list[list[str]]:
    rows = [line for line in "\n".join(lines).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def test_nothing_signed_is_no_section() -> None:
    assert seats_section([]) == prepaid_section([]) == []


def test_a_plan_stands_with_its_parts_and_what_its_runs_would_have_cost() -> None:
    lines = seats_section([SEATS])

    head, *_, row = cells(lines)
    assert dict(zip(head, row, strict=True)) == {
        "Plan": "team",
        "Account": "editor / org\\|1",
        "Accrued": "$60.00",
        "Families": "$35.00",
        "Ad-hoc": "$5.00",
        "In no log": "$0.00",
        "Idle": "$20.00",
        "At card prices": "$123.00",
    }


def test_runs_without_a_price_are_counted_not_valued() -> None:
    lines = seats_section([replace(SEATS, unpriced_tokens=12_345)])

    assert cells(lines)[-1][-1] == "$123.00"
    assert "- team: 12,345 tokens of its runs have no price." in lines


def test_a_lot_stands_with_what_is_left_of_it() -> None:
    head, *_, row = cells(prepaid_section([LOT]))

    told = dict(zip(head, row, strict=True))
    assert told["Lot"] == "pack"
    assert (told["Bought"], told["Drawn"], told["Left"]) == ("EUR 100.00", "EUR 60.00", "EUR 40.00")
