"""What a pull leaves in the ledger, and which days of a log are rather left as they were."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from tasks.core.batches import Reject, Stream, Watermark
from tasks.core.books import Snapshot
from tasks.core.findings import Finding
from tasks.core.tables import CHARGES, RUNS, SQUAD_USE, USAGE
from tasks.ledger.ledger import Ledger
from tasks.ledger.snapshots import Which

#: A day of these that had rows does not come to have none.
_NEVER_EMPTIED = frozenset({CHARGES.name, USAGE.name, SQUAD_USE.name})


def lost_days(ledger: Ledger, source: str, stream: Stream, rows: Mapping[date, int]) -> set[date]:
    """Find the days of a log that hold fewer rows than were read of them before.

    A log only grows. Where it has shrunk, files were rotated away or lost: taken for the
    whole day, what is left would move money that is long explained to `unattributed`. Use by
    squad may fold otherwise, and a bill may be revised; but a day that had some does not come to
    have none: an answer without anything is more likely a fault than a bill taken back whole.
    """
    if stream.table not in {RUNS.name, *_NEVER_EMPTIED}:
        return set()
    known = ledger.snapshots_as_of(
        ledger.newest_seq(),
        layer="raw",
        which=Which.NEWEST_COMPLETE,
        source=source,
        stream=stream.name,
    )
    before = {one.key: one.rows for one in known}
    if stream.table in _NEVER_EMPTIED:
        before = {key: min(count, 1) for key, count in before.items()}
    return {key for key, count in rows.items() if count < before.get(key, 0)}


def days_lost(source: str, stream: Stream, days: set[date]) -> Finding:
    """Say which days stay as they were read before."""
    many = f"days between {min(days)} and {max(days)}" if len(days) > 1 else f"day, {min(days)},"
    if stream.table in {CHARGES.name, USAGE.name}:
        detail = (
            f"{len(days)} {many} now come without any {stream.name}; what was read before stays"
        )
        return Finding("day_emptied", source, detail, source)
    detail = f"{len(days)} {many} hold less than was read before; what was read before stays"
    return Finding("log_lost", source, detail, source)


def record_pull(
    ledger: Ledger,
    source: str,
    stream: Stream,
    *,
    snapshots: Sequence[Snapshot],
    rejects: Mapping[date, Sequence[Reject]],
    watermark: Watermark | None,
    now: datetime,
    basis: int,
    pseudonym: Callable[[str], str],
) -> tuple[date, ...]:
    """Record a pull, and name the keys whose content is new.

    Args:
        ledger: Where to.
        source: Name of the source.
        stream: What was pulled.
        snapshots: Raw files that it published.
        rejects: By key, one item for every key pulled.
        watermark: How far the stream has been read.
        now: Aware UTC.
        basis: `Ledger.last_pull` as read before anything was asked.
        pseudonym: Keyed digest.
    """
    before = ledger.newest_seq()
    seqs = ledger.record_pull(
        source,
        stream,
        snapshots=snapshots,
        # A refused text may be no more than a name, and a plain digest of that can be guessed back.
        rejects={
            key: [replace(one, digest=pseudonym(one.digest)) for one in refused]
            for key, refused in rejects.items()
        },
        watermark=watermark,
        recorded_at=now,
        basis=basis,
    )
    return tuple(one.key for one, seq in zip(snapshots, seqs, strict=True) if seq > before)
