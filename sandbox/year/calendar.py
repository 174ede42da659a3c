"""What is scripted in the year, and when: days are UTC, a night runs at four.

The year is 2026; its nights read the days before them. Every month ends with invoices, a
soft close and a close; what is not ordinary stands here.
"""

from datetime import UTC, date, datetime, time, timedelta

FIRST_DAY = date(2026, 1, 1)
LAST_DAY = date(2026, 12, 31)
NIGHT_HOUR = 4

#: Anthropic's cost of these days shows only so many days later than usual.
LATE_DAYS = {date(2026, 1, 20): 4, date(2026, 3, 31): 9, date(2026, 7, 14): 12}
_PROD = "wrkspc_01PlatformProd"
_PAYMENTS = "wrkspc_01Payments"
#: Day -> (whole days after it, account, thousandths by which each of its amounts grows).
#: Those of the second group come after the close of the day's month.
RESTATED = {
    date(2026, 1, 11): (12, _PROD, 40),
    date(2026, 2, 3): (9, _PAYMENTS, -25),
    date(2026, 5, 17): (15, _PROD, 8),
    date(2026, 8, 30): (6, _PAYMENTS, 60),
    date(2026, 12, 5): (14, _PROD, 33),
    date(2026, 1, 25): (27, _PAYMENTS, 17),
    date(2026, 3, 28): (18, _PROD, -9),
    date(2026, 4, 30): (20, _PROD, 21),
    date(2026, 6, 24): (27, _PROD, 12),
    date(2026, 9, 29): (30, _PAYMENTS, 5),
}
#: The cloud's bill changes, likewise.
CLOUD_RESTATED = {date(2026, 2, 18): (4, 10), date(2026, 5, 24): (22, -20)}
#: OpenAI: A, then B, then A again, as (days after the day) of both changes.
FLAPPING = {date(2026, 2, 20): (3, 6), date(2026, 6, 27): (5, 16)}
#: Credits by day, in whole dollars: of an account, and of the organisation.
CREDITS = {
    date(2026, 1, 15): (("wrkspc_01ClaimsProd", -25), ("anthropic:default", -100)),
    date(2026, 6, 2): (("wrkspc_01PlatformProd", -40),),
}
#: OpenAI bills 3 % more tokens than it metered; bills `gpt-5` above its price.
VOLUME_DAYS = frozenset({date(2026, 2, 11), date(2026, 9, 9)})
PRICE_DAYS = frozenset({date(2026, 4, 7)})
#: Anthropic bills code execution that nothing metered.
CODE_EXECUTION_DAYS = frozenset({date(2026, 1, 9), date(2026, 5, 21)})
#: A model that no card prices.
UNKNOWN_MODEL_DAYS = frozenset({date(2026, 3, 12)})
#: Anthropic's usage report leaves the day out.
USAGE_GAPS = frozenset({date(2026, 2, 16), date(2026, 10, 6)})
#: `claims-router` logs this many tenths of what was metered.
OVERLOGGED = {date(2026, 1, 28): 13, date(2026, 6, 16): 30}
#: Runs over midnight.
MIDNIGHT_DAYS = frozenset({date(2026, 1, 31), date(2026, 7, 8)})
#: The platform's log of the day is written so many days later.
LATE_LOGS = {date(2026, 1, 17): 5, date(2026, 8, 19): 3}
#: First and last night without any log file: what they should read comes later.
LOG_OUTAGES = (
    (date(2026, 1, 22), date(2026, 1, 24)),
    (date(2026, 6, 11), date(2026, 6, 11)),
    (date(2026, 11, 19), date(2026, 11, 21)),
)
#: Lines written twice.
DUPLICATE_DAYS = frozenset({date(2026, 1, 8), date(2026, 5, 5)})

#: The cloud bills licences on the first of each month from here on, and once a pack of credits.
CLOUD_SEATS_FROM = date(2026, 2, 1)
CLOUD_SEATS_NANO = 79_960_000_000
CREDIT_PACK_DAY = date(2026, 2, 10)
CREDIT_PACK_NANO = 10_000_000_000
#: Further lines of the cloud's bill: category, day, amount, currency; no rate knows francs.
CLOUD_LINES = (
    ("credit", date(2026, 1, 13), -2_500_000_001, "EUR"),
    ("adjustment", date(2026, 1, 21), 1_111_111_111, "EUR"),
    ("usage", date(2026, 2, 9), 3_000_000_000, "CHF"),
    ("adjustment", date(2026, 7, 3), 7_770_000_003, "EUR"),
)


def night_of(day: date) -> datetime:
    """Give the moment of the night that starts on a day."""
    return datetime.combine(day, time(NIGHT_HOUR), UTC)


def nights() -> tuple[datetime, ...]:
    """List all nights of the year, one for each of its days, on the day after it."""
    count = (LAST_DAY - FIRST_DAY).days + 1
    return tuple(night_of(FIRST_DAY + timedelta(days=after)) for after in range(1, count + 1))
