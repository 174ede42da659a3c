"""What a look at all workflows is computed from: read from lake and ledger, as of one moment.

Below the stages. Nothing is judged here: the scorecards say what is known, and findings say what
is not.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from typing import Any

from config.load import Config
from config.settings import Settings
from config.shapes.catalog import Workflow
from config.shapes.sources import log_precedence
from tasks.core.attribution import resolve
from tasks.core.books import BookKey, Destination, Snapshot
from tasks.core.budgeting.forecast import BASIS_DAYS
from tasks.core.cells import Resolutions
from tasks.core.digests import joined_digest, keyed_digest
from tasks.core.errors import LakeError
from tasks.core.findings import Finding
from tasks.core.plan import Plan
from tasks.core.promotion.controls import ControlTold, FetchedControl, repositories_in_scope
from tasks.core.promotion.declared_metrics import metric_findings
from tasks.core.promotion.gate_spend import (
    completed,
    currency_findings,
    currency_of,
    spent_in_exploration,
)
from tasks.core.promotion.gate_window import CardAsking, asked_cards, golden_by_family
from tasks.core.promotion.scorecard import Scorecard
from tasks.core.standing import Known, stand
from tasks.core.tables import CONTROLS, METRICS, RUNS, Table
from tasks.core.version import CODE_VERSION
from tasks.core.work.epochs import Epoch, epoch_of
from tasks.core.work.item_facts import ItemFact
from tasks.core.work.item_incidents import incident_moments, untyped_incident_items
from tasks.core.work.item_links import item_links
from tasks.core.work.item_owners import KnownItems, item_facts, review_rounds
from tasks.core.work.item_states import current_items
from tasks.core.work.item_work import list_rates, names_in_logs
from tasks.core.work.missing_runs import MissingRuns, missing_runs
from tasks.core.work.outcomes import references
from tasks.lake.item_facts import FactsFile, write_facts
from tasks.lake.item_runs import ItemAsking
from tasks.lake.queries import Queries
from tasks.lake.run_cells import RunLog
from tasks.lake.store import Lake
from tasks.ledger import configs
from tasks.ledger.ledger import Ledger
from tasks.ledger.snapshots import Which
from tasks.sources.registry import enabled_sources, streams_by_source

log = logging.getLogger(__name__)

#: Recorded catalogs leave out what nobody has set.
_UNDECLARED: str = Workflow.model_fields["version"].default
#: Names the snapshots whose file cannot be read.
_Unreadable = Callable[[Sequence[Snapshot]], list[Snapshot]]
_Posted = Mapping[tuple[BookKey, Destination], int]


@dataclass(frozen=True, slots=True)
class GateInputs:
    """Everything that one look at all workflows stands on; by workflow unless it says otherwise.

    Attributes:
        seq: Newest snapshot it could see.
        books_at: Newest night whose bookings count; 0: none.
        facts: Digest of what the items' facts were made of, which names their memo in the lake.
        cards: Of every workflow of the catalog, in file order.
        golden: Workflow that stands for golden, by family.
        controls: Newest pull of each source.
        repositories: Names of those that the workflow may work in; none for tickets.
        items: Matured items that failed or are unknown, by key: the latest ones.
        failed: Their keys.
        succeeded: Keys of a few matured successes, picked by hash.
        spent: Booked from exploration: nano by currency and charge day.
    """

    seq: int
    books_at: int
    facts: str
    cards: Mapping[str, Scorecard]
    epochs: Mapping[str, Epoch]
    golden: Mapping[str, str]
    controls: tuple[FetchedControl, ...]
    repositories: Mapping[str, tuple[str, ...]]
    items: Mapping[str, tuple[ItemFact, ...]]
    failed: Mapping[str, tuple[str, ...]]
    succeeded: Mapping[str, tuple[str, ...]]
    spent: Mapping[str, Mapping[tuple[str, date], int]]
    findings: tuple[Finding, ...]


def gather_gate(
    as_of: datetime,
    config: Config,
    lake: Lake,
    ledger: Ledger,
    settings: Settings,
    *,
    is_past: bool,
) -> GateInputs:
    """Read the evidence of every workflow.

    A file of runs that is missing or damaged is left out, and what the work of that time cost is
    unknown then.

    Args:
        as_of: Business time, aware UTC.
        config: In force at that moment.
        lake: The lake.
        ledger: Of the same installation.
        settings: For the digest key.
        is_past: Only what was known by `as_of` counts; else all that is known now.

    Raises:
        LakeError: A file whose bytes are those that were written cannot be read.
        ConfigError: The catalog does not fit what was read.
    """
    look = _Look(as_of, config, lake, ledger, settings, is_past=is_past)
    try:
        return look.gathered(lake.unreadable)
    except LakeError:
        # Sizes are looked at each time, bytes only once something could not be read.
        log.warning("a file of the lake cannot be read: looking at every byte of the runs")
        return look.gathered(lake.damaged)


@dataclass(frozen=True, slots=True)
class _Logs:
    """Runs that can be read, and the days of which some are missing."""

    readable: list[RunLog]
    missing: MissingRuns


class _Look:
    """One reading of the stores."""

    def __init__(
        self,
        as_of: datetime,
        config: Config,
        lake: Lake,
        ledger: Ledger,
        settings: Settings,
        *,
        is_past: bool,
    ) -> None:
        self._as_of = as_of
        self._day = as_of.astimezone(UTC).date()
        self._config = config
        self._lake = lake
        self._ledger = ledger
        self._by = as_of if is_past else None
        self._pseudonym = keyed_digest(settings.digest_key.get_secret_value())
        # The night first: what it was booked from is then among the snapshots.
        self._books_at = ledger.books_at(self._by)
        self._seq = ledger.seq_as_of(as_of) if is_past else ledger.newest_seq()

    def gathered(self, unreadable: _Unreadable) -> GateInputs:
        """Read everything.

        Args:
            unreadable: Of the lake: by size, or by every byte.
        """
        catalog = self._config.catalog
        query = Queries(self._lake)
        logs = self._logs(unreadable)
        snapshots = [one.snapshot for one in logs.readable]
        stamped = self._ledger.item_stamps(observed_by=self._by)
        hints = query.run_hints(snapshots, stamped)
        resolutions = resolve(catalog, hints, stamped)
        epochs = self._epochs(query, logs, resolutions)
        asked = asked_cards(catalog, self._config.policy, epochs, self._as_of)
        facts = self._facts(query, logs, resolutions)
        samples = query.samples(facts, asked)
        posted = self._posted(asked)
        metrics = list(self._rows(METRICS))
        controls = tuple(_control(row) for row in self._newest_pull(CONTROLS))
        cards = query.scorecards(facts, asked)
        currencies = currency_of(catalog)
        return GateInputs(
            seq=self._seq,
            books_at=self._books_at,
            facts=facts.made_of,
            cards=completed(cards, posted, metrics, currencies),
            epochs=epochs,
            golden=golden_by_family(catalog, self._day),
            controls=controls,
            repositories=self._scopes(controls, samples.repositories),
            items=samples.failed,
            failed={of: tuple(one.item for one in found) for of, found in samples.failed.items()},
            succeeded=samples.succeeded,
            spent=spent_in_exploration(posted),
            findings=(
                *logs.missing.findings(),
                *metric_findings(metrics, {one.id for one in catalog.workflows}),
                *currency_findings(posted, currencies),
            ),
        )

    def _logs(self, unreadable: _Unreadable) -> _Logs:
        """Choose the runs since the first stage of any workflow: before it nobody's run counts."""
        sources = [
            one for one in enabled_sources(self._config.sources) if log_precedence(one) is not None
        ]
        start = min(
            (entry.from_day for one in self._config.catalog.workflows for entry in one.stages),
            default=self._day,
        )
        names = {one.name for one in sources}

        def snapshots(layer: str, table: str | None) -> list[Snapshot]:
            found = self._ledger.snapshots_as_of(
                self._seq, layer=layer, which=Which.NEWEST_COMPLETE, table=table, start=start
            )
            return [one for one in found if one.source in names]

        complete = snapshots("conformed", RUNS.name)
        standing = stand(
            Plan(start, self._day, self._as_of, is_past=self._by is not None, orders=()),
            sources,
            streams_by_source(self._config.sources, RUNS.name),
            Known(snapshots("raw", None), complete, (), unreadable(complete)),
        )
        precedence = {one.name: log_precedence(one) or 0 for one in sources}
        absent = set(standing.expected) - set(standing.present)
        return _Logs(
            [RunLog(one, precedence[one.source]) for one in standing.runs],
            missing_runs(complete, standing.runs, absent),
        )

    def _epochs(self, query: Queries, logs: _Logs, resolutions: Resolutions) -> dict[str, Epoch]:
        seen = query.seen(logs.readable, resolutions)
        versions = self._versions()
        return {
            workflow.id: epoch_of(
                workflow,
                seen.get(workflow.id, ()),
                as_of=self._as_of,
                versions=versions.get(workflow.id, ()),
            )
            for workflow in self._config.catalog.workflows
        }

    def _versions(self) -> dict[str, list[tuple[date, str]]]:
        """List what recorded catalogs declared as each workflow's version, and the one in force."""
        found: dict[str, list[tuple[date, str]]] = {}
        with self._ledger.history() as connection:
            for recorded_at, body in configs.dated_bodies_as_of(connection, "catalog", self._as_of):
                for workflow in json.loads(body)["workflows"]:
                    told = found.setdefault(workflow["id"], [])
                    declared = workflow.get("version", _UNDECLARED)
                    told.append((recorded_at.astimezone(UTC).date(), declared))
        for one in self._config.catalog.workflows:
            found.setdefault(one.id, []).append((self._day, one.version))
        return found

    def _facts(self, query: Queries, logs: _Logs, resolutions: Resolutions) -> FactsFile:
        catalog = self._config.catalog
        events = self._ledger.item_events(observed_by=self._as_of)
        rounds = review_rounds(events)
        states = current_items(events)
        del events  # there are several for each item
        # Names have no date: those of items that were heard of later would move the past.
        every = self._ledger.labels("work_item")
        names = {key: name for key, name in every.items() if key in states}
        keys = references(names, self._pseudonym)
        known = KnownItems(
            states=states,
            incidents=incident_moments(states, keys),
            untyped=untyped_incident_items(states, keys),
            names=names,
            review_rounds=rounds,
        )
        asking = ItemAsking(
            names=names_in_logs(names, self._pseudonym),
            links=item_links(states.values(), names),
            rates=list_rates(self._config.sources.issuers, query.models(logs.readable), self._day),
            decided={one.id for one in catalog.workflows if one.outcomes is not None},
        )
        work = query.item_runs(logs.readable, resolutions, asking)
        facts = item_facts(
            work,
            known,
            catalog,
            cancelled_by=self._config.policy.gate.cancelled_by,
            unlogged=logs.missing.days(),
        )
        return write_facts(self._lake, self._made_of(logs, names), facts)

    def _made_of(self, logs: _Logs, names: Mapping[str, str]) -> str:
        """Digest everything that decides the facts."""
        made_of = [
            self._lake.lake_id,
            self._as_of.isoformat(),
            self._seq,
            sorted(self._config.digests.items()),
            joined_digest(one.snapshot.sha for one in logs.readable),
            joined_digest(f"{key} {name}" for key, name in names.items()),
            *(CODE_VERSION, version("genai-prices")),
        ]
        return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()

    def _posted(self, asked: Iterable[CardAsking]) -> _Posted:
        # What a graduation moves is measured over some days, however young the epochs are.
        start = self._day - timedelta(days=BASIS_DAYS)
        start = min([start, *(one.card.epoch_from.date() for one in asked)])
        return self._ledger.posted(start, self._day, books_at=self._books_at)

    def _rows(self, table: Table) -> Iterable[dict[str, Any]]:
        for one in self._newest(table):
            yield from self._lake.read_conformed(one, table)

    def _newest_pull(self, table: Table) -> Iterable[dict[str, Any]]:
        newest = {one.source: one for one in sorted(self._newest(table), key=_oldest_first)}
        for one in newest.values():
            yield from self._lake.read_conformed(one, table)

    def _newest(self, table: Table) -> list[Snapshot]:
        names = {one.name for one in enabled_sources(self._config.sources)}
        found = self._ledger.snapshots_as_of(
            self._seq,
            layer="conformed",
            which=Which.NEWEST_COMPLETE,
            table=table.name,
            end=self._day,
        )
        return [one for one in found if one.source in names]

    def _scopes(
        self, controls: Iterable[FetchedControl], worked_in: Mapping[str, tuple[str, ...]]
    ) -> dict[str, tuple[str, ...]]:
        """Name the repositories that each workflow may work in."""
        read = {*self._ledger.labels("repository").values(), *(one.name for one in controls)}
        return {
            one.id: repositories_in_scope(one, {*read, *worked_in.get(one.id, ())})
            for one in self._config.catalog.workflows
        }


def _control(row: Mapping[str, Any]) -> FetchedControl:
    return FetchedControl(
        repository=row["repository"],
        name=row["name"],
        control=row["control"],
        state=ControlTold(row["state"]),
        detail=row["detail"],
        observed_at=row["observed_at"],
    )


def _oldest_first(one: Snapshot) -> tuple[date, int]:
    return one.key, one.seq
