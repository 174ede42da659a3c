"""Stage 3: compute the books of the window, and book what differs from what is posted.

Computed without a lock; booked in one transaction that verifies that nothing newer arrived,
else computed again.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from prefect import task

from config.load import Config, load_config
from config.settings import Settings, settings_from_environment
from config.shapes.sources import AgentLogSource, GithubSource, JiraSource, Source
from tasks.core.attribution import hint_findings, resolve
from tasks.core.bases import Made, bases_of
from tasks.core.books import DayBasis, Entry, Snapshot
from tasks.core.breaks import Quarantine
from tasks.core.cells import Dimension, Hint
from tasks.core.claims import (
    LoggedCost,
    OutcomeCounts,
    check_claims,
    decided,
    outcomes_by_decision,
)
from tasks.core.digests import joined_digest, keyed_digest
from tasks.core.errors import StaleNightError, UnexplainedDifferenceError
from tasks.core.findings import Finding
from tasks.core.item_states import current_items
from tasks.core.night import Books, IssuerDay, NightInputs
from tasks.core.night_report import NightReport
from tasks.core.outcomes import Outcomes, outcomes_of, references
from tasks.core.plan import Failure, Plan
from tasks.core.posting import difference
from tasks.core.prices import PriceCard, compile_card, seen_in
from tasks.core.reconcile import reconcile as reconcile_books
from tasks.core.standing import Known, Standing, stand
from tasks.core.statement import aged, night_of, reasons_of
from tasks.core.tables import CHARGES
from tasks.lake.queries import Queries
from tasks.lake.run_cells import RunLog
from tasks.lake.store import Lake
from tasks.ledger.breaks import break_id
from tasks.ledger.ledger import Ledger
from tasks.ledger.reads import Booked
from tasks.ledger.snapshots import Which
from tasks.sources.registry import adapter_of, enabled_sources, streams_by_source

log = logging.getLogger(__name__)

#: Times a night is computed again because something newer arrived meanwhile.
_ATTEMPTS = 5
#: Sources that report no money.
UNBILLED = (AgentLogSource, GithubSource, JiraSource)


@dataclass(frozen=True, slots=True)
class _Computed:
    """One computation, not booked yet.

    Attributes:
        seq: Newest snapshot it could see.
        books_at: Newest night it could see, read before everything else.
        decided: Outcomes by the decisions that logs of the window hold.
        costs: What those logs say each workflow's runs cost.
        quarantine: Rows of the window that could not be booked.
    """

    seq: int
    books_at: int
    config: Config
    card: PriceCard
    standing: Standing
    books: Books
    bases: Mapping[IssuerDay, DayBasis]
    decided: Sequence[OutcomeCounts]
    costs: Mapping[str, LoggedCost]
    quarantine: Sequence[Quarantine]


@task(name="reconcile", task_run_name="reconcile {plan.start} to {plan.end}")
def reconcile(
    plan: Plan, *, failures: Sequence[Failure], notices: Sequence[Finding], dry_run: bool
) -> NightReport:
    """Compute the books of a window and book the difference.

    Args:
        plan: The night; a past moment is computed and never booked.
        failures: What could not be pulled, to be told with the result.
        notices: What typing tonight's data met with, to be told as well.
        dry_run: Compute and tell, book nothing.

    Raises:
        StaleNightError: Other nights kept booking meanwhile; this one booked nothing.
    """
    settings = settings_from_environment()
    lake = Lake.open(settings.lake_dir)
    url = settings.database_url.get_secret_value()
    with Ledger.open(url, lake_id=lake.lake_id) as ledger:
        ledger.check_guards()
        agreed: Mapping[str, str] = {}
        for _ in range(_ATTEMPTS):
            config = load_config(settings.config_dir)
            # Recorded when it is read, and once: an older configuration must not become the
            # newest again because its night was computed again.
            if not (plan.is_past or dry_run or config.digests == agreed):
                _record_config(config, ledger, plan)
                agreed = config.digests
            computed = _compute(plan, config, lake, ledger)
            try:
                night = _book(plan, computed, ledger, failures, notices, dry_run=dry_run)
            except StaleNightError as error:
                log.info("computing again: %s", error)
            else:
                return replace(night, outcomes=_outcomes(plan, computed, ledger, settings))
    message = (
        f"the night of {plan.as_of.date()} was overtaken {_ATTEMPTS} times by other runs and "
        "booked nothing: run it again"
    )
    raise StaleNightError(message)


def _record_config(config: Config, ledger: Ledger, plan: Plan) -> None:
    for kind, body in config.bodies().items():
        ledger.store_config_version(kind, config.digests[kind], body, plan.as_of)


def _compute(plan: Plan, config: Config, lake: Lake, ledger: Ledger) -> _Computed:
    books_at = ledger.books_at()
    seq = ledger.seq_as_of(plan.as_of) if plan.is_past else ledger.newest_seq()
    sources = enabled_sources(config.sources)
    standing = stand(
        plan, sources, streams_by_source(config.sources), _known(plan, lake, ledger, seq)
    )
    precedence = {s.name: s.precedence for s in sources if isinstance(s, AgentLogSource)}
    logs = [RunLog(one, precedence[one.source]) for one in standing.runs]
    query = Queries(lake)
    hints = query.run_hints(standing.runs)
    item_stamps = _item_stamps(hints, ledger, plan)
    resolutions = resolve(config.catalog, hints, item_stamps)
    runs = query.run_cells(logs, resolutions)
    usage = query.usage_cells(standing.usage)
    charges = query.charge_cells(standing.charges)
    first_charges = query.charge_cells(standing.first_charges)
    decisions = query.decisions(logs)
    card = compile_card(config.sources.issuers, seen_in(runs, usage))
    counts, costs = decided(resolutions.candidates, decisions)
    outcomes = outcomes_by_decision(config.catalog, counts)
    claims = check_claims(config.catalog, outcomes, costs)
    duplicates, quarantine = _refused(plan, ledger, seq, sources)
    books = reconcile_books(
        NightInputs(
            issuers=config.sources.issuers,
            catalog=config.catalog,
            policy=config.policy,
            card=card,
            runs=runs,
            usage=usage,
            charges=charges,
            legs=standing.legs,
            first_charges=first_charges,
            revised=standing.revised,
            expected=standing.expected,
            present=standing.present,
            duplicates=duplicates,
            quarantine=quarantine,
            findings=(*hint_findings(hints, resolutions), *claims),
        )
    )
    issuer_of = {s.name: s.issuer for s in sources if not isinstance(s, UNBILLED)}
    made = Made(_rules_digest(config), config.digests["policy"], card, item_stamps)
    bases = bases_of(standing, issuer_of, made)
    return _Computed(
        seq, books_at, config, card, standing, books, bases, outcomes, costs, quarantine
    )


def _rules_digest(config: Config) -> str:
    """Digest what decides destinations: the catalog, and of sources all but what the card holds."""
    # Precedence of logs and currency of issuers decide them; a contract only what work is worth.
    priced = {"issuers": {"__all__": {"contract", "price_provider"}}}
    return joined_digest(
        [config.digests["catalog"], config.sources.model_dump_json(exclude=priced)]
    )


def _known(plan: Plan, lake: Lake, ledger: Ledger, seq: int) -> Known:
    def snapshots(layer: str, which: Which, table: str | None = None) -> list[Snapshot]:
        return ledger.snapshots_as_of(
            seq, layer=layer, which=which, table=table, start=plan.start, end=plan.end
        )

    complete = snapshots("conformed", Which.NEWEST_COMPLETE)
    first_charges = snapshots("conformed", Which.FIRST_COMPLETE, CHARGES.name)
    return Known(
        raw=snapshots("raw", Which.NEWEST_COMPLETE),
        complete=complete,
        first_charges=first_charges,
        unreadable=lake.unreadable([*complete, *first_charges]),
    )


def _item_stamps(hints: Sequence[Hint], ledger: Ledger, plan: Plan) -> dict[str, str]:
    """Read which of the work items that runs name carry a workflow's stamp themselves."""
    named = {hint.value for hint in hints if hint.dimension is Dimension.WORK_ITEM}
    keys = {key: name for key, name in ledger.labels("work_item").items() if name in named}
    by = plan.as_of if plan.is_past else None
    items = current_items(ledger.item_events(sorted(keys), observed_by=by)) if keys else {}
    return {keys[key]: item.stamps[0] for key, item in items.items() if item.stamps}


