"""Devin's API in the sandbox: days from 08:00 UTC, cursors, counts that trail the work."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.estate import devin, devin_api
from sandbox.estate.records import Estate
from sandbox.records import World
from sandbox.script import NIGHTS
from sandbox.server import Sandbox
from tests.sandbox.asking import Ask
from tests.sandbox.estate.billing import get, names_somebody

DAY = date(2026, 11, 12)


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def sessions(vendors: Sandbox, ask: Ask, **params: object) -> list[Any]:
    """Every session, page by page."""
    found: list[Any] = []
    after: dict[str, object] = {}
    while True:
        said = get(vendors, ask, "devin", devin_api.SESSIONS_PATH, **params, **after)[2]
        found += said["items"]
        assert said["has_next_page"] == (said["end_cursor"] is not None)
        if not said["has_next_page"]:
            assert len(found) == said["total"]
            return found
        after = {"after": said["end_cursor"]}


def daily(vendors: Sandbox, ask: Ask, path: str = devin_api.DAILY_PATH) -> dict[date, Any]:
    said = get(vendors, ask, "devin", path)[2]
    days = {}
    for one in said["consumption_by_date"]:
        start = datetime.fromtimestamp(one["date"], UTC)
        assert (start.hour, start.minute) == (8, 0)
        days[start.date()] = one
    return days


def test_pages_hold_every_session_that_has_begun_once(
    vendors: Sandbox, ask: Ask, billed: Estate
) -> None:
    shown = sessions(vendors, ask)

    begun = [one.id for one in billed.devin.sessions if one.started_at <= NIGHTS[0]]
    assert [one["session_id"] for one in shown] == begun
    assert len(begun) > 14


def test_a_day_is_the_sum_of_its_sessions_and_of_what_no_session_did(
    vendors: Sandbox, ask: Ask, billed: Estate
) -> None:
    shown = daily(vendors, ask)[DAY]

    cascade, terminal = billed.devin.others[DAY]
    parts = sum(milli for one in billed.devin.sessions for day, milli in one.parts if day == DAY)
    products = shown["acus_by_product"]
    assert Decimal(str(shown["acus"])) * 1000 == parts + cascade + terminal
    assert Decimal(str(products["devin"])) * 1000 == parts
    assert (products["terminal"] is None) == (terminal == 0)


def test_products_without_use_are_null_on_some_days_only(vendors: Sandbox, ask: Ask) -> None:
    values = {one["acus_by_product"]["terminal"] is None for one in daily(vendors, ask).values()}

    assert values == {True, False}


def test_a_session_through_the_start_of_a_day_has_a_part_on_each(
    vendors: Sandbox, ask: Ask, billed: Estate
) -> None:
    long = next(one for one in billed.devin.sessions if len(one.parts) > 1)

    told = daily(vendors, ask, f"{devin_api.DAILY_PATH}/sessions/{long.id}")

    assert {day: Decimal(str(one["acus"])) * 1000 for day, one in told.items()} == dict(long.parts)
    first, second = devin.vendor_day(long.started_at), devin.vendor_day(long.ended_at)
    assert (first, second) == tuple(day for day, _ in long.parts)
    assert long.started_at.date() == long.ended_at.date()


def test_what_a_session_is_told_to_have_consumed_trails_for_a_day(
    vendors: Sandbox, ask: Ask, billed: Estate
) -> None:
    done = next(one for one in billed.devin.sessions if one.ended_at.date() == DAY)

    def told(now: datetime) -> Decimal:
        vendors.move_to(now)
        shown = sessions(vendors, ask, session_ids=[done.id])
        return Decimal(str(shown[0]["acus_consumed"])) * 1000

    assert told(done.ended_at - timedelta(minutes=1)) == 0
    assert 0 < told(done.ended_at + timedelta(hours=1)) < done.total
    assert told(done.ended_at + timedelta(hours=24)) == done.total


def test_pull_requests_are_those_of_the_organisations_github(
    vendors: Sandbox, ask: Ask, billing_world: World
) -> None:
    links = {one["pr_url"] for shown in sessions(vendors, ask) for one in shown["pull_requests"]}

    numbers = {pull.number for pull in billing_world.pulls if pull.bot == "devin"}
    assert links
    assert all(link.startswith("https://github.com/meridian-freight/") for link in links)
    assert {int(link.rpartition("/")[2]) for link in links} <= numbers


def test_sessions_are_found_by_time_and_by_tag(vendors: Sandbox, ask: Ask) -> None:
    start = datetime(2026, 11, 10, 8, tzinfo=UTC)

    between = sessions(
        vendors,
        ask,
        created_after=seconds(start),
        created_before=seconds(start + timedelta(days=1)),
    )
    tagged = sessions(vendors, ask, tags=[f"workflow:{devin.STAMPED}"])

    assert between
    assert all(0 <= one["created_at"] - seconds(start) <= 86_400 for one in between)
    assert tagged
    assert all(f"workflow:{devin.STAMPED}" in one["tags"] for one in tagged)


def test_a_running_session_says_so(vendors: Sandbox, ask: Ask, billed: Estate) -> None:
    one = billed.devin.sessions[30]
    vendors.move_to(one.started_at + timedelta(minutes=1))

    shown = sessions(vendors, ask, session_ids=[one.id])[0]

    assert (shown["status"], shown["acus_consumed"]) == ("running", 0.0)


def test_a_cursor_holds_for_its_own_query_only(vendors: Sandbox, ask: Ask) -> None:
    cursor = get(vendors, ask, "devin", devin_api.SESSIONS_PATH)[2]["end_cursor"]

    status, _, said = get(
        vendors, ask, "devin", devin_api.SESSIONS_PATH, after=cursor, created_after=1
    )

    assert (status, said["detail"]) == (400, "after: the cursor does not belong to this query")


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        (devin_api.SESSIONS_PATH, {"frist": 10}, 400),
        (devin_api.SESSIONS_PATH, {"first": 201}, 400),
        (devin_api.SESSIONS_PATH, {"created_after": "2026-11-10"}, 400),
        (devin_api.SESSIONS_PATH, {"after": "nonsense"}, 400),
        (devin_api.DAILY_PATH, {"start_date": 1}, 400),
        (f"{devin_api.DAILY_PATH}/sessions/devin-0", {}, 404),
        ("/v3/organizations/org-other/sessions", {}, 404),
        ("/v3/enterprise/consumption/daily", {}, 403),
    ],
)
def test_what_devin_does_not_answer(
    vendors: Sandbox, ask: Ask, path: str, params: dict[str, object], status: int
) -> None:
    said, _, body = get(vendors, ask, "devin", path, **params)

    assert said == status
    assert body["detail"]


def test_a_wrong_key_opens_nothing(vendors: Sandbox, ask: Ask) -> None:
    url = f"{vendors.base_url('devin')}{devin_api.SESSIONS_PATH}"

    assert ask(url, {"Authorization": "Bearer cog_other"})[0] == 401


def test_titles_and_users_are_people(vendors: Sandbox, ask: Ask) -> None:
    shown = sessions(vendors, ask)

    assert any(names_somebody(one["title"]) for one in shown)
    assert any(names_somebody(one["user_id"]) for one in shown)
    assert any(one["service_user_id"] for one in shown)


@pytest.mark.shared
def test_answers_have_the_members_of_recorded_ones(
    vendors: Sandbox, ask: Ask, shared: Path
) -> None:
    folder = shared / "reference/payloads"
    recorded = json.loads((folder / "devin_v3_sessions.json").read_text())
    consumed = json.loads((folder / "devin_v3_consumption_daily.json").read_text())

    page = get(vendors, ask, "devin", devin_api.SESSIONS_PATH)[2]
    days = get(vendors, ask, "devin", devin_api.DAILY_PATH)[2]

    assert set(page) == set(recorded)
    assert all(set(one) == set(recorded["items"][0]) for one in page["items"])
    assert set(days) == set(consumed)
    first = days["consumption_by_date"][0]
    assert set(first) == set(consumed["consumption_by_date"][0])
    assert set(first["acus_by_product"]) == {"devin", "cascade", "terminal", "review"}
