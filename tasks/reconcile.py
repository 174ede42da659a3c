"""Stage 3: compute the books of the window, and book what differs from what is posted.

Computed without a lock; booked in one transaction that verifies that nothing newer arrived,
else computed again.
"""

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from prefect import task

from config.load import Config, load_config
from config.misfits import CATALOG, SOURCES
from config.settings import Settings, settings_from_environment
from config.shapes.sources import ChargeSource
from tasks.as_of import config_as_of
from tasks.core.books import DayBasis, Entry
from tasks.core.budgeting.forecast import spend_needed_from
from tasks.core.budgeting.pending import pending_days
from tasks.core.budgeting.pool_days import PendingDay
from tasks.core.budgeting.pools import Pools, pools_of
from tasks.core.claims import LoggedCost, OutcomeCounts
from tasks.core.contract_diff import contract_diff
from tasks.core.digests import keyed_digest
from tasks.core.errors import LakeError, StaleNightError, UnexplainedDifferenceError
from tasks.core.findings import Finding
from tasks.core.kept import KeptNight
from tasks.core.month_end.corrections import Correction, corrections_of
from tasks.core.month_end.posting import difference
from tasks.core.month_end.roll_forward import Measured, roll_forward, standing_after
from tasks.core.night import Books, IssuerDay
from tasks.core.night_report import NightReport
from tasks.core.plan import Failure, Plan
from tasks.core.prices import PriceCard, card_from_json
from tasks.core.reconciling.bases import bases_of
from tasks.core.reconciling.break_ids import break_id
from tasks.core.reconciling.breaks import Quarantine
from tasks.core.reconciling.reconcile import reconcile as reconcile_books
from tasks.core.squad_use import SquadTotal
from tasks.core.statement import aged, night_of, reasons_of
from tasks.core.tables import SQUAD_USE
from tasks.core.work.item_states import current_items
from tasks.core.work.outcomes import Outcomes, outcomes_of, references
from tasks.kept_nights import Moment, files_of, load_night, moment_of, save_night
from tasks.lake.queries import Queries
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.reads import Booked
from tasks.ledger.snapshots import Which
from tasks.night_inputs import Gathered, gather
from tasks.sources.registry import enabled_sources

log = logging.getLogger(__name__)

#: Times a night is computed again because something newer arrived meanwhile.
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class _Computed:
    """One computation, not booked yet.

    Attributes:
        moment: The newest of what it could see.
        held: (issuer, day)s that must not be measured tonight.
        quarantine: Rows of the window that could not be booked.
        gathered: What it was computed from; None where a memo was served.
        kept: The memo of the newest night, made of the same: the books say what it found.
    """

    moment: Moment
    config: Config
    card: PriceCard
    books: Books
    bases: Sequence[DayBasis]
    held: Collection[IssuerDay]
    quarantine: Sequence[Quarantine]
    decided: Sequence[OutcomeCounts]
    costs: Mapping[str, LoggedCost]
    gathered: Gathered | None = None
    kept: KeptNight | None = None


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
            if plan.is_past:
                config, unrecorded = config_as_of(plan.as_of, ledger, config)
                notices = (*notices, *unrecorded)
            # Recorded when it is read, and once: an older configuration must not become the
            # newest again because its night was computed again.
            if not (plan.is_past or dry_run or config.digests == agreed):
                _record_config(config, ledger, plan)
                agreed = config.digests
            computed = _compute(plan, config, lake, ledger)
            try:
                night, booked = _book(plan, computed, ledger, failures, notices, dry_run=dry_run)
            except StaleNightError as error:
                log.info("computing again: %s", error)
            else:
                if booked is not None:
                    _keep(plan, computed, night, booked.reconciliation_id, lake, ledger)
                sources_text = _file_text(plan, settings, SOURCES)
                return replace(
                    night,
                    contract_diff=contract_diff(sources_text, computed.books.offers),
                    outcomes=_outcomes(plan, computed, ledger, settings),
                    pools=_pools(plan, computed, ledger, settings, is_booked=night.is_booked),
                    squad_use=_squad_use(plan, computed, lake, ledger),
                )
    message = (
        f"the night of {plan.as_of.date()} was overtaken {_ATTEMPTS} times by other runs and "
        "booked nothing: run it again"
    )
    raise StaleNightError(message)


