"""GitHub's bills of Copilot in the sandbox: exact, told twice, late, and never by user."""

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from sandbox.estate import copilot, copilot_api
from sandbox.estate.records import Estate
from sandbox.people import PEOPLE
from sandbox.script import NIGHTS
from sandbox.server import Sandbox
from tests.sandbox.asking import Ask
from tests.sandbox.estate.billing import KEYS, get, names_somebody, shape

DAY = date(2026, 11, 11)
ASKED = {"year": 2026, "month": 11, "day": DAY.day}


def items(vendors: Sandbox, ask: Ask, path: str, **params: object) -> list[Any]:
    status, _, body = get(vendors, ask, "copilot", path, **params)
    assert status == 200, body
    return list(body["usageItems"])


def test_a_days_credits_are_billed_exactly_after_the_pool(
    vendors: Sandbox, ask: Ask, billed: Estate
) -> None:
    made = next(one for one in billed.copilot if one.day == DAY)

    shown = items(vendors, ask, copilot_api.CREDITS_PATH, **ASKED)

    net = sum(Decimal(str(one["netAmount"])) for one in shown)
    assert net * 100 * 10**6 == sum(line.net_micro for line in made.lines)
    for one in shown:
        gross, discount = (Decimal(str(one[f"{name}Amount"])) for name in ("gross", "discount"))
        assert gross - discount == Decimal(str(one["netAmount"]))
        assert gross == Decimal(str(one["grossQuantity"])) / 100


def test_a_month_has_days_of_the_pool_one_of_both_and_days_beyond_it(billed: Estate) -> None:
    november = [one for one in billed.copilot if one.day.month == 11 and one.lines]
    kinds = [
        (any(line.discount_micro for line in one.lines), any(line.net_micro for line in one.lines))
        for one in november
    ]

    assert (True, False) in kinds
    assert (True, True) in kinds
    assert (False, True) in kinds
    assert kinds == sorted(kinds, key=lambda kind: (not kind[0], kind[1]))


def test_a_month_is_the_sum_of_its_days(vendors: Sandbox, ask: Ask, billed: Estate) -> None:
    shown = items(vendors, ask, copilot_api.CREDITS_PATH, year=2026, month=11)

    made = [one for one in billed.copilot if one.day.month == 11]
    gross = sum(line.gross_micro for one in made for line in one.shown(NIGHTS[0]))
    assert sum(Decimal(str(one["grossQuantity"])) for one in shown) * 10**6 == gross


def test_the_newest_day_is_empty_until_noon_of_the_next(vendors: Sandbox, ask: Ask) -> None:
    newest = {**ASKED, "day": 17}

    before = items(vendors, ask, copilot_api.CREDITS_PATH, **newest)
    vendors.move_to(NIGHTS[0] + timedelta(hours=8))
    after = items(vendors, ask, copilot_api.CREDITS_PATH, **newest)

    assert before == []
    assert after


def test_the_bill_of_all_products_tells_the_credits_once_more(vendors: Sandbox, ask: Ask) -> None:
    credits_ = items(vendors, ask, copilot_api.CREDITS_PATH, **ASKED)
    lines = items(vendors, ask, copilot_api.USAGE_PATH, **ASKED)

    ours = [one for one in lines if one["product"] == "copilot"]
    assert {one["product"] for one in lines} == {"copilot", "Actions"}
    assert sum(Decimal(str(one["netAmount"])) for one in ours) == sum(
        Decimal(str(one["netAmount"])) for one in credits_
    )


def test_seats_are_billed_on_the_first_of_a_month(vendors: Sandbox, ask: Ask) -> None:
    lines = items(vendors, ask, copilot_api.USAGE_PATH, year=2026, month=11)

    seats = [one for one in lines if one["sku"] == copilot.SEAT_SKU]
    assert [(one["date"], one["quantity"], one["netAmount"]) for one in seats] == [
        ("2026-11-01T00:00:00Z", 14, 266.0)
    ]


