"""Invoices against the books, and contract lines on offer, as people read them."""

from collections.abc import Iterable

from tasks.core.contract_diff import contract_line
from tasks.core.invoicing.settlement import Outcome, Settlement
from tasks.core.reconciling.offers import ContractOffer
from tasks.pages.fences import fenced
from tasks.pages.text import amount, markdown, table

_INVOICES = ("Issuer", "Period", "Invoices", "Invoiced", "Owed", "Difference")
_AGREED = "agrees with the books"


def invoices_section(rows: Iterable[Settlement]) -> list[str]:
    """Write the section; nothing without an invoice."""
    rows = list(rows)
    if not rows:
        return []
    # Below the table, not in it: one of the two UIs of Prefect breaks no cell into lines.
    words = [f"- {markdown(row.issuer)} {row.billing_period}: {_so(row)}" for row in rows]
    return [
        *("", "## Invoices", ""),
        table(_INVOICES, [_invoice_line(row) for row in rows], right=frozenset(range(2, 6))),
        "",
        *words,
        "",
        "*Owed* is what the books owe for the period, in the currency it was billed in.",
    ]


def offers_section(offers: Iterable[ContractOffer], diff: str) -> list[str]:
    """Write the section; nothing without an offer.

    Args:
        offers: Steady discounts and surcharges.
        diff: The same as a change of `sources.yaml`; empty: the lines stand alone.
    """
    offers = list(offers)
    if not offers:
        return []
    lines = [
        f"- {markdown(one.issuer)} bills {markdown(one.model)} at {one.factor} of its list price,"
        f" on each of {one.days} days since {one.from_day}."
        for one in offers
    ]
    spelled = "\n".join(f"- {contract_line(one)}" for one in offers)
    return [
        *("", "## Contract lines on offer", ""),
        "If a contract says so, merge its line: these differences then are part of the price.",
        "",
        *lines,
        "",
        fenced(diff, "diff") if diff else fenced(spelled, "yaml"),
    ]


def _invoice_line(row: Settlement) -> tuple[str, ...]:
    is_compared = not row.missing_days
    return (
        markdown(row.issuer),
        row.billing_period,
        str(row.invoices),
        amount(row.invoiced_nano, row.currency),
        amount(row.owed_nano, row.currency),
        amount(row.difference_nano, row.currency) if is_compared else "",
    )


def _so(row: Settlement) -> str:
    """Say what became of the comparison."""
    parts = ["closed: as it was settled"] if row.outcome is Outcome.CLOSED else []
    left_nano = row.difference_nano - row.rounding_nano
    if row.missing_days:
        days = "day is" if row.missing_days == 1 else "days are"
        parts.append(f"not compared: {row.missing_days} {days} not booked")
    elif not row.difference_nano:
        parts.append(_AGREED)
    if row.rounding_nano:
        parts.append(f"{amount(row.rounding_nano, row.currency)} is rounding")
    if left_nano and not row.missing_days:
        parts.append(f"**{amount(left_nano, row.currency)} is a break**")
    if row.fx_nano:
        parts.append(f"{amount(row.fx_nano, row.currency)} by exchange rates")
    return "; ".join(parts)
