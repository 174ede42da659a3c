"""Made-up records of one small organisation, with defaults for what a test does not care about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from tasks.core.batches import Reject, Stream, StreamKind
from tasks.core.books import (
    BookKey,
    Break,
    BreakClass,
    Cause,
    DayBasis,
    Destination,
    DestinationKind,
    Entry,
    Inputs,
    Method,
    Night,
    Posting,
    Reconciliation,
    Snapshot,
    Strength,
)

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
COSTS = Stream("costs", StreamKind.REPORT, "charges")
PULLS = Stream("pulls", StreamKind.CHANGE, "work_item_events", natural_key=("id",))
FAMILY = Destination(
    DestinationKind.FAMILY,
    "core",
    "upgrades",
    "bump",
    "production",
    "exploration",
    Method.METERED,
    Strength.STAMP,
)
REST = Destination(DestinationKind.UNATTRIBUTED, "core")
PAYABLE = Destination(DestinationKind.PAYABLE, method=Method.BALANCE)


def raw(sha: str, *, day: date = DAY, minutes: int = 0, **fields: object) -> Snapshot:
    snapshot = Snapshot(
        source="bill",
        stream="costs",
        layer="raw",
        table="",
        key=day,
        sha=sha,
        path=f"raw/bill/costs/{day}/{sha}.ndjson.zst",
        rows=3,
        size_bytes=100,
        parser="",
        raw_sha=sha,
        is_complete=True,
        recorded_at=NOW + timedelta(minutes=minutes),
    )
    return replace(snapshot, **fields)  # type: ignore[arg-type]


def conformed(sha: str, *, day: date = DAY, minutes: int = 0, **fields: object) -> Snapshot:
    return raw(
        sha,
        day=day,
        minutes=minutes,
        **{"layer": "conformed", "table": "charges", "parser": "1", "raw_sha": f"raw-{sha}"}
        | fields,
    )


def reject(position: int = 0, **fields: object) -> Reject:
    made = Reject("costs page 1", position, 80, f"{position:064x}", "amount", "decimal_parsing")
    return replace(made, **fields)  # type: ignore[arg-type]


def key(day: date = DAY, account: str = "ws_1") -> BookKey:
    return BookKey("anthropic", account, day, "2026-11", "USD")


def entry(
    amount: int = 1_000,
    *,
    day: date = DAY,
    account: str = "ws_1",
    cause: Cause = Cause.NEW,
    to: Destination = FAMILY,
) -> Entry:
    postings = (Posting(to, amount), Posting(PAYABLE, -amount))
    return Entry(key(day, account), cause, postings)


def basis(charges: str = "c1", *, day: date = DAY, issuer: str = "anthropic") -> DayBasis:
    return DayBasis(
        issuer, day, f"raw-{charges}", charges, "u1", "r1", "cat", "pol", "card", "", "", "1"
    )


def gap(amount: int = 500, *, day: date = DAY, sku: str = "claude-x·standard·-") -> Break:
    return Break(BreakClass.UNLOGGED_USAGE, "anthropic", "ws_1", day, sku, amount)


def night(
    *entries: Entry,
    breaks: Sequence[Break] = (),
    seq: int = 0,
    digest: str = "d1",
    days: tuple[date, date] = (DAY - timedelta(days=30), DAY),
    hours: int = 0,
) -> Night:
    inputs = Inputs(*days, seq, "cat", "pol", "src", "fin", "card", "", "1")
    reconciliation = Reconciliation(
        inputs=inputs,
        as_of=NOW + timedelta(hours=hours),
        status="tied",
        totals=(("billed", 1_000), ("logged", 900)),
        missing=("anthropic 2026-11-19",),
        completeness_ppm=968_000,
        evidenced_nano=1_000,
        inferred_nano=0,
        unexplained_nano=0,
        digest=digest,
    )
    return Night(reconciliation, entries, tuple(breaks))
