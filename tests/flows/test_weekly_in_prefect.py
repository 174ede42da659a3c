"""The weekly look as Prefect runs it: its form, names, artifacts, refusals and deployments."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import Artifact, State
from prefect.testing.utilities import prefect_test_harness
from prefect.utilities.callables import parameter_schema
from prefect.utilities.importtools import import_object

from config.load import load_config
from flows.weekly_promotion import weekly_promotion
from sandbox.server import TICKET_SECRETS
from tasks.core.review.promotion_report import PromotionReport
from tests.base_config import SHIPPED
from tests.flows.weekly import FADES, MONDAY, QUALIFIES, Week

_ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def client() -> Iterator[SyncPrefectClient]:
    with prefect_test_harness(server_startup_timeout=120), get_client(sync_client=True) as opened:
        yield opened


def run_flow(**parameters: Any) -> State[Any]:
    state = weekly_promotion(**parameters, return_state=True)
    assert isinstance(state, State)
    return state


def run_id(state: State[Any]) -> UUID:
    assert state.state_details.flow_run_id is not None
    return state.state_details.flow_run_id


def artifacts_of(client: SyncPrefectClient, state: State[Any]) -> dict[str, Artifact]:
    wanted = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id(state)]))
    return {str(one.key): one for one in client.read_artifacts(artifact_filter=wanted)}


@pytest.mark.usefixtures("week")
def test_the_form_offers_the_workflows_and_opens_no_ticket_by_itself() -> None:
    form = parameter_schema(weekly_promotion).properties

    names = [one.id for one in load_config(SHIPPED).catalog.workflows]
    assert form["workflows"]["items"]["enum"] == names
    assert (form["open_tickets"]["default"], form["dry_run"]["default"]) == (False, False)


def test_a_look_tells_its_answer_and_names_its_run_by_it(
    client: SyncPrefectClient, week: Week
) -> None:
    state = run_flow()

    assert state.name == "Completed", state.message
    report = state.result()
    assert isinstance(report, PromotionReport)
    assert re.match(
        rf"{MONDAY:%Y-%m-%d} · 1 qualified · ", str(client.read_flow_run(run_id(state)).name)
    )
    artifacts = artifacts_of(client, state)
    assert set(artifacts) == {"candidates", "sunset", "scorecards"}
    texts = {key: str(one.data) for key, one in artifacts.items()}
    assert all(text.startswith("# ") for text in texts.values())
    assert QUALIFIES.replace("-", "\\-") in texts["candidates"]
    assert FADES.replace("-", "\\-") in texts["sunset"]
    (exported,) = (week.stores.folder / "var" / "exports").glob("candidates-*.csv")
    assert QUALIFIES in exported.read_text(encoding="utf-8")


def test_without_the_secrets_of_ticket_systems_none_is_opened_and_one_line_says_why(
    client: SyncPrefectClient, week: Week
) -> None:
    state = run_flow(open_tickets=True)

    assert state.is_failed()
    assert "GRADUAND_SECRET_TICKETS_" in str(state.message)
    assert "\n" not in str(state.message)
    assert week.tickets() == []
    # What was judged is kept, and so is the wish: a run with secrets opens the ticket.
    assert len(week.rows()["outbox"]) == 1
    week.may_write()
    done = run_flow(open_tickets=True)
    assert len(week.tickets()) == 1
    told = "\n".join(
        [
            done.model_dump_json(exclude={"data"}),
            client.read_flow_run(run_id(done)).model_dump_json(),
            *(str(one.data) for one in artifacts_of(client, done).values()),
        ]
    )
    assert not [secret for secret in TICKET_SECRETS.values() if secret in told]


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"workflows": ["nobody"]}, "'nobody' is not a workflow of catalog.yaml"),
        ({"as_of": "2026-11-16T07:00:00"}, "names no time zone: add one"),
    ],
)
def test_a_wrong_request_is_refused_in_words(
    week: Week, parameters: dict[str, Any], sentence: str
) -> None:
    before = week.rows()

    state = run_flow(**parameters)

    assert state.is_failed()
    assert sentence in str(state.message)
    assert week.rows() == before


def test_only_the_weekly_deployment_may_open_tickets(database_kind: str) -> None:
    assert database_kind
    named = yaml.safe_load((_ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    ours = {one["name"]: one for one in named if "weekly_promotion" in one["entrypoint"]}

    assert set(ours) == {"weekly-promotion", "promotion-on-demand"}
    weekly, on_demand = ours["weekly-promotion"], ours["promotion-on-demand"]
    assert (weekly["work_pool"]["name"], weekly["parameters"]) == (
        "tickets",
        {"open_tickets": True},
    )
    assert (on_demand["work_pool"]["name"], on_demand.get("parameters")) == ("local", None)
    assert {one["work_pool"]["name"] for one in named if one is not weekly} == {"local"}
    for one in ours.values():
        assert import_object(one["entrypoint"]) is weekly_promotion
