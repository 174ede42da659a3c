"""Seals: each booked night digests every row that was added since the night before.

The chain of heads covers entries and postings. A seal covers what they stand on: snapshots,
quarantine, configurations, reconciliations, breaks; and verdicts with their evidence. It is a
row of `evidence`, named by the digest of its body, and names the seal before it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection, func, insert, select, text

from tasks.ledger import tables

KIND = "seal"
#: Table to (column that only ever grows, columns that order its rows). Numbers are given under
#: the writer's lock: a row at or below a mark never arrives after the mark was taken.
SEALED: dict[str, tuple[str, tuple[str, ...]]] = {
    "snapshots": ("seq", ("seq",)),
    "pulls": ("id", ("id",)),
    "quarantine_sets": ("seq", ("seq",)),
    "quarantine": ("seq", ("seq", "ordinal")),
    "config_versions": ("id", ("id",)),
    "reconciliations": ("id", ("id",)),
    "held_days": ("reconciliation_id", ("reconciliation_id", "issuer", "day")),
    "day_bases": ("reconciliation_id", ("reconciliation_id", "issuer", "day")),
    "chain_heads": ("reconciliation_id", ("reconciliation_id",)),
    "break_observations": ("reconciliation_id", ("reconciliation_id", "break_id")),
    "verdicts": ("id", ("id",)),
    "period_acts": ("id", ("id",)),
}


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal as it stands in the ledger.

    Attributes:
        number: The reconciliation that was booked with it.
        subject: As stored beside it: the same number.
        marks: Newest number of each table that it covers.
        recorded_at: As the database spells it.
    """

    digest: str
    number: int
    subject: str
    previous: str
    marks: Mapping[str, int]
    body: str
    recorded_at: object


def add_seal(connection: Connection, number: int, recorded_at: datetime) -> str:
    """Seal what was added since the last seal, within the transaction that books a night.

    Args:
        connection: Of the writing transaction.
        number: The reconciliation just booked.
        recorded_at: Aware UTC; a label.

    Returns:
        Digest of the new seal.
    """
    last = newest_seal(connection)
    marks = _marks(connection)
    body = seal_body(connection, number, last.digest if last else "", _since(last), marks)
    digest = _digest([body])
    connection.execute(
        insert(tables.evidence).values(
            digest=digest, kind=KIND, subject=f"{number}", body=body, recorded_at=recorded_at
        )
    )
    return digest


def newest_seal(connection: Connection) -> Seal | None:
    """Read the newest seal; None before the first night."""
    return max(read_seals(connection), key=lambda seal: seal.number, default=None)


def read_seals(connection: Connection) -> list[Seal]:
    """Read every seal, oldest first.

    Raises:
        ValueError, KeyError, TypeError: One cannot be read.
    """
    rows = canonical_rows(connection, "evidence", f"WHERE kind = '{KIND}'")
    return sorted(map(_seal, rows), key=lambda seal: seal.number)


def seal_body(
    connection: Connection,
    number: int,
    previous: str,
    since: Mapping[str, int],
    marks: Mapping[str, int],
) -> str:
    """Write the body that a seal must have: what it covers, and the digest of each table's rows.

    Args:
        connection: To read from.
        number: Its reconciliation.
        previous: Digest of the seal before; empty for the first.
        since: Marks of the seal before.
        marks: Its own.
    """
    rows = {
        name: _digest(_row_texts(connection, name, since.get(name, 0), marks.get(name, 0)))
        for name in SEALED
    }
    body = {"number": number, "previous": previous, "marks": dict(marks), "rows": rows}
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def canonical_rows(
    connection: Connection, name: str, where: str = ""
) -> Iterator[tuple[object, ...]]:
    """Read rows as the database holds them, in one spelling for both databases.

    Not through the typed columns: on SQLite these read some damaged texts as the value they were.
    """
    table = tables.metadata.tables[name]
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    order = ", ".join(SEALED[name][1]) if name in SEALED else "1, 2"
    query = f"SELECT {columns} FROM {name} {where} ORDER BY {order}"  # noqa: S608 our own names
    # For this statement only: on PostgreSQL it reads through a cursor, which cannot insert.
    for row in connection.execute(text(query), execution_options={"yield_per": 10_000}):
        yield tuple(map(_plain, row))


def _row_texts(connection: Connection, name: str, since: int, until: int) -> Iterator[str]:
    mark = SEALED[name][0]
    where = f"WHERE {mark} > {int(since)} AND {mark} <= {int(until)}"
    for row in canonical_rows(connection, name, where):
        yield json.dumps(row, separators=(",", ":"))
    if name == "verdicts":  # with what they stand on, which has no numbers of its own
        stood_on = f"WHERE digest IN (SELECT evidence_digest FROM verdicts {where})"  # noqa: S608 our own names
        for row in canonical_rows(connection, "evidence", stood_on):
            yield json.dumps(row, separators=(",", ":"))


def _marks(connection: Connection) -> dict[str, int]:
    found = {}
    for name, (mark, _) in SEALED.items():
        column = tables.metadata.tables[name].c[mark]
        found[name] = int(connection.execute(select(func.max(column))).scalar() or 0)
    return found


def _since(last: Seal | None) -> Mapping[str, int]:
    return last.marks if last else {}


def _seal(row: tuple[object, ...]) -> Seal:
    digest, _, subject, body, recorded_at = row
    told = json.loads(str(body))
    return Seal(
        digest=str(digest),
        number=int(told["number"]),
        subject=str(subject),
        previous=str(told["previous"]),
        marks={str(name): int(mark) for name, mark in told["marks"].items()},
        body=str(body),
        recorded_at=recorded_at,
    )


def _digest(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode())
        digest.update(b"\n")
    return digest.hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    return int(value) if isinstance(value, bool) else value
