"""Compute the arithmetic of one account's day again, as a past night did: its files, its rules.

Nothing is booked. Work-item labels may have been erased since; then a run that was known by its
item's stamp falls to a weaker layer, and the result says less than was booked.
"""

from datetime import date

from config.shapes.catalog import Catalog
from config.shapes.policy import Policy
from config.shapes.sources import AgentLogSource, AnthropicSource, OpenAISource, Sources
from tasks.core.allocation import Account, allocate
from tasks.core.attribution import resolve
from tasks.core.books import BookKey, Destination, Snapshot
from tasks.core.breaks import NOWHERE
from tasks.core.buckets import buckets_of
from tasks.core.cells import ChargeCell, Dimension, Hint, RunCell, UsageCell
from tasks.core.charges import DayCharges, sort_charges
from tasks.core.explained import BookedBy, DayMath, SplitLine
from tasks.core.item_states import current_items
from tasks.core.matching import Matched, match
from tasks.core.ownership import Ownership
from tasks.core.prices import PriceCard, card_from_json
from tasks.core.tables import CHARGES, RUNS, USAGE
from tasks.core.tolerance import Tolerances
from tasks.lake.queries import Queries
from tasks.lake.run_cells import RunLog
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.snapshots import Which


def day_math(
    lake: Lake, ledger: Ledger, night: BookedBy, issuer: str, account: str, day: date
) -> DayMath:
    """Compute what a night made of one account's day.

    Raises:
        LakeError: A file is missing or short.
        LedgerError: A configuration of the night was never recorded.
    """
    rules = _Rules(ledger, night)
    files = _files(ledger, night, day, rules.sources, issuer)
    query = Queries(lake)
    conformed = [one for one in files if one.layer == "conformed"]
    by_table = {
        table.name: [one for one in conformed if one.table == table.name]
        for table in (RUNS, USAGE, CHARGES)
    }
    runs = _runs(query, ledger, night, rules, by_table[RUNS.name])
    place = (issuer, account, day)
    logged = [one for one in runs if (one.issuer, one.account or NOWHERE, one.day) == place]
    usage = [one for one in query.usage_cells(by_table[USAGE.name]) if _at(one) == place]
    billed = [one for one in query.charge_cells(by_table[CHARGES.name]) if _at(one) == place]
    return _computed(rules, files, place, logged, usage, billed)


class _Rules:
    """The configuration that a night used, as the ledger keeps it by digest."""

    def __init__(self, ledger: Ledger, night: BookedBy) -> None:
        inputs = night.inputs

        def body(kind: str, digest: str) -> str:
            return ledger.config_body(kind, digest)

        self.catalog = Catalog.model_validate_json(body("catalog", inputs.catalog_digest))
        self.policy = Policy.model_validate_json(body("policy", inputs.policy_digest))
        self.sources = Sources.model_validate_json(body("sources", inputs.sources_digest))
        self.card: PriceCard = card_from_json(body("card", inputs.card_digest))


def _files(
    ledger: Ledger, night: BookedBy, day: date, sources: Sources, issuer: str
) -> list[Snapshot]:
    """Choose the newest complete files of the day that the night could see, and their raw ones."""
    names = {
        source.name
        for source in sources.sources
        if isinstance(source, AgentLogSource)
        or (isinstance(source, AnthropicSource | OpenAISource) and source.issuer == issuer)
    }

    def known(layer: str, which: Which) -> list[Snapshot]:
        chosen = ledger.snapshots_as_of(
            night.inputs.snapshot_seq, layer=layer, which=which, start=day, end=day
        )
        return [one for one in chosen if one.source in names]

    conformed = [
        one
        for one in known("conformed", Which.NEWEST_COMPLETE)
        if one.table in {RUNS.name, USAGE.name, CHARGES.name}
    ]
    made_of = {(one.source, one.stream, one.raw_sha) for one in conformed}
    raw = [one for one in known("raw", Which.EVERY) if (one.source, one.stream, one.sha) in made_of]
    newest = {(one.source, one.stream, one.sha): one for one in raw}
    return sorted([*conformed, *newest.values()], key=lambda one: one.seq)


