"""What could not be read: kept as sets a (source, stream, day), replaced or accumulating.

The rejects of a report day are what its newest pull refused, so that a row the vendor
repairs leaves quarantine. Those of a change stream accumulate with its batches.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, insert, select

from tasks.core.batches import Reject
from tasks.ledger import tables
from tasks.ledger.snapshots import newest_seq


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A refused row and where it belongs.

    Attributes:
        layer: `raw` if the source's parser refused it, `conformed` if a check did.
        day: Key of its batch: vendor's day, or day of the pull for change streams.
    """

    source: str
    stream: str
    layer: str
    day: date
    reject: Reject


@dataclass(frozen=True, slots=True)
class Place:
    """Where a set of rejects belongs."""

    source: str
    stream: str
    layer: str
    day: date


def add_rejects(
    connection: Connection,
    place: Place,
    rejects: Sequence[Reject],
    *,
    adds: bool,
    recorded_at: datetime,
) -> None:
    """Record what was refused, if that is news.

    Args:
        connection: Of a writing transaction.
        place: What they belong to.
        rejects: All of this pull's; empty clears the set of a report day.
        adds: Add to what is known, instead of replacing it.
        recorded_at: Aware UTC; a label.
    """
    known = [_text(reject) for reject in _current(connection, place)]
    texts = {_text(reject): reject for reject in rejects}
    fresh = sorted(set(texts) - set(known)) if adds else sorted(texts)
    if (adds and not fresh) or (not adds and fresh == sorted(known)):
        return
    seq = newest_seq(connection) + 1
    connection.execute(
        insert(tables.quarantine_sets).values(
            seq=seq,
            source=place.source,
            stream=place.stream,
            layer=place.layer,
            day=place.day,
            adds=adds,
            row_count=len(fresh),
            digest=hashlib.sha256("\n".join(fresh).encode()).hexdigest(),
            recorded_at=recorded_at,
        )
    )
    rows = [_row(seq, number, texts[text]) for number, text in enumerate(fresh)]
    if rows:
        connection.execute(insert(tables.quarantine), rows)


def rejects_as_of(
    connection: Connection, seq: int, start: date | None = None, end: date | None = None
) -> list[Quarantined]:
    """Read what was in quarantine as of a sequence number, days from `start` to `end`."""
    sets = tables.quarantine_sets
    query = _standing(seq)
    if start is not None:
        query = query.where(sets.c.day >= start)
    if end is not None:
        query = query.where(sets.c.day <= end)
    return [
        Quarantined(row.source, row.stream, row.layer, row.day, _reject(row))
        for row in connection.execute(query)
    ]


def _current(connection: Connection, place: Place) -> list[Reject]:
    sets = tables.quarantine_sets
    query = _standing(newest_seq(connection)).where(
        sets.c.source == place.source,
        sets.c.stream == place.stream,
        sets.c.layer == place.layer,
        sets.c.day == place.day,
    )
    return [_reject(row) for row in connection.execute(query)]


def _standing(seq: int) -> Select[Any]:
    """Select the rows of the newest replacing set of each key, and of those added to it."""
    sets, rows = tables.quarantine_sets, tables.quarantine
    keys = (sets.c.source, sets.c.stream, sets.c.layer, sets.c.day)
    replaced = (
        select(*keys, func.max(sets.c.seq).label("since"))
        .where(sets.c.seq <= seq, ~sets.c.adds)
        .group_by(*keys)
        .subquery()
    )
    same_key = and_(*(replaced.c[key.name] == key for key in keys))
    return (
        select(*keys, rows)
        .select_from(sets)
        .join(rows, rows.c.seq == sets.c.seq)
        .outerjoin(replaced, same_key)
        .where(sets.c.seq <= seq, sets.c.seq >= func.coalesce(replaced.c.since, 0))
        .order_by(*keys, sets.c.seq, rows.c.ordinal)
    )


def _reject(row: Row[Any]) -> Reject:
    return Reject(
        place=row.place,
        position=row.position,
        length=row.length,
        digest=row.digest,
        field_path=row.field_path,
        code=row.code,
        issuer=row.issuer,
        account=row.account,
        amount_nano=row.amount_nano,
        parsed=json.loads(row.parsed),
    )


def _row(seq: int, ordinal: int, reject: Reject) -> dict[str, object]:
    return {"seq": seq, "ordinal": ordinal, **_plain(reject)}


def _plain(reject: Reject) -> dict[str, object]:
    return {
        "place": reject.place,
        "position": reject.position,
        "length": reject.length,
        "digest": reject.digest,
        "field_path": reject.field_path,
        "code": reject.code,
        "issuer": reject.issuer,
        "account": reject.account,
        "amount_nano": reject.amount_nano,
        "parsed": json.dumps(dict(reject.parsed), sort_keys=True, separators=(",", ":")),
    }


def _text(reject: Reject) -> str:
    """Write a reject so that equal ones are equal, and their order never matters."""
    return json.dumps(_plain(reject), sort_keys=True, separators=(",", ":"))
