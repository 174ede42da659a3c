"""Cursor's Admin API in the sandbox: inclusive ends, pages by number, cents beside dollars."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.estate import cursor, cursor_api
from sandbox.estate.cursor_tracking import COMMITS_PATH
from sandbox.estate.records import Estate
from sandbox.script import NIGHTS
from sandbox.server import Sandbox
from tests.sandbox.asking import Ask
from tests.sandbox.estate.billing import KEYS, get, names_somebody, post

_MILLISECOND = timedelta(milliseconds=1)


def period(day: date) -> dict[str, object]:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    end = start + timedelta(days=1) - _MILLISECOND
    return {"startDate": stamp(start), "endDate": stamp(end)}


def stamp(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def events(vendors: Sandbox, ask: Ask, **body: object) -> list[Any]:
    """Every event of a period, page by page."""
    found: list[Any] = []
    for number in range(1, 50):
        said = post(vendors, ask, cursor_api.EVENTS_PATH, page=number, **body)[2]
        found += said["usageEvents"]
        if not said["pagination"]["hasNextPage"]:
            assert len(found) == said["totalUsageEventsCount"]
            return found
    raise AssertionError(number)


def test_pages_hold_every_event_of_a_day_once(vendors: Sandbox, ask: Ask, billed: Estate) -> None:
    day = date(2026, 11, 12)

    shown = events(vendors, ask, **period(day))

    made = [event for event in billed.cursor if event.at.date() == day]
    assert len(made) > 14
    assert sorted(one["timestamp"] for one in shown) == sorted(
        str(stamp(event.at)) for event in made
    )


def test_both_ends_of_a_period_count(vendors: Sandbox, ask: Ask) -> None:
    edge = datetime(2026, 11, 11, tzinfo=UTC) - _MILLISECOND
    around = {"startDate": stamp(edge), "endDate": stamp(edge)}

    shown = events(vendors, ask, **around)

    assert [one["timestamp"] for one in shown] == [str(stamp(edge))]


def test_charged_is_the_models_price_less_a_discount_plus_a_fee(vendors: Sandbox, ask: Ask) -> None:
    shown = [
        one for one in events(vendors, ask, **period(date(2026, 11, 4))) if "tokenUsage" in one
    ]

    for one in shown:
        usage = one["tokenUsage"]
        price = Decimal(str(usage["totalCents"])) * (100 - usage.get("discountPercentOff", 0)) / 100
        charged = price + Decimal(str(one["cursorTokenFee"]))
        assert abs(charged - Decimal(str(one["chargedCents"]))) <= Decimal("0.0051")
    assert any("discountPercentOff" in one["tokenUsage"] for one in shown)


def test_included_and_errored_events_carry_an_amount_too(billed: Estate) -> None:
    kinds = {event.kind: event for event in billed.cursor if not event.is_chargeable}

    assert set(kinds) == {"Included in Business", "Errored, Not Charged"}
    assert all(event.charged > 0 for event in kinds.values())


def test_two_events_of_one_hour_are_the_same_to_the_last_member(vendors: Sandbox, ask: Ask) -> None:
    texts = [json.dumps(one) for one in events(vendors, ask, **period(cursor.TWIN_DAY))]

    assert len(texts) == len(set(texts)) + 1


def test_an_event_that_is_counted_late_comes_with_the_next_night(
    vendors: Sandbox, ask: Ask
) -> None:
    before = len(events(vendors, ask, **period(cursor.LATE_DAY)))
    vendors.move_to(NIGHTS[1])

    assert len(events(vendors, ask, **period(cursor.LATE_DAY))) == before + 1


def test_the_spend_of_the_cycle_is_the_sum_of_its_events(
    vendors: Sandbox, ask: Ask, billed: Estate
) -> None:
    rows: list[Any] = []
    for number in (1, 2, 3):
        said = post(vendors, ask, cursor_api.SPEND_PATH, page=number)[2]
        rows += said["teamMemberSpend"]

    cycle = [
        one
        for one in billed.cursor
        if one.at >= cursor.CYCLE_START and one.visible_from <= NIGHTS[0]
    ]
    overall = sum(one.charged for one in cycle)
    charged = sum(one.charged for one in cycle if one.is_chargeable)
    assert (said["totalPages"], len(rows)) == (3, said["totalMembers"])
    assert said["subscriptionCycleStart"] == stamp(cursor.CYCLE_START)
    assert sum(Decimal(str(one["spendCents"])) for one in rows) * 10**6 == charged
    assert sum(Decimal(str(one["overallSpendCents"])) for one in rows) * 10**6 == overall
    assert charged < overall


def test_commits_lead_to_the_conversations_that_wrote_them(
    vendors: Sandbox, ask: Ask, billed: Estate
) -> None:
    between = {"startDate": "2026-11-02T00:00:00Z", "endDate": "2026-11-18T00:00:00Z"}

    listed = get(vendors, ask, "cursor", COMMITS_PATH, **between)[2]
    hashes = [one["commitHash"] for one in listed["items"]]
    told = get(vendors, ask, "cursor", f"{COMMITS_PATH}/{','.join(hashes[:3])}")[2]["commits"]

    branches = {event.conversation: event.branch for event in billed.cursor if event.branch}
    named = {one["commitHash"]: one["branchName"] for one in listed["items"]}
    assert len(told) == 3
    assert {
        branches[one["rangeAnnotations"][0]["groups"][0]["conversationId"]] for one in told
    } == {named[sha] for sha in hashes[:3]}


def test_daily_counts_tell_of_requests_under_ids_that_are_numbers(
    vendors: Sandbox, ask: Ask, billed: Estate
) -> None:
    day = date(2026, 11, 12)

    rows: list[Any] = []
    for number in (1, 2, 3):
        rows += post(vendors, ask, cursor_api.DAILY_PATH, page=number, **period(day))[2]["data"]

    own = [one for one in billed.cursor if one.at.date() == day and one.person is not None]
    counted = sum(one["subscriptionIncludedReqs"] + one["usageBasedReqs"] for one in rows)
    assert counted == len(own) > 0
    assert all(isinstance(one["userId"], int) for one in rows)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (cursor_api.EVENTS_PATH, {"hostingType": "CLOUDY"}),
        (cursor_api.EVENTS_PATH, {"startdate": 1}),
        (cursor_api.EVENTS_PATH, {"startDate": "1750979225854"}),
        (cursor_api.EVENTS_PATH, {"pageSize": 1001}),
        (cursor_api.EVENTS_PATH, {"page": 0}),
        (cursor_api.EVENTS_PATH, {"startDate": 2, "endDate": 1}),
        (cursor_api.SPEND_PATH, {"month": 11}),
        (cursor_api.DAILY_PATH, {"startDate": 1}),
    ],
)
def test_a_body_that_cursor_does_not_know_is_refused(
    vendors: Sandbox, ask: Ask, path: str, body: dict[str, object]
) -> None:
    status, _, said = post(vendors, ask, path, **body)

    assert (status, said["error"]) == (400, "Bad Request")


@pytest.mark.parametrize("authorization", ["", "Bearer key_sandbox_cursor_admin", "Basic !"])
def test_only_the_key_as_a_user_name_opens_anything(
    vendors: Sandbox, ask: Ask, authorization: str
) -> None:
    url = f"{vendors.base_url('cursor')}{cursor_api.SPEND_PATH}"

    status, _, said = ask(url, {"Authorization": authorization}, {}, "POST")

    assert (status, said) == (401, {"error": "Unauthorized", "message": "Invalid API key"})


def test_reads_are_posts(vendors: Sandbox, ask: Ask) -> None:
    url = f"{vendors.base_url('cursor')}{cursor_api.EVENTS_PATH}"

    assert ask(url, KEYS["cursor"])[0] == 404


def test_members_are_named_and_so_are_their_events(vendors: Sandbox, ask: Ask) -> None:
    members = get(vendors, ask, "cursor", cursor_api.MEMBERS_PATH)[2]

    assert len(members["teamMembers"]) == 16
    assert names_somebody(members)
    assert names_somebody(events(vendors, ask, **period(date(2026, 11, 12))))


@pytest.mark.shared
@pytest.mark.parametrize(
    "recorded",
    ["cursor_filtered_usage_events.json", "cursor_filtered_usage_events_service_account.json"],
)
def test_events_have_the_members_of_recorded_ones(
    vendors: Sandbox, ask: Ask, shared: Path, recorded: str
) -> None:
    payload = json.loads((shared / "reference/payloads" / recorded).read_text())

    page = post(vendors, ask, cursor_api.EVENTS_PATH, **period(date(2026, 11, 12)))[2]
    ours = {frozenset(one) for one in events(vendors, ask, **period(date(2026, 11, 12)))}

    assert set(page) == set(payload)
    assert set(page["pagination"]) == set(payload["pagination"])
    assert {frozenset(one) for one in payload["usageEvents"]} <= ours


@pytest.mark.shared
def test_spend_has_the_members_of_a_recorded_one(vendors: Sandbox, ask: Ask, shared: Path) -> None:
    payload = json.loads((shared / "reference/payloads/cursor_spend.json").read_text())

    ours = post(vendors, ask, cursor_api.SPEND_PATH)[2]

    assert set(ours) == set(payload)
    assert set(ours["teamMemberSpend"][0]) == set(payload["teamMemberSpend"][0])
