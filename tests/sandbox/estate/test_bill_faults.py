"""What goes wrong once a night with the vendors that bill."""

from pathlib import Path

import pytest

from sandbox.estate import copilot_api, cursor_api, devin_api, enterprise_api
from sandbox.estate.copilot_api import METRICS_PATH
from sandbox.estate.cursor_api import SPEND_PATH
from sandbox.estate.devin_api import DAILY_PATH
from sandbox.estate.enterprise_frame import COST_PATH
from sandbox.records import World
from sandbox.script import NIGHTS
from sandbox.server import Sandbox, running
from tests.sandbox.asking import Ask
from tests.sandbox.estate.billing import basic, get, post

CASES = {
    "copilot": (METRICS_PATH, {"day": "2026-11-10"}, 403),
    "devin": (DAILY_PATH, {}, 429),
    "claude-enterprise": (
        COST_PATH,
        {"starting_at": "2026-11-10T00:00:00Z", "ending_at": "2026-11-11T00:00:00Z"},
        429,
    ),
}


def call(sandbox: Sandbox, ask: Ask, vendor: str) -> tuple[int, dict[str, str]]:
    path, params, _ = CASES[vendor]
    return get(sandbox, ask, vendor, path, **params)[:2]


def test_each_vendor_refuses_its_first_request_of_a_night_and_no_other(
    billing_world: World, tmp_path: Path, ask: Ask
) -> None:
    refused = [status for _, _, status in CASES.values()]
    with running(tmp_path, world=billing_world, now=NIGHTS[0]) as sandbox:
        for night in NIGHTS[:2]:
            sandbox.move_to(night)
            first, second = ([call(sandbox, ask, vendor)[0] for vendor in CASES] for _ in range(2))
            statuses = [post(sandbox, ask, SPEND_PATH)[0] for _ in range(2)]

            assert (first, second) == (refused, [200] * 3)
            assert statuses == [500, 200]


@pytest.mark.parametrize(
    ("vendor", "headers", "find"),
    [
        (
            "copilot",
            {"Authorization": f"Bearer {copilot_api.NARROW_TOKEN}"},
            {"message": "Resource not accessible by personal access token"},
        ),
        (
            "cursor",
            {"Authorization": basic(cursor_api.NARROW_KEY)},
            {"error": "Forbidden"},
        ),
        (
            "devin",
            {"Authorization": f"Bearer {devin_api.NARROW_KEY}"},
            {"detail": "Missing permission: ViewOrgSessions"},
        ),
        ("claude-enterprise", {"x-api-key": enterprise_api.NARROW_KEY}, {"type": "error"}),
    ],
)
def test_a_key_without_the_scope_gets_the_vendors_own_403(
    vendors: Sandbox, ask: Ask, vendor: str, headers: dict[str, str], find: dict[str, str]
) -> None:
    path = {**CASES, "cursor": (SPEND_PATH,)}[vendor][0]

    status, _, body = ask(f"{vendors.base_url(vendor)}{path}", headers)

    assert status == 403
    assert find.items() <= body.items()


def test_a_limit_says_when_it_ends(billing_world: World, tmp_path: Path, ask: Ask) -> None:
    with running(tmp_path, world=billing_world, now=NIGHTS[0]) as sandbox:
        headers = {vendor: call(sandbox, ask, vendor)[1] for vendor in CASES}

    assert headers["copilot"]["retry-after"] == headers["devin"]["retry-after"] == "1"
    assert "anthropic-ratelimit-requests-reset" in headers["claude-enterprise"]


@pytest.mark.parametrize("mode", ["500", "down"])
@pytest.mark.parametrize("vendor", CASES)
def test_every_vendor_can_be_broken_and_mended(
    vendors: Sandbox, ask: Ask, vendor: str, mode: str
) -> None:
    vendors.faults.fail(vendor, mode)
    broken, _, body = get(vendors, ask, vendor, CASES[vendor][0], **CASES[vendor][1])
    vendors.faults.fail(vendor, "ok")

    assert broken == {"500": 500, "down": 503}[mode]
    assert body is None
    assert call(vendors, ask, vendor)[0] == 200
