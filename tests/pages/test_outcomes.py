"""The outcomes page: workflows side by side, shares with their counts, dashes for the unknown."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tasks.core.claims import LoggedCost, OutcomeCounts
from tasks.core.night_report import NightReport
from tasks.core.plan import Plan
from tasks.core.reconciling.reconcile import reconcile
from tasks.core.work.outcomes import ItemCounts, Outcomes, WorkflowOutcomes
from tasks.pages.outcomes import outcomes
from tests.core.factories import night as books_of
from tests.pages.shown import foreign_markup

ITEMS = ItemCounts(
    open=15,
    merged=53,
    closed=33,
    reverted=1,
    reopened=2,
    incidents=1,
    to_merge=timedelta(hours=6, minutes=52, seconds=12),
    to_close=timedelta(hours=1_234.5),
)
TICKETS = ItemCounts(tickets_open=1, tickets_closed=2, to_ticket_close=timedelta(minutes=90))
COUNTS = OutcomeCounts("logs", 51, 400, 49)


def row(workflow: str, items: ItemCounts = ITEMS, **fields: object) -> WorkflowOutcomes:
    values = {"pool": "exploration", "decided": None, "cost": None, "family": "upgrades", **fields}
    return WorkflowOutcomes(portfolio="platform", workflow=workflow, items=items, **values)  # type: ignore[arg-type]  # names of fields


def page(*rows: WorkflowOutcomes, **known: int) -> str:
    plan = Plan(
        date(2026, 11, 1), date(2026, 11, 18), datetime(2026, 11, 19, 4, tzinfo=UTC), False, ()
    )
    night = NightReport(
        plan=plan,
        status="tied",
        reasons=(),
        books=reconcile(books_of()),
        breaks=(),
        failures=(),
        notices=(),
        causes=(),
        is_booked=True,
        is_dry_run=False,
        head="",
        digest="",
        outcomes=Outcomes(rows, **known),
    )
    return outcomes(night)


def lines(text: str) -> dict[str, list[str]]:
    """Give the cells of each row of the page's tables by the row's name."""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {cells[0]: cells[1:] for cells in rows}


def test_a_workflow_reads_as_shares_with_their_counts() -> None:
    shown = lines(page(row("bump"), incidents=4))

    assert shown["**Pull requests**"] == ["101"]
    assert shown["merged"] == ["52.48 % (53 of 101)"]
    assert shown["closed without a merge"] == ["32.67 % (33 of 101)"]
    assert shown["open"] == ["14.85 % (15 of 101)"]
    assert shown["reverted, of merged"] == ["1.89 % (1 of 53)"]
    assert shown["median hours to merge"] == ["6.87"]
    assert shown["median hours to close"] == ["1,234.50"]
    assert shown["reopened"] == ["1.98 % (2 of 101)"]
    assert shown["incidents caused"] == ["1"]


def test_rows_that_nobody_has_are_left_out_and_single_gaps_are_dashes() -> None:
    shown = lines(page(row("bump"), row("fix", TICKETS)))

    assert shown["merged"] == ["52.48 % (53 of 101)", "—"]
    assert shown["closed"] == ["—", "66.67 % (2 of 3)"]
    assert shown["median hours to close a ticket"] == ["—", "1.50"]
    assert "success" not in shown
    assert "of unknown kind" not in shown


def test_where_no_incident_is_known_none_caused_is_not_claimed() -> None:
    text = page(row("bump"))

    assert "incidents caused" not in lines(text)
    assert "No source tells of an incident" in text


def test_decisions_keep_unknown_apart_and_show_what_was_logged() -> None:
    cost = LoggedCost(177_307_724_100, 500)
    shown = lines(page(row("logs", ItemCounts(), decided=COUNTS, cost=cost)))

    assert shown["**Logged decisions**"] == ["500"]
    assert shown["success"] == ["10.20 % (51 of 500)"]
    assert shown["failure"] == ["80.00 % (400 of 500)"]
    assert shown["unknown"] == ["9.80 % (49 of 500)"]
    assert shown["logged cost"] == ["$177.31"]
    assert "merged" not in shown


@pytest.mark.parametrize(
    ("uncosted", "shown"), [(500, "—"), (20, "$5.00 (20 not fully logged)"), (0, "$5.00")]
)
def test_a_cost_that_was_not_logged_is_not_zero(uncosted: int, shown: str) -> None:
    cost = LoggedCost(5_000_000_000, 500, uncosted)
    both = page(
        row("logs", ItemCounts(), decided=COUNTS, cost=cost),
        row("known", ItemCounts(), decided=COUNTS, cost=LoggedCost(10**9, 500)),
    )

    assert lines(both)["logged cost"] == [shown, "$1.00"]


def test_exploration_stands_before_production_and_families_apart() -> None:
    text = page(
        row("old", pool="production"),
        row("ended", pool=""),
        row("new"),
        row("other", family="triage"),
    )

    heads = [line for line in text.splitlines() if line.startswith(("|  |", "## "))]
    assert heads == [
        "## upgrades (platform)",
        "|  | new · exploration | old · production | ended · no stage |",
        "## triage (platform)",
        "|  | other · exploration |",
    ]


def test_many_workflows_go_into_further_tables() -> None:
    text = page(*(row(f"w{number}") for number in range(7)))

    widths = [line.count("·") for line in text.splitlines() if line.startswith("|  |")]
    assert widths == [3, 3, 1]


def test_workflows_of_which_nothing_is_known_are_named() -> None:
    text = page(row("bump"), row("idle", ItemCounts()))

    assert "No item and no mapped decision is known of: idle." in text
    assert "idle ·" not in text


def test_what_belongs_to_nobody_is_told() -> None:
    text = page(row("bump"), unclaimed=1_200, incidents=4, unplaced=3)

    assert "1,200 items carry no mark of any workflow." in text
    assert "3 of 4 incidents name a cause that no source has told of." in text


def test_an_installation_without_work_gets_a_page_all_the_same() -> None:
    assert page().startswith("# Outcomes\n")


def test_names_are_inert() -> None:
    hostile = "a|b](javascript:x)<img src=x>`"
    text = page(row(hostile, family=hostile), row(f"{hostile}2", ItemCounts()))

    assert foreign_markup(hostile.replace("|", "")) == ["<img"]
    assert foreign_markup(text) == []
