"""What a night is computed from: read from lake and ledger, as of one moment.

Below the stages, because the night and the month's close compute from the same reading.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from config.load import Config
from config.shapes.sources import Source, log_precedence
from tasks.as_of import card_as_of
from tasks.billed import earliest_day, foreign_elsewhere, opinion_findings
from tasks.core.attribution import hint_findings, resolve
from tasks.core.books import DayBasis, Snapshot
from tasks.core.cells import Dimension
from tasks.core.claims import (
    LoggedCost,
    OutcomeCounts,
    check_claims,
    decided,
    outcomes_by_decision,
)
from tasks.core.digests import joined_digest
from tasks.core.errors import LakeError
from tasks.core.month_end.periods import closed_map, newest_number
from tasks.core.night import IssuerDay, NightInputs
from tasks.core.plan import Plan
from tasks.core.prices import PriceCard, compile_card, seen_in
from tasks.core.reconciling.bases import Made
from tasks.core.reconciling.breaks import Quarantine
from tasks.core.reconciling.oversized import held_too, oversized_days, size_findings, without_days
from tasks.core.reconciling.rivals import rival_findings
from tasks.core.standing import Known, Standing, second_opinions, stand, unreported_days
from tasks.core.tables import CHARGES, RUNS, USAGE
from tasks.lake.queries import Queries
from tasks.lake.run_cells import RunLog
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.snapshots import Which
from tasks.sources.registry import adapter_of, enabled_sources, streams_by_source
from tasks.told import told_by_files

log = logging.getLogger(__name__)

#: Names the snapshots whose file cannot be read.
_Unreadable = Callable[[Sequence[Snapshot]], list[Snapshot]]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything that one computation of a night stands on.

    Attributes:
        seq: Newest snapshot it could see.
        books_at: Newest night it could see, read before everything else.
        made: What decides the books of every day alike.
        previous: What each day was last made of.
        acts_at: Number of the newest act upon a period.
        decided: Outcomes by the decisions that logs of the window hold.
        costs: What those logs say each workflow's runs cost.
    """

    seq: int
    books_at: int
    config: Config
    card: PriceCard
    standing: Standing
    inputs: NightInputs
    made: Made
    previous: Mapping[IssuerDay, DayBasis]
    acts_at: int
    decided: Sequence[OutcomeCounts]
    costs: Mapping[str, LoggedCost]


def gather(plan: Plan, config: Config, lake: Lake, ledger: Ledger) -> Gathered:
    """Read what the books of a plan's window are made of.

    A file that turns out damaged holds its day, and no other.

    Raises:
        LakeError: A file whose bytes are those that were written cannot be read.
        ConfigError: The catalog does not fit what was read.
    """
    try:
        return _gathered(plan, config, lake, ledger, lake.unreadable)
    except LakeError:
        # Sizes are looked at every night, bytes only once something could not be read.
        log.warning("a file of the lake cannot be read: looking at every byte of the window")
        return _gathered(plan, config, lake, ledger, lake.damaged)


