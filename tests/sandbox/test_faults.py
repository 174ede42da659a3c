import time
from pathlib import Path

import pytest

from sandbox import anthropic_api, github_api, openai_api
from sandbox.records import World
from sandbox.script import NIGHTS
from sandbox.server import Sandbox, running
from tests.sandbox.asking import Answer, Ask

CALLS = {
    "github": ("/rate_limit", {"Authorization": f"token {github_api.TOKEN}"}),
    "anthropic": (
        f"{anthropic_api.USAGE_PATH}?starting_at=2026-11-01T00:00:00Z",
        {"x-api-key": anthropic_api.KEY, "anthropic-version": "2023-06-01"},
    ),
    "openai": (
        f"{openai_api.USAGE_PATH}?start_time=1793836800",
        {"Authorization": f"Bearer {openai_api.KEY}"},
    ),
}


def call(sandbox: Sandbox, ask: Ask, source: str) -> Answer:
    path, headers = CALLS[source]
    return ask(f"{sandbox.base_url(source)}{path}", headers)


def test_each_source_refuses_its_first_request_of_a_night(
    world: World, tmp_path: Path, ask: Ask
) -> None:
    with running(tmp_path, world=world, now=NIGHTS[0]) as sandbox:
        first = [call(sandbox, ask, source)[0] for source in CALLS]
        second = [call(sandbox, ask, source)[0] for source in CALLS]
        sandbox.move_to(NIGHTS[1])
        third = [call(sandbox, ask, source)[0] for source in CALLS]

    assert (first, second, third) == ([403, 429, 500], [200] * 3, [403, 429, 500])


def test_limits_carry_the_vendors_own_signals(world: World, tmp_path: Path, ask: Ask) -> None:
    with running(tmp_path, world=world, now=NIGHTS[0]) as sandbox:
        github = call(sandbox, ask, "github")[1]
        anthropic = call(sandbox, ask, "anthropic")[1]
        jira = ask(f"{sandbox.base_url('jira')}/rest/api/3/myself")[1]

    assert github["retry-after"] == "1"
    assert "retry-after" not in anthropic
    assert anthropic["anthropic-ratelimit-requests-reset"].endswith("Z")
    assert jira["ratelimit-reason"] == "jira-burst-based"


@pytest.mark.parametrize(("mode", "status"), [("500", 500), ("garbage", 200)])
def test_a_source_can_be_broken_and_mended(
    sandbox: Sandbox, ask: Ask, mode: str, status: int
) -> None:
    control = f"{sandbox.origin}/_sandbox/fail"

    ask(control, None, {"source": "openai", "mode": mode})
    broken = call(sandbox, ask, "openai") if mode == "500" else None
    others = call(sandbox, ask, "github")[0]
    if mode == "garbage":
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            call(sandbox, ask, "openai")
    ask(control, None, {"source": "openai", "mode": "ok"})

    assert broken is None or broken[0] == status
    assert others == 200
    assert call(sandbox, ask, "openai")[0] == 200


def test_a_silent_source_holds_the_line_until_the_sandbox_closes(
    world: World, tmp_path: Path, ask: Ask
) -> None:
    with running(tmp_path, world=world, now=NIGHTS[0], has_limits=False) as sandbox:
        sandbox.faults.fail("openai", "timeout")
        sandbox.faults.close()  # so that this test need not wait

        assert call(sandbox, ask, "openai")[0] == 504


def test_latency_is_added_to_every_answer(sandbox: Sandbox, ask: Ask) -> None:
    ask(f"{sandbox.origin}/_sandbox/latency", None, {"seconds": 0.2})

    before = time.monotonic()
    call(sandbox, ask, "github")

    assert time.monotonic() - before >= 0.2  # a promise of the sandbox, not a measurement


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("fail", {"source": "moon", "mode": "500"}),
        ("fail", {"source": "openai", "mode": "odd"}),
        ("fail", {}),
        ("now", {"now": "tomorrow"}),
        ("now", {"now": "2026-11-18T04:00:00"}),
        ("latency", {"seconds": "slow"}),
    ],
)
def test_a_wrong_switch_is_refused(
    sandbox: Sandbox, ask: Ask, path: str, body: dict[str, str]
) -> None:
    status, _, answer = ask(f"{sandbox.origin}/_sandbox/{path}", None, body)

    assert status == 400
    assert answer["error"]


def test_requests_are_counted_by_source(sandbox: Sandbox, ask: Ask) -> None:
    call(sandbox, ask, "github")
    call(sandbox, ask, "github")
    call(sandbox, ask, "openai")

    assert ask(f"{sandbox.origin}/_sandbox/requests")[2] == {"github": 2, "openai": 1}


def test_the_clock_moves_and_the_truth_follows(sandbox: Sandbox, ask: Ask) -> None:
    ask(f"{sandbox.origin}/_sandbox/now", None, {"now": "2026-11-19T04:00:00Z"})

    answer = ask(f"{sandbox.origin}/_sandbox/truth")[2]

    assert answer["night"] == "2026-11-19T04:00:00Z"
    assert answer["nights"] == ["2026-11-18T04:00:00Z", "2026-11-19T04:00:00Z"]


def test_nothing_but_the_four_vendors_answers(sandbox: Sandbox, ask: Ask) -> None:
    assert ask(f"{sandbox.origin}/")[0] == 404
    assert ask(f"{sandbox.origin}/_sandbox/moon")[0] == 404
