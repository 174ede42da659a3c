"""What a night of the year wants in its books, before anything is posted (R4, R11 to R13)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sandbox.catalog import account_of
from sandbox.finance import Finance
from sandbox.oracle import prepaid, seats
from sandbox.oracle.allocation import Books, allocate
from sandbox.oracle.attribution import Line, account_of_run, line_of_run
from sandbox.oracle.breaks import Break
from sandbox.oracle.foreign import convert
from sandbox.oracle.matching import AccountDay, account_days
from sandbox.oracle.places import Ledger, Place, add, lines_of, own_line, period_of
from sandbox.oracle.seen import IssuerDay, Seen
from sandbox.organisation import CURRENCY
from sandbox.records import ChargeRow, LogRecord

Where = tuple[str, str, date]
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Wanted:
    """What a night wants.

    Attributes:
        seen: The night's view in the currency of the books, without runs on seats.
        places: Its accounts' days, logs matched to usage.
        desired: By place, what it should hold.
        moved: What prepaid credits did, on all days.
        foreign: Charges that no rate converts.
    """

    seen: Seen
    places: Mapping[Where, AccountDay]
    desired: Ledger
    moved: Mapping[Where, prepaid.Moved]
    foreign: tuple[ChargeRow, ...]


def wanted(seen: Seen, days: Collection[IssuerDay], finance: Finance, ledger: Ledger) -> Wanted:
    """Work out what a night wants.

    Args:
        seen: As read.
        days: (issuer, day)s that can be booked.
        finance: As signed.
        ledger: As posted before.
    """
    billed = {key: convert(rows, finance) for key, rows in seen.charges.items()}
    shadow, work = _apart(seen, finance)
    in_books = replace(seen, runs=tuple(work), charges=in_currency(billed))
    places = account_days(in_books)
    desired: Ledger = {}
    for where, place in places.items():
        rows = in_books.charges.get((where[0], where[2]))
        if rows is not None:
            _merge(desired, where, allocate(place, rows, _contracts(where, finance)))
    foreign = tuple(row for rows in billed.values() for row in rows if row.currency != CURRENCY)
    for row in foreign:
        book = Place(row.issuer, row.account, row.day, period_of(row.day), row.currency)
        to = own_line("unattributed", account_of(row.issuer, row.account).portfolio, "rest")
        add(desired.setdefault(book, {}), to, row.amount_nano)
    for plan in finance.seats:
        for issuer, day in days:
            if issuer == plan.issuer and plan.holds(day):
                where = (issuer, plan.account, day)
                _merge(desired, where, seats.accrue(plan, day, shadow.get(where, {})))
    moved = _moved(in_books, days, finance, ledger)
    for where, of_day in moved.items():
        if (where[0], where[2]) in days:
            _merge(desired, where, of_day.books)
    return Wanted(in_books, places, desired, moved, foreign)


def in_currency(
    billed: Mapping[IssuerDay, tuple[ChargeRow, ...]],
) -> dict[IssuerDay, tuple[ChargeRow, ...]]:
    """Leave out what is in another currency than the books."""
    return {
        key: tuple(row for row in rows if row.currency == CURRENCY) for key, rows in billed.items()
    }


def foreign_breaks(rows: Collection[ChargeRow]) -> list[Break]:
    """Name what no rate converts."""
    sums: dict[tuple[str, str, date, str], int] = {}
    for row in rows:
        key = (row.issuer, row.account, row.day, row.currency)
        sums[key] = sums.get(key, 0) + row.amount_nano
    return [Break("currency", *key, amount) for key, amount in sums.items() if amount]


def _apart(seen: Seen, finance: Finance) -> tuple[dict[Where, dict[Line, int]], list[LogRecord]]:
    """Tell runs on seats, as tokens by line, from those that are metered."""
    shadow: dict[Where, dict[Line, int]] = {}
    work: list[LogRecord] = []
    for run in seen.runs:
        where = (run.issuer, account_of_run(run), run.ended_at.date())
        if finance.plan(*where) is None:
            work.append(run)
            continue
        line = line_of_run(run, seen.item_stamps)
        tokens = shadow.setdefault(where, {})
        tokens[line] = tokens.get(line, 0) + sum(count or 0 for count in run.tokens.values())
    return shadow, work


def _contracts(where: Where, finance: Finance) -> dict[str, str]:
    """Map skus under which a vendor bills what finance has signed to what they are then."""
    plans = {
        plan.sku: "accrued"
        for plan in finance.seats
        if plan.sku and (plan.issuer, plan.account) == where[:2]
    }
    lots = {
        lot.sku: "prepaid"
        for lot in finance.lots
        if lot.sku and (lot.issuer, lot.account) == where[:2]
    }
    return plans | lots


def _moved(
    seen: Seen, days: Collection[IssuerDay], finance: Finance, ledger: Ledger
) -> dict[Where, prepaid.Moved]:
    """Move all prepaid credits through their days."""
    found: dict[Where, prepaid.Moved] = {}
    drawn = _drawn(ledger)
    for issuer, account in sorted({(lot.issuer, lot.account) for lot in finance.lots}):
        lots = [lot for lot in finance.lots if (lot.issuer, lot.account) == (issuer, account)]
        drawings: dict[date, prepaid.Drawing] = {}
        day = min(lot.bought for lot in lots)
        while day <= seen.days[-1]:
            if (issuer, day) in days:
                rows = seen.charges.get((issuer, day), ())
                used = sum(
                    row.amount_nano
                    for row in rows
                    if row.account == account and row.category == "usage"
                )
                drawings[day] = prepaid.Drawing(used)
            else:
                drawings[day] = prepaid.Drawing(None, drawn.get((issuer, account, day), 0))
            day += _ONE_DAY
        portfolio = account_of(issuer, account).portfolio
        for at, moved in prepaid.move(lots, drawings, portfolio).items():
            found[issuer, account, at] = moved
    return found


def _drawn(ledger: Ledger) -> dict[Where, int]:
    """Sum what is posted as drawn, by account and day."""
    sums: dict[Where, int] = {}
    for place, to, amount in lines_of(ledger):
        if (to.kind, to.method) == ("prepaid", "drawn"):
            where = (place.issuer, place.account, place.day)
            sums[where] = sums.get(where, 0) - amount
    return sums


def _merge(desired: Ledger, where: Where, books: Books) -> None:
    place = Place(*where, period_of(where[2]), CURRENCY)
    for to, amount in books.items():
        if amount:
            add(desired.setdefault(place, {}), to, amount)