def _record_config(config: Config, ledger: Ledger, plan: Plan) -> None:
    for kind, body in config.bodies().items():
        ledger.store_config_version(kind, config.digests[kind], body, plan.as_of)


def _compute(plan: Plan, config: Config, lake: Lake, ledger: Ledger) -> _Computed:
    moment = moment_of(ledger)
    kept = None if plan.is_past else load_night(plan, config, moment, lake, ledger)
    if kept is not None:
        card = card_from_json(kept.card)
        found = (kept.books, kept.bases, (), kept.quarantine, kept.decided, kept.costs)
        return _Computed(moment, config, card, *found, kept=kept)
    gathered = gather(plan, config, lake, ledger)
    books = reconcile_books(gathered.inputs)
    sources = enabled_sources(config.sources)
    issuer_of = {s.name: s.issuer for s in sources if isinstance(s, ChargeSource)}
    bases = bases_of(
        gathered.standing, issuer_of, gathered.made, books.terms, books.fx, books.direct
    )
    return _Computed(
        replace(moment, seq=gathered.seq, books_at=gathered.books_at, acts_at=gathered.acts_at),
        config,
        gathered.card,
        books,
        list(bases.values()),
        gathered.standing.held,
        gathered.inputs.quarantine,
        gathered.decided,
        gathered.costs,
        gathered,
    )


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


def _squad_use(
    plan: Plan, computed: _Computed, lake: Lake, ledger: Ledger
) -> tuple[SquadTotal, ...]:
    """Read what squads used in the window; it is told beside the books, and can hold nothing."""
    names = {source.name for source in enabled_sources(computed.config.sources)}
    snapshots = ledger.snapshots_as_of(
        computed.moment.seq,
        layer="conformed",
        which=Which.NEWEST_COMPLETE,
        table=SQUAD_USE.name,
        start=plan.start,
        end=plan.end,
    )
    told = [one for one in snapshots if one.source in names]
    if not told:
        return ()
    try:
        return Queries(lake).squad_totals(told)
    except LakeError as error:
        log.warning("use by squad is not told: %s", error)
        return ()


def _book(
    plan: Plan,
    computed: _Computed,
    ledger: Ledger,
    failures: Sequence[Failure],
    notices: Sequence[Finding],
    *,
    dry_run: bool,
) -> tuple[NightReport, Booked | None]:
    books, held = computed.books, computed.held
    reasons = reasons_of(books, held, failures, computed.quarantine)
    status = "held" if held else "partial" if reasons else "tied"
    stood = [one.item for one in ledger.breaks_current()]
    known = _first_seen(plan, books, ledger)
    currencies = {one.id: one.currency for one in computed.config.sources.issuers}
    entries: list[Entry] = []
    booked: Booked | None = None
    if not plan.is_past:
        try:
            entries = _difference(computed)
        except UnexplainedDifferenceError as error:
            status, reasons = "held", [str(error), *reasons]
        else:
            if not dry_run:
                booked = _commit(plan, computed, ledger, entries, status)
    last = ledger.last_reconciliation()
    measured = Measured(plan.start, plan.end, held, books.breaks)
    # Breaks move on with a night that is booked, or that would be.
    is_observed = booked is not None or (dry_run and not plan.is_past)
    night = NightReport(
        plan=plan,
        status=status,
        reasons=tuple(reasons),
        books=books,
        breaks=aged(
            books.breaks,
            [known.get(break_id(one)) for one in books.breaks],
            plan.as_of,
            dispositions=computed.config.finance.dispositions,
            currencies=currencies,
        ),
        failures=tuple(failures),
        notices=tuple(notices),
        causes=tuple(sorted(Counter(entry.cause.value for entry in entries).items())),
        is_booked=booked is not None and booked.is_new,
        is_dry_run=dry_run,
        head=last.head if last else "",
        digest=books.digest,
        roll_forward=(
            roll_forward(stood, standing_after(stood, measured), currencies) if is_observed else ()
        ),
        corrections=_corrections(plan, computed, entries),
    )
    return night, booked


