"""Stage 2: type the rows of changed days, check them, and make what passes visible.

What to do is found by comparing raw snapshots with conformed ones, so that a night which
was cut off is caught up by the next, and a new parser conforms everything again.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from prefect import task

from config.load import load_config
from config.settings import settings_from_environment
from config.shapes.sources import Issuer, Source
from tasks.checks.run import CheckResult, check
from tasks.core.batches import Conformed, Reject, Stream, StreamKind
from tasks.core.books import Label, Snapshot
from tasks.core.errors import StaleNightError
from tasks.core.faults import without_values
from tasks.core.findings import Finding
from tasks.core.tables import TABLES, WORK_ITEM_EVENTS
from tasks.lake.canonical import joined_sha
from tasks.lake.parquet import Dropped
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.snapshots import Which
from tasks.set_wise import ConformedLog, conform_log
from tasks.sources.registry import Adapter, adapter_of, source_named, version_of

log = logging.getLogger(__name__)

#: Rows typed and checked together: a few hundred megabytes at most, however long the backlog.
_ROWS_AT_ONCE = 100_000
#: Requests typed and checked together, out of core: what bounds them is the disk.
_REQUESTS_AT_ONCE = 4_000_000
#: Times a stream is conformed again because another run pulled it meanwhile.
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class ValidateReport:
    """What one stream's changed days came to, in counts.

    Attributes:
        days: Keys that were conformed.
        held: Keys whose batch failed as a whole; what was visible before stays so.
        rejects: Rows in quarantine, repeated ones included.
        reasons: Why days are held, one sentence each.
        findings: What typing the rows met with.
    """

    source: str
    stream: str
    days: tuple[date, ...]
    held: tuple[date, ...]
    rows: int
    rejects: int
    reasons: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Day:
    """The raw files of one key, and what they were conformed to."""

    key: date
    files: Sequence[Snapshot]
    raw_sha: str
    conformed: Conformed


@dataclass(slots=True)
class _Done:
    """What has been published so far, group by group."""

    days: list[date] = field(default_factory=list)
    held: list[date] = field(default_factory=list)
    rows: int = 0
    rejects: int = 0
    reasons: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def add(self, raw: Sequence[Snapshot], log_done: ConformedLog) -> None:
        """Add days that were typed set-wise."""
        self.days += [one.key for one in raw]
        self.held += log_done.held
        self.reasons += [finding.detail for finding in log_done.held.values()]
        self.rows += log_done.rows
        self.rejects += log_done.rejects
        self.findings += log_done.findings

    def report(self, source: str, stream: str) -> ValidateReport:
        """Freeze it."""
        return ValidateReport(
            source=source,
            stream=stream,
            days=tuple(self.days),
            held=tuple(self.held),
            rows=self.rows,
            rejects=self.rejects,
            reasons=tuple(self.reasons),
            findings=tuple(sorted(set(self.findings))),
        )


@task(name="validate", task_run_name="validate {source} {stream}")
def validate(source: str, stream: str, *, now: datetime) -> ValidateReport:
    """Conform and check every key of a stream whose raw content or parser is new.

    Args:
        source: Name in `sources.yaml`.
        stream: Name of one of its streams.
        now: The night's moment, aware UTC.

    Raises:
        LakeError: A raw file is missing or altered.
        StaleNightError: Other runs kept pulling the stream meanwhile.
    """
    with without_values(f"validation of {source} {stream}"):
        return _validate(source, stream, now)


def _validate(source: str, stream: str, now: datetime) -> ValidateReport:
    settings = settings_from_environment()
    config = load_config(settings.config_dir).sources
    configured = source_named(config.sources, source)
    adapter = adapter_of(configured)
    wanted = adapter.stream(stream)
    issuers = {issuer.id: issuer for issuer in config.issuers}
    lake = Lake.open(settings.lake_dir)
    with Ledger.open(settings.database_url.get_secret_value(), lake_id=lake.lake_id) as ledger:
        done = _caught_up(lake, ledger, adapter, wanted, configured, issuers, now)
    report = done.report(source, stream)
    log.info(
        "validated %s rows source=%s stream=%s days=%s held=%s rejects=%s",
        report.rows,
        source,
        stream,
        len(report.days),
        len(report.held),
        report.rejects,
    )
    return report


def _caught_up(
    lake: Lake,
    ledger: Ledger,
    adapter: Adapter,
    stream: Stream,
    source: Source,
    issuers: Mapping[str, Issuer],
    now: datetime,
) -> _Done:
    """Conform what is not, and start again where another run pulled the same meanwhile."""
    table = TABLES[stream.table]
    version = version_of(adapter, source)
    for _ in range(_ATTEMPTS):
        done = _Done()
        seq = ledger.newest_seq()
        try:
            changed = _changed(ledger, version, stream, source.name, seq)
            if adapter.is_set_wise(stream):
                for group in _groups(changed, _REQUESTS_AT_ONCE):
                    raw = [files[-1] for _, files in group]
                    log_done = conform_log(
                        lake, ledger, raw, stream, source, issuers, version, now, seq
                    )
                    done.add(raw, log_done)
                return done
            for group in _groups(changed, _ROWS_AT_ONCE):
                days = [
                    _conformed(lake, adapter, stream, source, issuers, key, files)
                    for key, files in group
                ]
                results = check(table, source.name, {day.key: day.conformed.rows for day in days})
                _publish(lake, ledger, version, stream, source.name, days, results, now, done, seq)
        except StaleNightError as error:
            log.info("conforming again: %s", error)
        else:
            return done
    message = (
        f"source {source.name!r}, stream {stream.name!r}: overtaken {_ATTEMPTS} times by other"
        " runs while it was conformed: run it again"
    )
    raise StaleNightError(message)


def _changed(
    ledger: Ledger, version: str, stream: Stream, source: str, seq: int
) -> dict[date, list[Snapshot]]:
    """Find the keys to conform, each with its raw files, oldest first."""
    is_report = stream.kind is StreamKind.REPORT
    raw = ledger.snapshots_as_of(
        seq,
        layer="raw",
        which=Which.NEWEST if is_report else Which.EVERY,
        source=source,
        stream=stream.name,
    )
    files: dict[date, list[Snapshot]] = {}
    for one in raw:
        files.setdefault(one.key, []).append(one)
    done = {
        one.key: (one.raw_sha, one.parser, one.is_complete)
        for one in ledger.snapshots_as_of(seq, layer="conformed", source=source, stream=stream.name)
    }
    return {
        key: found
        for key, found in files.items()
        if done.get(key) != (_raw_sha(found), version, found[-1].is_complete)
    }


def _groups(
    changed: Mapping[date, list[Snapshot]], at_once: int
) -> Iterator[list[tuple[date, list[Snapshot]]]]:
    """Cut changed days into groups that fit in memory together."""
    group: list[tuple[date, list[Snapshot]]] = []
    rows = 0
    for key, files in sorted(changed.items()):
        group.append((key, files))
        rows += sum(one.rows for one in files)
        if rows >= at_once:
            yield group
            group, rows = [], 0
    if group:
        yield group


def _raw_sha(files: Sequence[Snapshot]) -> str:
    return files[0].sha if len(files) == 1 else joined_sha(one.sha for one in files)


def _conformed(
    lake: Lake,
    adapter: Adapter,
    stream: Stream,
    source: Source,
    issuers: Mapping[str, Issuer],
    key: date,
    files: Sequence[Snapshot],
) -> _Day:
    if stream.kind is StreamKind.REPORT:
        rows = lake.read_raw(files[-1], stream)
    else:
        rows = lake.newest_rows(files, stream)
    conformed = adapter.conform(stream, source, rows, key, issuers)
    return _Day(key, files, _raw_sha(files), conformed)


def _publish(
    lake: Lake,
    ledger: Ledger,
    version: str,
    stream: Stream,
    source: str,
    days: Sequence[_Day],
    results: Mapping[date, CheckResult],
    now: datetime,
    done: _Done,
    basis: int,
) -> None:
    """Write what passed, then record all of it in one transaction."""
    table = TABLES[stream.table]
    snapshots: list[Snapshot] = []
    rejects: dict[tuple[str, str, date], Sequence[Reject]] = {}
    labels: list[Label] = []
    events: list[Mapping[str, object]] = []
    for day in days:
        result = results[day.key]
        refused = [*day.conformed.rejects, *result.rejects]
        if not result.is_critical:
            written = lake.write_conformed(
                table,
                result.rows,
                source=source,
                stream=stream.name,
                day=day.key,
                parser=version,
                raw_sha=day.raw_sha,
                is_complete=day.files[-1].is_complete,
                recorded_at=now,
            )
            snapshots.append(written.snapshot)
            refused += [_repeated(day.key, at, one) for at, one in enumerate(written.dropped)]
            labels += [Label(*label) for label in day.conformed.labels]
            if table is WORK_ITEM_EVENTS:
                events += result.rows
        rejects[source, stream.name, day.key] = refused
    ledger.record_conformed(
        snapshots, rejects=rejects, events=events, labels=labels, recorded_at=now, basis=basis
    )
    for day in days:
        done.days.append(day.key)
        done.findings += day.conformed.findings
        if results[day.key].is_critical:
            done.held.append(day.key)
            done.reasons += [finding.detail for finding in results[day.key].findings]
    done.rows += sum(one.rows for one in snapshots)
    done.rejects += sum(len(refused) for refused in rejects.values())


def _repeated(key: date, position: int, dropped: Dropped) -> Reject:
    """Turn a row that repeats another's key into a reject; which of them stays is settled."""
    return Reject(
        place=f"conformed {key}",
        position=position,
        length=0,
        digest=dropped.row_digest,
        field_path="",
        code="duplicate" if dropped.is_exact else "conflicting_duplicate",
    )
