"""Real pull requests of coding agents, pulled over HTTP, give the rates their paper printed.

`aidev/published.csv`: share accepted and rejected in percent, median hours to each, printed
with at most two decimals and without trailing zeros.
"""

import csv
import gzip
import json
import os
import statistics
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks.core.work.item_states import ItemState, ItemStatus
from tests.sources.github.conftest import Nights
from tests.sources.github.fake_github import FakeGithub, FakeRepo, Payload, account, pull

pytestmark = pytest.mark.shared


def agents() -> Iterator[str]:
    folder = Path(os.environ.get("GRADUAND_SHARED", ""), "data", "aidev")
    for path in sorted(folder.glob("*.prs.jsonl.gz")):
        yield path.name.partition(".")[0]


def served(path: Path, agent: str) -> FakeGithub:
    """Serve recorded pull requests in the list shape, each under its own repository."""
    repos: dict[str, FakeRepo] = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            repo = repos.setdefault(row["repo"], FakeRepo(1000 + len(repos), row["repo"]))
            repo.pulls.append(in_list_shape(row, agent, repo.id))
    return FakeGithub(*repos.values())


def in_list_shape(row: dict[str, Any], agent: str, repository_id: int) -> Payload:
    kept = {name: row[name] for name in ("title", "state", "created_at", "closed_at", "merged_at")}
    return pull(
        row["number"],
        repository_id,
        **kept,
        id=row["id"],
        user=account(login=row["user"]),
        updated_at=row["closed_at"] or row["created_at"],
        merge_commit_sha="c" * 40 if row["merged_at"] else None,
        labels=[{"name": f"workflow:{agent}"}],
    )


def measured(states: list[ItemState]) -> dict[str, float]:
    accepted = [state for state in states if state.status is ItemStatus.MERGED]
    rejected = [state for state in states if state.status is ItemStatus.CLOSED]
    return {
        "accept_rate": round(100 * len(accepted) / len(states), 2),
        "accept_med": round(median_hours(accepted), 2),
        "reject_rate": round(100 * len(rejected) / len(states), 2),
        "reject_med": round(median_hours(rejected), 2),
    }


def median_hours(states: list[ItemState]) -> float:
    times = [state.time_to_outcome() for state in states]
    return statistics.median(time / timedelta(hours=1) for time in times if time is not None)


@pytest.mark.parametrize("agent", [*agents()] or [pytest.param("", id="no data")])
def test_rates_and_median_hours_are_the_published_ones(
    nights: Callable[..., Nights], shared: Path, agent: str
) -> None:
    folder = shared / "data" / "aidev"
    with (folder / "published.csv").open(encoding="utf-8", newline="") as lines:
        published = {row["Agent"]: row for row in csv.DictReader(lines)}[agent]
    fake = served(folder / f"{agent}.prs.jsonl.gz", agent)
    count = sum(len(repo.pulls) for repo in fake.repos.values())
    night = nights(fake, backfill_days=3650)

    pulled = night.pull()

    states = list(night.states().values())
    assert (len(states), pulled.batches[0].rejects) == (count, [])
    assert {state.stamps for state in states} == {(agent.lower(),)}
    result = measured(states)
    assert result == {name: float(published[name]) for name in result}
