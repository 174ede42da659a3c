"""Sum the charges of each booked day from its files, and hold the books against them.

Only what stands for a charge is compared: what contracts and documents add (R12 to R15 of
`docs/arithmetic.md`) is in no file of charges.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date

from config.load import Config
from config.shapes.finance import Prepaid
from tasks.core.books import DayBasis, Destination, DestinationKind, Method, Snapshot
from tasks.core.cells import ChargeCell
from tasks.core.digests import joined_digest
from tasks.core.money import to_nano
from tasks.core.night import IssuerDay
from tasks.core.reconciling.currency import Rates, converted, fx_digests
from tasks.core.standing import second_opinions
from tasks.core.tables import CHARGES
from tasks.lake.queries import Queries
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.snapshots import Which
from tasks.sources.registry import enabled_sources

#: Account, and currency, of an issuer's day.
_Where = tuple[str, str, date, str]
_NO_CHARGE_KINDS = frozenset({DestinationKind.PAYABLE, DestinationKind.ACCRUAL})
_NO_CHARGE_METHODS = frozenset(
    {Method.SEAT, Method.ACCRUED, Method.DRAWN, Method.EXPIRED, Method.SETTLED}
)


def sum_faults(config: Config, lake: Lake, ledger: Ledger, restore: str) -> tuple[int, list[str]]:
    """Find accounts' days that are booked otherwise than billed.

    Days whose newest charges, or exchange rates, no night has booked yet are left out.

    Args:
        config: With the issuers, and what finance has signed.
        lake: Where the charges are.
        ledger: What is booked.
        restore: What to do about a fault.

    Returns:
        How many issuer-days were compared, and one sentence a fault.
    """
    bases = ledger.last_bases(date.min, date.max)
    booked_from = _booked_from(config, ledger, bases)
    currencies = {issuer.id: issuer.currency for issuer in config.sources.issuers}
    rates = Rates(config.finance.exchange_rates)
    cells = Queries(lake).charge_cells([one for found in booked_from.values() for one in found])
    fx = fx_digests(cells, currencies, rates)
    days = {of for of in booked_from if fx.get(of, "") == bases[of].fx}
    charges = converted([one for one in cells if (one.issuer, one.day) in days], currencies, rates)
    left, bought = _left(charges, ledger, days)
    last = ledger.last_reconciliation()
    if last is not None and last.reconciliation.inputs.finance_digest == config.digests["finance"]:
        for where, nano in _bought_by_line(config.finance.prepaid, currencies):
            if where in bought:
                left[where] = left.get(where, 0) + nano
    else:  # the next night books what the lines say now
        left = {where: nano for where, nano in left.items() if where not in bought}
    return len(days), [
        f"{issuer} {account} on {day}: billed less booked is {nano} nano {currency}, not 0:"
        f" {restore}"
        for (issuer, account, day, currency), nano in sorted(left.items())
        if nano
    ]


def _booked_from(
    config: Config, ledger: Ledger, bases: Mapping[IssuerDay, DayBasis]
) -> dict[IssuerDay, list[Snapshot]]:
    """Choose the newest charges of each day, if they are what its books were made of."""
    issuer_of = {one.name: getattr(one, "issuer", "") for one in config.sources.sources}
    opinions = second_opinions(enabled_sources(config.sources))
    days: dict[IssuerDay, list[Snapshot]] = {}
    newest = ledger.snapshots_as_of(
        ledger.newest_seq(),
        layer="conformed",
        which=Which.NEWEST_COMPLETE,
        table=CHARGES.name,
    )
    for one in newest:
        if one.source in opinions:
            continue
        days.setdefault((issuer_of.get(one.source, ""), one.key), []).append(one)
    return {
        place: found
        for place, found in days.items()
        if place in bases and bases[place].charges == joined_digest(one.sha for one in found)
    }


def _left(
    charges: Iterable[ChargeCell], ledger: Ledger, days: Collection[IssuerDay]
) -> tuple[dict[_Where, int], set[_Where]]:
    """Take what is booked from what is billed, and name where credits were bought."""
    left: dict[_Where, int] = {}
    bought: set[_Where] = set()
    for cell in charges:
        where = (cell.issuer, cell.account, cell.day, cell.currency)
        left[where] = left.get(where, 0) + cell.billed_nano
    for (key, to), nano in ledger.posted(date.min, date.max).items():
        if (key.issuer, key.day) in days and _is_charge(to):
            where = (key.issuer, key.account, key.day, key.currency)
            left[where] = left.get(where, 0) - nano
            if to.kind is DestinationKind.PREPAID:
                bought.add(where)
    return left, bought


def _is_charge(to: Destination) -> bool:
    """Tell whether a posting stands for what was billed, or for a lot that was bought."""
    return to.kind not in _NO_CHARGE_KINDS and to.method not in _NO_CHARGE_METHODS


def _bought_by_line(
    lots: Iterable[Prepaid], currencies: Mapping[str, str]
) -> Iterator[tuple[_Where, int]]:
    for lot in lots:
        if lot.sku is None and lot.issuer in currencies:
            yield (lot.issuer, lot.account, lot.bought, currencies[lot.issuer]), to_nano(lot.amount)