def test_premium_requests_are_over(vendors: Sandbox, ask: Ask) -> None:
    assert items(vendors, ask, copilot_api.REQUESTS_PATH, **ASKED) == []


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        (copilot_api.CREDITS_PATH, {**ASKED, "user": "someone"}, 403),
        (copilot_api.CREDITS_PATH, {**ASKED, "dya": 3}, 400),
        (copilot_api.CREDITS_PATH, {**ASKED, "month": "Nov"}, 400),
        (copilot_api.CREDITS_PATH, {**ASKED, "day": 31}, 400),
        (copilot_api.METRICS_PATH, {"day": "yesterday"}, 400),
        (copilot_api.METRICS_PATH, {"day": "2026-11-18"}, 404),
        ("/organizations/another/settings/billing/usage", {}, 404),
    ],
)
def test_what_github_refuses_it_refuses_in_its_own_words(
    vendors: Sandbox, ask: Ask, path: str, params: dict[str, object], status: int
) -> None:
    said, _, body = get(vendors, ask, "copilot", path, **params)

    assert (said, body["status"]) == (status, str(status))


def test_a_wrong_token_opens_nothing(vendors: Sandbox, ask: Ask) -> None:
    url = f"{vendors.base_url('copilot')}{copilot_api.CREDITS_PATH}"

    status, _, body = ask(url, {"Authorization": "Bearer no"})

    assert (status, body["message"]) == (401, "Bad credentials")


def test_signed_links_open_to_nobody_who_shows_a_credential(vendors: Sandbox, ask: Ask) -> None:
    links = get(vendors, ask, "copilot", copilot_api.METRICS_PATH, day=DAY)[2]["download_links"]

    plain = [urlopen(link, timeout=5).read().decode().splitlines() for link in links]

    assert ask(links[0], KEYS["copilot"])[0] == 403
    assert ask(f"{links[0]}0")[0] == 403
    people = [json.loads(line)["user_login"] for lines in plain for line in lines]
    assert sorted(people) == sorted(person.login for person in PEOPLE[: copilot.SEATS])
    assert not names_somebody(links)


def test_metrics_are_no_bill(vendors: Sandbox, ask: Ask, billed: Estate) -> None:
    links = get(vendors, ask, "copilot", copilot_api.METRICS_PATH, day=DAY)[2]["download_links"]

    lines = [line for link in links for line in urlopen(link, timeout=5).read().splitlines()]

    told = sum(Decimal(str(json.loads(line)["ai_credits_used"])) for line in lines)
    made = next(one for one in billed.copilot if one.day == DAY)
    assert 0 < told * 10**6 < sum(line.gross_micro for line in made.lines)


def test_seats_come_in_pages(vendors: Sandbox, ask: Ask) -> None:
    pages = [
        get(vendors, ask, "copilot", copilot_api.SEATS_PATH, per_page=10, page=number)[2]
        for number in (1, 2)
    ]

    assert [len(page["seats"]) for page in pages] == [10, 4]
    assert {page["total_seats"] for page in pages} == {14}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("recorded", "path"),
    [
        ("copilot_ai_credit_usage_live_like.json", copilot_api.CREDITS_PATH),
        ("copilot_billing_usage_live_like.json", copilot_api.USAGE_PATH),
    ],
)
def test_items_have_the_members_of_a_recorded_one(
    vendors: Sandbox, ask: Ask, shared: Path, recorded: str, path: str
) -> None:
    payload = json.loads((shared / "reference/payloads" / recorded).read_text())

    ours = get(vendors, ask, "copilot", path, year=2026, month=11)[2]

    names = set(payload["usageItems"][0])
    assert all(names <= set(one) | {"repositoryName"} for one in ours["usageItems"])
    assert set(shape(ours)) == set(shape(payload)) - {"user"}


@pytest.mark.shared
def test_records_have_the_members_of_recorded_ones(
    vendors: Sandbox, ask: Ask, shared: Path
) -> None:
    text = (shared / "reference/payloads/copilot_users_1_day.ndjson").read_text()
    links = get(vendors, ask, "copilot", copilot_api.METRICS_PATH, day=DAY)[2]["download_links"]

    ours = json.loads(urlopen(Request(links[0]), timeout=5).readline())

    assert set(ours) == set(json.loads(text.splitlines()[0]))
