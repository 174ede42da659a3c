"""Pools and breaks of real nights: equal to the ledger, and settled by what finance signs."""

from collections import Counter
from dataclasses import replace

import pytest

from sandbox.server import Sandbox
from tasks.core.books import BreakClass, DestinationKind
from tasks.core.reconciling.break_ids import break_id
from tasks.pages.breaks import break_tasks
from tests.flows.nights import FIRST, SECOND, WINDOW, Night, run
from tests.flows.stores import Stores

NIGHT = Night(FIRST)


def test_pools_and_what_is_beside_them_sum_to_what_the_ledger_holds(stores: Stores) -> None:
    night = run(NIGHT)

    told: Counter[str] = Counter()
    for row in night.pools.families:
        told[row.currency] += row.spent_nano
        for apart in row.apart:
            told[apart.currency] += apart.spent_nano
    for beside in night.pools.outside:
        told[beside.currency] += beside.amount_nano
    held: Counter[str] = Counter()
    for (key, to), nano in stores.sums().items():
        is_in = key.billing_period == night.pools.period and key.day <= WINDOW[1]
        if is_in and to.kind is not DestinationKind.PAYABLE:
            held[key.currency] += nano
    assert held
    assert {code: nano for code, nano in told.items() if nano} == dict(held)


@pytest.mark.usefixtures("stores")
def test_a_day_that_is_not_booked_pends_and_one_that_is_does_not() -> None:
    night = run(replace(NIGHT, window=(WINDOW[0], FIRST.date())))

    pending = [row for row in night.pools.families if row.pending_nano]

    assert pending
    assert not any(row.pending_nano for row in run(NIGHT).pools.families)


def test_a_night_moves_breaks_on_to_what_stands(stores: Stores, sandbox: Sandbox) -> None:
    before = len(stores.breaks())
    sandbox.move_to(SECOND)

    night = run(Night(SECOND))

    assert sum(roll.opening for roll in night.roll_forward) == before
    with stores.ledger() as ledger:
        stand = Counter(one.item.break_class for one in ledger.breaks_current())
        amounts: Counter[BreakClass] = Counter()
        for one in ledger.breaks_current():
            amounts[one.item.break_class] += one.item.amount_nano
    closing = {roll.break_class: roll for roll in night.roll_forward if roll.closing()}
    assert {name: roll.closing() for name, roll in closing.items()} == stand
    assert {name: roll.closing_nano() for name, roll in closing.items()} == amounts
    again = run(Night(SECOND))
    assert not any(roll.new or roll.cleared or roll.remeasured_nano for roll in again.roll_forward)


def test_a_break_that_finance_accepts_asks_no_more(stores: Stores) -> None:
    before = run(NIGHT)
    asked = before.breaks[0]
    lines = [
        f"  - {{break: {break_id(one.item)}, verdict: structural, on: 2026-11-01,"
        f' by: finance-partner, reason: Known., limit: "1000000"}}'
        for one in before.breaks
        if one.item.break_class is asked.item.break_class
    ]
    finance = stores.config / "finance.yaml"
    finance.write_text("\n".join([finance.read_text(), "dispositions:", *lines, ""]))

    after = run(NIGHT)

    settled = {one.item for one in after.breaks if one.is_settled()}
    assert settled == {
        one.item for one in before.breaks if one.item.break_class is asked.item.break_class
    }
    assert len(break_tasks(after)) < len(break_tasks(before))
    assert stores.breaks() >= {(break_id(item), item) for item in settled}
