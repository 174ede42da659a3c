"""`graduand export`: what is booked in a billing period, as files for other systems.

An export whose sums differ from the ledger in one nano-unit is refused.
"""

import argparse
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from config.load import Config, load_config
from config.settings import settings_from_environment
from tasks.core.books import BookKey
from tasks.core.exports.billed_lines import Bill, ExportError, Line, advances_of, booked_lines
from tasks.core.exports.focus import focus_rows
from tasks.core.exports.focus_checks import (
    invoice_faults,
    ledger_faults,
    origin_faults,
    row_faults,
    table_faults,
)
from tasks.core.exports.focus_columns import FOCUS_VERSION, Row
from tasks.core.exports.focus_invoices import with_invoices
from tasks.core.exports.focus_prices import RateBook, nano_decimal
from tasks.core.exports.focus_values import Context
from tasks.core.exports.journal import journal_of
from tasks.core.reconciling.currency import Rates
from tasks.core.standing import second_opinions
from tasks.core.tables import CHARGES, USAGE
from tasks.lake.focus_file import focus_parquet
from tasks.lake.queries import Queries
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.periods import PeriodBooks
from tasks.ledger.snapshots import Which
from tasks.pages.focus import focus_csv
from tasks.pages.journal import journal_csv
from tasks.pages.new_file import write_file
from tasks.pages.text import amount
from tasks.sources.registry import enabled_sources

_PERIOD = re.compile(r"20\d\d-(0[1-9]|1[0-2])", re.ASCII)
_SHOWN = 3


def main(chosen: argparse.Namespace) -> int:
    """Export one billing period; 1 if nothing is booked in it."""
    if _PERIOD.fullmatch(chosen.period) is None:
        print("graduand: give --period as a month, e.g. 2026-11", file=sys.stderr)
        return 2
    settings = settings_from_environment()
    config = load_config(settings.config_dir)
    lake = Lake.open(settings.lake_dir)
    with Ledger.open(settings.database_url.get_secret_value(), lake_id=lake.lake_id) as ledger:
        books = ledger.period_books(chosen.period, issuers=chosen.issuers)
        if not books.posted:
            print(f"graduand: nothing is booked in {chosen.period}", file=sys.stderr)
            return 1
        default = settings.work_dir / "var" / "exports"
        if chosen.what == "journal":
            return _journal(chosen, books, config, default)
        return _focus(chosen, books, config, lake, ledger, default)


def _focus(
    chosen: argparse.Namespace,
    books: PeriodBooks,
    config: Config,
    lake: Lake,
    ledger: Ledger,
    default: Path,
) -> int:
    rows = _rows(books, config, lake, ledger)
    folder: Path = chosen.out or default
    path = folder / f"focus-{FOCUS_VERSION}_{_subject(chosen)}.{chosen.format}"
    data = focus_parquet(rows) if chosen.format == "parquet" else focus_csv(rows).encode()
    write_file(path, data, replaces=chosen.force)
    _tell(path, len(rows), books)
    return 0


def _journal(chosen: argparse.Namespace, books: PeriodBooks, config: Config, default: Path) -> int:
    journal = journal_of(books.period, books.posted, _cost_centres(config), books.head)
    path: Path = chosen.out or default / f"journal_{_subject(chosen)}.csv"
    write_file(path, journal_csv(journal).encode(), replaces=chosen.force)
    _tell(path, len(journal.lines), books)
    print(f"  entry {journal.entry[:12]}, debits equal credits")
    return 0


def _subject(chosen: argparse.Namespace) -> str:
    """Name what a file is about: period, and issuers if not all."""
    return "_".join([chosen.period, *sorted(chosen.issuers or ())])


def _rows(books: PeriodBooks, config: Config, lake: Lake, ledger: Ledger) -> list[Row]:
    issuers = config.sources.issuers
    days = sorted({key.day for key, _ in books.posted})
    start, end = days[0], days[-1]
    currencies = {issuer.id: issuer.currency for issuer in issuers}
    advances = advances_of(config.finance)
    rates = Rates(config.finance.exchange_rates)
    enabled = enabled_sources(config.sources)
    opinions = second_opinions(enabled)
    bills = _bills(lake, ledger, start, end, {source.name for source in enabled} - opinions)
    lines = booked_lines(books.posted, bills, currencies, advances, rates)
    metered = ledger.snapshots_as_of(
        ledger.newest_seq(),
        layer="conformed",
        which=Which.NEWEST_COMPLETE,
        table=USAGE.name,
        start=start,
        end=end,
    )
    usage = Queries(lake).usage_cells([one for one in metered if one.source not in opinions])
    context = Context(
        period=books.period,
        head=books.head,
        cost_centres=_cost_centres(config),
        day_offsets={issuer.id: issuer.day_offset_minutes for issuer in issuers},
        breaks=[aged.item for aged in ledger.breaks_current(start, end)],
    )
    prices = RateBook(issuers, usage, (line for found in lines.values() for line in found))
    rows = focus_rows(books.posted, lines, prices, context)
    rows = with_invoices(rows, books.period, config.finance.invoices)
    _refuse_faults(rows, books, lines)
    return rows


def _bills(
    lake: Lake, ledger: Ledger, start: date, end: date, booked: Collection[str]
) -> list[Bill]:
    """Read every bill of these days, newest first; those not of sources `booked` are marked."""
    snapshots = ledger.snapshots_as_of(
        ledger.newest_seq(),
        layer="conformed",
        which=Which.EVERY,
        table=CHARGES.name,
        start=start,
        end=end,
    )
    return [
        Bill(
            one.source,
            one.key,
            one.sha,
            lake.read_conformed(one, CHARGES),
            is_opinion=one.source not in booked,
        )
        for one in sorted(snapshots, key=lambda one: -one.seq)
        if one.is_complete
    ]


def _refuse_faults(
    rows: Sequence[Row], books: PeriodBooks, lines: Mapping[BookKey, Sequence[Line]]
) -> None:
    faults = [
        *(
            f"row {number}: {fault}"
            for number, row in enumerate(rows, 1)
            for fault in row_faults(row)
        ),
        *ledger_faults(rows, books.posted),
        *origin_faults(rows, lines),
        *invoice_faults(rows, _payable(lines)),
        *table_faults(rows),
    ]
    if faults:
        shown = "; ".join(faults[:_SHOWN])
        message = (
            f"the export of {books.period} fails {len(faults)} of its own checks and was not"
            f" written: {shown}"
        )
        raise ExportError(message)


def _payable(lines: Mapping[BookKey, Sequence[Line]]) -> dict[str, Decimal]:
    """Sum what the bills say of each invoice."""
    sums: dict[str, int] = {}
    for line in (line for of_book in lines.values() for line in of_book):
        if line.key.invoice_id:
            sums[line.key.invoice_id] = sums.get(line.key.invoice_id, 0) + line.billed_nano
    return {invoice: nano_decimal(nano) for invoice, nano in sums.items()}


def _cost_centres(config: Config) -> dict[str, str]:
    return {portfolio.id: portfolio.cost_centre for portfolio in config.catalog.portfolios}


def _tell(path: Path, count: int, books: PeriodBooks) -> None:
    sums: dict[str, int] = {}
    for (key, _), nano in books.posted.items():
        sums[key.currency] = sums.get(key.currency, 0) + nano
    money = ", ".join(amount(nano, currency) for currency, nano in sorted(sums.items()))
    print(f"{path}: {count} rows, {money}, equal to the ledger at {books.head[:12]}")
