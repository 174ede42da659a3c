"""Small stores with something in every append-only table, and ways to damage one bit of them."""

import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from cli.deep import deep_checks
from config.load import load_config
from tasks.core.batches import RawRow, Reject, Stream, Watermark
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
from tasks.core.digests import joined_digest
from tasks.core.errors import GraduandError
from tasks.core.month_end.periods import Act, PeriodAct
from tasks.core.promotion.decisions import Code, Decision
from tasks.core.tables import CHARGES, RUNS, USAGE, WORK_ITEM_EVENTS, Table
from tasks.lake.store import Lake
from tasks.ledger import tables
from tasks.ledger.guards import APPEND_ONLY
from tasks.ledger.ledger import Ledger
from tasks.ledger.verdicts import Frozen
from tasks.sources.registry import adapter_of, source_named
from tests.databases import Database

CONFIG = Path(__file__).resolve().parents[2] / "config"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAYS = (date(2026, 11, 19), date(2026, 11, 20))
_ACCOUNT, _SKU, _MODEL = "ws_1", "claude-x·standard·-", "claude-x"
_FAMILY = Destination(
    DestinationKind.FAMILY,
    "core",
    "upgrades",
    "bump",
    "production",
    "exploration",
    Method.METERED,
    Strength.STAMP,
)
_PAYABLE = Destination(DestinationKind.PAYABLE, method=Method.BALANCE)


@dataclass
class Stores:
    """A lake and a ledger that belong together."""

    lake: Path
    database: Database

    def faults(self) -> list[str]:
        """Check everything, as `graduand check --deep` does."""
        config = load_config(CONFIG)
        try:
            lake = Lake.open(str(self.lake))
            with Ledger.open(self.database.url, lake_id=lake.lake_id) as ledger:
                return [fault for one in deep_checks(config, lake, ledger) for fault in one.faults]
        except GraduandError as error:
            return [str(error)]


def fill(lake_dir: Path, database: Database) -> Stores:
    """Book two nights of two days; the second corrects one of them."""
    lake = Lake.open(str(lake_dir))
    with Ledger.open(database.url, lake_id=lake.lake_id) as ledger:
        for kind in ("catalog", "policy", "sources", "finance", "card"):
            ledger.store_config_version(kind, f"{kind}-digest", f'{{"{kind}": true}}', NOON)
        for number, (nano, cause) in enumerate(((5_000, Cause.NEW), (7_000, Cause.RESTATED))):
            shas = {day: _arrive(lake, ledger, day, nano, number) for day in DAYS}
            _look(ledger, number)
            _book(ledger, shas, nano if number == 0 else 2_000, cause, number)
        _close(ledger)
    return Stores(lake_dir, database)


def _look(ledger: Ledger, number: int) -> None:
    """Record what the gate said, and what somebody decided."""
    at = NOON + timedelta(days=number)
    said = Frozen("bump", "2026-11-01", "not_yet", "4 of 5 good", f'["packet", {number}]', at)
    decided = Decision("bump", "2026-11-01", Code.DECLINED, "lead", at.date(), until_items=number)
    ledger.record_look([said], decisions=[decided], messages=[], recorded_at=at)


def _close(ledger: Ledger) -> None:
    """Close the month, which no night has sealed since."""
    later = NOON + timedelta(days=20)
    ledger.soft_close(PeriodAct("2026-11", Act.SOFT_CLOSED, later), None, [])
    digest = ledger.nights_of_period("2026-11").digest
    signed = PeriodAct("2026-11", Act.CLOSED, later, "controller", later.date(), digest=digest)
    ledger.record_act(signed)


def _stream(source: str, table: str) -> Stream:
    adapter = adapter_of(source_named(load_config(CONFIG).sources.sources, source))
    return next(stream for stream in adapter.streams if stream.table == table)


