"""A first day on real pull requests of coding agents: who made them is found by signals alone.

The pull requests are served as the study that collected them found each agent: Copilot by its
account and branch, Cursor by its branch, Claude Code by the trailer of its commits or in the
body. Among them stand pull requests of people and bots that look alike, and every seventh of
Claude Code has its trailer switched off: no signal is left of those, so recall cannot be whole.
"""

import gzip
import json
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cli.main import main
from config.load import catalog_from_text
from config.settings import settings_from_environment
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tests.acceptance.conftest import Installation
from tests.sources.github.fake_github import (
    FakeGithub,
    FakeRepo,
    Payload,
    account,
    commit,
    pull,
    review,
)
from tests.transport.loopback import SECRET, Server

pytestmark = [pytest.mark.shared, pytest.mark.slow]

NOW = datetime(2026, 11, 19, 4, tzinfo=UTC)
#: The agent that each file is of, as drafts spell it.
_VENDORS = {"Claude_Code": "claude", "Copilot": "copilot", "Cursor": "cursor"}
_CLAUDE = "Mend it\n\nCo-Authored-By: Claude <noreply@anthropic.com>"
_CURSOR = "Mend it\n\nCo-authored-by: Cursor <cursoragent@cursor.com>"
#: A person's trailer, whose address is no agent's.
_NAMESAKE = "Mend it\n\nCo-authored-by: Claude <claude@example.invalid>"
_SILENT_EVERY, _RENAMED_EVERY, _DECOY_EVERY = 7, 9, 4
_DECOY = 1_000_000


class World(NamedTuple):
    """What is served, who really made each pull request, and which of them show no signal."""

    repos: dict[str, FakeRepo]
    truth: dict[str, str]
    silent: set[str]


class Day(NamedTuple):
    """What a first day said and wrote."""

    status: int
    told: dict[str, Any]
    files: dict[str, bytes]
    seconds: float


@pytest.fixture(scope="module")
def world(shared: Path) -> World:
    repos: dict[str, FakeRepo] = {}
    truth: dict[str, str] = {}
    silent: set[str] = set()
    for name, vendor in _VENDORS.items():
        path = shared / "data" / "aidev" / f"{name}.prs.jsonl.gz"
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for at, row in enumerate(map(json.loads, lines)):
                repo = repos.setdefault(row["repo"], FakeRepo(1000 + len(repos), row["repo"]))
                add(repo, row, vendor, at)
                item = f"gh:{repo.id}#{row['number']}"
                truth[item] = vendor
                if vendor == "claude" and at % _SILENT_EVERY == 0:
                    silent.add(item)
                if at % _DECOY_EVERY == 0:
                    add_decoy(repo, row, at)
    return World(repos, truth, silent)


def add(repo: FakeRepo, row: dict[str, Any], vendor: str, at: int) -> None:
    """Serve a pull request with the signals that its agent leaves."""
    user, branch, message, body = account(), f"topic-{at}", "Mend it", None
    if vendor == "copilot":
        user, branch = account(198_982_749, "Copilot", "Bot"), f"copilot/fix-{at}"
    elif vendor == "claude" and at % _SILENT_EVERY:
        # A squash keeps in the body what its commits said.
        message, body = (_CLAUDE, None) if at % 2 else ("Mend it", _CLAUDE)
    elif vendor == "cursor" and at % _RENAMED_EVERY:
        branch = f"cursor/mend-{at}"
    elif vendor == "cursor":
        message = _CURSOR
    repo.pulls.append(served(repo, row, row["number"], user, branch) | {"body": body})
    repo.commits[row["number"]] = [commit(message)]


