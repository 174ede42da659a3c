"""What a night can know: the records as every system shows them at one moment."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sandbox.billing import canonical
from sandbox.organisation import (
    ANTHROPIC,
    LAG_DAYS,
    LOG_SOURCE,
    OPENAI,
    ORG,
    REPOSITORIES,
    WINDOW_DAYS,
)
from sandbox.pulls import name_at
from sandbox.records import ChargeRow, LogLine, LogRecord, UsageRow, World
from sandbox.reports import billed_days, metered_days

ISSUERS = (ANTHROPIC, OPENAI)
IssuerDay = tuple[str, date]


@dataclass(frozen=True)
class Seen:
    """One night's view of its window.

    Attributes:
        now: When the night runs, aware UTC.
        days: The days before it, oldest first.
        runs: Each run once.
        duplicates: Dropped repeats by day.
        broken_lines: Lines nobody can parse, by the day of the line before them.
        usage: Absent where the issuer's usage of the day is not completely known.
        charges: Absent where the issuer's charges of the day are not complete.
        item_stamps: Workflow that a pull request's trailers name, by `owner/name#number`.
    """

    now: datetime
    days: tuple[date, ...]
    runs: tuple[LogRecord, ...]
    duplicates: dict[date, int]
    broken_lines: dict[date, int]
    usage: dict[IssuerDay, tuple[UsageRow, ...]]
    charges: dict[IssuerDay, tuple[ChargeRow, ...]]
    item_stamps: dict[str, str]

    def expected(self) -> list[tuple[str, date]]:
        """List the (source, day)s that should be there; issuers have days of grace, logs none."""
        return [
            (source, day)
            for source in (LOG_SOURCE, *ISSUERS)
            for day in self.days
            if source == LOG_SOURCE or day < self.first_late_day()
        ]

    def missing(self) -> list[tuple[str, date]]:
        """List the expected (source, day)s without complete records."""
        return [
            (source, day)
            for source, day in self.expected()
            if source != LOG_SOURCE
            and ((source, day) not in self.usage or (source, day) not in self.charges)
        ]

    def first_late_day(self) -> date:
        """Give the first day whose missing charges are merely late."""
        return self.now.date() - timedelta(days=LAG_DAYS)


def window(now: datetime) -> tuple[date, ...]:
    """List the days a night looks at: those before its own, oldest first."""
    return tuple(now.date() - timedelta(days=back) for back in range(WINDOW_DAYS, 0, -1))


def look(world: World, now: datetime) -> Seen:
    """See what there is at a moment."""
    days = window(now)
    runs, duplicates, broken = _logged(world.lines, now, set(days))
    usage: dict[IssuerDay, tuple[UsageRow, ...]] = {}
    charges: dict[IssuerDay, tuple[ChargeRow, ...]] = {}
    for issuer in ISSUERS:
        for day, metered in metered_days(world, issuer, now).items():
            if day in days:
                usage[issuer, day] = tuple(metered)
        for day, billed in billed_days(world, issuer, now).items():
            # An empty report of a young day says nothing: the vendor has not come to it yet.
            is_told = billed or day < now.date() - timedelta(days=LAG_DAYS)
            if day in days and is_told:
                charges[issuer, day] = billed
    stamps = _item_stamps(world, now)
    return Seen(now, days, tuple(runs), duplicates, broken, usage, charges, stamps)


def sku_of_usage(row: UsageRow) -> str:
    """Name what a metered row is sold as: as fine as the issuer's charges can tell."""
    model = canonical(row.model)
    return model if row.issuer == OPENAI else f"{model}·{row.tier}·{row.context}"


def sku_of_charge(row: ChargeRow) -> str:
    """Name what a billed row is sold as."""
    if row.model is None:
        return row.cost_type or "other"
    model = canonical(row.model)
    return model if row.issuer == OPENAI else f"{model}·{row.tier or '-'}·{row.context or '-'}"


def _item_stamps(world: World, now: datetime) -> dict[str, str]:
    repositories = {repository.id: repository for repository in REPOSITORIES}
    return {
        f"{ORG}/{name_at(repositories[pull.repository], now)}#{pull.number}": pull.workflow
        for pull in world.pulls
        if pull.created_at <= now and pull.workflow
    }


def _logged(
    lines: Iterable[LogLine], now: datetime, days: set[date]
) -> tuple[list[LogRecord], dict[date, int], dict[date, int]]:
    """Read the lines that are written: each run once, repeats and broken lines counted."""
    runs: dict[str, LogRecord] = {}
    duplicates: dict[date, int] = {}
    broken: dict[date, int] = {}
    for line in lines:
        if line.written_at > now:
            continue
        if line.record is None:
            day = line.written_at.date()
            if day in days:
                broken[day] = broken.get(day, 0) + 1
            continue
        day = line.record.ended_at.date()
        if day not in days:
            continue
        identity = line.record.run_id or line.text
        if identity in runs:
            duplicates[day] = duplicates.get(day, 0) + 1
        else:
            runs[identity] = line.record
    return list(runs.values()), duplicates, broken