def _outcomes(plan: Plan, computed: _Computed, ledger: Ledger, settings: Settings) -> Outcomes:
    """Read what became of all work known by the night's moment."""
    pseudonym = keyed_digest(settings.digest_key.get_secret_value())
    return outcomes_of(
        computed.config.catalog,
        # All events: a revert and a deployment happen to the commit an item was merged as.
        current_items(ledger.item_events(observed_by=plan.as_of)),
        computed.decided,
        computed.costs,
        names=references(ledger.labels("work_item"), pseudonym),
        day=plan.as_of.date(),
    )


def _refused(
    plan: Plan, ledger: Ledger, seq: int, sources: Sequence[Source]
) -> tuple[Counter[tuple[str, date]], list[Quarantine]]:
    """Read what was received but not booked: repeated lines by source-day, and all else."""
    duplicates: Counter[tuple[str, date]] = Counter()
    quarantine: list[Quarantine] = []
    tables = {
        (source.name, stream.name): stream.table
        for source in sources
        for stream in adapter_of(source).streams
    }
    for one in ledger.rejects_as_of(seq, start=plan.start, end=plan.end):
        table = tables.get((one.source, one.stream))
        if table is None:
            continue  # of a source that is no longer read
        if one.reject.code == "duplicate":
            duplicates[one.source, one.day] += 1
        else:
            issuer = one.reject.issuer or one.source
            amount_nano = one.reject.amount_nano
            is_billed = table == CHARGES.name
            quarantine.append(
                Quarantine(issuer, one.reject.account, one.day, amount_nano, is_billed)
            )
    return duplicates, quarantine


