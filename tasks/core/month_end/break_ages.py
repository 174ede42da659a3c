"""How old a break is, in days and in the bands of R18 of `docs/arithmetic.md`."""

from datetime import date
from enum import StrEnum


class AgeBand(StrEnum):
    """A span of ages in days, ends included; the value is what people read."""

    WEEK = "0 to 7 days"
    MONTH = "8 to 30 days"
    TWO_MONTHS = "31 to 60 days"
    QUARTER = "61 to 90 days"
    OLDER = "more than 90 days"


_LAST_DAY = {AgeBand.WEEK: 7, AgeBand.MONTH: 30, AgeBand.TWO_MONTHS: 60, AgeBand.QUARTER: 90}


def age_days(first_seen: date, on: date) -> int:
    """Count the days since a break was first detected; 0 on that day, never less."""
    return max(0, (on - first_seen).days)


def age_band(first_seen: date, on: date) -> AgeBand:
    """Put a break that was first detected on one day into its band on another."""
    age = age_days(first_seen, on)
    return next((band for band, last in _LAST_DAY.items() if age <= last), AgeBand.OLDER)
