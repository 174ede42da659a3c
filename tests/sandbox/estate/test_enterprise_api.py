"""Claude Enterprise's analytics in the sandbox: the same money again, cut, late and revised."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.estate import enterprise, enterprise_api
from sandbox.estate.enterprise_frame import COST_PATH, USAGE_PATH, USER_COST_PATH
from sandbox.records import World
from sandbox.script import NIGHTS
from sandbox.server import Sandbox
from sandbox.wire import iso
from tests.sandbox.asking import Ask
from tests.sandbox.estate.billing import get, names_somebody

DAY = date(2026, 11, 12)


def window(first: date, days: int = 1) -> dict[str, object]:
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    return {"starting_at": iso(start), "ending_at": iso(start + timedelta(days=days))}


def rows(vendors: Sandbox, ask: Ask, path: str, **params: object) -> list[Any]:
    """Every row or bucket, page by page."""
    found: list[Any] = []
    page: dict[str, object] = {}
    while True:
        status, _, said = get(vendors, ask, "claude-enterprise", path, **params, **page)
        assert status == 200, said
        found += said["data"]
        assert said["has_more"] == (said["next_page"] is not None)
        if not said["has_more"]:
            return found
        page = {"page": said["next_page"]}


def cents(found: list[Any]) -> Decimal:
    return sum((Decimal(one["amount"]) for one in found), Decimal(0))


def of_day(vendors: Sandbox, ask: Ask, day: date, *groups: str) -> list[Any]:
    grouped = {"group_by": list(groups)} if groups else {}
    return list(rows(vendors, ask, COST_PATH, **window(day), **grouped)[0]["results"])


def test_a_days_total_is_that_of_the_cost_report(
    vendors: Sandbox, ask: Ask, billing_world: World
) -> None:
    shown = of_day(vendors, ask, DAY)

    billed = billing_world.charges["anthropic", DAY][-1].rows or ()
    nano = sum(row.amount_nano for row in billed if row.category == "usage")
    assert len(shown) == 1
    assert cents(shown) * 10_000_000 == nano


def test_products_and_models_sum_to_the_total(vendors: Sandbox, ask: Ask) -> None:
    by_product = of_day(vendors, ask, DAY, "product", "model")

    assert cents(by_product) == cents(of_day(vendors, ask, DAY))
    assert {"claude_code", "cowork", "other"} <= {one["product"] for one in by_product}


def test_a_grouped_bucket_holds_the_hundred_largest_groups_and_no_rest(
    vendors: Sandbox, ask: Ask
) -> None:
    day = enterprise.MANY_MODELS_DAY

    grouped = of_day(vendors, ask, day, "product", "model")
    finer = of_day(vendors, ask, day, "product", "model", "cost_type", "token_type")

    assert len(grouped) == 100 < len(finer)
    assert abs(cents(grouped) - cents(finer)) < Decimal("0.001")
    assert cents(grouped) < cents(of_day(vendors, ask, day)) - 1


def test_what_was_spent_is_told_beside_the_list(vendors: Sandbox, ask: Ask) -> None:
    models = {one["model"]: one for one in of_day(vendors, ask, DAY, "model")}

    sonnet, opus = models["claude-sonnet-5"], models["claude-opus-5"]
    difference = Decimal(sonnet["list_amount"]) * Decimal("0.9") - Decimal(sonnet["amount"])
    assert abs(difference) < Decimal("0.000001")
    assert opus["list_amount"] == opus["amount"]


def test_data_after_the_refresh_is_not_whole(vendors: Sandbox, ask: Ask) -> None:
    newest = NIGHTS[0].date() - timedelta(days=1)
    said = get(vendors, ask, "claude-enterprise", COST_PATH, **window(newest))[2]

    vendors.move_to(NIGHTS[0] + timedelta(days=1))
    later = cents(of_day(vendors, ask, newest))

    assert said["data_refreshed_at"] == iso(NIGHTS[0] - timedelta(hours=6))
    assert 0 < cents(said["data"][0]["results"]) < later


def test_a_day_is_revised_weeks_later(vendors: Sandbox, ask: Ask) -> None:
    before = cents(of_day(vendors, ask, enterprise.REVISED_DAY))
    vendors.move_to(NIGHTS[2])
    after = cents(of_day(vendors, ask, enterprise.REVISED_DAY))

    assert abs(before / after - Decimal("0.98")) < Decimal("0.0001")


def test_usage_is_what_was_metered(vendors: Sandbox, ask: Ask, billing_world: World) -> None:
    shown = rows(vendors, ask, USAGE_PATH, **window(DAY), group_by=["product", "model"])

    used = [one for one in billing_world.usage if (one.issuer, one.day) == ("anthropic", DAY)]
    output = sum(one["output_tokens"] for one in shown[0]["results"])
    assert output == sum(one.tokens["output"] for one in used)


def test_seats_spent_what_claude_code_cost_and_one_of_them_is_gone(
    vendors: Sandbox, ask: Ask
) -> None:
    week = window(date(2026, 11, 9), 5)

    seats = rows(vendors, ask, USER_COST_PATH, **week)
    buckets = rows(vendors, ask, COST_PATH, **week, group_by=["product"])
    code = [
        one for bucket in buckets for one in bucket["results"] if one["product"] == "claude_code"
    ]
    gone = [one for one in seats if one["actor"]["deleted"]]

    assert abs(cents(seats) - cents(code)) < Decimal("0.001")
    assert [one["actor"]["email"] for one in gone] == [None]
    assert not names_somebody([one["actor"]["name"] for one in gone])
    assert sorted(-Decimal(one["amount"]) for one in seats) == [
        -Decimal(one["amount"]) for one in seats
    ]


def test_a_page_without_deleted_users_may_hold_fewer_rows(vendors: Sandbox, ask: Ask) -> None:
    week = window(date(2026, 11, 9), 5)

    everybody = rows(vendors, ask, USER_COST_PATH, **week, limit=5)
    present = rows(vendors, ask, USER_COST_PATH, **week, limit=5, exclude_deleted_users="true")

    assert len(everybody) == len(present) + 1 == 9


def test_a_bucket_of_a_user_has_its_ends(vendors: Sandbox, ask: Ask) -> None:
    shown = rows(vendors, ask, USER_COST_PATH, **window(DAY), bucket_width="1d")

    assert {one["starting_at"] for one in shown} == {"2026-11-12T00:00:00Z"}
    assert {one["ending_at"] for one in shown} == {"2026-11-13T00:00:00Z"}


def test_a_token_holds_for_its_own_query_only(vendors: Sandbox, ask: Ask) -> None:
    week = window(date(2026, 11, 1), 14)
    token = get(vendors, ask, "claude-enterprise", COST_PATH, **week)[2]["next_page"]

    status, _, said = get(
        vendors, ask, "claude-enterprise", COST_PATH, **week, page=token, group_by=["model"]
    )

    assert (status, said["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    ("path", "params"),
    [
        (COST_PATH, {}),
        (COST_PATH, window(DAY) | {"group_bye": "model"}),
        (COST_PATH, window(DAY) | {"group_by": "user"}),
        (COST_PATH, window(DAY) | {"limit": 0}),
        (COST_PATH, window(date(2026, 10, 1), 32)),
        (COST_PATH, window(date(2025, 12, 31))),
        (USAGE_PATH, window(DAY) | {"group_by": "cost_type"}),
        (USER_COST_PATH, {"starting_at": "2026-11-12T00:00:00Z", "bucket_width": "1d"}),
    ],
)
def test_a_query_that_anthropic_does_not_know_is_refused(
    vendors: Sandbox, ask: Ask, path: str, params: dict[str, object]
) -> None:
    status, _, said = get(vendors, ask, "claude-enterprise", path, **params)

    assert (status, said["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"x-api-key": "no"}, 401), ({"x-api-key": enterprise_api.KEY}, 400)],
)
def test_key_and_version_are_both_needed(
    vendors: Sandbox, ask: Ask, headers: dict[str, str], status: int
) -> None:
    said, _, body = ask(f"{vendors.base_url('claude-enterprise')}{COST_PATH}", headers)

    assert (said, body["type"]) == (status, "error")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("recorded", "path"),
    [
        ("anthropic_enterprise_cost_report.json", COST_PATH),
        ("anthropic_enterprise_user_cost_report.json", USER_COST_PATH),
    ],
)
def test_answers_have_the_members_of_recorded_ones(
    vendors: Sandbox, ask: Ask, shared: Path, recorded: str, path: str
) -> None:
    payload = json.loads((shared / "reference/payloads" / recorded).read_text())

    ours = get(vendors, ask, "claude-enterprise", path, **window(DAY))[2]

    assert set(ours) == set(payload)
    row, theirs = ours["data"][0], payload["data"][0]
    assert set(row) == set(theirs)
    if path == COST_PATH:
        assert set(row["results"][0]) == set(theirs["results"][0])
    else:
        assert set(row["actor"]) == set(theirs["actor"])
