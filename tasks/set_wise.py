"""Logs of millions of lines on their way through the stages: read, typed and checked set-wise."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from config.shapes.sources import Issuer, RequestLog, Source
from tasks.checks.counts import held_batches
from tasks.core.batches import Reject, Stream, Watermark
from tasks.core.books import Snapshot
from tasks.core.days import day_bounds, vendor_day
from tasks.core.findings import Finding
from tasks.core.models import canonical_model
from tasks.core.reading import Reading
from tasks.core.tables import RUNS
from tasks.lake.bulk import Spelling, open_typed
from tasks.lake.bulk_files import Filing
from tasks.lake.engine import Limits
from tasks.lake.reading import open_log
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.recording import days_lost, lost_days, record_pull

_ONE_DAY = timedelta(days=1)
# Days that are typed at once, each mostly on one processor.
_AT_ONCE = 2
# Days that are written at once: often one of them waits for the disk.
_WRITTEN_AT_ONCE = 3
# Rows typed together, unless one day alone has more.
_ROWS_TOGETHER = 300_000


@dataclass(frozen=True, slots=True)
class PulledLog:
    """What reading a log brought, in counts; see `tasks.pull.PullReport`."""

    new_keys: tuple[date, ...]
    rows: int
    rejects: int
    findings: tuple[Finding, ...]


def pull_log(
    lake: Lake,
    ledger: Ledger,
    reading: Reading,
    stream: Stream,
    window: tuple[date, date],
    now: datetime,
    basis: int,
    pseudonym: Callable[[str], str],
    *,
    from_scratch: bool,
) -> PulledLog:
    """Read a log's files into the lake, and record what is new.

    Raises:
        SourceError: A file is no log at all, or there are too many bad lines.
        LakeError: A file is damaged, or memory or disk do not suffice.
    """
    source, today = reading.source, vendor_day(now)
    with open_log(reading, window=window, today=today, digest=pseudonym) as log:
        lost = set() if from_scratch else lost_days(ledger, source, stream, log.rows)
        taken = [day for day in log.rows if day not in lost]
        filings = [Filing(source, stream.name, day, day < today, now) for day in taken]
        with ThreadPoolExecutor(_WRITTEN_AT_ONCE) as workers:
            snapshots = list(workers.map(partial(log.write, lake), filings))
        rejects = {day: log.rejects[day] for day in taken}
    read_to = day_bounds(min(window[1] + _ONE_DAY, today))[0]
    new_keys = record_pull(
        ledger,
        source,
        stream,
        snapshots=snapshots,
        rejects=rejects,
        watermark=Watermark(read_to),
        now=now,
        basis=basis,
        pseudonym=pseudonym,
    )
    return PulledLog(
        new_keys=new_keys,
        rows=sum(one.rows for one in snapshots),
        rejects=sum(map(len, rejects.values())),
        findings=(*log.findings, *((days_lost(source, stream, lost),) if lost else ())),
    )


@dataclass(frozen=True, slots=True)
class ConformedLog:
    """What typing some days came to; see `tasks.validate.ValidateReport`."""

    held: Mapping[date, Finding]
    rows: int
    rejects: int
    findings: tuple[Finding, ...]


def conform_log(
    lake: Lake,
    ledger: Ledger,
    raw: Sequence[Snapshot],
    stream: Stream,
    source: Source,
    issuers: Mapping[str, Issuer],
    version: str,
    now: datetime,
    basis: int,
) -> ConformedLog:
    """Type, check and publish the requests of some days, each of one raw file.

    Raises:
        LakeError: A raw file is missing or altered.
        StaleNightError: Newer raw content of one of the days has been recorded meanwhile.
    """
    spelling = Spelling(
        source=source.name,
        canonical=canonical_model,
        offsets={issuer.id: issuer.day_offset_minutes for issuer in issuers.values()},
        accounts=source.default_accounts if isinstance(source, RequestLog) else {},
    )
    work = partial(_published, lake, spelling=spelling, stream=stream, version=version, now=now)
    with ThreadPoolExecutor(_AT_ONCE) as workers:
        parts = list(workers.map(work, _together(raw)))
    snapshots = [one for part in parts for one in part.snapshots]
    rejects = {
        (source.name, stream.name, key): refused
        for part in parts
        for key, refused in part.rejects.items()
    }
    ledger.record_conformed(
        snapshots, rejects=rejects, events=[], labels=[], recorded_at=now, basis=basis
    )
    return ConformedLog(
        held={key: finding for part in parts for key, finding in part.held.items()},
        rows=sum(one.rows for one in snapshots),
        rejects=sum(map(len, rejects.values())),
        findings=tuple(finding for part in parts for finding in part.findings),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """What typing some of the days came to."""

    snapshots: Sequence[Snapshot]
    rejects: Mapping[date, Sequence[Reject]]
    held: Mapping[date, Finding]
    findings: Sequence[Finding]


def _published(
    lake: Lake,
    raw: Sequence[Snapshot],
    *,
    spelling: Spelling,
    stream: Stream,
    version: str,
    now: datetime,
) -> _Part:
    with open_typed(lake, raw, spelling, _limits()) as typed:
        held = held_batches(RUNS, spelling.source, typed.counts)
        return _Part(
            snapshots=[
                typed.write(lake, stream.name, one.key, version, one, now)
                for one in raw
                if one.key not in held
            ],
            rejects={
                one.key: (*typed.refused.get(one.key, ()), *typed.failing(one.key)) for one in raw
            },
            held=held,
            findings=typed.findings,
        )


def _limits() -> Limits:
    """Share what an engine may take among those that run at once."""
    return Limits(memory="200MB", threads=max(1, (os.cpu_count() or 1) // _AT_ONCE))


def _together(raw: Sequence[Snapshot]) -> Iterator[list[Snapshot]]:
    """Take days together until they are worth the start of an engine."""
    some: list[Snapshot] = []
    for one in raw:
        if some and sum(day.rows for day in some) + one.rows > _ROWS_TOGETHER:
            yield some
            some = []
        some.append(one)
    if some:
        yield some
