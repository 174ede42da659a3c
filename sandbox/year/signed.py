"""What finance signs in the year, and when: contracts, rates, documents, closes.

A line counts from the night on whose day it is merged. What invoices ask for is what the
books owe, but for the differences that stand here.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from sandbox.finance import Finance, Invoice, InvoiceLine, Lot, Rate, SeatPlan
from sandbox.organisation import (
    ANTHROPIC,
    CLOUD,
    CLOUD_MAIN,
    CLOUD_SEATS,
    CURRENCY,
    CURSOR,
    CURSOR_SEATS,
    OPENAI,
)
from sandbox.year import calendar, cloud_bill

_NANO = 1_000_000_000
_PAYMENTS = "wrkspc_01Payments"

#: Day of the month on which the documents of the month before arrive.
INVOICE_DAY = 5
#: From this day of the month on, the month before is closed as soon as it may be.
CLOSE_DAY = 10
#: Period -> (day it is opened again, day it is closed again).
REOPENED = {"2026-06": (date(2026, 7, 20), date(2026, 7, 24))}
#: (issuer, period) -> what its document asks for beyond what the books owe.
OFF_BY = {
    (ANTHROPIC, "2026-01"): 10_000_000,
    (OPENAI, "2026-01"): -49_999_999,
    (ANTHROPIC, "2026-03"): 137_500_000_000,
    (CURSOR, "2026-04"): -50_000_001,
    (OPENAI, "2026-08"): 3,
}
#: Period -> millionths of the rate at which the cloud's invoice in euros was paid.
SETTLED_AT = {"2026-01": 1_085_000, "2026-03": 1_101_500, "2026-05": 1_072_345}

_SEATS = SeatPlan(
    "editors",
    CURSOR,
    CURSOR_SEATS,
    date(2026, 1, 1),
    None,
    20,
    32_000_000_000,
    in_use=((date(2026, 1, 6), 15),),
)
_MORE_SEATS = SeatPlan(
    "more-editors",
    CURSOR,
    CURSOR_SEATS,
    date(2026, 7, 1),
    None,
    23,
    30_330_000_000,
    in_use=((date(2026, 7, 1), 22), (date(2026, 9, 15), 0), (date(2026, 9, 20), 23)),
)
_CLOUD_SEATS = SeatPlan(
    "pipeline",
    CLOUD,
    CLOUD_SEATS,
    calendar.CLOUD_SEATS_FROM,
    None,
    4,
    19_990_000_000,
    sku=cloud_bill.SEATS,
    in_use=((date(2026, 2, 1), 3),),
)
#: From which night on which seat plans stand in the file; the newest says all.
_PLANS = (
    (date(2026, 1, 3), (_SEATS,)),
    (date(2026, 1, 29), (replace(_SEATS, in_use=(*_SEATS.in_use, (date(2026, 1, 20), 18))),)),
    (
        date(2026, 2, 3),
        (
            replace(_SEATS, in_use=(*_SEATS.in_use, (date(2026, 1, 20), 18))),
            _CLOUD_SEATS,
        ),
    ),
    (
        date(2026, 7, 2),
        (
            replace(
                _SEATS,
                in_use=(*_SEATS.in_use, (date(2026, 1, 20), 18)),
                to_day=date(2026, 6, 30),
            ),
            _MORE_SEATS,
            _CLOUD_SEATS,
        ),
    ),
)
#: Credits by the night they stand in the file.
_LOTS = (
    (
        date(2026, 1, 12),
        Lot("spring", ANTHROPIC, _PAYMENTS, date(2026, 1, 10), date(2026, 1, 27), 25 * _NANO),
    ),
    (
        date(2026, 1, 16),
        Lot("any-time", ANTHROPIC, _PAYMENTS, date(2026, 1, 14), None, 8 * _NANO),
    ),
    (
        date(2026, 2, 11),
        Lot(
            "pack",
            CLOUD,
            CLOUD_MAIN,
            calendar.CREDIT_PACK_DAY,
            date(2026, 3, 1),
            40 * _NANO,
            sku=cloud_bill.CREDITS,
        ),
    ),
    (
        date(2026, 6, 2),
        Lot("summer", ANTHROPIC, _PAYMENTS, date(2026, 6, 1), date(2026, 8, 20), 150 * _NANO),
    ),
)
#: Rates by the night they stand in the file; a later line for the same day replaces it.
_RATES = (
    (date(2026, 1, 1), Rate("EUR", CURRENCY, date(2025, 12, 1), 1_083_500)),
    (date(2026, 1, 18), Rate("EUR", CURRENCY, date(2026, 1, 15), 1_091_200)),
    (date(2026, 2, 1), Rate("EUR", CURRENCY, date(2026, 2, 1), 1_090_000)),
    (date(2026, 2, 20), Rate("EUR", CURRENCY, date(2026, 2, 1), 1_093_100)),
    (date(2026, 4, 1), Rate("EUR", CURRENCY, date(2026, 4, 1), 1_070_007)),
    (date(2026, 8, 1), Rate("EUR", CURRENCY, date(2026, 8, 1), 1_121_212)),
)


def contracts(finance: Finance, day: date) -> Finance:
    """Bring contracts and rates up to a night's day; documents and acts stay as they are."""
    plans = [of for merged, of in _PLANS if merged <= day]
    rates = {rate.from_day: rate for merged, rate in _RATES if merged <= day}
    return replace(
        finance,
        seats=plans[-1] if plans else (),
        lots=tuple(lot for merged, lot in _LOTS if merged <= day),
        rates=tuple(rates[start] for start in sorted(rates)),
    )


def invoices(period: str, issuer: str, owed: Mapping[str, int], day: date) -> list[Invoice]:
    """Write an issuer's documents of a period: one a currency.

    Args:
        period: That has ended.
        issuer: Who asks.
        owed: What the books owe it, by currency.
        day: On which they arrive.
    """
    found = []
    for currency, nano in sorted(owed.items()):
        if not nano or currency == "CHF":
            continue
        asked = nano + (OFF_BY.get((issuer, period), 0) if currency == CURRENCY else 0)
        lines = [InvoiceLine("usage", asked - asked // 3), InvoiceLine("tax", asked // 3)]
        if (issuer, period) == (ANTHROPIC, "2026-05"):
            lines.append(InvoiceLine("adjustment", 4_000_000_000, "2026-03"))
        settled = SETTLED_AT.get(period, 0) if currency != CURRENCY else 0
        name = f"{issuer}-{period}-{currency}"
        found.append(Invoice(name, issuer, period, currency, day, tuple(lines), settled))
    return found
