"""What finance signs, as plain records, and as the text of a `finance.yaml`.

Amounts are integers of 1e-9 currency units; days are UTC days, a period is `YYYY-MM`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

_NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """Millionths of a unit of `into` that one unit of `currency` is worth from a day on."""

    currency: str
    into: str
    from_day: date
    millionths: int

    def value(self) -> Fraction:
        """Give the rate itself."""
        return Fraction(self.millionths, 1_000_000)


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line of a document; `origin_period` on a correction of an earlier one."""

    category: str
    amount_nano: int
    origin_period: str = ""


@dataclass(frozen=True, slots=True)
class Invoice:
    """An issuer's document for a period; `settled` in millionths, 0 if it names no rate."""

    id: str
    issuer: str
    period: str
    currency: str
    issued_on: date
    lines: tuple[InvoiceLine, ...]
    settled: int = 0


@dataclass(frozen=True, slots=True)
class SeatPlan:
    """Seats by contract.

    Attributes:
        price_nano: Of one seat for a month.
        sku: Of the vendor's own charge for them; empty: there is none.
        in_use: (first day, seats), ascending.
    """

    id: str
    issuer: str
    account: str
    from_day: date
    to_day: date | None
    seats: int
    price_nano: int
    sku: str = ""
    in_use: tuple[tuple[date, int], ...] = ()

    def holds(self, day: date) -> bool:
        """Tell whether a day is one of the plan's."""
        return self.from_day <= day and (self.to_day is None or day <= self.to_day)

    def used(self, day: date) -> int | None:
        """Give the seats in use by the latest line that has begun; None if none has."""
        begun = [seats for start, seats in self.in_use if start <= day]
        return begun[-1] if begun else None


@dataclass(frozen=True, slots=True)
class Lot:
    """Credits bought in advance; `expires` is the last day to draw on them."""

    id: str
    issuer: str
    account: str
    bought: date
    expires: date | None
    amount_nano: int
    sku: str = ""


@dataclass(frozen=True, slots=True)
class Disposition:
    """What a role has decided about a break."""

    break_id: str
    on: date
    limit_nano: int


@dataclass(frozen=True, slots=True)
class Close:
    """The sign-off of a period, by the digest of its books."""

    period: str
    digest: str
    on: date


@dataclass(frozen=True, slots=True)
class Reopening:
    """A closed period opened again."""

    period: str
    on: date


@dataclass(frozen=True, slots=True)
class Finance:
    """Everything that has been signed up to a moment."""

    rates: tuple[Rate, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    seats: tuple[SeatPlan, ...] = ()
    lots: tuple[Lot, ...] = ()
    dispositions: tuple[Disposition, ...] = ()
    closes: tuple[Close, ...] = ()
    reopenings: tuple[Reopening, ...] = ()

    def signed(self, *lines: Invoice | Disposition | Close | Reopening) -> "Finance":
        """Give the same with further lines at the end."""
        kinds = {"invoices": Invoice, "dispositions": Disposition}
        kinds |= {"closes": Close, "reopenings": Reopening}
        added = {
            name: (*getattr(self, name), *(line for line in lines if isinstance(line, kind)))
            for name, kind in kinds.items()
        }
        return replace(self, **added)

    def plan(self, issuer: str, account: str, day: date) -> SeatPlan | None:
        """Find the plan that holds for an account on a day."""
        held = (
            plan
            for plan in self.seats
            if (plan.issuer, plan.account) == (issuer, account) and plan.holds(day)
        )
        return next(held, None)

    def rate(self, currency: str, into: str, day: date) -> Rate | None:
        """Find the latest line that has begun by a day."""
        begun = [
            rate
            for rate in self.rates
            if (rate.currency, rate.into) == (currency, into) and rate.from_day <= day
        ]
        return max(begun, key=lambda rate: rate.from_day, default=None)


def finance_text(finance: Finance) -> str:
    """Write a `finance.yaml`."""
    parts = {
        "exchange_rates": [
            f"currency: {one.currency}, into: {one.into}, from: {one.from_day}, "
            f"rate: {_millionths(one.millionths)}"
            for one in finance.rates
        ],
        "invoices": [_invoice(one) for one in finance.invoices],
        "seats": [_plan(one) for one in finance.seats],
        "prepaid": [_lot(one) for one in finance.lots],
        "dispositions": [
            f'break: "{one.break_id}", verdict: structural, on: {one.on}, by: finance-partner, '
            f"reason: Known to the issuer., limit: {_money(one.limit_nano)}"
            for one in finance.dispositions
        ],
        "closes": [
            f'billing_period: "{one.period}", digest: "{one.digest}", by: finance-partner, '
            f"on: {one.on}"
            for one in finance.closes
        ],
        "reopenings": [
            f'billing_period: "{one.period}", by: finance-partner, on: {one.on}, '
            "reason: The issuer found an error."
            for one in finance.reopenings
        ],
    }
    lines = ["version: 1"]
    for name, entries in parts.items():
        if entries:
            lines += [f"{name}:", *(f"  - {{{entry}}}" for entry in entries)]
    return "\n".join(lines) + "\n"


def _invoice(one: Invoice) -> str:
    lines = ", ".join(
        "{"
        f"category: {line.category}, amount: {_money(line.amount_nano)}"
        + (f', origin_period: "{line.origin_period}"' if line.origin_period else "")
        + "}"
        for line in one.lines
    )
    settled = f", settled_rate: {_millionths(one.settled)}" if one.settled else ""
    return (
        f'id: "{one.id}", issuer: {one.issuer}, billing_period: "{one.period}", '
        f"currency: {one.currency}, issued_on: {one.issued_on}, lines: [{lines}]{settled}"
    )


def _plan(one: SeatPlan) -> str:
    said = [
        f"id: {one.id}, issuer: {one.issuer}, account: {one.account}, from: {one.from_day}",
        f"seats: {one.seats}, price: {_money(one.price_nano)}",
    ]
    if one.to_day:
        said.append(f"to: {one.to_day}")
    if one.sku:
        said.append(f'sku: "{one.sku}"')
    if one.in_use:
        used = _flow(f"from: {start}, seats: {seats}" for start, seats in one.in_use)
        said.append(f"in_use: [{used}]")
    return ", ".join(said)


def _lot(one: Lot) -> str:
    said = [
        f"id: {one.id}, issuer: {one.issuer}, account: {one.account}, bought: {one.bought}",
        f"amount: {_money(one.amount_nano)}",
    ]
    if one.expires:
        said.append(f"expires: {one.expires}")
    if one.sku:
        said.append(f'sku: "{one.sku}"')
    return ", ".join(said)


def _flow(entries: Iterable[str]) -> str:
    return ", ".join(f"{{{entry}}}" for entry in entries)


def _money(nano: int) -> str:
    sign = "-" if nano < 0 else ""
    return f'"{sign}{abs(nano) // _NANO}.{abs(nano) % _NANO:09d}"'


def _millionths(value: int) -> str:
    return f'"{value // 1_000_000}.{value % 1_000_000:06d}"'