def _book(
    plan: Plan,
    computed: _Computed,
    ledger: Ledger,
    failures: Sequence[Failure],
    notices: Sequence[Finding],
    *,
    dry_run: bool,
) -> NightReport:
    books, standing = computed.books, computed.standing
    reasons = reasons_of(books, standing.held, failures, computed.quarantine)
    status = "held" if standing.held else "partial" if reasons else "tied"
    current = ledger.breaks_current(plan.start, plan.end)
    known = {one.break_id: one.first_seen for one in current}
    entries: list[Entry] = []
    booked: Booked | None = None
    if not plan.is_past:
        try:
            entries = _difference(plan, computed, ledger)
        except UnexplainedDifferenceError as error:
            status, reasons = "held", [str(error), *reasons]
        else:
            if not dry_run:
                booked = _commit(plan, computed, ledger, entries, status)
    last = ledger.last_reconciliation()
    return NightReport(
        plan=plan,
        status=status,
        reasons=tuple(reasons),
        books=books,
        breaks=aged(books.breaks, [known.get(break_id(one)) for one in books.breaks], plan.as_of),
        failures=tuple(failures),
        notices=tuple(notices),
        causes=tuple(sorted(Counter(entry.cause.value for entry in entries).items())),
        is_booked=booked is not None and booked.is_new,
        is_dry_run=dry_run,
        head=last.head if last else "",
        digest=books.digest,
    )


def _difference(plan: Plan, computed: _Computed, ledger: Ledger) -> list[Entry]:
    return difference(
        ledger.posted(plan.start, plan.end),
        computed.books.desired,
        days=list(computed.bases),
        previous=ledger.last_bases(plan.start, plan.end),
        now=computed.bases,
    )


def _commit(
    plan: Plan, computed: _Computed, ledger: Ledger, entries: list[Entry], status: str
) -> Booked:
    config, books, card = computed.config, computed.books, computed.card
    ledger.store_config_version("card", card.digest, card.to_json(), plan.as_of)
    night = night_of(plan, computed.seq, config.digests, card.digest, books, status, entries)
    return ledger.book_night(
        night,
        books_at=computed.books_at,
        bases=list(computed.bases.values()),
        recorded_at=plan.as_of,
        held=computed.standing.held,
        configs=config.digests,
    )
