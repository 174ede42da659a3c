"""What a pull of Copilot's bill should tell a person: renamed things, and reports that differ."""

from collections.abc import Iterable, Iterator, Sequence

from tasks.core.amount_text import amount_text
from tasks.core.findings import Finding
from tasks.core.models import slug
from tasks.core.money import to_nano
from tasks.sources.copilot.billing import DayBill
from tasks.sources.copilot.names import is_counted_in, is_seat, sold_as
from tasks.sources.copilot.payloads import Item


def findings_of(bills: Sequence[DayBill], source: str) -> tuple[Finding, ...]:
    """Tell what the bills of a window met with, each thing once."""
    items = [item for bill in bills for _, item in bill.items]
    return (
        *_unknown_skus(items, source),
        *_unknown_units(items, source),
        *_apart(bills, source),
        *(
            Finding("report_contradicted", source, f"{bill.day}: {bill.contradiction}", source)
            for bill in bills
            if bill.contradiction
        ),
    )


def _unknown_skus(items: Iterable[Item], source: str) -> Iterator[Finding]:
    met: dict[str, list[Item]] = {}
    for item in items:
        if sold_as(item.sku) is None and not is_seat(item.sku, item.unit):
            met.setdefault(slug(item.sku), []).append(item)
    for sku, lines in sorted(met.items()):
        are = "are" if len(lines) > 1 else "is"
        detail = f"{_lines(lines)} of a sku never seen before {are} booked under its own name"
        yield Finding("unknown_sku", sku, detail, source)


def _unknown_units(items: Iterable[Item], source: str) -> Iterator[Finding]:
    met: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        if not is_counted_in(item.sku, item.unit):
            met.setdefault((slug(item.sku), slug(item.unit or "")), []).append(item)
    for (sku, unit), lines in sorted(met.items()):
        count = "count" if len(lines) > 1 else "counts"
        detail = f"{_lines(lines)} {count} in {unit!r}, which is not known: no quantity is kept"
        yield Finding("unknown_unit", sku, detail, source)


def _apart(bills: Iterable[DayBill], source: str) -> Iterator[Finding]:
    apart = [bill for bill in bills if bill.apart_nano and not bill.contradiction]
    if apart:
        most = max(apart, key=lambda bill: abs(bill.apart_nano))
        days = "days" if len(apart) > 1 else "day"
        detail = (
            f"on {len(apart)} {days} the bill of all products tells other AI credits than their "
            f"own report, which is booked: {_amount(sum(one.apart_nano for one in apart))} more, "
            f"most on {most.day} ({_amount(most.apart_nano)})"
        )
        yield Finding("reports_differ", source, detail, source)


def _lines(items: Sequence[Item]) -> str:
    amount = _amount(sum(to_nano(item.net) for item in items))
    return f"{len(items)} {'lines' if len(items) > 1 else 'line'} ({amount})"


def _amount(nano: int) -> str:
    return amount_text(nano, "USD")