def add_decoy(repo: FakeRepo, row: dict[str, Any], at: int) -> None:
    """Serve a pull request that only looks like an agent's."""
    number = _DECOY + row["number"]
    person = account(81_847, "claude")
    dependabot = account(49_699_333, "dependabot[bot]", "Bot")
    looks = [
        (person, "feature/claude-code", _NAMESAKE),
        (dependabot, "dependabot/npm/cursor-2", "Bump cursor"),
        (account(), "codex-notes", "Describe codex/ branches"),
    ]
    user, branch, message = looks[at // _DECOY_EVERY % len(looks)]
    repo.pulls.append(served(repo, row, number, user, branch))
    repo.commits[number] = [commit(message)]
    # A reviewer is no author.
    repo.reviews[number] = [review(number, user=account(199_175_422, "bot", "Bot"))]


def served(repo: FakeRepo, row: dict[str, Any], number: int, user: Payload, branch: str) -> Payload:
    kept = {name: row[name] for name in ("title", "state", "created_at", "closed_at", "merged_at")}
    made = pull(
        number,
        repo.id,
        **kept,
        user=user,
        updated_at=row["closed_at"] or row["created_at"],
        merge_commit_sha=f"{number:040x}" if row["merged_at"] else None,
    )
    made["head"]["ref"] = branch
    return made


@pytest.fixture(scope="module")
def github(world: World) -> Iterator[Server]:
    server = Server(FakeGithub(*world.repos.values()))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def place(installation: Installation, world: World, github: Server) -> Installation:
    installation.patch.setenv("GRADUAND_SECRET_FORGE_TOKEN", SECRET)
    installation.patch.setenv("GRADUAND_SECRET_FORGE_TOKEN_HOSTS", github.netloc)
    installation.patch.setenv("GRADUAND_NOW", NOW.isoformat())
    source = {
        "name": "forge",
        "type": "github",
        "base_url": github.url,
        "secret": "forge-token",
        "repositories": sorted(world.repos),
        "requests_per_second": 1000,
        "backfill_days": 3650,
    }
    text = json.dumps({"version": 1, "sources": [source]})
    (installation.folder / "config" / "sources.yaml").write_text(text)
    return installation


def adopted(place: Installation) -> Day:
    """Live through a first day, in this process."""
    started = time.monotonic()
    # Each day begins as a process does: with the organisation's own configuration.
    place.patch.setenv("GRADUAND_CONFIG_DIR", str(place.folder / "config"))
    out = place.folder / "draft"
    with redirect_stdout(StringIO()) as said:
        status = main(["adopt", "--json", "--out", str(out)])
    files = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    return Day(status, json.loads(said.getvalue()), files, time.monotonic() - started)


@pytest.fixture(scope="module")
def day(place: Installation) -> Day:
    return adopted(place)


def test_drafts_are_the_known_agents_with_measured_precision_and_recall(
    day: Day, world: World
) -> None:
    found = {draft["id"]: set(draft["items"]) for draft in day.told["drafts"]}

    assert day.status == 0
    assert sorted(found) == sorted(_VENDORS.values())
    for vendor in _VENDORS.values():
        real = {item for item, agent in world.truth.items() if agent == vendor}
        precision = len(found[vendor] & real) / len(found[vendor])
        recall = len(found[vendor] & real) / len(real)
        tell(f"{vendor}: precision {precision:.3f}, recall {recall:.3f} of {len(real)}")
        assert found[vendor] == real - world.silent
        assert recall >= (0.85 if vendor == "claude" else 1)
    tell(f"{len(world.truth)} pull requests of agents, {day.seconds:.0f} s")


def tell(line: str) -> None:
    print(line)  # noqa: T201 - the figures are what this test is for; `pytest -s` shows them


def test_pull_requests_of_people_and_bots_are_counted_and_drafted_nowhere(
    day: Day, world: World
) -> None:
    served_pulls = sum(len(repo.pulls) for repo in world.repos.values())

    assert served_pulls > len(world.truth) > day.told["pulls"]["by_agents"]
    assert day.told["pulls"]["every"] == served_pulls
    drafted = sum(len(draft["items"]) for draft in day.told["drafts"])
    assert drafted == day.told["pulls"]["by_agents"]


def test_the_drafted_catalog_loads_and_names_each_agent_once(day: Day) -> None:
    catalog = catalog_from_text(day.files["catalog.yaml"].decode())

    rules = {one.id: (one.match.branch_prefixes, one.match.bots) for one in catalog.workflows}
    assert rules == {
        "claude": ((), ("agent.claude",)),
        "copilot": (("copilot/",), ("agent.copilot",)),
        "cursor": (("cursor/",), ("agent.cursor",)),
    }


def test_a_second_day_changes_nothing_and_nothing_is_booked(day: Day, place: Installation) -> None:
    again = adopted(place)

    assert (again.told, again.files) == (day.told, day.files)
    settings = settings_from_environment()
    lake = Lake.open(settings.lake_dir)
    url = settings.database_url.get_secret_value()
    with Ledger.open(url, lake_id=lake.lake_id) as ledger:
        assert ledger.verify().entries == 0
