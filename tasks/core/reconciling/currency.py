"""Convert foreign charges into the currency of their issuer's books.

Rule R11 of `docs/arithmetic.md`. A charge keeps the rate of its own day, however late or
often it is told, so a restatement is never a difference of rates. Without a rate it stays
as it was billed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from config.shapes.finance import ExchangeRate
from tasks.core.cells import ChargeCell
from tasks.core.digests import joined_digest
from tasks.core.errors import OutOfRangeError
from tasks.core.money import divide_half_even, in_range


class Conversion(NamedTuple):
    """One sum that was billed in a foreign currency.

    Attributes:
        billed: As billed.
        booked: The same in the issuer's currency; None where no rate was in force.
    """

    billed: ChargeCell
    booked: ChargeCell | None


class Rates:
    """The dated exchange rates of finance."""

    def __init__(self, lines: Iterable[ExchangeRate]) -> None:
        self._lines: dict[tuple[str, str], list[ExchangeRate]] = {}
        for line in lines:
            self._lines.setdefault((line.currency, line.into), []).append(line)
        for dated in self._lines.values():
            dated.sort(key=lambda line: line.from_day, reverse=True)

    def at(self, currency: str, into: str, day: date) -> ExchangeRate | None:
        """Give the latest line from one currency into another that has begun by a day."""
        dated = self._lines.get((currency, into), ())
        return next((line for line in dated if line.from_day <= day), None)


def conversions(
    charges: Iterable[ChargeCell], currencies: Mapping[str, str], rates: Rates
) -> Iterator[Conversion]:
    """Convert every foreign sum among charges.

    Args:
        charges: In any order; charges in the issuer's currency are passed over.
        currencies: Of each issuer; charges of others are passed over.
        rates: In force.

    Raises:
        OutOfRangeError: A sum is larger, billed or converted, than the ledger can keep.
    """
    sums: dict[ChargeCell, ChargeCell] = {}
    for charge in charges:
        if charge.currency != currencies.get(charge.issuer, charge.currency):
            grain = replace(charge, billed_nano=0, quantity=None, lines=0)
            sums[grain] = _added(sums[grain], charge) if grain in sums else charge
    for billed in sums.values():
        into = currencies[billed.issuer]
        line = rates.at(billed.currency, into, billed.day)
        yield Conversion(billed, _booked(billed, line) if line is not None else None)


def converted(
    charges: Iterable[ChargeCell], currencies: Mapping[str, str], rates: Rates
) -> list[ChargeCell]:
    """Give the charges as they are booked: converted where a rate was in force.

    Args:
        charges: As billed, in any order.
        currencies: Of each issuer; charges of others are left as they are.
        rates: In force.

    Returns:
        In no particular order; what no rate converts stays in its own currency.

    Raises:
        OutOfRangeError: A sum is larger, billed or converted, than the ledger can keep.
    """
    charges = list(charges)
    own = [one for one in charges if one.currency == currencies.get(one.issuer, one.currency)]
    foreign = conversions(charges, currencies, rates)
    return [*own, *(one.booked if one.booked is not None else one.billed for one in foreign)]


def size_of(charge: ChargeCell, currencies: Mapping[str, str], rates: Rates) -> int:
    """Give how large a charge is, without its sign: as billed or as booked, the larger one."""
    into = currencies.get(charge.issuer, charge.currency)
    line = rates.at(charge.currency, into, charge.day)
    size = abs(charge.billed_nano)
    return max(size, _at(size, line)) if line is not None else size


def fx_digests(
    charges: Iterable[ChargeCell], currencies: Mapping[str, str], rates: Rates
) -> dict[tuple[str, date], str]:
    """Digest the rates that convert the charges of each (issuer, day).

    Returns:
        SHA-256 hex by (issuer, day); days without a converted charge are left out.
    """
    used: dict[tuple[str, date], set[str]] = {}
    for charge in charges:
        into = currencies.get(charge.issuer, charge.currency)
        line = rates.at(charge.currency, into, charge.day)
        if line is not None:
            spelled = f"{line.currency} {line.into} {line.rate.normalize():f}"
            used.setdefault((charge.issuer, charge.day), set()).add(spelled)
    return {issuer_day: joined_digest(lines) for issuer_day, lines in sorted(used.items())}


def _added(one: ChargeCell, other: ChargeCell) -> ChargeCell:
    is_said = one.quantity is not None and other.quantity is not None
    return replace(
        one,
        billed_nano=one.billed_nano + other.billed_nano,
        quantity=(one.quantity or 0) + (other.quantity or 0) if is_said else None,
        lines=one.lines + other.lines,
    )


def _booked(billed: ChargeCell, line: ExchangeRate) -> ChargeCell:
    booked_nano = _at(billed.billed_nano, line)
    try:
        in_range(billed.billed_nano)
        in_range(booked_nano)
    except OutOfRangeError as error:
        message = (
            f"{billed.issuer} {billed.account} {billed.day}: {billed.billed_nano} nano "
            f"{billed.currency} at {line.rate} {line.into} cannot be booked: {error}; correct "
            "the rate in finance.yaml, or have the issuer correct the charge"
        )
        raise OutOfRangeError(message) from error
    return replace(billed, currency=line.into, billed_nano=booked_nano)


def _at(amount_nano: int, line: ExchangeRate) -> int:
    numerator, denominator = line.rate.as_integer_ratio()
    return divide_half_even(amount_nano * numerator, denominator)
