"""Weekly looks at a small organisation in which one workflow has earned promotion.

Its past is short but whole: everything that the gate counts, and few runs. Three merges of the
workflow that qualifies are taken back later, so that its evidence changes.
"""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select

from cli.rehearse import environment, ticket_environment
from sandbox import ticket_acts
from sandbox.organisation import ORG, REPOSITORIES
from sandbox.pulls import Kind, make_pull, sha_of
from sandbox.records import Commit, PullRequest, World
from sandbox.server import Sandbox, running
from sandbox.tickets_board import Board
from sandbox.track_records import make_track_records
from sandbox.world import DEFAULT_SEED, make_world
from tasks.ask import ask_people
from tasks.core.night_report import NightReport
from tasks.core.review.promotion_report import Asking, PromotionReport
from tasks.core.review.ticket_case import TicketCase
from tasks.ledger import tables
from tasks.promote import judge_workflows
from tests.flows.nights import Night, environment_of, run
from tests.flows.stores import Rows, Stores

#: The workflow that qualifies, one to retire, and a golden one that fails.
QUALIFIES, FADES, FAILS = "coverage-writer", "upgrade-swarm", "claims-router"
#: Two Mondays: before and after merges were taken back.
MONDAY = datetime(2026, 11, 16, 7, tzinfo=UTC)
NEXT_MONDAY = MONDAY + timedelta(days=7)
TAKEN_BACK_AT = datetime(2026, 11, 19, 9, tzinfo=UTC)
#: Enough for every outcome; money has nights of its own.
SOURCES = ("github", "jira", "agent-logs")
#: What a look leaves behind.
OF_LOOKS = (tables.verdicts, tables.evidence, tables.outbox, tables.config_versions)

# A server that has imported everything: a look in a process of its own is a cheap fork.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.flows.weekly"])
#: Of runs, so that the workflow that qualifies works on most days; and of pull requests.
_RUNS, _PULLS = 0.15, 0.02
_DIGEST_KEY = "the key of the weekly tests, the same for every copy of a store"
#: Their numbers and ids are nobody else's.
_BACK = 600_000
_TAKEN_BACK = 3


def weekly_world() -> World:
    """Make an organisation with few items beside its whole track records."""
    world = make_world(DEFAULT_SEED, _RUNS, _PULLS)
    every = make_track_records(DEFAULT_SEED, 1.0)
    records = [pull for pull in every if pull.workflow in {QUALIFIES, FADES}]
    small = {(pull.repository, pull.number) for pull in every}
    kept = [pull for pull in world.pulls if (pull.repository, pull.number) not in small]
    merged = [pull for pull in records if pull.workflow == QUALIFIES and pull.merged_at]
    taken_back = [_revert(pull) for pull in merged[:_TAKEN_BACK]]
    pulls = sorted((*kept, *records, *taken_back), key=lambda pull: (pull.created_at, pull.id))
    return replace(world, pulls=tuple(pulls))


def _revert(pull: PullRequest) -> PullRequest:
    """Make the pull request that takes a merged one back."""
    repository = next(one for one in REPOSITORIES if one.id == pull.repository)
    number, opened = _BACK + pull.number, TAKEN_BACK_AT - timedelta(hours=2)
    kind = Kind("", "", (repository.name,))
    made = make_pull(random.Random(number), number, repository, number, kind, opened)
    message = f'Revert "{pull.title}"\n\nThis reverts commit {pull.merge_sha}.'
    return replace(
        made,
        title=f'Revert "{pull.title}"',
        body=f"Reverts {ORG}/{repository.name}#{pull.number}",
        branch=f"revert-{pull.number}",
        merged_at=TAKEN_BACK_AT,
        closings=(),
        reopenings=(),
        merge_sha=sha_of("merge", repository.id, number),
        labels=(),
        reverts=pull.number,
        commits=(Commit(sha_of(repository.id, number, 0), message, made.author, opened),),
    )


@contextmanager
def weekly_organisation(folder: Path) -> Iterator[Sandbox]:
    """Run the organisation at its first Monday, with pages as long as anybody asks for."""
    with running(
        folder, world=weekly_world(), now=MONDAY, has_limits=False, page_items=100
    ) as started:
        yield started


