"""Compute the arithmetic of one account's day again, as a past night did: its files, its rules.

Nothing is booked. Work-item labels may have been erased since; then a run that was known by its
item's stamp falls to a weaker layer, and the result says less than was booked.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from config.shapes.catalog import Catalog
from config.shapes.finance import Finance
from config.shapes.policy import Policy
from config.shapes.sources import ChargeSource, Sources, log_precedence
from tasks.core.attribution import resolve
from tasks.core.books import BookKey, Destination, DestinationKind, Snapshot
from tasks.core.cells import ChargeCell, Resolutions, RunCell, UsageCell
from tasks.core.explained import BookedBy, DayMath, SplitLine
from tasks.core.night import NightInputs
from tasks.core.ownership import Ownership
from tasks.core.prices import PriceCard, card_from_json
from tasks.core.reconciling.account_days import book_account_days
from tasks.core.reconciling.allocation import Account, allocate
from tasks.core.reconciling.breaks import NOWHERE, Legs
from tasks.core.reconciling.charges import DayCharges, runs_named, sort_charges
from tasks.core.reconciling.currency import Rates, converted
from tasks.core.reconciling.matching import Line, Matched, match
from tasks.core.reconciling.prepaid import by_account
from tasks.core.reconciling.seats import SeatDay, Seats, tokens_by_line
from tasks.core.reconciling.tolerance import Tolerances
from tasks.core.standing import second_opinions
from tasks.core.tables import CHARGES, RUNS, USAGE
from tasks.lake.queries import Queries
from tasks.lake.run_cells import RunLog
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.snapshots import Which
from tasks.sources.registry import enabled_sources


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
    place = (issuer, account, day)
    runs = query.run_cells(*_attributed(query, ledger, night, rules, by_table[RUNS.name]))
    billed = [one for one in query.charge_cells(by_table[CHARGES.name]) if _at(one) == place]
    inputs = NightInputs(
        issuers=rules.sources.issuers,
        catalog=rules.catalog,
        policy=rules.policy,
        card=rules.card,
        runs=[one for one in runs if (one.issuer, one.account or NOWHERE, one.day) == place],
        usage=[one for one in query.usage_cells(by_table[USAGE.name]) if _at(one) == place],
        charges=converted(billed, rules.currencies, Rates(rules.finance.exchange_rates)),
        legs=Legs(
            charges={(issuer, day)},
            usage={(issuer, day)} if by_table[USAGE.name] else (),
            logged_days=(),
            first_late_day={},
        ),
        direct_runs=_direct(query, ledger, night, rules, billed),
        finance=rules.finance,
        posted=_posted(ledger, night, rules.finance, place),
        bookable={(issuer, day)},
    )
    return _computed(inputs, files, place)


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
        # Nights of before there was such a file know no digest of it.
        self.finance = (
            Finance.model_validate_json(body("finance", inputs.finance_digest))
            if inputs.finance_digest
            else Finance()
        )
        self.currencies = {issuer.id: issuer.currency for issuer in self.sources.issuers}


def _files(
    ledger: Ledger, night: BookedBy, day: date, sources: Sources, issuer: str
) -> list[Snapshot]:
    """Choose the newest complete files of the day that the night could see, and their raw ones."""
    read = enabled_sources(sources)
    bills = {one.name for one in read if isinstance(one, ChargeSource) and one.issuer == issuer}
    bills -= second_opinions(read)
    names = {
        RUNS.name: {one.name for one in read if log_precedence(one) is not None},
        USAGE.name: bills,
        CHARGES.name: bills,
    }

    def known(layer: str, which: Which) -> list[Snapshot]:
        return ledger.snapshots_as_of(
            night.inputs.snapshot_seq, layer=layer, which=which, start=day, end=day
        )

    conformed = [
        one
        for one in known("conformed", Which.NEWEST_COMPLETE)
        if one.source in names.get(one.table, ())
    ]
    made_of = {(one.source, one.stream, one.raw_sha) for one in conformed}
    raw = [one for one in known("raw", Which.EVERY) if (one.source, one.stream, one.sha) in made_of]
    newest = {(one.source, one.stream, one.sha): one for one in raw}
    return sorted([*conformed, *newest.values()], key=lambda one: one.seq)


def _attributed(
    query: Queries, ledger: Ledger, night: BookedBy, rules: _Rules, files: list[Snapshot]
) -> tuple[list[RunLog], Resolutions]:
    stamps = ledger.item_stamps(observed_by=night.as_of)
    hints = query.run_hints(files, stamps)
    ranks = {one.name: log_precedence(one) for one in enabled_sources(rules.sources)}
    logs = [RunLog(one, rank) for one in files if (rank := ranks.get(one.source)) is not None]
    return logs, resolve(rules.catalog, hints, stamps)


def _direct(
    query: Queries, ledger: Ledger, night: BookedBy, rules: _Rules, billed: list[ChargeCell]
) -> dict[tuple[str, str], Line]:
    """Find the runs that charges name, in all logs of the night's window."""
    named = runs_named(billed)
    if not named:
        return {}
    files = ledger.snapshots_as_of(
        night.inputs.snapshot_seq,
        layer="conformed",
        which=Which.NEWEST_COMPLETE,
        table=RUNS.name,
        start=night.inputs.window_start,
        end=night.inputs.window_end,
    )
    return query.direct_runs(*_attributed(query, ledger, night, rules, files), named)