def _arrive(lake: Lake, ledger: Ledger, day: date, nano: int, number: int) -> str:
    moment = datetime.combine(day, NOON.timetz())
    about = {"source": "anthropic", "issuer": "anthropic", "account": _ACCOUNT, "day": day}
    charge = {
        **about,
        "charge_start": moment,
        "charge_end": moment,
        "billing_period": "2026-11",
        "line": 0,
        "category": "usage",
        "sku": _SKU,
        "model": _MODEL,
        "kind": "input",
        "billed_nano": nano,
        "currency": "USD",
    }
    used = {**about, "model": _MODEL, "sku": _SKU, "kind": "input", "quantity": 10}
    run = {
        **about,
        "source": "agent-logs",
        "run_id": f"r{day}",
        "ended_at": moment,
        "model": _MODEL,
        "input_tokens": 10,
        "purpose": "work",
        "stamp": "bump",
    }
    event = {
        "source": "github",
        "day": day,
        "item": f"gh:1#{day.day}",
        "event": "merged",
        "occurred_at": moment,
        "observed_at": moment,
        "event_id": f"e{day}",
        "ref": "c0ffee",
    }
    sha = ""
    for source, table, row in (
        ("agent-logs", RUNS, run),
        ("anthropic", USAGE, used),
        ("anthropic", CHARGES, charge),
        ("github", WORK_ITEM_EVENTS, event),
    ):
        made = _write(lake, ledger, source, table, day, row, number)
        sha = made.sha if table is CHARGES else sha
    return sha


def _write(
    lake: Lake,
    ledger: Ledger,
    source: str,
    table: Table,
    day: date,
    row: dict[str, object],
    number: int,
) -> Snapshot:
    stream, now = _stream(source, table.name), NOON + timedelta(hours=number)
    plain: RawRow = {name: str(value) for name, value in row.items()}
    raw = lake.write_raw(source, stream, day, [plain], is_complete=True, recorded_at=now)
    refused = Reject("page 1", 3, 80, "0" * 64, "amount", "bad_amount", "anthropic", _ACCOUNT, 9)
    ledger.record_pull(
        source,
        stream,
        snapshots=[raw],
        rejects={day: [refused] if table is USAGE else []},
        watermark=Watermark(now),
        recorded_at=now,
    )
    written = lake.write_conformed(
        table,
        [row],
        source=source,
        stream=stream.name,
        day=day,
        parser="1",
        raw_sha=raw.sha,
        is_complete=True,
        recorded_at=now,
    )
    ledger.record_conformed(
        [written.snapshot],
        rejects={},
        events=[row] if table is WORK_ITEM_EVENTS else [],
        recorded_at=now,
    )
    return written.snapshot


def _book(ledger: Ledger, shas: dict[date, str], nano: int, cause: Cause, number: int) -> None:
    entries = [
        Entry(
            BookKey("anthropic", _ACCOUNT, day, "2026-11", "USD"),
            cause,
            (Posting(_FAMILY, nano), Posting(_PAYABLE, -nano)),
        )
        for day in DAYS
    ]
    gap = Break(BreakClass.UNLOGGED_USAGE, "anthropic", _ACCOUNT, DAYS[0], _SKU, 500 + number, 1)
    row = Reconciliation(
        inputs=Inputs(
            window_start=DAYS[0],
            window_end=DAYS[1],
            snapshot_seq=ledger.newest_seq(),
            catalog_digest="catalog-digest",
            policy_digest="policy-digest",
            sources_digest="sources-digest",
            finance_digest="",
            card_digest="card-digest",
            fx_digest="",
            code_version="1",
        ),
        as_of=NOON + timedelta(days=number),
        status="partial",
        totals=(("billed:USD", nano), ("booked:USD", nano)),
        missing=("openai 2026-11-19",),
        completeness_ppm=900_000,
        evidenced_nano=nano,
        inferred_nano=12,
        unexplained_nano=34,
        digest=f"night-{number}",
    )
    bases = [
        DayBasis(
            *("anthropic", day, f"raw-{number}", joined_digest([sha]), "u", "r", "cat", "pol"),
            *("card", "", "", "1"),
        )
        for day, sha in shas.items()
    ]
    ledger.book_night(
        Night(row, entries, [gap]),
        books_at=ledger.books_at(),
        bases=bases,
        held=[("openai", DAYS[0])],
        recorded_at=NOON + timedelta(days=number, minutes=1),
    )