def settings_of_week(sandbox: Sandbox, stores: Stores) -> dict[str, str]:
    """Name the settings of a look and of nights, without those that write tickets."""
    named = environment(sandbox, sandbox.folder)
    return environment_of(
        {name: value for name, value in named.items() if name.startswith("GRADUAND_")},
        digest_key=_DIGEST_KEY,
        work_dir=stores.folder,
        database_url=stores.database.url,
        lake_dir=stores.lake,
        config_dir=stores.config,
    )


@dataclass
class Week:
    """One installation and the organisation around it.

    Attributes:
        patch: For settings; undone after the test.
    """

    sandbox: Sandbox
    stores: Stores
    patch: pytest.MonkeyPatch

    def begin(self) -> None:
        """Point settings at the stores, with an empty board and nothing wrong."""
        self.sandbox.board = Board()
        for source in ("github", "jira"):
            self.sandbox.faults.fail(source, "ok")
        for name, value in settings_of_week(self.sandbox, self.stores).items():
            self.patch.setenv(name, value)
        self.at(MONDAY)

    def may_write(self) -> None:
        """Give the settings that only the weekly deployment has."""
        for name, value in ticket_environment(self.sandbox).items():
            self.patch.setenv(name, value)

    def at(self, moment: datetime) -> None:
        """Move every clock."""
        if moment != self.sandbox.now:
            self.sandbox.move_to(moment)
        self.patch.setenv("GRADUAND_NOW", moment.isoformat())

    def night(self, moment: datetime, only: tuple[str, ...] = SOURCES) -> NightReport:
        """Run a night."""
        self.at(moment)
        return run(Night(moment, None, only))

    def look(self, moment: datetime = MONDAY, **asked: Any) -> PromotionReport:
        """Take a look at a moment that is now, as the flow composes it."""
        self.at(moment)
        return taken(Asking(moment, **asked))

    def act(self, act: str, **values: object) -> Any:
        """Have a person, or time, do something to tickets."""
        return ticket_acts.act(self.sandbox.board, {"act": act, **values}, self.sandbox.now)

    def tickets(self, workflow: str = QUALIFIES) -> list[dict[str, Any]]:
        """List the tickets about a workflow that our accounts wrote."""
        every: Any = ticket_acts.listing(self.sandbox.board)
        return [
            one
            for one in every["tickets"]
            if one["is_ours"] and not one["is_pull"] and workflow in one["title"]
        ]

    def rows(self) -> dict[str, Rows]:
        """Read every row that looks leave behind."""
        return rows_of(self.stores)


def taken(asking: Asking) -> PromotionReport:
    """Take a look by its stages."""
    return ask_people.fn(judge_workflows.fn(asking))


def case_of(report: PromotionReport, workflow: str = QUALIFIES) -> TicketCase:
    """Find the case of a workflow."""
    return next(case for case in report.cases if case.verdict.workflow == workflow)


def digests_of(report: PromotionReport) -> dict[str, str]:
    """Give the digest of every packet by workflow."""
    return {case.verdict.workflow: case.digest for case in report.cases}


def rows_of(stores: Stores) -> dict[str, Rows]:
    """Read every row of the tables of `OF_LOOKS`."""
    engine = create_engine(stores.database.url)
    with engine.connect() as connection:
        found = {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in OF_LOOKS
        }
    engine.dispose()
    return found


def look_killed_once_a_ticket_stands(week: Week) -> None:
    """Kill a look of another process after GitHub has made its ticket, before it can know."""
    week.sandbox.faults.fail("github", "timeout_after_create", times=1)
    settings = {name: value for name, value in os.environ.items() if name.startswith("GRADUAND_")}
    child = _CONTEXT.Process(target=_look_apart, args=(settings, week.sandbox.now))
    child.start()
    end = time.monotonic() + 60
    while not week.tickets() and time.monotonic() < end:
        time.sleep(0.02)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert child.exitcode == -signal.SIGKILL


def _look_apart(settings: Mapping[str, str], moment: datetime) -> None:
    os.environ.update(settings)
    taken(Asking(moment, opens_tickets=True))
