"""A made-up month's books and bills: every category, two issuers, a correction."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from config.shapes.sources import ContractLine, Issuer
from tasks.core.books import (
    BookKey,
    Break,
    BreakClass,
    Destination,
    DestinationKind,
    Method,
    Strength,
)
from tasks.core.cells import UsageCell
from tasks.core.days import day_bounds
from tasks.core.exports.billed_lines import Advances, Bill, Line, booked_lines
from tasks.core.exports.focus import focus_rows
from tasks.core.exports.focus_columns import Row
from tasks.core.exports.focus_prices import RateBook
from tasks.core.exports.focus_values import Context

DAY = date(2026, 11, 20)
PERIOD = "2026-11"
HEAD = "b" * 64
CENTRES = {"core": "CC-1"}
ISSUERS = (
    Issuer(
        id="anthropic",
        price_provider="anthropic",
        contract=(ContractLine(model="claude-sonnet-4-5", factor="0.9", **{"from": "2026-01-01"}),),
    ),
    Issuer(id="openai", price_provider="openai"),
)
CURRENCIES = {"anthropic": "USD", "openai": "USD"}
SKU = "claude-sonnet-4-5·standard·0-200k"
BUMP = Destination(
    DestinationKind.FAMILY,
    *("core", "upgrades", "bump", "production", "exploration"),
    Method.METERED,
    Strength.STAMP,
)
LAB = replace(BUMP, workflow="lab", pool="exploration")
REST = Destination(DestinationKind.UNATTRIBUTED, "core")
CREDIT = Destination(DestinationKind.CREDIT)
TAX = Destination(DestinationKind.TAX)
FEE = Destination(DestinationKind.FEE)


def book(issuer: str = "anthropic", account: str = "ws_1", **changes: object) -> BookKey:
    return replace(BookKey(issuer, account, DAY, PERIOD, "USD"), **changes)  # type: ignore[arg-type]


def charge(billed_nano: int, **columns: object) -> dict[str, Any]:
    start, end = day_bounds(DAY)
    return {
        "source": "bill",
        "issuer": "anthropic",
        "account": "ws_1",
        "day": DAY,
        "charge_start": start,
        "charge_end": end,
        "billing_period": PERIOD,
        "category": "usage",
        "charge_class": None,
        "sku": SKU,
        "model": "claude-sonnet-4-5",
        "tier": "standard",
        "context": "0-200k",
        "kind": "input",
        "quantity": None,
        "unit": None,
        "billed_nano": billed_nano,
        "currency": "USD",
        "invoice_id": None,
        "run_id": None,
        **columns,
    }


def usage(quantity: int, **columns: object) -> UsageCell:
    told = {"sku": SKU, "tier": "standard", "context": "0-200k", "kind": "input"}
    cell = UsageCell("anthropic", "ws_1", DAY, None, "claude-sonnet-4-5", quantity=quantity, **told)
    return replace(cell, **columns)  # type: ignore[arg-type]


def bill(*rows: dict[str, Any], digest: str = "d" * 64, source: str = "bill") -> Bill:
    return Bill(source, DAY, digest, rows)


PLAIN = {"model": None, "tier": None, "context": None, "kind": None}


@dataclass(frozen=True)
class Month:
    """Books, the bills they were made of, and what was metered."""

    posted: dict[tuple[BookKey, Destination], int]
    bills: Sequence[Bill]
    usage: Sequence[UsageCell] = ()
    breaks: Sequence[Break] = ()
    advances: Advances = field(default_factory=dict)

    def rows(self) -> list[Row]:
        lines = self.lines()
        rates = RateBook(ISSUERS, self.usage, [one for of in lines.values() for one in of])
        return focus_rows(
            self.posted, lines, rates, Context(PERIOD, HEAD, CENTRES, {}, self.breaks)
        )

    def lines(self) -> dict[BookKey, list[Line]]:
        return booked_lines(self.posted, self.bills, CURRENCIES, self.advances)


def a_month(invoice: str | None = None) -> Month:
    """Give a month with a row of every kind; 3 USD a million is the list price of the input."""
    bills = [
        bill(
            charge(2_700_000_001, invoice_id=invoice),
            charge(1_350_000_000, kind="output", invoice_id=invoice),
            charge(50_000_000, sku="web_search", **PLAIN, invoice_id=invoice),
            charge(-500_000_000, sku="promo", category="credit", **PLAIN, invoice_id=invoice),
            charge(80_000_000, sku="vat", category="tax", **PLAIN, invoice_id=invoice),
            charge(20_000_000, sku="minimum", category="adjustment", **PLAIN, invoice_id=invoice),
        ),
        bill(
            charge(
                7_000_000,
                source="open",
                issuer="openai",
                account="proj_1",
                sku="gpt-4o",
                model="gpt-4o",
                tier=None,
                context=None,
                kind="output",
                quantity=700,
                unit="tokens",
                invoice_id=invoice and f"{invoice}-2",
            ),
            source="open",
        ),
    ]
    late = book(origin_period="2026-10", day=date(2026, 10, 30))
    posted = {
        (book(), BUMP): 2_000_000_000,
        (book(), LAB): 100_000_001,
        (book(), REST): 2_000_000_000,
        (book(), CREDIT): -500_000_000,
        (book(), TAX): 80_000_000,
        (book(), FEE): 20_000_000,
        (book("openai", "proj_1"), BUMP): 7_000_000,
    }
    if invoice is None:
        posted[late, BUMP] = -3_000_000
        posted[late, REST] = 5_000_000
    metered = [
        usage(1_000_003),
        usage(90_000, kind="output"),
        usage(5, sku="web_search", kind="web_search_requests", tier=None, context=None),
    ]
    gap = Break(BreakClass.UNLOGGED_USAGE, "anthropic", "ws_1", DAY, SKU, 5)
    return Month(posted, bills, metered, [gap])


def a_month_of_contracts() -> Month:
    """Give a month with seats of both ways to bill, credits drawn and lost, and settlement."""
    by_contract = book("cursor", "team")
    accrued = book("openai", "org")
    settled = book(account="-", day=date(2026, 11, 30))
    posted = {
        (book(), BUMP): 2_000_000_000,
        (book(), REST): 1_000_000_001,
        (book(), _prepaid(Method.BOUGHT)): 9_000_000_000,
        (book(), _prepaid(Method.DRAWN)): -2_500_000_000,
        (book(), _prepaid(Method.EXPIRED)): -40_000_000,
        (book(), replace(_prepaid(Method.EXPIRED), kind=DestinationKind.BREAKAGE)): 40_000_000,
        (by_contract, replace(LAB, method=Method.SEAT)): 700_000_000,
        (by_contract, _by_contract(DestinationKind.IDLE_SEAT)): 300_000_000,
        (accrued, _by_contract(DestinationKind.SEAT)): 20_000_000,
        (accrued, _by_contract(DestinationKind.ACCRUED)): -20_000_000,
        (accrued, replace(_prepaid(Method.BOUGHT), kind=DestinationKind.ACCRUED)): 600_000_000,
        (settled, Destination(DestinationKind.ROUNDING, method=Method.SETTLED)): 10_000_000,
        (settled, Destination(DestinationKind.FX, method=Method.SETTLED)): -7_000_000,
        (settled, Destination(DestinationKind.ACCRUAL, method=Method.ACCRUED)): 5_000_000,
    }
    plan = charge(
        600_000_000,
        issuer="openai",
        account="org",
        source="open",
        sku="seats",
        category="purchase",
        **PLAIN,
    )
    bills = [
        bill(charge(2_700_000_001), charge(300_000_000, kind="output")),
        bill(plan, source="open"),
    ]
    advances = {("openai", "org", "seats"): DestinationKind.ACCRUED}
    return Month(posted, bills, [usage(1_000_003)], advances=advances)


def _prepaid(method: Method) -> Destination:
    return Destination(DestinationKind.PREPAID, "core", method=method)


def _by_contract(kind: DestinationKind) -> Destination:
    return Destination(kind, "core", method=Method.ACCRUED)