#: What holds rows; `evidence` holds the seals, packets and decisions.
DAMAGED = tuple(sorted(APPEND_ONLY))


def flip_file(stores: Stores, dice: random.Random, layer: str) -> str:
    """Flip one bit of a file of the lake; say where."""
    files = sorted((stores.lake / layer).rglob("*.*"))
    file = dice.choice([one for one in files if one.is_file()])
    data = bytearray(file.read_bytes())
    at, bit = dice.randrange(len(data)), dice.randrange(8)
    data[at] ^= 1 << bit
    file.write_bytes(bytes(data))
    return f"{file.relative_to(stores.lake)} byte {at} bit {bit}"


def flip_row(stores: Stores, dice: random.Random, table: str) -> str:
    """Change one bit of one value past the guards, which stand again after; say where.

    A database that refuses the value by itself is asked for another one.
    """
    while True:
        column = dice.choice(list(tables.metadata.tables[table].columns)).name
        change = _sqlite if stores.database.kind == "sqlite" else _postgresql
        said = change(stores.database, dice, table, column)
        if said is not None:
            return f"{table}.{column} {said}"


def flip_bytes_of_sqlite(stores: Stores, dice: random.Random, table: str) -> str | None:
    """Flip one bit of a text where it stands in the database's file; None if it stands twice."""
    file = Path(stores.database.url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        row = dice.choice(connection.execute(f"SELECT * FROM {table}").fetchall())
    texts = [value.encode() for value in row if isinstance(value, str) and len(value) > 5]
    data = bytearray(file.read_bytes())
    texts = [value for value in texts if data.count(value) == 1]
    if not texts:
        return None
    value = dice.choice(texts)
    at = data.find(value) + dice.randrange(len(value))
    data[at] ^= 1 << dice.randrange(8)
    file.write_bytes(bytes(data))
    return f"{table} byte {at}"


def _flipped(value: object, dice: random.Random) -> object:
    """Change one bit of a value, to one of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value ^ (1 << dice.randrange(12))
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1 << dice.randrange(30))
    if isinstance(value, date):
        return value + timedelta(days=1 << dice.randrange(5))
    data = bytearray(str(value).encode())
    while True:
        changed = bytearray(data)
        changed[dice.randrange(len(data))] ^= 1 << dice.randrange(7)
        if 0 not in changed:
            try:
                return changed.decode()
            except UnicodeDecodeError:
                continue


def _sqlite(database: Database, dice: random.Random, table: str, column: str) -> str | None:
    with closing(sqlite3.connect(database.url.removeprefix("sqlite:///"))) as file:
        file.execute("PRAGMA ignore_check_constraints = ON")
        query = f"SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL"
        rows = [row for row in file.execute(f"{query} ORDER BY rowid") if row[1] != ""]
        if not rows:
            return None
        number, value = dice.choice(rows)
        changed = _flipped(value, dice)
        triggers = file.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)
        ).fetchall()
        for name, _ in triggers:
            file.execute(f"DROP TRIGGER {name}")
        try:
            file.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (changed, number))
        except sqlite3.IntegrityError:
            file.rollback()
            return None
        for _, statement in triggers:
            file.execute(statement)
        file.commit()
    return f"{value!r} to {changed!r}"


def _postgresql(database: Database, dice: random.Random, table: str, column: str) -> str | None:
    engine = create_engine(database.owner_url)
    quoted = f'"{column}"'
    try:
        with engine.begin() as connection:
            query = f"SELECT ctid, {quoted} FROM {table} WHERE {quoted} IS NOT NULL"
            rows: list[Any] = [
                row for row in connection.execute(text(f"{query} ORDER BY ctid")) if row[1] != ""
            ]
            if not rows:
                return None
            place, value = dice.choice(rows)
            changed = _flipped(value, dice)
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER append_only"))
            connection.execute(
                text(f"UPDATE {table} SET {quoted} = :value WHERE ctid = :place"),
                {"value": changed, "place": place},
            )
        with engine.begin() as connection:
            connection.execute(text(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only"))
    except DBAPIError:
        return None
    finally:
        engine.dispose()
    return f"{value!r} to {changed!r}"
