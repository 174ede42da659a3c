"""What a night must book of Copilot, Cursor and Devin: by hand, and for any set of sources."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from sandbox.estate import copilot, cursor, devin, facts
from sandbox.estate.records import Estate
from sandbox.oracle.seen import look, sources_of
from sandbox.oracle.truth import truth
from sandbox.organisation import LOG_SOURCE
from sandbox.records import World
from sandbox.script import NIGHTS
from sandbox.world import make_world

ISSUERS = {facts.COPILOT: copilot.ISSUER, facts.CURSOR: cursor.ISSUER, facts.DEVIN: devin.ISSUER}


def booked(said: dict[str, Any], issuer: str) -> Counter[tuple[str, str, str]]:
    """Sum books by workflow, kind and method."""
    sums: Counter[tuple[str, str, str]] = Counter()
    for line in said["books"]:
        if line["issuer"] == issuer:
            sums[line["workflow"], line["kind"], line["method"]] += line["amount_nano"]
    return sums


def test_the_same_seed_makes_the_same_bills_and_another_makes_others(billed: Estate) -> None:
    again, other = (make_world(seed, 0.3, estate=True).estate for seed in (7, 8))

    assert again is not None
    assert other is not None
    assert (again.copilot, again.cursor, again.devin) == (
        billed.copilot,
        billed.cursor,
        billed.devin,
    )
    assert other.copilot != billed.copilot
    assert other.cursor != billed.cursor
    assert other.devin != billed.devin


def test_a_day_of_devin_goes_to_its_sessions_workflows_and_the_rest_to_nobody(
    billing_world: World, billed: Estate
) -> None:
    day = date(2026, 11, 11)
    said: Any = truth(billing_world, NIGHTS[0])
    lines = [one for one in said["books"] if (one["issuer"], one["day"]) == ("devin", str(day))]

    cascade, terminal = billed.devin.others[day]
    stamped = [
        one
        for one in billed.devin.sessions
        if one.parts == ((day, one.total),) and f"workflow:{devin.STAMPED}" in one.tags
    ]
    # Two dollars for an ACU, from the first of November on.
    nano = {line["workflow"] or line["kind"]: line["amount_nano"] for line in lines}
    assert nano["unattributed"] == (cascade + terminal) * 2_000_000
    assert nano[devin.STAMPED] == sum(one.total for one in stamped) * 2_000_000 > 0


def test_a_service_accounts_sessions_are_its_workflows_and_included_ones_cost_nothing(
    billing_world: World, billed: Estate
) -> None:
    said: Any = truth(billing_world, NIGHTS[0])

    window = look(billing_world, NIGHTS[0]).days
    owned = sum(
        event.charged
        for event in billed.cursor
        if event.service_account == cursor.NIGHTLY
        and event.at.date() in window
        and event.visible_from <= NIGHTS[0]
    )
    charged = sum(
        event.charged
        for event in billed.cursor
        if event.is_chargeable and event.at.date() in window and event.visible_from <= NIGHTS[0]
    )
    sums = booked(said, cursor.ISSUER)
    assert sums[facts.MAINTENANCE, "family", "direct"] == owned * 10
    assert sums.total() == charged * 10
    assert sums[facts.MIGRATION, "family", "direct"] > 0
    assert sums["", "ad_hoc", "direct"] > 0


def test_seats_of_copilot_are_a_fee_and_its_credits_are_nobodys(billing_world: World) -> None:
    said: Any = truth(billing_world, NIGHTS[0])

    sums = booked(said, copilot.ISSUER)
    assert sums["", "fee", "rest"] == 14 * 19 * 10**9
    assert set(sums) == {("", "fee", "rest"), ("", "unattributed", "rest")}


def test_the_vendors_newest_days_are_not_whole_yet(billing_world: World) -> None:
    charges = look(billing_world, NIGHTS[0]).charges

    newest = {
        issuer: max(day for of, day in charges if of == issuer) for issuer in ISSUERS.values()
    }
    yesterday = NIGHTS[0].date() - timedelta(days=1)
    assert newest == {
        copilot.ISSUER: yesterday - timedelta(days=1),
        cursor.ISSUER: yesterday,
        devin.ISSUER: yesterday - timedelta(days=1),
    }


@pytest.mark.parametrize("name", ISSUERS)
def test_a_bill_that_is_switched_off_is_booked_nowhere_and_moves_nothing_else(
    billing_world: World, name: str
) -> None:
    every = sources_of(billing_world)
    whole: Any = truth(billing_world, NIGHTS[0], (NIGHTS[0],))
    without: Any = truth(billing_world, NIGHTS[0], (NIGHTS[0],), every - {name})

    issuer = ISSUERS[name]
    assert booked(without, issuer) == Counter()
    assert [one for one in whole["books"] if one["issuer"] != issuer] == without["books"]
    gone = sum(one["amount_nano"] for one in whole["books"] if one["issuer"] == issuer)
    assert whole["totals"]["booked"] - without["totals"]["booked"] == gone > 0


def test_without_github_a_pull_request_says_nothing_of_whose_a_session_was(
    billing_world: World,
) -> None:
    every = sources_of(billing_world)
    with_pulls: Any = truth(billing_world, NIGHTS[0], (NIGHTS[0],))
    without: Any = truth(billing_world, NIGHTS[0], (NIGHTS[0],), every - {"github"})

    before, after = (booked(said, devin.ISSUER) for said in (with_pulls, without))
    moved = before["coverage-writer", "family", "direct"]
    assert moved > 0
    assert after["coverage-writer", "family", "direct"] == 0
    assert after["", "ad_hoc", "direct"] == before["", "ad_hoc", "direct"] + moved


def test_logs_move_none_of_this_money(billing_world: World) -> None:
    every = sources_of(billing_world)
    logs = {LOG_SOURCE, *(log.name for log in facts.LOGS)}
    whole: Any = truth(billing_world, NIGHTS[0], (NIGHTS[0],))
    without: Any = truth(billing_world, NIGHTS[0], (NIGHTS[0],), every - logs)

    assert logs < every
    for issuer in ISSUERS.values():
        assert booked(whole, issuer) == booked(without, issuer) != Counter()
    # Others' money is told by logs.
    assert booked(whole, "anthropic") != booked(without, "anthropic")
