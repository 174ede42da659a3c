"""Every scripted item is there: each name of the calendar has a test of what the truth says."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from sandbox import script
from sandbox.oracle.attribution import line_of_run
from sandbox.oracle.nights import Night
from sandbox.oracle.outcomes import outcomes, relations
from sandbox.oracle.seen import look
from sandbox.records import World
from sandbox.script import CALENDAR, NIGHTS

Nights = list[Night]
Found = Callable[[World, Nights], object]


def broken(night: Night, name: str, day: date, account: str = "") -> list[Any]:
    return [
        one
        for one in night.breaks
        if one.break_class == name and one.day == day and account in ("", one.account)
    ]


def lines(night: Night, **wanted: object) -> list[Any]:
    """Find (place, destination) pairs whose named parts are as wanted."""
    return [
        (place, line)
        for place, books in night.desired.items()
        for line in books
        if all(
            value == {"day": place[2], "account": place[1]}.get(name, getattr(line, name, None))
            for name, value in wanted.items()
        )
    ]


def stages_on_the_change(nights: Nights) -> set[str]:
    return {
        line.pool
        for (_, _, day), line in lines(nights[0], workflow="flaky-test-fixer")
        if day == script.STAGE_CHANGE_DAY
    }


def half_line_is_read(world: World, night: datetime) -> bool:
    half = next(line.record for line in world.lines if line.half_from is not None)
    return half in look(world, night).runs


PRESENT: dict[str, Found] = {
    "code_execution": lambda _, n: broken(n[0], "charge_without_usage", script.CODE_EXECUTION_DAY),
    "code_execution_owned": lambda _, n: lines(
        n[0], day=script.CODE_EXECUTION_OWNED_DAY, method="owned", workflow="claims-drafter"
    ),
    "web_search": lambda w, n: (
        any(row.web_searches for row in w.usage)
        and not [one for one in n[0].breaks if one.sku == "web_search"]
    ),
    "unknown_model": lambda _, n: broken(n[0], "unpriced_model", script.UNKNOWN_MODEL_DAY),
    "priority": lambda _, n: broken(n[0], "usage_without_charge", script.PRIORITY_DAY),
    "missing_day": lambda _, n: lines(n[0], day=script.USAGE_GAP_DAY, method="estimated"),
    "volume": lambda _, n: broken(n[0], "volume", script.VOLUME_DAY),
    "weak": lambda _, n: lines(n[0], day=script.OVERLOGGED_DAY, method="weak"),
    "far_beyond": lambda _, n: (
        broken(n[0], "unmetered_run", script.FAR_OVERLOGGED_DAY)
        and not lines(n[0], day=script.FAR_OVERLOGGED_DAY, method="weak")
    ),
    "midnight": lambda _, n: broken(n[0], "timing", script.MIDNIGHT_DAY),
    "numeric_strings": lambda w, _: w.charges["openai", script.NUMERIC_STRING_DAYS[0]],
    "price": lambda _, n: broken(n[0], "price", script.PRICE_DAY),
    "restated": lambda _, n: (
        broken(n[2], "restated", script.RESTATED_DAY)
        and not broken(n[1], "restated", script.RESTATED_DAY)
    ),
    "flapping": lambda _, n: (
        broken(n[1], "restated", script.FLAPPING_DAY)
        and not broken(n[2], "restated", script.FLAPPING_DAY)
    ),
    "credit": lambda _, n: (
        len(broken(n[0], "credit", script.CREDIT_DAY)) == 2
        and {line.portfolio for _, line in lines(n[0], kind="credit")}
        == {"", "customer-operations"}
    ),
    "contract_slip": lambda _, n: broken(n[0], "price_or_volume", script.CONTRACT_SLIP_DAY),
    "half_nano": lambda w, _: [
        row
        for row in w.charges["anthropic", script.HALF_NANO_DAY][0].rows or ()
        if row.exact_nano is not None and row.amount_nano % 2 == 0
    ],
    "stage_change": lambda _, n: stages_on_the_change(n) == {"exploration", "production"},
    "duplicate_lines": lambda _, n: broken(n[0], "duplicate", script.MESSY_LOG_DAY)[0].count == 5,
    "malformed_lines": lambda _, n: broken(n[0], "quarantined", script.MESSY_LOG_DAY)[0].count == 2,
    "unlogged": lambda _, n: broken(
        n[0], "unlogged_usage", script.LOST_LOG_DAY, "wrkspc_01PlatformProd"
    ),
    "owned_without_logs": lambda _, n: lines(
        n[0], day=script.OWNED_WITHOUT_LOGS_DAYS[0], workflow="invoice-matcher", strength="api_key"
    ),
    "late_day": lambda _, n: (
        [
            bool(broken(n[0], "pending", script.LATE_DAY)),
            bool(broken(n[1], "usage_without_charge", script.LATE_DAY)),
            bool(lines(n[2], day=script.LATE_DAY, kind="family")),
        ]
        == [True] * 3
    ),
    "half_line": lambda w, _: (
        [half_line_is_read(w, night) for night in NIGHTS[:2]] == [False, True]
    ),
    "wrong_pool": lambda _, n: lines(
        n[0], workflow="invoice-explainer", pool="exploration", paid_from="production"
    ),
    "ad_hoc": lambda _, n: (
        {line.portfolio for _, line in lines(n[0], kind="ad_hoc")} == {"", "platform-engineering"}
    ),
    "unknown_stamp": lambda w, _: [
        run for run in look(w, NIGHTS[0]).runs if run.process_id == "upgrade-turbo"
    ],
    "stamped_item": lambda _, n: [
        run
        for run in n[0].seen.runs
        if run.process_id is None and line_of_run(run, n[0].seen.item_stamps).strength == "stamp"
    ],
    "stamp_over_owner": lambda _, n: lines(
        n[0], account="wrkspc_01ClaimsLab", workflow="claims-router", strength="stamp"
    ),
    "out_of_scope": lambda _, n: lines(n[0], workflow="ci-doctor", pool="exploration"),
    "null_workspace": lambda _, n: [
        place for place in n[0].desired if place[1] == "anthropic:default"
    ],
    "sunset_over": lambda _, n: (
        not [
            place
            for place, _ in lines(n[2], workflow="upgrade-legacy")
            if place[2].day > 15 and place[2].month == 11
        ]
        and lines(n[2], day=date(2026, 11, 17), kind="ad_hoc")
    ),
    "renamed_repository": lambda w, _: (
        {
            run.repo
            for run in look(w, NIGHTS[0]).runs
            if run.repo and run.repo.endswith(("yard-board", "dock-scheduler"))
        }
        == {"meridian-freight/yard-board", "meridian-freight/dock-scheduler"}
    ),
    "deleted_user": lambda w, _: [pull for pull in w.pulls if pull.author is None],
    "revert": lambda w, _: [one for one in outcomes(w, NIGHTS[0]) if one.reverted_by],
    "reopened_ticket": lambda w, _: [
        one for one in outcomes(w, NIGHTS[0]) if one.item.startswith("jira:") and one.reopened
    ],
    "incident_caused_by": lambda w, _: (
        len([one for one in relations(w, NIGHTS[0]) if one[0] == "caused_by"]) == 2
    ),
    "incident_used_in": lambda w, _: (
        len([one for one in relations(w, NIGHTS[0]) if one[0] == "used_in"]) == 2
    ),
}


@pytest.mark.parametrize("item", CALENDAR, ids=lambda item: item.name)
def test_every_scripted_item_is_in_the_truth(
    item: script.Item, world: World, nights: Nights
) -> None:
    assert PRESENT[item.name](world, nights)


def test_each_check_belongs_to_an_item() -> None:
    assert set(PRESENT) == {item.name for item in CALENDAR}


def test_every_break_class_that_can_occur_occurs(nights: Nights) -> None:
    classes = {one.break_class for night in nights for one in night.breaks}

    assert classes == {
        "charge_without_usage",
        "credit",
        "duplicate",
        "pending",
        "price",
        "price_or_volume",
        "quarantined",
        "restated",
        "timing",
        "unlogged_usage",
        "unmetered_run",
        "unpriced_model",
        "usage_without_charge",
        "volume",
    }