def _runs(
    query: Queries, ledger: Ledger, night: BookedBy, rules: _Rules, files: list[Snapshot]
) -> list[RunCell]:
    hints = query.run_hints(files)
    stamps = _item_stamps(hints, ledger, night)
    precedence = {
        one.name: one.precedence for one in rules.sources.sources if isinstance(one, AgentLogSource)
    }
    logs = [RunLog(one, precedence[one.source]) for one in files]
    return query.run_cells(logs, resolve(rules.catalog, hints, stamps))


def _item_stamps(hints: list[Hint], ledger: Ledger, night: BookedBy) -> dict[str, str]:
    named = {hint.value for hint in hints if hint.dimension is Dimension.WORK_ITEM}
    keys = {key: name for key, name in ledger.labels("work_item").items() if name in named}
    events = ledger.item_events(sorted(keys), observed_by=night.as_of) if keys else []
    items = current_items(events)
    return {keys[key]: item.stamps[0] for key, item in items.items() if item.stamps}


def _at(row: UsageCell | ChargeCell) -> tuple[str, str, date]:
    return row.issuer, row.account, row.day


def _computed(
    rules: _Rules,
    files: list[Snapshot],
    place: tuple[str, str, date],
    runs: list[RunCell],
    usage: list[UsageCell],
    billed: list[ChargeCell],
) -> DayMath:
    issuer, account_id, day = place
    tolerance = Tolerances(rules.policy.matching.tolerances).at(issuer, day)
    account = Account(
        issuer,
        account_id,
        day,
        ownership=Ownership(rules.catalog),
        tolerance=tolerance,
        far_beyond=rules.policy.matching.far_beyond,
    )
    currency = next((one.currency for one in rules.sources.issuers if one.id == issuer), "")
    is_metered = any(one.table == USAGE.name for one in files)
    charges = sort_charges(billed, currency)
    matched = match(runs, usage, account.is_owned)

    def split(part: DayCharges) -> dict[BookKey, dict[Destination, int]]:
        return allocate(
            account, part, matched, currency=currency, card=rules.card, is_metered=is_metered
        )

    found = [
        (key.billing_period, key.currency, to, nano)
        for key, amounts in sorted(split(charges).items())
        for to, nano in sorted(amounts.items())
    ]
    lines = []
    for period, parts in charges.usage.items():
        for sku, kind in parts:
            only = DayCharges(usage={period: {(sku, kind): parts[sku, kind]}})
            shares = [pair for of in split(only).values() for pair in of.items()]
            lines.append(_line(sku, kind, parts[sku, kind].amount_nano, matched, shares))
    buckets = buckets_of(
        issuer,
        account_id,
        day,
        usage=usage,
        billed=charges.by_sku(),
        matched=matched,
        card=rules.card,
    )
    return DayMath(
        currency=currency,
        stands_on=tuple(files),
        is_metered=is_metered,
        tolerance=tolerance,
        lines=tuple(lines),
        buckets=tuple(buckets),
        found=tuple(found),
    )


def _line(
    sku: str,
    kind: str | None,
    billed_nano: int,
    matched: Matched,
    shares: list[tuple[Destination, int]],
) -> SplitLine:
    cells = matched.cells.get((sku, kind), []) if kind is not None else []
    logged: dict[str, int] = {}
    for cell in cells:
        for line, tokens in cell.logged.items():
            logged[line.workflow] = logged.get(line.workflow, 0) + tokens
    metered = sum(cell.metered for cell in cells)
    return SplitLine(
        sku, kind, billed_nano, metered, tuple(sorted(logged.items())), tuple(sorted(shares))
    )
