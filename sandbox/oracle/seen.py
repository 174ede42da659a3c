"""What a night can know: the records as every system shows them at one moment."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sandbox.billing import canonical
from sandbox.estate import facts
from sandbox.oracle.attribution import Line
from sandbox.oracle.estate_bills import charges_of, sessions_of
from sandbox.oracle.estate_logs import runs_of
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
_WORK_SOURCES = ("github", "jira")
IssuerDay = tuple[str, date]


@dataclass(frozen=True)
class Seen:
    """One night's view of its window.

    Attributes:
        now: When the night runs, aware UTC.
        days: The days before it, oldest first.
        logged_days: Days of which the logs have been read.
        runs: Each run once.
        duplicates: Dropped repeats by day.
        broken_lines: Lines nobody can parse, by the day of the line before them.
        usage: Absent where the issuer's usage of the day is not completely known.
        charges: Absent where the issuer's charges of the day are not complete.
        item_stamps: Workflow that a pull request's trailers name, by `owner/name#number` and by
            its branch.
        logs: Sources that tell of runs.
        reports: Issuer by source, of sources that report what was billed.
        sessions: Whose the sessions are that charges name, by issuer and session.
    """

    now: datetime
    days: tuple[date, ...]
    logged_days: frozenset[date]
    runs: tuple[LogRecord, ...]
    duplicates: dict[date, int]
    broken_lines: dict[date, int]
    usage: dict[IssuerDay, tuple[UsageRow, ...]]
    charges: dict[IssuerDay, tuple[ChargeRow, ...]]
    item_stamps: dict[str, str]
    logs: tuple[str, ...] = (LOG_SOURCE,)
    reports: Mapping[str, str] = field(default_factory=lambda: {one: one for one in ISSUERS})
    sessions: Mapping[tuple[str, str], Line] = field(default_factory=dict)

    def expected(self) -> list[tuple[str, date]]:
        """List the (source, day)s that should be there; issuers have days of grace, logs none."""
        return [
            (source, day)
            for source in (*self.logs, *self.reports)
            for day in self.days
            if source in self.logs or day < self.first_late_day()
        ]

    def missing(self) -> list[tuple[str, date]]:
        """List the expected (source, day)s without complete records."""
        return [(source, day) for source, day in self.expected() if not self._is_there(source, day)]

    def _is_there(self, source: str, day: date) -> bool:
        if source in self.logs:
            return day in self.logged_days
        key = self.reports[source], day
        # Further vendors meter nothing beside what they bill.
        is_metered = key in self.usage or self.reports[source] not in ISSUERS
        return is_metered and key in self.charges

    def first_late_day(self) -> date:
        """Give the first day whose missing charges are merely late."""
        return self.now.date() - timedelta(days=LAG_DAYS)


def window(now: datetime) -> tuple[date, ...]:
    """List the days a night looks at: those before its own, oldest first."""
    return tuple(now.date() - timedelta(days=back) for back in range(WINDOW_DAYS, 0, -1))


def look(
    world: World,
    now: datetime,
    days: tuple[date, ...] | None = None,
    logs_read_at: datetime | None = None,
    by_file: Collection[str] = (),
    sources: Collection[str] | None = None,
) -> Seen:
    """See what there is at a moment.

    Args:
        world: What happens.
        now: The night, aware UTC.
        days: Its window; None for the ordinary one.
        logs_read_at: When the logs could last be read; None for now.
        by_file: Issuers that bill by file and meter nothing.
        sources: Those that are switched on; None: all that the world has.
    """
    names = sources_of(world) if sources is None else frozenset(sources)
    days = window(now) if days is None else days
    read_at = logs_read_at or now
    logged_days = frozenset(day for day in days if day < read_at.date())
    lines = world.lines if LOG_SOURCE in names else ()
    runs, duplicates, broken = _logged(lines, read_at, set(logged_days))
    if world.estate is not None:
        runs += runs_of(world.estate, names, read_at, logged_days)
    usage: dict[IssuerDay, tuple[UsageRow, ...]] = {}
    charges: dict[IssuerDay, tuple[ChargeRow, ...]] = {}
    issuers = [one for one in ISSUERS if one in names]
    for issuer in (*issuers, *by_file):
        for day, metered in metered_days(world, issuer, now).items():
            if day in days and issuer not in by_file:
                usage[issuer, day] = tuple(metered)
        for day, billed in billed_days(world, issuer, now).items():
            # An empty report of a young day says nothing: the vendor has not come to it yet.
            is_told = billed or day < now.date() - timedelta(days=LAG_DAYS)
            if day in days and is_told:
                charges[issuer, day] = billed
    for issuer in by_file:
        _forget_unsure(charges, issuer, now)
    stamps = _item_stamps(world, now) if "github" in names else {}
    sessions: dict[tuple[str, str], Line] = {}
    if world.estate is not None:
        charges |= charges_of(world.estate, names, now, days)
        sessions = sessions_of(world.estate, names, now, stamps)
    return Seen(
        now,
        days,
        logged_days,
        tuple(runs),
        duplicates,
        broken,
        usage,
        charges,
        item_stamps=stamps,
        logs=tuple(one for one in _logs_of(world) if one in names),
        reports={name: issuer for name, issuer in _reports_of(world).items() if name in names},
        sessions=sessions,
    )


def sources_of(world: World) -> frozenset[str]:
    """Name every source that tells of a world."""
    return frozenset((*_WORK_SOURCES, *_logs_of(world), *_reports_of(world)))


def _logs_of(world: World) -> tuple[str, ...]:
    further = () if world.estate is None else facts.LOGS
    return (LOG_SOURCE, *(one.name for one in further))


def _reports_of(world: World) -> dict[str, str]:
    """Map sources whose reports are booked to their issuers."""
    reports = {one: one for one in ISSUERS}
    if world.estate is not None:
        reports |= {one.name: one.issuer for one in facts.REPORTS if not one.is_second_opinion}
    return reports


def _forget_unsure(
    charges: dict[IssuerDay, tuple[ChargeRow, ...]], issuer: str, now: datetime
) -> None:
    """Leave out the last day of each month's file while it is young: it may still grow."""
    last: dict[str, date] = {}
    for of, day in charges:
        if of == issuer:
            month = f"{day:%Y-%m}"
            last[month] = max(day, last.get(month, day))
    for day in last.values():
        if day >= now.date() - timedelta(days=LAG_DAYS):
            del charges[issuer, day]


def sku_of_usage(row: UsageRow) -> str:
    """Name what a metered row is sold as: as fine as the issuer's charges can tell."""
    model = canonical(row.model)
    return model if row.issuer == OPENAI else f"{model}·{row.tier}·{row.context}"


def sku_of_charge(row: ChargeRow) -> str:
    """Name what a billed row is sold as."""
    if row.sku:
        return row.sku
    if row.model is None:
        return row.cost_type or "other"
    model = canonical(row.model)
    return model if row.issuer == OPENAI else f"{model}·{row.tier or '-'}·{row.context or '-'}"


def _item_stamps(world: World, now: datetime) -> dict[str, str]:
    repositories = {repository.id: repository for repository in REPOSITORIES}
    stamps: dict[str, str] = {}
    for pull in world.pulls:
        if pull.created_at <= now and pull.workflow:
            repository = f"{ORG}/{name_at(repositories[pull.repository], now)}"
            stamps[f"{repository}#{pull.number}"] = pull.workflow
            stamps[f"branch:{repository}#{pull.branch}"] = pull.workflow
    return stamps


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
