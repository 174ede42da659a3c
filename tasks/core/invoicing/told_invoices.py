"""Issuers' documents from `finance.yaml` and from files, as one list.

A document that is told twice in the same words counts once. One that is told in two ways is
none until somebody says which: what finance has signed holds, and of files neither does.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from config.shapes.finance import Invoice, InvoiceLine
from tasks.core.findings import Finding
from tasks.core.money import NANO

#: A conformed row of `invoices`.
InvoiceRow = Mapping[str, Any]
_Named = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ToldInvoices:
    """What issuers want paid, as far as it is clear.

    Attributes:
        invoices: By issuer and id.
        findings: Documents that are told in two ways, or are of an issuer that nobody knows.
    """

    invoices: tuple[Invoice, ...]
    findings: tuple[Finding, ...]


def invoices_of(
    signed: Iterable[Invoice], rows: Iterable[InvoiceRow], issuers: Collection[str]
) -> ToldInvoices:
    """Merge what finance has signed with what files say.

    Args:
        signed: Of `finance.yaml`.
        rows: Of the newest complete snapshot of every day of every enabled source.
        issuers: Ids of the issuers of `sources.yaml`.
    """
    told: dict[_Named, list[Invoice]] = defaultdict(list)
    for invoice in _documents(rows):
        told[invoice.issuer, invoice.id].append(invoice)
    kept = {(one.issuer, one.id): one for one in signed}
    findings = []
    for (issuer, name), found in sorted(told.items()):
        typed = kept.get((issuer, name))
        if issuer not in issuers:
            detail = f"document {name!r} cannot be held against anything"
            findings.append(Finding("unknown_issuer", issuer, detail))
        elif len({_content(one) for one in (*found, *([typed] if typed else []))}) > 1:
            stays = "what is signed holds" if typed else "none of them counts"
            detail = f"document {name!r} is told in two ways; {stays}"
            findings.append(Finding("invoice_contradicted", issuer, detail))
        else:
            kept.setdefault((issuer, name), found[0])
    return ToldInvoices(tuple(kept[named] for named in sorted(kept)), tuple(findings))


def _documents(rows: Iterable[InvoiceRow]) -> list[Invoice]:
    """Put the lines of each document of each day of each source together."""
    found: dict[tuple[Any, ...], list[InvoiceRow]] = defaultdict(list)
    for row in rows:
        found[row["source"], row["day"], row["issuer"], row["invoice_id"]].append(row)
    return [_document(found[key]) for key in sorted(found)]


def _document(rows: Sequence[InvoiceRow]) -> Invoice:
    first = rows[0]
    rate = first["settled_rate"]
    return Invoice(
        id=first["invoice_id"],
        issuer=first["issuer"],
        billing_period=first["billing_period"],
        currency=first["currency"],
        issued_on=first["day"],
        settled_rate=None if rate is None else Decimal(rate),
        lines=tuple(
            InvoiceLine(
                category=row["category"],
                amount=Decimal(row["amount_nano"]) / NANO,
                origin_period=row["origin_period"],
            )
            for row in sorted(rows, key=lambda row: row["line"])
        ),
    )


def _content(invoice: Invoice) -> tuple[object, ...]:
    """Give what two tellings of a document must agree on; the order of lines is none of it."""
    lines = sorted((one.category, one.amount, one.origin_period or "") for one in invoice.lines)
    return (
        *(invoice.billing_period, invoice.currency, invoice.issued_on, invoice.settled_rate),
        tuple(lines),
    )
