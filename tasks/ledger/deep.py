"""Prove every row of the append-only tables: seals, numbers without gaps, ids that are digests.

Each check gives sentences, one a fault: which row, and what to do. What a night has not sealed
yet is counted, never called proven.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection, func, select

from tasks.core.errors import LedgerError
from tasks.ledger import tables
from tasks.ledger.acts import act_faults
from tasks.ledger.seals import SEALED, Seal, canonical_rows, read_seals, seal_body
from tasks.ledger.verdicts import verdict_faults
from tasks.ledger.verify import verify_books

_RESTORE = "restore the ledger from a copy, and find out who changed it"
Check = Callable[[Connection], Iterator[str]]


def chain_faults(connection: Connection) -> Iterator[str]:
    """Guards, chain of heads, balance of entries; numbers of entries and lines without gaps."""
    try:
        verify_books(connection)
    except LedgerError as fault:
        yield str(fault)
    except (ValueError, TypeError, OverflowError) as fault:
        yield f"ledger: an entry or posting cannot be read ({fault}): {_RESTORE}"
    entries, postings = tables.entries, tables.postings
    yield from _gaps("entry", _numbers(connection, entries.c.id))
    query = select(postings.c.entry_id, postings.c.ordinal)
    rows = connection.execute(query.order_by(postings.c.entry_id, postings.c.ordinal))
    at: tuple[int, int] = (0, -1)
    for entry, ordinal in rows:
        wanted = at[1] + 1 if entry == at[0] else 0
        if ordinal != wanted:
            yield f"ledger: posting {entry}.{ordinal} should be {entry}.{wanted}: {_RESTORE}"
        at = (entry, ordinal)


def seal_faults(connection: Connection) -> Iterator[str]:
    """Every seal's name and place, and the digest of every table's rows under it."""
    try:
        seals = read_seals(connection)
    except (ValueError, KeyError, TypeError) as fault:
        yield f"ledger: a seal in `evidence` cannot be read ({fault}): {_RESTORE}"
        return
    previous, since = "", dict.fromkeys(SEALED, 0)
    nights = _nights(connection)
    sealed = [number for number in nights if seals and number >= seals[0].number]
    for number, seal in zip_longest(sealed, seals):
        if seal is None or number != seal.number:
            yield f"ledger: reconciliation {number} has no seal of its own: {_RESTORE}"
            return
        yield from _seal_faults(connection, seal, previous, since, nights[number])
        previous, since = seal.digest, dict(seal.marks)
    yield from _stray_evidence(connection)


def number_faults(connection: Connection) -> Iterator[str]:
    """Numbers given in order of arrival have no gaps: a gap is a row that went."""
    snapshots, sets = tables.snapshots, tables.quarantine_sets
    arrived = sorted([*_numbers(connection, snapshots.c.seq), *_numbers(connection, sets.c.seq)])
    yield from _gaps("snapshot or quarantine set", arrived)
    for what, table in (
        ("pull", tables.pulls),
        ("configuration", tables.config_versions),
        ("reconciliation", tables.reconciliations),
        ("act upon a period", tables.period_acts),
        ("verdict", tables.verdicts),
    ):
        yield from _gaps(what, _numbers(connection, table.c.id))
    names = connection.execute(select(tables.meta.c.key).order_by(tables.meta.c.key)).scalars()
    if strays := [name for name in names if name != "lake_id"]:
        yield f"ledger: `meta` holds {strays[0]!r}, which no version writes: {_RESTORE}"


def digest_faults(connection: Connection) -> Iterator[str]:
    """Rows that carry a digest of themselves: breaks, quarantine sets."""
    for row in canonical_rows(connection, "break_observations"):
        number, known, name, issuer, account, day, sku = row[:7]
        about = "|".join(str(part) for part in (name, issuer, account, day, sku))
        if hashlib.sha256(about.encode()).hexdigest()[:16] != known:
            yield (
                f"ledger: break {known} of reconciliation {number} is not what its id says:"
                f" {_RESTORE}"
            )
    counts = select(tables.quarantine.c.seq, func.count().label("n"))
    found = {row.seq: row.n for row in connection.execute(counts.group_by(tables.quarantine.c.seq))}
    sets = select(tables.quarantine_sets.c.seq, tables.quarantine_sets.c.row_count)
    for seq, count in connection.execute(sets):
        if found.get(seq, 0) != count:
            yield (
                f"ledger: quarantine set {seq} has {found.get(seq, 0)} rows, not {count}:"
                f" {_RESTORE}"
            )


def file_faults(connection: Connection) -> Iterator[str]:
    """SQLite's own proof of its file: pages, indexes that agree with their tables, references."""
    if connection.dialect.name != "sqlite":
        return
    for pragma in ("integrity_check", "foreign_key_check"):
        for row in connection.exec_driver_sql(f"PRAGMA {pragma}"):
            if row[0] != "ok":
                yield f"ledger: SQLite says {' '.join(map(str, row))!r} of its file: {_RESTORE}"


