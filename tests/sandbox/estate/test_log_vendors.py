"""The estate's logs over HTTP: gateway, traces and analytics, as strict as the vendors."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox import anthropic_api
from sandbox.estate import claude_code_report, langfuse_api, litellm_api
from sandbox.estate.records import AgentRequest
from sandbox.estate.vendors import FURTHER
from sandbox.faults import SOURCES
from sandbox.records import World
from sandbox.script import NIGHTS
from sandbox.server import Sandbox, running
from tests.sandbox.asking import Ask

_PAIR = f"{langfuse_api.PUBLIC_KEY}:{langfuse_api.SECRET_KEY}"
GATEWAY = {"Authorization": f"Bearer {litellm_api.KEY}"}
TRACES = {"Authorization": f"Basic {base64.b64encode(_PAIR.encode()).decode()}"}
ANALYTICS = {"x-api-key": anthropic_api.KEY, "anthropic-version": "2023-06-01"}
DAY = NIGHTS[0].date() - timedelta(days=1)
OF_DAY = {
    "gateway": {"start_date": f"{DAY} 00:00:00", "end_date": f"{DAY} 23:59:59"},
    "traces": {
        "type": "GENERATION",
        "fromStartTime": f"{DAY}T00:00:00Z",
        "toStartTime": f"{DAY + timedelta(days=1)}T00:00:00Z",
    },
    "analytics": {"starting_at": str(DAY)},
}


@pytest.fixture(scope="module")
def world(billing_world: World) -> World:
    return billing_world


@pytest.fixture(scope="module")
def estate(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("estate")
    with running(folder, world=world, has_limits=False, page_items=2, page_days=2) as started:
        yield started


def asked(estate: Sandbox, ask: Ask, name: str, **more: object) -> tuple[int, Any]:
    prefix, path, headers = {
        "gateway": ("litellm", litellm_api.PATH, GATEWAY),
        "traces": ("langfuse", langfuse_api.PATH, TRACES),
        "analytics": ("anthropic", claude_code_report.PATH, ANALYTICS),
    }[name]
    query = urlencode({**OF_DAY[name], **more})
    status, _, body = ask(f"{estate.base_url(prefix)}{path}?{query}", headers)
    return status, body


def analytics(estate: Sandbox, ask: Ask) -> list[Any]:
    """Every row of the day, page by page."""
    rows: list[Any] = []
    more: dict[str, object] = {}
    while True:
        _, page = asked(estate, ask, "analytics", **more)
        rows += page["data"]
        assert page["has_more"] == (page["next_page"] is not None)
        if not page["has_more"]:
            return rows
        more = {"page": page["next_page"]}


def tokens_of(rows: list[Any]) -> int:
    return sum(sum(part["tokens"].values()) for row in rows for part in row["model_breakdown"])


def of_day(world: World, tool: str) -> list[AgentRequest]:
    return [
        one
        for one in (world.estate.requests if world.estate else ())
        if one.tool == tool and one.is_logged and one.ended_at.date() == DAY
    ]


def test_numbered_pages_of_the_gateway_hold_every_row_of_a_day_once(
    estate: Sandbox, ask: Ask, world: World
) -> None:
    _, first = asked(estate, ask, "gateway")
    rows = list(first["data"])
    for number in range(2, first["total_pages"] + 1):
        rows += asked(estate, ask, "gateway", page=number)[1]["data"]

    true = {one.id: one for one in of_day(world, "gateway")}
    assert len(rows) == first["total"] == len(true) > 2
    assert {row["request_id"] for row in rows} == true.keys()
    for row in rows:
        one = true[row["request_id"]]
        inputs = sum(count for kind, count in one.tokens.items() if kind != "output")
        assert row["prompt_tokens"] == inputs


def test_a_cursor_leads_through_the_copies_and_holds_for_its_query_only(
    estate: Sandbox, ask: Ask, world: World
) -> None:
    rows: list[Any] = []
    more: dict[str, object] = {}
    cursors = []
    while True:
        _, page = asked(estate, ask, "traces", **more)
        rows += page["data"]
        if page["meta"]["cursor"] is None:
            break
        cursors.append(page["meta"]["cursor"])
        more = {"cursor": cursors[-1]}

    copied = {one.id for one in of_day(world, "gateway") if one.is_traced}
    assert {row["id"].partition("_")[2] for row in rows} == copied
    assert len(rows) == len(copied)
    for row in rows:
        usage = dict(row["usageDetails"])
        assert usage.pop("total") == sum(usage.values())
    assert asked(estate, ask, "traces", cursor=cursors[0], limit=7)[0] == 400


def test_analytics_tell_one_day_of_each_person_by_terminal(
    estate: Sandbox, ask: Ask, world: World
) -> None:
    rows = analytics(estate, ask)

    true = sum(sum(one.tokens.values()) for one in of_day(world, "claude-code"))
    keys = [(row["actor"]["email_address"], row["terminal_type"]) for row in rows]
    assert tokens_of(rows) == true > 0
    assert len(keys) == len(set(keys)) > 2


def test_analytics_leave_out_the_last_hour(estate: Sandbox, ask: Ask, world: World) -> None:
    requests = sorted(of_day(world, "claude-code"), key=lambda one: one.ended_at)
    late = requests[-1].ended_at
    old = [one for one in requests if one.ended_at <= late - timedelta(minutes=1)]
    estate.move_to(late + timedelta(minutes=59))
    try:
        told = tokens_of(analytics(estate, ask))
    finally:
        estate.move_to(NIGHTS[0])

    assert 0 < len(old) < len(requests)
    assert told == sum(sum(one.tokens.values()) for one in old)


@pytest.mark.parametrize("name", OF_DAY)
def test_an_unknown_parameter_is_refused(estate: Sandbox, ask: Ask, name: str) -> None:
    assert asked(estate, ask, name)[0] == 200
    assert asked(estate, ask, name, strating_at="2026-11-01")[0] == 400


@pytest.mark.parametrize(
    ("prefix", "path"),
    [("litellm", litellm_api.PATH), ("langfuse", langfuse_api.PATH)],
)
def test_a_wrong_key_is_refused(estate: Sandbox, ask: Ask, prefix: str, path: str) -> None:
    status, _, body = ask(f"{estate.base_url(prefix)}{path}", {"Authorization": "Bearer sk-no"})

    assert status == 401
    assert body


def test_the_first_request_of_a_night_is_refused_by_every_vendor(
    world: World, tmp_path: Path, ask: Ask
) -> None:
    with running(tmp_path, world=world) as limited:
        for prefix, path, headers in (
            ("litellm", litellm_api.PATH, GATEWAY),
            ("langfuse", langfuse_api.PATH, TRACES),
        ):
            url = f"{limited.base_url(prefix)}{path}"
            first, again = (ask(url, headers) for _ in range(2))
            assert (first[0], first[1]["retry-after"]) == (429, "1")
            assert again[0] != 429


def test_without_an_estate_its_vendors_are_not_there(tmp_path: Path, ask: Ask) -> None:
    with running(tmp_path, scale=0.05, has_limits=False) as plain:
        found = [ask(plain.base_url(prefix))[0] for prefix in FURTHER]

        assert found == [404] * len(FURTHER)
        assert set(plain.description()["base_urls"]) == {"github", "jira", "anthropic", "openai"}  # type: ignore[arg-type]  # plain JSON


def test_every_vendor_can_be_broken() -> None:
    assert set(FURTHER) <= set(SOURCES)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("gateway", "litellm_spend_logs_v2.json"),
        ("traces", "langfuse_v2_observations.json"),
        ("analytics", "anthropic_claude_code.json"),
    ],
)
def test_answers_have_the_keys_of_the_recorded_example(
    estate: Sandbox, ask: Ask, shared: Path, name: str, example: str
) -> None:
    recorded = json.loads((shared / "reference" / "payloads" / example).read_text())
    _, ours = asked(estate, ask, name)

    assert ours.keys() == recorded.keys()
    assert ours["data"][0].keys() == recorded["data"][0].keys()
