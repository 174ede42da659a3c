"""Verdicts, the packets they stand on, and what people decided: append-only, by content.

Both are numbered rows of `verdicts`, so that a night's seal covers them, and stand on a row of
`evidence` that is named by the digest of its text.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, func, insert, select

from tasks.core.digests import text_digest
from tasks.core.errors import LedgerError
from tasks.core.plain import from_plain, to_plain
from tasks.core.promotion.decisions import Decision
from tasks.ledger import tables

PACKET = "packet"
#: Stands in `verdict` of rows that people's decisions are.
DECISION = "decision"
_RESTORE = "restore the ledger from a copy, and find out who changed it"


@dataclass(frozen=True, slots=True)
class Frozen:
    """A verdict with its packet, as it goes into the ledger.

    Attributes:
        packet: Canonical text; its SHA-256 is its name.
        verdict: Value of `tasks.core.promotion.verdict.Kind`.
        sentence: What it said, for lists of past verdicts.
    """

    workflow: str
    epoch: str
    verdict: str
    sentence: str
    packet: str
    as_of: datetime

    @property
    def digest(self) -> str:
        """Name the packet by its content."""
        return text_digest(self.packet)


@dataclass(frozen=True, slots=True)
class Past:
    """A verdict as it stands in the ledger."""

    number: int
    workflow: str
    epoch: str
    verdict: str
    sentence: str
    digest: str
    as_of: datetime


def add_verdicts(
    connection: Connection, frozen: Sequence[Frozen], recorded_at: datetime
) -> list[int]:
    """Record verdicts within a writing transaction; one on the same packet stays as it is.

    Args:
        connection: Of the transaction.
        frozen: Of one look; one a workflow.
        recorded_at: Aware UTC; a label.

    Returns:
        Their numbers, in order.
    """
    table = tables.verdicts
    numbers = []
    for one in frozen:
        same = (table.c.workflow == one.workflow, table.c.evidence_digest == one.digest)
        known = connection.execute(select(table.c.id).where(*same)).scalar()
        numbers.append(_add(connection, PACKET, one, recorded_at) if known is None else int(known))
    return numbers


def read_verdicts(
    connection: Connection, *, by: datetime | None = None, workflows: Iterable[str] | None = None
) -> list[Past]:
    """Read past verdicts in the order they were recorded.

    Args:
        connection: To read from.
        by: Aware UTC; leaves out those of a later moment.
        workflows: Only of these.
    """
    table = tables.verdicts
    query = select(table).where(table.c.verdict != DECISION).order_by(table.c.id)
    if by is not None:
        query = query.where(table.c.as_of <= by)
    if workflows is not None:
        query = query.where(table.c.workflow.in_(sorted(set(workflows))))
    return [
        Past(
            row.id,
            row.workflow,
            row.epoch,
            row.verdict,
            row.body,
            row.evidence_digest,
            row.as_of,
        )
        for row in connection.execute(query)
    ]


def read_packet_text(connection: Connection, digest: str) -> str:
    """Read a frozen packet.

    Args:
        connection: To read from.
        digest: Whole, or how it begins.

    Raises:
        LedgerError: There is none, or several begin so, or it is not what its digest says.
    """
    table = tables.evidence
    query = select(table.c.digest, table.c.body).where(
        table.c.kind == PACKET, table.c.digest.startswith(digest, autoescape=True)
    )
    found = connection.execute(query).fetchmany(2)
    if len(found) != 1:
        many = "no packet" if not found else "more than one packet"
        message = f"ledger: {many} begins with {digest!r}: take a digest of the candidate list"
        raise LedgerError(message)
    return _sound(found[0])


def read_packet_texts(connection: Connection, digests: Iterable[str]) -> dict[str, str]:
    """Read frozen packets by digest.

    Raises:
        LedgerError: One is missing, or not what its digest says.
    """
    return {digest: read_packet_text(connection, digest) for digest in dict.fromkeys(digests)}


def add_decisions(
    connection: Connection, decisions: Iterable[Decision], recorded_at: datetime
) -> int:
    """Record decisions within a writing transaction; one that stands already is not repeated.

    Returns:
        How many were new.
    """
    known = read_decisions(connection)
    latest = {(one.workflow, one.epoch): one for one in known}
    bodies = {_body(one) for one in known}
    added = 0
    for one in decisions:
        standing, body = latest.get((one.workflow, one.epoch)), _body(one)
        # The same body again is one that was taken back and repeated within a day.
        if body not in bodies and not (standing is not None and one.is_same(standing)):
            row = Frozen(one.workflow, one.epoch, DECISION, one.code, body, recorded_at)
            _add(connection, DECISION, row, recorded_at)
            latest[one.workflow, one.epoch] = one
            bodies.add(body)
            added += 1
    return added


def read_decisions(connection: Connection, by: datetime | None = None) -> list[Decision]:
    """Read decisions, oldest first.

    Args:
        connection: To read from.
        by: Aware UTC; leaves out those recorded later.
    """
    verdicts, evidence = tables.verdicts, tables.evidence
    query = (
        select(evidence.c.digest, evidence.c.body)
        .join(verdicts, verdicts.c.evidence_digest == evidence.c.digest)
        .where(verdicts.c.verdict == DECISION)
        .order_by(verdicts.c.id)
    )
    if by is not None:
        query = query.where(verdicts.c.as_of <= by)
    return [from_plain(Decision, json.loads(_sound(row))) for row in connection.execute(query)]


def verdict_faults(connection: Connection) -> Iterator[str]:
    """Every packet and decision is what its name says; every verdict stands on one of its own."""
    table = tables.evidence
    found = {}
    for row in connection.execute(select(table).where(table.c.kind.in_((PACKET, DECISION)))):
        found[row.digest] = (row.kind, row.subject)
        if text_digest(row.body) != row.digest:
            named = f"{row.kind} {row.digest[:12]}"
            yield f"ledger: the {named} is not what its digest says: {_RESTORE}"
    for row in connection.execute(select(tables.verdicts).order_by(tables.verdicts.c.id)):
        kind = DECISION if row.verdict == DECISION else PACKET
        if found.pop(row.evidence_digest, None) != (kind, row.workflow):
            yield f"ledger: verdict {row.id} stands on no {kind} of its own: {_RESTORE}"
    for digest, (kind, _) in found.items():
        yield f"ledger: no verdict stands on the {kind} {digest[:12]}: {_RESTORE}"


def _body(one: Decision) -> str:
    return json.dumps(to_plain(one), separators=(",", ":"))


def _add(connection: Connection, kind: str, one: Frozen, recorded_at: datetime) -> int:
    """Add a verdict or a decision with what it stands on; its number goes by arrival."""
    connection.execute(
        insert(tables.evidence).values(
            digest=one.digest,
            kind=kind,
            subject=one.workflow,
            body=one.packet,
            recorded_at=recorded_at,
        )
    )
    table = tables.verdicts
    number = int(connection.execute(select(func.max(table.c.id))).scalar() or 0) + 1
    connection.execute(
        insert(table).values(
            id=number,
            workflow=one.workflow,
            epoch=one.epoch,
            verdict=one.verdict,
            evidence_digest=one.digest,
            body=one.sentence,
            as_of=one.as_of,
            recorded_at=recorded_at,
        )
    )
    return number


def _sound(row: Row[tuple[str, str]]) -> str:
    """Give the body of evidence, if it is what its digest says."""
    digest, body = row
    if text_digest(body) != digest:
        message = f"ledger: the evidence {digest[:12]} is not what its digest says: {_RESTORE}"
        raise LedgerError(message)
    return str(body)