def _gathered(
    plan: Plan, config: Config, lake: Lake, ledger: Ledger, unreadable: _Unreadable
) -> Gathered:
    books_at = ledger.books_at(plan.as_of if plan.is_past else None)
    acts = ledger.period_acts(by=plan.as_of if plan.is_past else None)
    seq = ledger.seq_as_of(plan.as_of) if plan.is_past else ledger.newest_seq()
    sources = enabled_sources(config.sources)
    told = told_by_files(config, sources, lake, ledger, seq)
    start = earliest_day(plan, told.finance)
    previous = ledger.last_bases(start, plan.end, books_at=books_at)
    standing = stand(
        plan,
        sources,
        streams_by_source(config.sources, RUNS.name, USAGE.name, CHARGES.name),
        _known(plan, ledger, seq, unreadable),
        unreported_days(plan, told.finance, config.sources.sources, previous),
    )
    precedence = {one.name: log_precedence(one) or 0 for one in sources}
    logs = [RunLog(one, precedence[one.source]) for one in standing.runs]
    query = Queries(lake)
    stamped = ledger.item_stamps(observed_by=plan.as_of if plan.is_past else None)
    hints = query.run_hints(standing.runs, stamped)
    # What decides attribution is told with the books: the stamps of items that runs name.
    items = [hint.value for hint in hints if hint.dimension is Dimension.WORK_ITEM]
    item_stamps = {name: stamped[name] for name in items}
    resolutions = resolve(config.catalog, hints, item_stamps)
    runs = query.run_cells(logs, resolutions)
    usage = query.usage_cells(standing.usage)
    counts, costs = decided(resolutions.candidates, query.decisions(logs))
    outcomes = outcomes_by_decision(config.catalog, counts)
    claims = check_claims(config.catalog, outcomes, costs)
    seen = seen_in(runs, usage)
    card, unrecorded = (
        card_as_of(plan, seq, config, seen, ledger)
        if plan.is_past
        else (compile_card(config.sources.issuers, seen), ())
    )
    duplicates, quarantine = _refused(plan, ledger, seq, sources)
    charges = query.charge_cells(standing.charges)
    named = {(charge.issuer, charge.run_id) for charge in charges if charge.run_id is not None}
    inputs = NightInputs(
        issuers=config.sources.issuers,
        catalog=config.catalog,
        policy=config.policy,
        card=card,
        runs=runs,
        usage=usage,
        charges=charges,
        legs=standing.legs,
        first_charges=query.charge_cells(standing.first_charges),
        revised=standing.revised,
        expected=standing.expected,
        present=standing.present,
        duplicates=duplicates,
        quarantine=quarantine,
        findings=(
            *hint_findings(hints, resolutions),
            *claims,
            *unrecorded,
            *told.findings,
            *opinion_findings(standing, query),
            *rival_findings(query.rivals(logs)),
        ),
        direct_runs=query.direct_runs(logs, resolutions, named),
        finance=told.finance,
        posted=ledger.posted(start, plan.end, books_at=books_at),
        booked_days=list(previous),
        bookable=_bookable(plan, standing),
        elsewhere=foreign_elsewhere(plan, told.finance, config, query, ledger, standing, seq),
        closed=closed_map(acts),
    )
    if too_large := oversized_days(inputs):
        inputs = without_days(inputs, too_large)
        inputs = replace(inputs, findings=(*inputs.findings, *size_findings(too_large)))
        standing = held_too(standing, too_large)
    made = Made(_rules_digest(config), config.digests["policy"], card, item_stamps)
    return Gathered(
        seq,
        books_at,
        config,
        card,
        standing,
        inputs,
        made,
        previous,
        newest_number(acts),
        outcomes,
        costs,
    )


def _bookable(plan: Plan, standing: Standing) -> list[IssuerDay]:
    return [
        (issuer, day)
        for issuer, day in standing.legs.charges
        if plan.start <= day <= plan.end and (issuer, day) not in standing.held
    ]


def _rules_digest(config: Config) -> str:
    """Digest what decides destinations: the catalog, and of sources all but what the card holds."""
    # Precedence of logs and currency of issuers decide them; a contract only what work is worth.
    priced = {"issuers": {"__all__": {"contract", "price_provider"}}}
    return joined_digest(
        [config.digests["catalog"], config.sources.model_dump_json(exclude=priced)]
    )


def _known(plan: Plan, ledger: Ledger, seq: int, unreadable: _Unreadable) -> Known:
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
        unreadable=unreadable([*complete, *first_charges]),
    )


def _refused(
    plan: Plan, ledger: Ledger, seq: int, sources: Sequence[Source]
) -> tuple[Counter[tuple[str, date]], list[Quarantine]]:
    """Read what was received but not booked: repeated lines by source-day, and all else.

    What a second opinion could not tell of money is none that the books lack.
    """
    opinions = second_opinions(sources)
    duplicates: Counter[tuple[str, date]] = Counter()
    quarantine: list[Quarantine] = []
    tables = {
        (source.name, stream.name): stream.table
        for source in sources
        for stream in adapter_of(source).streams
    }
    for one in ledger.rejects_as_of(seq, start=plan.start, end=plan.end):
        table = tables.get((one.source, one.stream))
        if table is None or (one.source in opinions and table in {CHARGES.name, USAGE.name}):
            continue  # the one is of a source that is no longer read
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
