"""Acts upon periods: recorded once, in order, each sealed when it is recorded.

Whoever books goes by them, so they are read and added behind the writer's lock. Rules of what
may follow what stand here; what a period needs before it is closed stands in
`tasks.core.month_end.closing`.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection, insert, select

from tasks.core.errors import LedgerError, StaleNightError
from tasks.core.month_end.periods import (
    Act,
    PeriodAct,
    PeriodState,
    last_acts,
    newest_number,
    period_digest,
    state_of,
)
from tasks.ledger import tables
from tasks.ledger.reads import read_head
from tasks.ledger.seals import canonical_rows
from tasks.ledger.verify import booked_entries

KIND = "period_act"
_RESTORE = "restore the ledger from a copy, and find out who changed it"
#: What each state lets follow; a soft close happens once.
_MAY_FOLLOW = {
    PeriodState.OPEN: (Act.SOFT_CLOSED,),
    PeriodState.SOFT_CLOSED: (Act.CLOSED,),
    PeriodState.CLOSED: (Act.REOPENED,),
    PeriodState.REOPENED: (Act.CLOSED,),
}
_INSTEAD = {
    Act.SOFT_CLOSED: "a soft close happens once",
    Act.CLOSED: "only a soft-closed or reopened period is closed, and only once",
    Act.REOPENED: "only a closed period is reopened",
}


def read_acts(connection: Connection, by: datetime | None = None) -> list[PeriodAct]:
    """Read acts in order.

    Args:
        connection: To read from.
        by: Aware UTC; leaves later acts out.

    Raises:
        ValueError, KeyError, TypeError: One cannot be read.
    """
    table = tables.period_acts
    query = select(table).order_by(table.c.id)
    if by is not None:
        query = query.where(table.c.as_of <= by)
    return [
        _act(row.id, row.billing_period, row.act, row.as_of, row.body)
        for row in connection.execute(query)
    ]


def digest_of_period(connection: Connection, period: str) -> str:
    """Digest what is booked in a period now. See `tasks.core.month_end.periods.period_digest`."""
    of_period = tables.entries.c.billing_period == period
    return period_digest(entry for _, entry in booked_entries(connection, of_period))


def recorded_already(acts: Sequence[PeriodAct], act: PeriodAct) -> PeriodAct | None:
    """Find the newest act of the period, if it is the same one: recording it again does nothing."""
    last = last_acts(acts).get(act.period)
    return last if last is not None and _signature(last) == _signature(act) else None


def add_act(connection: Connection, act: PeriodAct, recorded_at: datetime) -> PeriodAct:
    """Record an act within a writing transaction; one that is recorded already stays as it is.

    Returns:
        The act as it stands in the ledger.

    Raises:
        LedgerError: It cannot follow the period's last act.
        StaleNightError: A close names another digest than that of the books as they are now.
    """
    acts = read_acts(connection)
    same = recorded_already(acts, act)
    if same is not None:
        return same
    state = state_of(act.period, acts)
    if act.act not in _MAY_FOLLOW[state]:
        message = f"ledger: period {act.period} is {state.value}: {_INSTEAD[act.act]}"
        raise LedgerError(message)
    if act.act is Act.CLOSED:
        _refuse_other_digest(connection, act)
    act = replace(act, number=newest_number(acts) + 1, head=read_head(connection))
    connection.execute(
        insert(tables.period_acts).values(
            id=act.number,
            billing_period=act.period,
            issuer="",  # a period is closed for all issuers at once
            act=act.act,
            body=_body(act),
            as_of=act.as_of,
            recorded_at=recorded_at,
        )
    )
    _add_seal(connection, act.number, recorded_at)
    return act


def act_faults(connection: Connection) -> Iterator[str]:
    """Every act is the one that was sealed, and each closed period holds what was signed."""
    sealed = _seals(connection)
    previous = ""
    for row in canonical_rows(connection, "period_acts"):
        number, recorded_at = str(row[0]), row[-1]
        body = _seal_body(row, previous)
        digest = _digest(body)
        if sealed.pop(number, None) != (digest, body, recorded_at):
            yield f"ledger: act {number} upon a period is not what was sealed: {_RESTORE}"
        previous = digest
    for number in sealed:
        yield f"ledger: act {number} upon a period is sealed, and gone: {_RESTORE}"
    for act in last_acts(read_acts(connection)).values():
        if act.act is Act.CLOSED:
            yield from _closed_faults(connection, act)


def _closed_faults(connection: Connection, act: PeriodAct) -> Iterator[str]:
    where = f"ledger: period {act.period} was closed with digest {act.digest[:12]}"
    try:
        found = digest_of_period(connection, act.period)
    except LedgerError as fault:
        yield f"{where} and cannot be read now ({fault}): {_RESTORE}"
        return
    if found != act.digest:
        yield f"{where} and holds something else now: {_RESTORE}"


def _refuse_other_digest(connection: Connection, act: PeriodAct) -> None:
    found = digest_of_period(connection, act.period)
    if found != act.digest:
        message = (
            f"ledger: the books of {act.period} have digest {found[:12]}, the close was signed for"
            f" {act.digest[:12]}: look at what changed, and sign what stands"
        )
        raise StaleNightError(message)


def _signature(act: PeriodAct) -> tuple[object, ...]:
    return act.act, act.period, act.by, act.on, act.reason, act.digest


def _body(act: PeriodAct) -> str:
    told = {
        "by": act.by,
        "on": act.on.isoformat() if act.on else "",
        "reason": act.reason,
        "digest": act.digest,
        "night": act.night,
        "named": list(act.named),
        "head": act.head,
    }
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


def _act(number: int, period: str, act: str, as_of: datetime, body: str) -> PeriodAct:
    told = json.loads(body)
    return PeriodAct(
        period=period,
        act=Act(act),
        as_of=as_of,
        by=told["by"],
        on=date.fromisoformat(told["on"]) if told["on"] else None,
        reason=told["reason"],
        digest=told["digest"],
        night=int(told["night"]),
        named=tuple(told["named"]),
        head=told["head"],
        number=number,
    )


def _add_seal(connection: Connection, number: int, recorded_at: datetime) -> None:
    """Seal an act at once: the next night, which seals all new rows, may be hours away."""
    rows = list(canonical_rows(connection, "period_acts"))
    previous = ""
    for row in rows[:-1]:
        previous = _digest(_seal_body(row, previous))
    body = _seal_body(rows[-1], previous)
    connection.execute(
        insert(tables.evidence).values(
            digest=_digest(body), kind=KIND, subject=f"{number}", body=body, recorded_at=recorded_at
        )
    )


def _seals(connection: Connection) -> dict[str, tuple[str, str, object]]:
    return {
        str(subject): (str(digest), str(body), recorded_at)
        for digest, _, subject, body, recorded_at in canonical_rows(
            connection, "evidence", f"WHERE kind = '{KIND}'"
        )
    }


def _seal_body(row: tuple[object, ...], previous: str) -> str:
    return json.dumps({"act": list(row), "previous": previous}, separators=(",", ":"))


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()
