"""Stage 1: read one stream of one source into the lake, and record what is new.

Raw rows are what the source said, reduced to its allow-listed fields. The file is
published first; one transaction then records snapshots, rejects and watermark.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from prefect import task
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from config.load import load_config
from config.settings import settings_from_environment
from config.shapes.sources import FocusFileSource, Source
from tasks.core.batches import Batch, Pulled, RawRow, Stream, StreamKind
from tasks.core.bill_days import days_to_keep
from tasks.core.digests import keyed_digest
from tasks.core.errors import GraduandError, WaitUntilError
from tasks.core.faults import without_values
from tasks.core.findings import Finding
from tasks.core.month_end.periods import closed_map
from tasks.core.people import Door
from tasks.core.tables import CHARGES, SQUAD_USE, USAGE
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.snapshots import Which
from tasks.recording import days_lost, lost_days, record_pull
from tasks.set_wise import PulledLog, pull_log
from tasks.sources.connect import connect, located
from tasks.sources.declared import with_declared
from tasks.sources.directory import read_directory
from tasks.sources.registry import adapter_of, source_named
from tasks.transport.clock import SystemClock

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PullReport:
    """What one pull brought, in counts.

    Attributes:
        new_keys: Keys whose content differs from what was known.
        is_cut_short: A limit or an outage ended it midway; the next pull goes on from there.
        rows: Rows received, over all keys.
        findings: Days that stay as they were read before, and what was not kept of files.
    """

    source: str
    stream: str
    new_keys: tuple[date, ...]
    rows: int
    rejects: int
    requests: int
    is_cut_short: bool
    findings: tuple[Finding, ...]


def check_stores() -> None:
    """Open lake and ledger once, before any work: what is wrong with them is told once.

    Raises:
        LakeError: The lake cannot be used.
        LedgerError: The ledger is of another revision, unguarded, or of another lake.
    """
    settings = settings_from_environment()
    lake = Lake.open(settings.lake_dir)
    Ledger.open(settings.database_url.get_secret_value(), lake_id=lake.lake_id).close()


def _can_help(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Say whether trying again can help: a wait, an outage or a lost race, but no refusal."""
    error = state.result(raise_on_failure=False)
    if isinstance(error, WaitUntilError):
        return False  # it lies past the deadline; the next night asks again
    return isinstance(error, GraduandError) and error.is_transient


@task(
    name="pull",
    task_run_name="pull {source} {stream}",
    retries=2,
    retry_delay_seconds=[5, 30],
    retry_jitter_factor=0.5,
    retry_condition_fn=_can_help,
)
def pull(
    source: str,
    stream: str,
    *,
    window: tuple[date, date],
    now: datetime,
    deadline: datetime,
    from_scratch: bool,
) -> PullReport:
    """Pull one stream.

    Args:
        source: Name in `sources.yaml`.
        stream: Name of one of its streams.
        window: First and last vendor day of a report; change streams follow their watermark.
        now: The night's moment, aware UTC.
        deadline: Aware UTC; a limit that ends later is not waited for.
        from_scratch: Forget the watermark and read everything again.

    Raises:
        SourceError: The source's answer cannot be used.
        WaitUntilError: The source wants no request before a moment past the deadline.
        StaleNightError: Another run recorded this stream meanwhile; a retry reads it again.
    """
    with without_values(f"pull of {source} {stream}"):
        return _pull(source, stream, window, now, deadline, from_scratch=from_scratch)


def _pull(
    source: str,
    stream: str,
    window: tuple[date, date],
    now: datetime,
    deadline: datetime,
    *,
    from_scratch: bool,
) -> PullReport:
    settings = settings_from_environment()
    config = load_config(settings.config_dir)
    sources = config.sources.sources
    named = source_named(sources, source)
    declared = with_declared(named, config.catalog, sources, config.finance)
    configured = located(declared, settings)
    adapter = adapter_of(configured)
    wanted = adapter.stream(stream)
    pseudonym = keyed_digest(settings.digest_key.get_secret_value())
    # Money and work ask for nobody's squad: a fault of the directory is none of theirs.
    directory = settings.directory if wanted.table == SQUAD_USE.name else None
    door = Door(pseudonym, read_directory(directory) if directory else None)
    lake = Lake.open(settings.lake_dir)
    with Ledger.open(settings.database_url.get_secret_value(), lake_id=lake.lake_id) as ledger:
        # Read before the first request: an answer older than somebody else's must not win.
        basis = ledger.last_pull(source, stream)
        if adapter.reading is not None and adapter.is_set_wise(wanted):
            reading = adapter.reading(configured, door)
            brought = pull_log(
                lake,
                ledger,
                reading,
                wanted,
                window,
                now,
                basis,
                pseudonym,
                from_scratch=from_scratch,
            )
            return _told(_report_of_log(source, stream, brought))
        watermark = None if from_scratch else ledger.watermark(source, stream)
        client = connect(
            configured, settings, waits=ledger.waits, clock=SystemClock(), deadline=deadline
        )
        with client or nullcontext():
            pulled = adapter.fetch(
                wanted,
                client,
                configured,
                window,
                watermark,
                now,
                door,
            )
        lost = set() if from_scratch else _lost(ledger, configured, wanted, pulled)
        findings = (*pulled.findings, *((days_lost(source, wanted, lost),) if lost else ()))
        if isinstance(configured, FocusFileSource):
            kept, reasons = _days_to_keep(lake, ledger, configured, wanted, pulled, from_scratch)
            lost |= kept
            findings += reasons
        pulled = replace(pulled, batches=[one for one in pulled.batches if one.key not in lost])
        new_keys = _record(lake, ledger, source, wanted, pulled, now, basis, pseudonym)
    return _told(
        PullReport(
            source=source,
            stream=stream,
            new_keys=new_keys,
            rows=sum(len(batch.rows) for batch in pulled.batches),
            rejects=sum(len(batch.rejects) for batch in pulled.batches),
            requests=pulled.requests,
            is_cut_short=wanted.kind is StreamKind.CHANGE
            and not all(batch.is_complete for batch in pulled.batches),
            findings=findings,
        )
    )


