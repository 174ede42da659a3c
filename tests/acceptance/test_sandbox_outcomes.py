"""What the night tells of outcomes is what the sandbox's oracle says, tonight and as of then."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime

import pytest

from cli.rehearse import environment
from sandbox.oracle.outcomes import outcomes as oracle
from sandbox.oracle.outcomes import relations
from sandbox.script import NIGHTS
from sandbox.server import Sandbox, running
from tasks.core.night_report import NightReport
from tasks.pages.outcomes import outcomes
from tests.acceptance.conftest import Installation
from tests.base_config import write_base_config
from tests.flows.nights import Night, run

_SOURCES = ("github", "jira", "agent-logs")
_WINDOW = (date(2026, 11, 10), date(2026, 11, 11))


@pytest.fixture(scope="module")
def sandbox(installation: Installation) -> Iterator[Sandbox]:
    write_base_config(installation.folder / "config")
    with running(installation.folder, scale=0.05, items=0.5, has_limits=False) as started:
        for name, value in environment(started, installation.folder).items():
            if name.startswith(("GRADUAND_BASE_URL", "GRADUAND_SECRET")):
                installation.patch.setenv(name, value)
        yield started


@pytest.fixture(scope="module")
def nights(sandbox: Sandbox) -> dict[datetime, NightReport]:
    told = {}
    for now in NIGHTS:
        sandbox.move_to(now)
        told[now] = run(Night(now, _WINDOW, only=_SOURCES))
    return told


@pytest.mark.parametrize("now", NIGHTS)
def test_every_workflows_pull_requests_stand_where_the_oracle_says(
    sandbox: Sandbox, nights: dict[datetime, NightReport], now: datetime
) -> None:
    said = {one.item: one for one in oracle(sandbox.world, now)}
    expected: dict[str, Counter[str]] = {}
    for pull in sandbox.world.pulls:
        item = f"gh:{pull.repository}#{pull.number}"
        if pull.workflow and item in said:
            one = said[item]
            counts = expected.setdefault(pull.workflow, Counter())
            counts[one.status] += 1
            counts["reverted"] += bool(one.reverted_by)
            counts["reopened"] += one.reopened > 0

    found = {
        one.workflow: Counter(
            open=one.items.open,
            merged=one.items.merged,
            closed=one.items.closed,
            reverted=one.items.reverted,
            reopened=one.items.reopened,
        )
        for one in nights[now].outcomes.workflows
        if one.items.pulls()
    }

    assert found == expected


@pytest.mark.parametrize("now", NIGHTS)
def test_incidents_count_against_the_workflow_that_caused_them(
    sandbox: Sandbox, nights: dict[datetime, NightReport], now: datetime
) -> None:
    of_item = {f"gh:{pull.repository}#{pull.number}": pull.workflow for pull in sandbox.world.pulls}
    incidents = {one.item for one in oracle(sandbox.world, now) if one.is_incident}
    expected = Counter(
        of_item[cause]
        for relation, incident, cause in relations(sandbox.world, now)
        if relation == "caused_by" and incident in incidents and of_item.get(cause)
    )

    told = nights[now].outcomes

    assert {one.workflow: one.items.incidents for one in told.workflows if one.items.incidents} == (
        expected
    )
    assert told.incidents == len(incidents)


def test_the_nights_saw_what_hurts(nights: dict[datetime, NightReport]) -> None:
    rows = nights[NIGHTS[-1]].outcomes.workflows

    assert any(one.items.reverted for one in rows)
    assert any(one.items.reopened for one in rows)
    assert any(one.items.incidents for one in rows)


def test_a_past_moment_tells_what_was_known_then(nights: dict[datetime, NightReport]) -> None:
    first, *_, last = NIGHTS

    again = run(Night(last, _WINDOW, only=_SOURCES, as_of=first))

    assert again.outcomes == nights[first].outcomes
    assert again.outcomes != nights[last].outcomes


def test_outcomes_are_no_part_of_the_books(nights: dict[datetime, NightReport]) -> None:
    first, last = nights[NIGHTS[0]], nights[NIGHTS[-1]]

    assert first.digest == last.digest
    assert first.outcomes != last.outcomes


def test_every_workflow_of_the_catalog_is_on_the_page(nights: dict[datetime, NightReport]) -> None:
    night = nights[NIGHTS[-1]]
    page = outcomes(night).replace("\\-", "-")

    assert all(one.workflow in page for one in night.outcomes.workflows)
