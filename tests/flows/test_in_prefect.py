"""The flow as Prefect runs it: its states, names, artifacts and refusals."""

import logging
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowRunFilter,
    FlowRunFilterId,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import Artifact, FlowRun, State
from prefect.testing.utilities import prefect_test_harness

from config.load import load_config
from flows.nightly_reconciliation import nightly_reconciliation
from sandbox.server import SECRETS, Sandbox
from tasks.core.books import Cause
from tasks.core.night_report import NightReport
from tests.flows.nights import FIRST, WINDOW
from tests.flows.stores import Stores, line

_KEYS = {"what-to-do-now", "tie-out", "families", "pools", "breaks", "outcomes", "pulls"}
#: Everything a browser or a reader of markdown could take for markup, or for a link.
_HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>[x](javascript:alert(3))`|'
_MARKUP = re.compile(r"<(?:script|img)|javascript:|onerror=|\]\(", re.IGNORECASE)
_ASKED = {"window": {"start": str(WINDOW[0]), "end": str(WINDOW[1])}}

NewStores = Callable[..., Stores]
Use = Callable[[Stores], Stores]


@pytest.fixture(scope="module")
def client() -> Iterator[SyncPrefectClient]:
    with prefect_test_harness(server_startup_timeout=120), get_client(sync_client=True) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _at_the_first_night(monkeypatch: pytest.MonkeyPatch, stores: Stores) -> None:
    monkeypatch.setenv("GRADUAND_NOW", FIRST.isoformat())
    _ = stores  # the environment is set with them


def run_flow(**parameters: Any) -> State[Any]:
    state = nightly_reconciliation(**parameters, return_state=True)
    assert isinstance(state, State)
    return state


def run_of(client: SyncPrefectClient, state: State[Any]) -> FlowRun:
    assert state.state_details.flow_run_id is not None
    return client.read_flow_run(state.state_details.flow_run_id)


def artifacts_of(client: SyncPrefectClient, run: UUID) -> dict[str, Artifact]:
    found = client.read_artifacts(
        artifact_filter=ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run]))
    )
    return {str(artifact.key): artifact for artifact in found}


def logs_of(client: SyncPrefectClient, run: UUID) -> list[str]:
    """Read what the run's page shows; records arrive a moment after the run."""
    wanted = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run]))
    messages: list[str] = []
    for _ in range(100):
        messages = [record.message for record in client.read_logs(wanted)]
        if any(message.startswith("Finished in state Completed('") for message in messages):
            break
        time.sleep(0.1)
    return messages


def task_runs_of(client: SyncPrefectClient, run: UUID) -> int:
    return len(client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run]))))


def hostile_lines(sandbox: Sandbox) -> None:
    """Have a log name things as nobody should."""
    said: dict[str, Any] = {
        "process_id": "claims-router",
        "timestamp": f"{WINDOW[1]}T10:00:00Z",
        "model": "anthropic:claude-haiku-4-5",
        "account": "wrkspc_01ClaimsProd",
        "tokens": {"input": 50_000, "output": 1_000},
    }
    fields = ("process_id", "model", "branch", "repo", "account", "work_item", "decision")
    lines = [line(**said | {name: _HOSTILE, "run_id": f"hostile-{name}"}) for name in fields]
    file = sandbox.folder / "agent-logs" / "hostile.ndjson"
    file.write_text("".join(lines), encoding="utf-8")


def test_a_night_tells_its_answer_and_nothing_else(
    client: SyncPrefectClient,
    new_stores: NewStores,
    use: Use,
    sandbox: Sandbox,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stores = use(new_stores(is_empty=True))
    hostile_lines(sandbox)

    with caplog.at_level(logging.INFO):
        # The form was made from the shipped configuration, which has more sources than this.
        sources = load_config(stores.config).sources.sources
        state = run_flow(**_ASKED, sources=[one.name for one in sources])

    run = run_of(client, state)
    night = state.result()
    assert isinstance(night, NightReport)
    assert state.name == "Completed", state.message
    share = f"{night.coverage_ppm() // 10_000} %"
    assert run.name == f"{WINDOW[0]} to {WINDOW[1]} · tied · {share} · {night.new_breaks()} new"
    assert set(stores.causes()) == {Cause.NEW}

    artifacts = artifacts_of(client, run.id)
    assert set(artifacts) == _KEYS
    texts = {key: str(one.data) for key, one in artifacts.items() if one.type == "markdown"}
    assert all(text.startswith("# ") for text in texts.values())
    assert texts["what-to-do-now"].startswith("# Tied: $")
    assert "claims\\-router" in texts["families"]
    # The hostile words were read: each was dropped or put in quarantine, and that is told.
    assert "`hint_dropped`, 4 times" in texts["what-to-do-now"]
    assert "the decision is no short word" in texts["what-to-do-now"]
    assert "**2 rows** received, but not readable" in texts["what-to-do-now"]
    assert artifacts["pulls"].data == 100.0

    logs = logs_of(client, run.id)
    assert any("Finished in state" in message for message in logs)
    shown = [run.name or "", state.message or "", *texts.values(), *logs, *caplog.messages]
    assert _MARKUP.search(_HOSTILE)
    assert not [text for text in shown if _MARKUP.search(text)]
    told = "\n".join([*shown, str(run.parameters), run.model_dump_json()])
    secrets = [*SECRETS.values(), stores.database.url, "writes-only", "the key of the flow tests"]
    assert not [secret for secret in secrets if secret in told]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_night_without_a_source_is_named_partial_and_its_pages_say_so(
    client: SyncPrefectClient, sandbox: Sandbox, stores: Stores
) -> None:
    sandbox.faults.fail("openai", "garbage")
    before = stores.sums()

    state = run_flow(**_ASKED, sources=["anthropic", "openai"])

    run = run_of(client, state)
    assert (state.name, state.is_completed()) == ("Partial", True)
    assert "openai" in str(state.message)
    assert " · partial · " in str(run.name)
    page = str(artifacts_of(client, run.id)["what-to-do-now"].data)
    assert page.startswith("# Partial")
    assert "**openai" in page
    assert "not read" in page
    assert stores.sums() == before


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_night_with_a_damaged_file_is_named_held_and_fails(
    client: SyncPrefectClient, stores: Stores
) -> None:
    for file in stores.files_of("conformed", "openai", WINDOW[0], "charges"):
        file.unlink()

    state = run_flow(**_ASKED, sources=["anthropic"])

    assert (state.name, state.is_failed()) == ("Held", True)
    assert f"openai {WINDOW[0]}" in str(state.message)
    assert " · held · " in str(run_of(client, state).name)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        (
            {"window": {"start": "2026-11-06", "end": "2026-11-05"}},
            "the window ends (2026-11-05) before it starts (2026-11-06): put the earlier day first",
        ),
        ({"as_of": "2026-11-30T00:00:00Z"}, "has not come yet: leave it empty"),
        ({"as_of": "2026-11-10T00:00:00"}, "names no time zone: add one"),
        ({"sources": ["anthropic", "aws"]}, "'aws' is not an enabled source of sources.yaml"),
    ],
)
def test_a_wrong_request_fails_before_any_work_in_words(
    client: SyncPrefectClient,
    stores: Stores,
    sandbox: Sandbox,
    parameters: dict[str, Any],
    sentence: str,
) -> None:
    before, asked = stores.rows(), sandbox.faults.counts()

    state = run_flow(**parameters)

    run = run_of(client, state)
    assert state.is_failed()
    assert sentence in str(state.message)
    assert task_runs_of(client, run.id) == 0
    assert stores.rows() == before
    assert sandbox.faults.counts() == asked