def faults(connection: Connection) -> dict[str, list[str]]:
    """Run every check; a check that cannot even read names that as its fault."""
    found: dict[str, list[str]] = {}
    for name, check in _CHECKS.items():
        said = found[name] = []
        try:
            said.extend(check(connection))
        except (ValueError, TypeError, KeyError, OverflowError) as fault:
            said.append(f"ledger: a row cannot be read ({fault}): {_RESTORE}")
    return found


def unsealed_rows(connection: Connection) -> int:
    """Count rows that arrived after the newest seal: the next booked night seals them."""
    seals = read_seals(connection)
    marks: Mapping[str, int] = seals[-1].marks if seals else {}
    total = 0
    for name, (mark, _) in SEALED.items():
        table = tables.metadata.tables[name]
        query = select(func.count()).where(table.c[mark] > marks.get(name, 0))
        total += int(connection.execute(query).scalar() or 0)
    return total


def stored_events(connection: Connection) -> list[tuple[object, ...]]:
    """Read every event of a work item as the database holds it, columns in storage order."""
    return list(canonical_rows(connection, "work_item_events"))


def _seal_faults(
    connection: Connection,
    seal: Seal,
    previous: str,
    since: Mapping[str, int],
    recorded_at: object,
) -> Iterator[str]:
    where = f"the seal of reconciliation {seal.number}"
    if hashlib.sha256(f"{seal.body}\n".encode()).hexdigest() != seal.digest:
        yield f"ledger: {where} is not what its digest says: {_RESTORE}"
        return
    if seal.previous != previous:
        yield f"ledger: {where} does not follow the one before: {_RESTORE}"
    if seal.subject != str(seal.number) or seal.recorded_at != recorded_at:
        yield f"ledger: {where} was not recorded with its night: {_RESTORE}"
    body = seal_body(connection, seal.number, seal.previous, since, seal.marks)
    if body == seal.body:
        return
    now, then = json.loads(body)["rows"], json.loads(seal.body)["rows"]
    for name in sorted(now.keys() | then.keys()):
        if now.get(name) != then.get(name):
            low, high = since.get(name, 0), seal.marks.get(name, 0)
            rows = f"rows {low + 1} to {high}" if high else "the rows"
            yield (
                f"ledger: table {name!r}, {rows}, are not what reconciliation {seal.number}"
                f" sealed: {_RESTORE}"
            )


def _stray_evidence(connection: Connection) -> Iterator[str]:
    """Evidence of other kinds is named by the digest of its body alone."""
    from_seals = tables.evidence.c.kind != "seal"
    for row in connection.execute(select(tables.evidence).where(from_seals)):
        if hashlib.sha256(f"{row.body}\n".encode()).hexdigest() == row.digest:
            yield f"ledger: evidence {row.digest[:12]} is a seal under another kind: {_RESTORE}"


def _nights(connection: Connection) -> dict[int, object]:
    """Map the number of each night to the time it was recorded, as the database spells it."""
    return {int(str(row[0])): row[-1] for row in canonical_rows(connection, "reconciliations")}


def _numbers(connection: Connection, column: Any) -> list[int]:  # noqa: ANN401 a column of ours
    return list(connection.execute(select(column).order_by(column)).scalars())


def _gaps(what: str, numbers: Sequence[int]) -> Iterator[str]:
    for wanted, found in enumerate(numbers, 1):
        if wanted != found:
            yield f"ledger: {what} {wanted} is gone, {found} stands in its place: {_RESTORE}"
            return


_CHECKS: dict[str, Check] = {
    "database": file_faults,
    "chain": chain_faults,
    "seals": seal_faults,
    "numbers": number_faults,
    "digests": digest_faults,
    "periods": act_faults,
    "verdicts": verdict_faults,
}
