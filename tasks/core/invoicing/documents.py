"""Read what documents say: what invoices ask for, and what the policy lets pass of them.

Amounts are integers of 1e-9 currency units.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from config.shapes.finance import Invoice
from config.shapes.policy import Rounding
from tasks.core.invoicing.owed import IssuerPeriod
from tasks.core.money import to_nano


@dataclass(frozen=True, slots=True)
class Asked:
    """What the invoices of one issuer, period and currency ask for.

    Attributes:
        nano: Without corrections of other periods.
        rates: At which they were paid; None among them: not told.
    """

    nano: int = 0
    invoices: int = 0
    rates: frozenset[Decimal | None] = frozenset()

    def settled_rate(self) -> Decimal | None:
        """Give the one rate that all of them were paid at, if it is told and the same."""
        return next(iter(self.rates)) if len(self.rates) == 1 else None


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a difference may be settled; none at all, where the policy has no line."""

    per_invoice_nano: int = 0
    per_month_nano: int = 0


def asked_for(invoices: Iterable[Invoice]) -> dict[IssuerPeriod, dict[str, Asked]]:
    """Sum invoices by issuer and period, then by currency."""
    found: dict[IssuerPeriod, dict[str, Asked]] = {}
    for invoice in invoices:
        by_currency = found.setdefault((invoice.issuer, invoice.billing_period), {})
        so_far = by_currency.get(invoice.currency, Asked())
        amounts = (line.amount for line in invoice.lines if line.origin_period is None)
        by_currency[invoice.currency] = Asked(
            nano=so_far.nano + sum(to_nano(amount) for amount in amounts),
            invoices=so_far.invoices + 1,
            rates=so_far.rates | {invoice.settled_rate},
        )
    return found


def limits_of(lines: Sequence[Rounding], issuer: str, day: date) -> Limits:
    """Find what holds on a day: the issuer's own latest line, else the latest for every issuer."""
    begun = [line for line in lines if line.from_day <= day and line.issuer in (issuer, None)]
    if not begun:
        return Limits()
    in_force = max(begun, key=lambda line: (line.issuer is not None, line.from_day))
    return Limits(to_nano(in_force.per_invoice), to_nano(in_force.per_month))
