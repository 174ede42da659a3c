"""Night after night, what the work sources rebuild is what the sandbox's oracle says."""

from datetime import UTC, datetime
from pathlib import Path

from config.shapes.sources import GithubSource, JiraSource
from sandbox.oracle.fates import Fate, blamed, fate_of_pull, fate_of_ticket
from sandbox.oracle.outcomes import outcomes, relations
from sandbox.records import World
from sandbox.script import NIGHTS
from sandbox.server import Sandbox, running
from tasks.core.batches import Watermark
from tasks.core.work.item_incidents import incident_moments, untyped_incident_items
from tasks.core.work.item_outcomes import judge_item
from tasks.core.work.item_states import ItemState, current_items
from tasks.core.work.work_items import EventKind, ItemEvent, LinkType
from tasks.sources import github, jira
from tasks.transport.client import Client
from tasks.transport.clock import SystemClock
from tasks.transport.credentials import Basic, Credential, GithubToken
from tasks.transport.limits import Vendor
from tasks.transport.waits import MemoryWaitStore
from tests.transport.loopback import UNPACED

_COUNTED = {LinkType.CAUSED_BY, LinkType.USED_IN}


class Sources:
    """Pulls GitHub and Jira of one sandbox and keeps what was learnt."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        described = sandbox.description()
        urls, secrets = described["base_urls"], described["secrets"]
        assert isinstance(urls, dict)
        assert isinstance(secrets, dict)
        host = sandbox.origin.partition("//")[2]
        self.github = GithubSource.model_validate(
            {
                "name": "github",
                "type": "github",
                "base_url": urls["github"],
                "secret": "github-token",
                "repositories": ["meridian-freight/*"],
                "backfill_days": 60,
            }
        )
        self.jira = JiraSource.model_validate(
            {
                "name": "jira",
                "type": "jira",
                "base_url": urls["jira"],
                "secret": "jira-token",
                "user": "jira-user",
                "projects": ["OPS", "PAY"],
                "severity_field": "customfield_10042",
                "backfill_days": 60,
            }
        )
        self.credentials: dict[str, Credential] = {
            "github": GithubToken(str(secrets["github-token"]), [host]),
            "jira": Basic(str(secrets["jira-user"]), str(secrets["jira-token"]), [host]),
        }
        self.watermarks: dict[tuple[str, str], Watermark | None] = {}
        self.events: list[ItemEvent] = []
        self.rejects = 0

    def night(self, now: datetime) -> dict[str, ItemState]:
        self.sandbox.move_to(now)
        window = (now.date(), now.date())
        with self._client("github") as client:
            for stream in github.STREAMS:
                mark = self.watermarks.get(("github", stream.name))
                pulled = github.fetch(stream, client, self.github, window, mark, now, str)
                self.watermarks["github", stream.name] = pulled.watermark
                for batch in pulled.batches:
                    conformed = github.conform(stream, self.github, batch.rows, batch.key)
                    self._learn(conformed.rows, len(batch.rejects))
        with self._client("jira") as client:
            (stream,) = jira.STREAMS
            mark = self.watermarks.get(("jira", stream.name))
            pulled = jira.fetch(stream, client, self.jira, window, mark, now, str)
            self.watermarks["jira", stream.name] = pulled.watermark
            for batch in pulled.batches:
                conformed = jira.conform(stream, self.jira, batch.rows, batch.key)
                self._learn(conformed.rows, len(batch.rejects))
        return current_items(self.events)

    def _client(self, name: str) -> Client:
        return Client(
            name,
            self.sandbox.base_url(name),
            vendor=Vendor(name),
            credential=self.credentials[name],
            waits=MemoryWaitStore(),
            clock=SystemClock(),
            deadline=datetime.now(UTC).replace(year=2999),
            headers=github.HEADERS,
            pace=UNPACED,
        )

    def _learn(self, rows: object, rejects: int) -> None:
        assert isinstance(rows, list)
        names = ("source", "item", "occurred_at", "observed_at", "value", "ref")
        self.rejects += rejects
        self.events += [
            ItemEvent(event=EventKind(row["event"]), **{name: row[name] for name in names})
            for row in rows
        ]


def judged(states: dict[str, ItemState]) -> dict[str, Fate]:
    """Judge every item as the gate does."""
    incidents = incident_moments(states, {})
    untyped = untyped_incident_items(states, {})
    found = {}
    for item, state in states.items():
        one = judge_item(
            state,
            incidents=incidents.get(item, ()),
            is_untyped_incident=item in untyped,
            cancelled_by=(),
        )
        found[item] = Fate(one.outcome.value, one.reason.value, one.closed_at)
    return found


def fates(world: World, now: datetime) -> dict[str, Fate]:
    """Say what the oracle thinks of every pull request and ticket."""
    counts = blamed(world, now)
    pulls = {f"gh:{one.repository}#{one.number}": one for one in world.pulls}
    tickets = {f"jira:{one.id}": one for one in world.tickets}
    told = {
        item: fate_of_pull(world, one, counts.get(item, 0), now)
        for item, one in pulls.items()
        if one.created_at <= now
    }
    return told | {
        item: fate_of_ticket(one, counts.get(item, 0), now)
        for item, one in tickets.items()
        if one.created_at <= now
    }


def test_every_night_the_items_are_what_the_oracle_says(tmp_path: Path) -> None:
    with running(tmp_path, items=0.5, has_limits=False) as sandbox:
        sources = Sources(sandbox)
        for now in NIGHTS:
            states = sources.night(now)

            said = {one.item: one for one in outcomes(sandbox.world, now)}
            assert set(states) == set(said)
            assert {
                item: (state.status, state.reopened, state.reverted_by[:1], state.is_incident)
                for item, state in states.items()
            } == {
                item: (
                    one.status,
                    one.reopened,
                    (one.reverted_by,) if one.reverted_by else (),
                    one.is_incident,
                )
                for item, one in said.items()
            }
            links = {
                (link.type.value, state.item, link.ref)
                for state in states.values()
                for link in state.links
                if link.type in _COUNTED
            }
            assert links == set(relations(sandbox.world, now))
            outcome_of = judged(states)
            said_of = fates(sandbox.world, now)
            assert {item: outcome_of[item] for item in said_of} == said_of
        assert any(one.reverted_by for one in said.values())
        assert any(one.reopened for one in said.values())
        assert {"reverted", "incident", "ci_red", "reopened", "abandoned", "merged"} <= {
            one.reason for one in said_of.values()
        }
        assert sources.rejects == 0
