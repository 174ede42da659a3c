"""Which snapshots a night stands on: what is complete, revised, missing or held.

A day is held, and its books left as they are, when a file of it cannot be read, or when
newer data arrived that did not pass its checks: what is booked is then older but sound.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from config.shapes.finance import Finance
from config.shapes.sources import ChargeSource, LogSource, Source, log_precedence
from tasks.core.books import BreakClass, DayBasis, Snapshot
from tasks.core.days import window_days
from tasks.core.night import IssuerDay, SourceDay
from tasks.core.plan import Plan
from tasks.core.reconciling.breaks import Legs
from tasks.core.tables import CHARGES, RUNS, USAGE

#: A report of money, or a log: the sources whose days can be counted.
ReportSource = LogSource | ChargeSource


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of a window at one sequence number.

    Attributes:
        raw: Newest complete raw snapshot of every source-day and stream.
        complete: Newest complete conformed snapshot of each.
        first_charges: First complete conformed charges of each.
        unreadable: Of `complete` and `first_charges`, those whose file is missing or short.
    """

    raw: Sequence[Snapshot]
    complete: Sequence[Snapshot]
    first_charges: Sequence[Snapshot]
    unreadable: Collection[Snapshot]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a night can count on.

    Attributes:
        runs, usage, charges: Conformed snapshots to read.
        first_charges: The same days of `charges` as first told, where they were revised.
        held: (issuer, day)s that must not be measured tonight.
        present, expected: Source-days there, and source-days that should be.
        provisional: (issuer, day)s whose split may still change: a log of the day is missing.
        opinions: Charges of sources that are not booked, see `second_opinions`.
    """

    runs: tuple[Snapshot, ...]
    usage: tuple[Snapshot, ...]
    charges: tuple[Snapshot, ...]
    first_charges: tuple[Snapshot, ...]
    revised: Mapping[IssuerDay, BreakClass]
    legs: Legs
    held: frozenset[IssuerDay]
    expected: tuple[SourceDay, ...]
    present: tuple[SourceDay, ...]
    provisional: frozenset[IssuerDay] = frozenset()
    opinions: tuple[Snapshot, ...] = ()


def unreported_days(
    plan: Plan,
    finance: Finance,
    sources: Iterable[Source],
    previous: Mapping[IssuerDay, DayBasis],
) -> frozenset[IssuerDay]:
    """List the days, before the night's, that are complete although nothing reports charges.

    They are those of issuers with seats or prepaid credits that no source reports, and those
    once booked for them. A day that was booked from a report is not among them: its source is
    gone, its charges are not.

    Args:
        plan: The night.
        finance: What finance has signed.
        sources: All sources, disabled ones too.
        previous: What each day's books were made of when it was last posted.
    """
    reported = _issuers(source for source in sources if isinstance(source, ReportSource))
    signed = {seats.issuer for seats in finance.seats} | {lot.issuer for lot in finance.prepaid}
    days = {
        (issuer, day) for issuer in signed for day in window_days(plan.start, plan.end)
    } | previous.keys()
    from_reports = {of for of, basis in previous.items() if basis.charges_raw}
    return frozenset(
        (issuer, day)
        for issuer, day in days - from_reports
        if issuer not in reported and plan.start <= day <= plan.end and day < plan.as_of.date()
    )


def stand(
    plan: Plan,
    sources: Sequence[Source],
    streams: Mapping[str, Sequence[str]],
    known: Known,
    unreported: Collection[IssuerDay] = (),
) -> Standing:
    """Decide what a night counts on.

    Args:
        plan: The night.
        sources: Enabled sources; what others told once is left out, and their books as they are.
        streams: Names, by source, of the streams that the books are made of; what others hold,
            sound or not, is left out.
        known: What the ledger holds.
        unreported: As `unreported_days` lists them.
    """
    others = second_opinions(sources)
    known = _of_streams(known, streams)
    unbooked = _of_sources(known, others)
    sources = [source for source in sources if source.name not in others]
    known = _of_sources(known, {source.name for source in sources})
    reports = [source for source in sources if isinstance(source, ReportSource)]
    broken = _broken_days(known)
    complete = [one for one in known.complete if (one.source, one.key) not in broken]
    by_table = {
        table.name: tuple(one for one in complete if one.table == table.name)
        for table in (RUNS, USAGE, CHARGES)
    }
    unsound = _broken_days(unbooked)
    aside = [one for one in unbooked.complete if (one.source, one.key) not in unsound]
    # Whose quantities count is another question than whose money does: runs are ranked as logs.
    runs = (*by_table[RUNS.name], *(one for one in aside if one.table == RUNS.name))
    issuers = _issuers(reports)
    legs = Legs(
        charges=_legs(by_table[CHARGES.name], issuers) | frozenset(unreported),
        usage=_legs(by_table[USAGE.name], issuers),
        logged_days={one.key for one in runs},
        first_late_day={
            source.issuer: plan.as_of.date() - timedelta(days=source.lag_days)
            for source in reports
            if not isinstance(source, LogSource)
        },
    )
    expected = tuple(
        (source.name, day)
        for source in reports
        for day in window_days(plan.start, plan.end)
        if day < plan.as_of.date() - timedelta(days=_lag_days(source))
    )
    there = {(one.source, one.stream, one.key) for one in complete}
    present = tuple(
        (name, day)
        for name, day in expected
        if all((name, stream, day) in there for stream in streams[name])
    )
    revised = _revised(by_table[CHARGES.name], known.first_charges, issuers)
    logs = {source.name for source in reports if isinstance(source, LogSource)}
    # Bills that come with their sessions say of these alone whose they are.
    telling = {source.name for source in reports if log_precedence(source) is not None}
    told = {(one.source, one.key) for one in by_table[RUNS.name]}
    billing = issuers.keys() | {issuer for issuer, _ in unreported}
    return Standing(
        runs=runs,
        usage=by_table[USAGE.name],
        charges=by_table[CHARGES.name],
        first_charges=tuple(
            one
            for one in known.first_charges
            if any((issuer, one.key) in revised for issuer in _issuer_of(one.source, issuers))
        ),
        revised=revised,
        legs=legs,
        held=frozenset(
            (issuer, day)
            for source, day in broken
            for issuer in (billing if source in logs else _issuer_of(source, issuers))
        ),
        expected=expected,
        present=present,
        provisional=frozenset(
            (issuer, day)
            for source, day in expected
            if source in telling and (source, day) not in told
            for issuer in (billing if source in logs else _issuer_of(source, issuers))
        ),
        opinions=tuple(one for one in aside if one.table == CHARGES.name),
    )


def second_opinions(sources: Iterable[Source]) -> frozenset[str]:
    """Name the reports that are not booked, because a better one of the same issuer is.

    Of the reports of one issuer those of the lowest `precedence` are booked; so a further
    source that sees the same spend adds no money.
    """
    reports = [source for source in sources if isinstance(source, ChargeSource)]
    best: dict[str, int] = {}
    for one in reports:
        best[one.issuer] = min(one.precedence, best.get(one.issuer, one.precedence))
    return frozenset(one.name for one in reports if one.precedence > best[one.issuer])


def _of_sources(known: Known, names: Collection[str]) -> Known:
    """Leave out sources that were renamed, disabled or removed since they were read."""
    return _only(known, lambda one: one.source in names)


def _of_streams(known: Known, streams: Mapping[str, Sequence[str]]) -> Known:
    """Leave out what stands beside the books, such as use by squad: it can hold nothing."""
    return _only(known, lambda one: one.stream in streams.get(one.source, ()))


def _only(known: Known, is_meant: Callable[[Snapshot], bool]) -> Known:
    def ours(snapshots: Iterable[Snapshot]) -> list[Snapshot]:
        return [one for one in snapshots if is_meant(one)]

    return Known(
        raw=ours(known.raw),
        complete=ours(known.complete),
        first_charges=ours(known.first_charges),
        unreadable=ours(known.unreadable),
    )


def _broken_days(known: Known) -> set[SourceDay]:
    """Find source-days with a file that cannot be read, or whose newest one is not typed yet."""
    return {(one.source, one.key) for one in known.unreadable} | _stale_days(known)


def _stale_days(known: Known) -> set[SourceDay]:
    """Find source-days whose newest complete raw data has not been conformed and passed."""
    conformed = {(one.source, one.stream, one.key): one.raw_sha for one in known.complete}
    return {
        (one.source, one.key)
        for one in known.raw
        if conformed.get((one.source, one.stream, one.key)) != one.raw_sha
    }


def _issuers(reports: Iterable[ReportSource]) -> dict[str, set[str]]:
    """Map each issuer to the sources that report its money."""
    issuers: dict[str, set[str]] = {}
    for source in reports:
        if not isinstance(source, LogSource):
            issuers.setdefault(source.issuer, set()).add(source.name)
    return issuers


def _issuer_of(source: str, issuers: Mapping[str, set[str]]) -> Iterator[str]:
    return (issuer for issuer, names in issuers.items() if source in names)


def _legs(snapshots: Iterable[Snapshot], issuers: Mapping[str, set[str]]) -> frozenset[IssuerDay]:
    """Find the (issuer, day)s for which every source of the issuer is complete."""
    sources_of: dict[date, set[str]] = {}
    for one in snapshots:
        sources_of.setdefault(one.key, set()).add(one.source)
    return frozenset(
        (issuer, day)
        for issuer, names in issuers.items()
        for day, there in sources_of.items()
        if names <= there
    )


def _lag_days(source: ReportSource) -> int:
    return 0 if isinstance(source, LogSource) else source.lag_days


def _revised(
    newest: Iterable[Snapshot], first: Iterable[Snapshot], issuers: Mapping[str, set[str]]
) -> dict[IssuerDay, BreakClass]:
    """Tell how the newest charges of a day came to differ from the first ones."""
    before = {(one.source, one.key): one for one in first}
    revised: dict[IssuerDay, BreakClass] = {}
    for one in newest:
        was = before.get((one.source, one.key), one)
        if was.sha == one.sha:
            continue
        for issuer in _issuer_of(one.source, issuers):
            is_restated = was.raw_sha != one.raw_sha
            if is_restated or (issuer, one.key) not in revised:
                revised[issuer, one.key] = (
                    BreakClass.RESTATED if is_restated else BreakClass.REPARSED
                )
    return revised