def _lost(ledger: Ledger, source: Source, stream: Stream, pulled: Pulled) -> set[date]:
    """Find the days whose answer is not believed; bills in files have a rule of their own."""
    if isinstance(source, FocusFileSource):
        return set()
    # Use by squad that is not even asked for, because there is no directory any more, may go.
    if stream.table == SQUAD_USE.name and not pulled.requests:
        return set()
    # A day that is not complete replaces nothing.
    is_report = stream.table in {CHARGES.name, USAGE.name}
    rows = {
        batch.key: len(batch.rows) + (len(batch.rejects) if is_report else 0)
        for batch in pulled.batches
        if batch.is_complete or not is_report
    }
    return lost_days(ledger, source.name, stream, rows)


def _report_of_log(source: str, stream: str, brought: PulledLog) -> PullReport:
    return PullReport(
        source=source,
        stream=stream,
        new_keys=brought.new_keys,
        rows=brought.rows,
        rejects=brought.rejects,
        requests=0,
        is_cut_short=False,
        findings=brought.findings,
    )


def _told(report: PullReport) -> PullReport:
    """Tell the log what a pull brought."""
    log.info(
        "pulled %s rows source=%s stream=%s new_keys=%s rejects=%s requests=%s",
        report.rows,
        report.source,
        report.stream,
        len(report.new_keys),
        report.rejects,
        report.requests,
    )
    return report


def _days_to_keep(
    lake: Lake,
    ledger: Ledger,
    source: FocusFileSource,
    stream: Stream,
    pulled: Pulled,
    from_scratch: bool,  # noqa: FBT001  # as the flow's form has it
) -> tuple[set[date], tuple[Finding, ...]]:
    """Find the days of a bill in files whose new content must not replace what is known."""
    newest = ledger.snapshots_as_of(
        ledger.newest_seq(),
        layer="raw",
        which=Which.NEWEST_COMPLETE,
        source=source.name,
        stream=stream.name,
    )
    days = {batch.key for batch in pulled.batches}
    known = {one.key: lake.read_raw(one, stream) for one in newest if one.key in days}
    closed = closed_map(ledger.period_acts())
    return days_to_keep(pulled.batches, known, closed, source.name, takes_losses=from_scratch)


def _record(
    lake: Lake,
    ledger: Ledger,
    source: str,
    stream: Stream,
    pulled: Pulled,
    now: datetime,
    basis: int,
    pseudonym: Callable[[str], str],
) -> tuple[date, ...]:
    news = [(batch, _news(lake, ledger, source, stream, batch)) for batch in pulled.batches]
    snapshots = [
        lake.write_raw(
            source, stream, batch.key, rows, is_complete=batch.is_complete, recorded_at=now
        )
        for batch, rows in news
        # A report without rows says that there were none; of a change stream it says nothing.
        if rows or stream.kind is StreamKind.REPORT
    ]
    return record_pull(
        ledger,
        source,
        stream,
        snapshots=snapshots,
        rejects={batch.key: batch.rejects for batch in pulled.batches},
        watermark=pulled.watermark,
        now=now,
        basis=basis,
        pseudonym=pseudonym,
    )


def _news(
    lake: Lake, ledger: Ledger, source: str, stream: Stream, batch: Batch
) -> Sequence[RawRow]:
    """Leave out what a change stream has told before; a report is always kept whole."""
    if stream.kind is StreamKind.REPORT:
        return batch.rows
    known = ledger.snapshots_as_of(
        ledger.newest_seq(), layer="raw", which=Which.EVERY, source=source, stream=stream.name
    )
    return lake.changed_rows(batch.rows, known, stream)