def _first_seen(plan: Plan, books: Books, ledger: Ledger) -> dict[str, datetime]:
    """Read since when tonight's breaks are known; one of an invoice may be before the window."""
    days = [one.day for one in books.breaks]
    if not days:
        return {}
    by = plan.as_of if plan.is_past else None
    return ledger.breaks_first_seen(min(days), max(days), by=by)


def _pools(
    plan: Plan, computed: _Computed, ledger: Ledger, settings: Settings, *, is_booked: bool
) -> Pools:
    """Read the budget pools of the window's last month: what is booked, and what pends."""
    pending = _pending(computed, is_booked=is_booked)
    days = ledger.pool_days(
        spend_needed_from(plan.end),
        plan.end,
        books_at=computed.moment.books_at if plan.is_past else None,
    )
    text = _file_text(plan, settings, CATALOG)
    return pools_of(computed.config.catalog, days, pending, through=plan.end, catalog_text=text)


def _file_text(plan: Plan, settings: Settings, name: str) -> str:
    """Read a configuration file to propose a change of; nothing for the past, which has none."""
    # Line ends stay as they are: a diff must fit the file.
    return "" if plan.is_past else (settings.config_dir / name).read_bytes().decode()


def _difference(computed: _Computed) -> list[Entry]:
    if computed.gathered is None:
        return []  # what a memo was made of is booked, and nothing has been since
    inputs = computed.gathered.inputs
    return difference(
        inputs.posted,
        computed.books.desired,
        days=[(basis.issuer, basis.day) for basis in computed.bases],
        previous=computed.gathered.previous,
        now={(basis.issuer, basis.day): basis for basis in computed.bases},
        closed=inputs.closed,
        provisional=computed.gathered.standing.provisional,
    )


def _commit(
    plan: Plan, computed: _Computed, ledger: Ledger, entries: list[Entry], status: str
) -> Booked:
    moment, books = computed.moment, computed.books
    digests, card = computed.config.digests, computed.card
    ledger.store_config_version("card", card.digest, card.to_json(), plan.as_of)
    night = night_of(plan, moment.seq, digests, card.digest, books, status, entries)
    return ledger.book_night(
        night,
        books_at=moment.books_at,
        bases=computed.bases,
        recorded_at=plan.as_of,
        held=computed.held,
        configs=digests,
        acts_at=moment.acts_at,
    )


def _keep(
    plan: Plan, computed: _Computed, night: NightReport, number: int, lake: Lake, ledger: Ledger
) -> None:
    """Keep a night that has just been booked, for a rerun that nothing has changed for."""
    if computed.gathered is None or computed.held:
        return
    standing = computed.gathered.standing
    read = (*standing.runs, *standing.usage, *standing.charges, *standing.first_charges)
    kept = KeptNight(
        files=files_of(read),
        card=computed.card.to_json(),
        quarantine=tuple(computed.quarantine),
        books=computed.books,
        bases=tuple(computed.bases),
        decided=tuple(computed.decided),
        costs=computed.costs,
        pending=tuple(_pending(computed, is_booked=True)),
        corrections=night.corrections,
    )
    moment = replace(computed.moment, books_at=number)
    save_night(plan, computed.config, moment, lake, ledger, kept)


def _pending(computed: _Computed, *, is_booked: bool) -> Sequence[PendingDay]:
    if computed.gathered is None:
        return computed.kept.pending if computed.kept else ()
    inputs = computed.gathered.inputs
    tonight = [(basis.issuer, basis.day) for basis in computed.bases] if is_booked else []
    return pending_days(
        inputs.runs,
        computed.card,
        booked={*inputs.booked_days, *tonight},
        currencies={one.id: one.currency for one in inputs.issuers},
        seats=inputs.finance.seats,
    )


def _corrections(
    plan: Plan, computed: _Computed, entries: Sequence[Entry]
) -> tuple[Correction, ...]:
    if computed.gathered is None:
        return computed.kept.corrections if computed.kept else ()
    return corrections_of(computed.gathered.inputs.posted, entries, plan.start, plan.end)
