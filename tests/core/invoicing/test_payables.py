"""Vendors that are paid but not connected are named with their amounts by month and currency."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from tasks.core.globs import compiled
from tasks.core.invoicing.payables import AGENT_VENDORS, PayableRow, unconnected_vendors


def row(issuer: str, day: date, amount_nano: int, currency: str = "USD") -> PayableRow:
    return {"issuer": issuer, "day": day, "amount_nano": amount_nano, "currency": currency}


def test_amounts_are_told_by_month_and_currency_and_connected_issuers_left_out() -> None:
    rows = [
        row("cursor", date(2026, 11, 1), 960_000_000_000),
        row("cursor", date(2026, 11, 30), -60_500_000_000),
        row("cursor", date(2026, 11, 30), 7_000_000_001, "EUR"),
        row("cursor", date(2026, 10, 31), 1),
        row("anthropic", date(2026, 11, 1), 5),
    ]

    (finding,) = unconnected_vendors(rows, {"anthropic"})

    assert (finding.code, finding.subject) == ("vendor_unconnected", "cursor")
    assert finding.detail == (
        "paid USD 0.000000001 in 2026-10, EUR 7.000000001 in 2026-11, USD 899.50 in 2026-11, "
        "but no enabled source reports what it bills"
    )


@given(st.permutations([("cursor", 1), ("devin", 2), ("cursor", 3), ("devin", -4)]))
def test_the_order_of_payments_is_no_difference(paid: list[tuple[str, int]]) -> None:
    rows = [row(issuer, date(2026, 11, 1), amount) for issuer, amount in paid]

    assert unconnected_vendors(rows, ()) == unconnected_vendors(sorted(rows, key=repr), ())


def test_every_built_in_pattern_is_reached_by_folded_text() -> None:
    matches = [match for match, _ in AGENT_VENDORS]

    assert [match for match in matches if match != match.casefold()] == []
    assert len(matches) == len(set(matches))
    assert all(compiled(match) for match in matches)
