"""What the product tells of the sandbox's repositories, with every quirk they have."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from config.load import load_config
from config.shapes.catalog import Workflow
from config.shapes.sources import GithubSource
from sandbox.people import SEEDED_NAMES
from sandbox.script import NIGHTS
from sandbox.server import Sandbox, running
from tasks.core.batches import Pulled
from tasks.core.promotion.controls import (
    ControlState,
    ControlTold,
    FetchedControl,
    controls_of,
    fresh_controls,
    repositories_in_scope,
)
from tasks.core.promotion.verdict import Status
from tasks.sources import github
from tasks.sources.declared import with_declared
from tasks.transport.client import Client
from tasks.transport.clock import SystemClock
from tasks.transport.credentials import GithubToken
from tasks.transport.limits import Vendor
from tasks.transport.waits import MemoryWaitStore
from tests.transport.loopback import UNPACED

CONFIG = load_config(Path(__file__).resolve().parents[2] / "config")
ORG = "meridian-freight"
NOW = NIGHTS[0]
WORDS = {ControlTold.PRESENT: "yes", ControlTold.ABSENT: "no", ControlTold.UNKNOWN: "?"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    with running(folder, scale=0.1, now=NOW, has_limits=False) as started:
        yield started


def pulled(sandbox: Sandbox, *further: str) -> Pulled:
    """Read as a night does, with the scopes of the shipped catalog and some further names."""
    sources = CONFIG.sources.sources
    declared = next(
        with_declared(one, CONFIG.catalog, sources, CONFIG.finance)
        for one in sources
        if isinstance(one, GithubSource)
    )
    assert isinstance(declared, GithubSource)
    config = declared.model_copy(update={"controls": (*declared.controls, *further)})
    secrets = sandbox.description()["secrets"]
    assert isinstance(secrets, dict)
    host = sandbox.origin.partition("//")[2]
    with Client(
        "github",
        sandbox.base_url("github"),
        vendor=Vendor.GITHUB,
        credential=GithubToken(str(secrets["github-token"]), [host]),
        waits=MemoryWaitStore(),
        clock=SystemClock(),
        deadline=NOW.replace(year=2099),
        headers=github.HEADERS,
        pace=UNPACED,
    ) as client:
        window = (NOW.date(), NOW.date())
        return github.fetch(github.CONTROLS, client, config, window, None, NOW, str)


def fetched(found: Pulled) -> list[FetchedControl]:
    (batch,) = found.batches
    source = next(one for one in CONFIG.sources.sources if isinstance(one, GithubSource))
    conformed = github.conform(github.CONTROLS, source, batch.rows, batch.key)
    return [
        FetchedControl(
            repository=str(row["repository"]),
            name=str(row["name"]),
            control=str(row["control"]),
            state=ControlTold(str(row["state"])),
            detail=str(row["detail"]),
            observed_at=NOW,
        )
        for row in conformed.rows
    ]


def test_every_quirk_of_the_sandbox_is_told_for_what_it_is(sandbox: Sandbox) -> None:
    columns = [
        *("branch-protection", "human-approval", "two-person-approval", "ci-gates"),
        *("code-owners", "environment-approval", "bypass"),
    ]
    told = {(one.name.partition("/")[2], one.control): one for one in fetched(pulled(sandbox))}

    names = sorted({name for name, _ in told})
    table = {
        name: " ".join(WORDS[told[name, column].state] for column in columns) for name in names
    }
    assert table == {
        "billing-engine": "yes yes yes yes no no no",
        "customer-portal": "yes yes no yes yes ? ?",
        "dock-scheduler": "yes yes no yes yes ? no",
        "infra-live": "? ? ? yes yes ? ?",
        "route-planner": "yes yes yes yes yes yes no",
        "tracking-api": "yes yes yes yes yes ? yes",
    }
    details = {(name, column): told[name, column].detail for name, column in told}
    assert details["billing-engine", "code-owners"] == "file_errors"
    assert details["customer-portal", "branch-protection"] == "ruleset"
    assert details["infra-live", "human-approval"] == "no_permission"
    assert details["tracking-api", "bypass"] == "admin_bypass"


def test_a_night_asks_at_most_eight_times_for_a_repository(sandbox: Sandbox) -> None:
    found = pulled(sandbox)

    (batch,) = found.batches
    assert found.requests <= 1 + 8 * len(batch.rows)
    assert found.requests / len(batch.rows) < 7


def test_the_name_before_a_rename_tells_the_same(sandbox: Sandbox) -> None:
    told = fetched(pulled(sandbox, f"{ORG}/yard-board"))

    by_name = {
        name: [(one.repository, one.control, one.state) for one in told if one.name == name]
        for name in (f"{ORG}/yard-board", f"{ORG}/dock-scheduler")
    }
    assert by_name[f"{ORG}/yard-board"] == by_name[f"{ORG}/dock-scheduler"] != []


def test_nobody_in_the_answers_is_kept(sandbox: Sandbox) -> None:
    kept = str(pulled(sandbox))

    assert [name for name in SEEDED_NAMES if name in kept] == []


def stand(workflow: Workflow, told: list[FetchedControl]) -> dict[str, ControlState]:
    tiers = {tier.tier: tier.required_controls for tier in CONFIG.policy.risk_tiers}
    names = {one.name for one in told}
    day = date(2026, 11, 18)
    states = controls_of(
        workflow,
        tiers[workflow.risk_tier],
        fresh_controls(told, day),
        repositories=repositories_in_scope(workflow, names),
        as_of=day,
    )
    return {state.name: state for state in states}


def test_the_shipped_catalog_stands_where_its_repositories_do(sandbox: Sandbox) -> None:
    told = fetched(pulled(sandbox))
    by_id = {workflow.id: workflow for workflow in CONFIG.catalog.workflows}

    # Both of its repositories are guarded.
    swarm = stand(by_id["upgrade-swarm"], told)
    assert {name: state.source for name, state in swarm.items()} == {
        "human-review": "system",
        "ci-checks": "system",
    }
    # Its scope holds the one repository that may not be read.
    guarded = stand(by_id["upgrade-guarded"], told)["human-review"]
    assert f"{ORG}/infra-live" in guarded.detail
    declared = {"control": "human-review", "evidence": "runbook", "until": date(2026, 12, 31)}
    vouched = Workflow.model_validate(
        {**by_id["upgrade-guarded"].model_dump(by_alias=True), "controls": [declared]}
    )
    assert stand(vouched, told)["human-review"].status is Status.MET
