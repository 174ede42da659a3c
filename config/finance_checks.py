"""Checks of what finance signs: one document once, lines in order, nothing for nobody."""

from collections.abc import Iterator
from datetime import date

from config.catalog_checks import unknown_reference
from config.misfits import FINANCE, SOURCES, Misfit, not_ascending, repeated
from config.problems import Path
from config.shapes.finance import Finance, Invoice, Prepaid, SeatPlan
from config.shapes.sources import Sources

_ISSUER = f"issuer of {SOURCES}"
#: A month that costs as much, in whole currency units, is beyond what the ledger can keep.
MOST = 9_200_000_000


def finance_misfits(finance: Finance, sources: Sources) -> Iterator[Misfit]:
    """Check what the file's own content, and the issuers of the sources, can tell."""
    yield from repeated(
        FINANCE, "invoices", finance.invoices, lambda one: (one.issuer, one.id), "id"
    )
    yield from repeated(FINANCE, "seats", finance.seats, lambda one: one.id, "id")
    yield from repeated(FINANCE, "prepaid", finance.prepaid, lambda one: one.id, "id")
    yield from repeated(
        FINANCE, "dispositions", finance.dispositions, lambda one: (one.break_id, one.on), "break"
    )
    rates = (((rate.currency, rate.into), rate.from_day) for rate in finance.exchange_rates)
    yield from not_ascending(FINANCE, ("exchange_rates",), rates)
    yield from _issuers(finance, {issuer.id for issuer in sources.issuers})
    currencies = {issuer.id: issuer.currency for issuer in sources.issuers}
    for position, invoice in enumerate(finance.invoices):
        own = currencies.get(invoice.issuer)
        yield from _invoice(("invoices", position), invoice, own)
    for position, rate in enumerate(finance.exchange_rates):
        if rate.currency == rate.into:
            message = "is the same as `currency`; a currency is worth itself."
            yield Misfit(FINANCE, ("exchange_rates", position, "into"), message)
    for position, plan in enumerate(finance.seats):
        yield from _plan(("seats", position), plan, finance.seats[:position])
    for position, lot in enumerate(finance.prepaid):
        yield from _lot(("prepaid", position), lot, finance.seats)
    for position, disposition in enumerate(finance.dispositions):
        path: Path = ("dispositions", position, "until")
        if disposition.until is None and disposition.verdict == "accepted":
            yield Misfit(FINANCE, path, "is missing; a break is accepted until a day.")
        if disposition.until is not None and disposition.until < disposition.on:
            yield Misfit(FINANCE, path, f"must not be before `on` ({disposition.on}).")


def _issuers(finance: Finance, issuers: set[str]) -> Iterator[Misfit]:
    named = {
        "invoices": [one.issuer for one in finance.invoices],
        "seats": [one.issuer for one in finance.seats],
        "prepaid": [one.issuer for one in finance.prepaid],
    }
    for name, found in named.items():
        for position, issuer in enumerate(found):
            if issuer not in issuers:
                path: Path = (name, position, "issuer")
                yield unknown_reference(FINANCE, path, issuer, _ISSUER, issuers)


def _invoice(path: Path, invoice: Invoice, own: str | None) -> Iterator[Misfit]:
    if invoice.settled_rate is not None and invoice.currency == own:
        message = f"is for an invoice in a foreign currency; {own} is the issuer's own."
        yield Misfit(FINANCE, (*path, "settled_rate"), message)
    for position, line in enumerate(invoice.lines):
        if line.origin_period is not None and line.origin_period >= invoice.billing_period:
            message = f"must be before `billing_period` ({invoice.billing_period})."
            yield Misfit(FINANCE, (*path, "lines", position, "origin_period"), message)


def _plan(path: Path, plan: SeatPlan, earlier: tuple[SeatPlan, ...]) -> Iterator[Misfit]:
    if plan.to_day is not None and plan.to_day < plan.from_day:
        yield Misfit(FINANCE, (*path, "to"), f"must not be before `from` ({plan.from_day}).")
    yield from not_ascending(
        FINANCE, (*path, "in_use"), (("in_use", entry.from_day) for entry in plan.in_use)
    )
    for position, entry in enumerate(plan.in_use):
        if entry.seats > plan.seats:
            message = f"is more than the plan has ({plan.seats})."
            yield Misfit(FINANCE, (*path, "in_use", position, "seats"), message)
    if plan.seats * plan.price >= MOST:
        message = f"costs {plan.seats} x {plan.price} a month; {MOST} and more cannot be kept."
        yield Misfit(FINANCE, (*path, "price"), message)
    for other in earlier:
        same = (other.issuer, other.account) == (plan.issuer, plan.account)
        if same and _end(other) >= plan.from_day and _end(plan) >= other.from_day:
            message = (
                f"holds on days on which {other.id!r} holds for the same account; end that one."
            )
            yield Misfit(FINANCE, (*path, "from"), message)


def _lot(path: Path, lot: Prepaid, plans: tuple[SeatPlan, ...]) -> Iterator[Misfit]:
    for plan in plans:
        same = (plan.issuer, plan.account, plan.sku) == (lot.issuer, lot.account, lot.sku)
        if same and lot.sku is not None:
            message = f"is the sku of seat plan {plan.id!r}, too; a charge clears only one."
            yield Misfit(FINANCE, (*path, "sku"), message)
    if lot.expires is not None and lot.expires < lot.bought:
        yield Misfit(FINANCE, (*path, "expires"), f"must not be before `bought` ({lot.bought}).")


def _end(plan: SeatPlan) -> date:
    return plan.to_day or date.max
