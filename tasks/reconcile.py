"""Stage 3: compute the books of the window, and book what differs from what is posted.

Computed without a lock; booked in one transaction that verifies that nothing newer arrived,
else computed again.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from prefect import task

from config.load import Config, load_config
from config.settings import Settings, settings_from_environment
from config.shapes.sources import AgentLogSource, GithubSource, JiraSource
from tasks.core.bases import bases_of
from tasks.core.books import DayBasis, Entry
from tasks.core.digests import keyed_digest
from tasks.core.errors import StaleNightError, UnexplainedDifferenceError
from tasks.core.findings import Finding
from tasks.core.item_states import current_items
from tasks.core.night import Books, IssuerDay
from tasks.core.night_report import NightReport
from tasks.core.outcomes import Outcomes, outcomes_of, references
from tasks.core.plan import Failure, Plan
from tasks.core.posting import difference
from tasks.core.reconcile import reconcile as reconcile_books
from tasks.core.statement import aged, night_of, reasons_of
from tasks.lake.store import Lake
from tasks.ledger.breaks import break_id
from tasks.ledger.ledger import Ledger
from tasks.ledger.reads import Booked
from tasks.night_inputs import Gathered, gather
from tasks.sources.registry import enabled_sources

log = logging.getLogger(__name__)

#: Times a night is computed again because something newer arrived meanwhile.
_ATTEMPTS = 5
#: Sources that report no money.
UNBILLED = (AgentLogSource, GithubSource, JiraSource)


@dataclass(frozen=True, slots=True)
class _Computed:
    """One computation, not booked yet."""

    gathered: Gathered
    books: Books
    bases: Mapping[IssuerDay, DayBasis]


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
    gathered = gather(plan, config, lake, ledger)
    books = reconcile_books(gathered.inputs)
    sources = enabled_sources(config.sources)
    issuer_of = {s.name: s.issuer for s in sources if not isinstance(s, UNBILLED)}
    return _Computed(gathered, books, bases_of(gathered.standing, issuer_of, gathered.made))


def _outcomes(plan: Plan, computed: _Computed, ledger: Ledger, settings: Settings) -> Outcomes:
    """Read what became of all work known by the night's moment."""
    pseudonym = keyed_digest(settings.digest_key.get_secret_value())
    gathered = computed.gathered
    return outcomes_of(
        gathered.config.catalog,
        # All events: a revert and a deployment happen to the commit an item was merged as.
        current_items(ledger.item_events(observed_by=plan.as_of)),
        gathered.decided,
        gathered.costs,
        names=references(ledger.labels("work_item"), pseudonym),
        day=plan.as_of.date(),
    )


def _book(
    plan: Plan,
    computed: _Computed,
    ledger: Ledger,
    failures: Sequence[Failure],
    notices: Sequence[Finding],
    *,
    dry_run: bool,
) -> NightReport:
    books, standing = computed.books, computed.gathered.standing
    reasons = reasons_of(books, standing.held, failures, computed.gathered.inputs.quarantine)
    status = "held" if standing.held else "partial" if reasons else "tied"
    current = ledger.breaks_current(plan.start, plan.end)
    known = {one.break_id: one.first_seen for one in current}
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


def _difference(computed: _Computed) -> list[Entry]:
    inputs = computed.gathered.inputs
    return difference(
        inputs.posted,
        computed.books.desired,
        days=list(computed.bases),
        previous=computed.gathered.previous,
        now=computed.bases,
        closed=inputs.closed,
    )


def _commit(
    plan: Plan, computed: _Computed, ledger: Ledger, entries: list[Entry], status: str
) -> Booked:
    gathered, books = computed.gathered, computed.books
    digests, card = gathered.config.digests, gathered.card
    ledger.store_config_version("card", card.digest, card.to_json(), plan.as_of)
    night = night_of(plan, gathered.seq, digests, card.digest, books, status, entries)
    return ledger.book_night(
        night,
        books_at=gathered.books_at,
        bases=list(computed.bases.values()),
        recorded_at=plan.as_of,
        held=gathered.standing.held,
        configs=digests,
    )