def _posted(
    ledger: Ledger, night: BookedBy, finance: Finance, place: tuple[str, str, date]
) -> dict[tuple[BookKey, Destination], int]:
    """Read what was drawn on the lots of an account before the day, as of the night."""
    issuer, account, day = place
    lots = by_account(finance.prepaid).get((issuer, account), ())
    bought = [lot.bought for lot in lots if lot.bought <= day]
    return ledger.posted(min(bought), day, books_at=night.number) if bought else {}


def _at(row: UsageCell | ChargeCell) -> tuple[str, str, date]:
    return row.issuer, row.account, row.day


def _computed(inputs: NightInputs, files: list[Snapshot], place: tuple[str, str, date]) -> DayMath:
    issuer, account, day = place
    booked = book_account_days(inputs)
    currencies = {one.id: one.currency for one in inputs.issuers}
    return DayMath(
        currency=currencies.get(issuer, ""),
        stands_on=tuple(files),
        is_metered=bool(inputs.legs.usage),
        tolerance=Tolerances(inputs.policy.matching.tolerances).at(issuer, day),
        lines=(*_seat_lines(booked.seats, account, inputs.runs), *_usage_lines(inputs, place)),
        buckets=tuple(booked.buckets),
        found=tuple(
            (key.billing_period, key.currency, to, nano)
            for key, amounts in sorted(booked.desired.items())
            if key.account == account
            for to, nano in sorted(amounts.items())
        ),
    )


def _usage_lines(inputs: NightInputs, place: tuple[str, str, date]) -> Iterator[SplitLine]:
    """Split each usage charge by itself, as the night split it."""
    issuer, account_id, day = place
    account = Account(
        issuer,
        account_id,
        day,
        ownership=Ownership(inputs.catalog),
        tolerance=Tolerances(inputs.policy.matching.tolerances).at(issuer, day),
        far_beyond=inputs.policy.matching.far_beyond,
    )
    currency = next((one.currency for one in inputs.issuers if one.id == issuer), "")
    is_shadow = Seats(inputs.finance.seats).plan(*place) is not None
    direct = {run_id: line for (of, run_id), line in inputs.direct_runs.items() if of == issuer}
    charges = sort_charges(inputs.charges, currency, frozenset(direct))
    matched = match([] if is_shadow else inputs.runs, inputs.usage, account.is_owned)
    for period, parts in charges.usage.items():
        for (sku, kind), billed in parts.items():
            split = allocate(
                account,
                DayCharges(usage={period: {(sku, kind): billed}}),
                matched,
                currency=currency,
                card=inputs.card,
                is_metered=bool(inputs.legs.usage),
            )
            shares = [pair for of in split.values() for pair in of.items()]
            yield _line(sku, kind, billed.amount_nano, matched, shares)


def _seat_lines(
    days: Iterable[SeatDay], account: str, runs: Sequence[RunCell]
) -> Iterator[SplitLine]:
    """Tell how a day of seats was split, in place of what a charge would tell."""
    logged = sorted((line.workflow, count) for line, count in tokens_by_line(runs).items())
    for day in days:
        if day.plan.account == account:
            shares = [
                pair for pair in day.amounts.items() if pair[0].kind is not DestinationKind.ACCRUED
            ]
            yield SplitLine(
                day.plan.id, "seats", day.accrued_nano, 0, tuple(logged), tuple(sorted(shares))
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
