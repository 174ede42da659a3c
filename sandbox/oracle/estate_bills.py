"""What Copilot, Cursor and Devin billed, as a night can know it, and whose sessions these were."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time, timedelta

from sandbox.estate import copilot, cursor, devin, facts
from sandbox.estate.billed import Charge, Session
from sandbox.estate.records import Estate
from sandbox.oracle.attribution import Evidence, Line, line_of
from sandbox.organisation import LAG_DAYS
from sandbox.records import ChargeRow

#: How long after the end of its day a vendor's bill of it can be whole: its day's own offset and
#: what it takes to add up.
_WHOLE_AFTER = {
    copilot.ISSUER: timedelta(0),
    cursor.ISSUER: timedelta(hours=1),
    devin.ISSUER: devin.DAY_STARTS,
}


def charges_of(
    estate: Estate, names: Collection[str], now: datetime, days: Collection[date]
) -> dict[tuple[str, date], tuple[ChargeRow, ...]]:
    """Give the complete bills by issuer and day.

    Args:
        estate: What happened.
        names: Sources that are read; of those only, there are bills.
        now: The night, aware UTC.
        days: Of its window.
    """
    billed: dict[tuple[str, date], list[ChargeRow]] = {}
    for charge in _charges(estate, names, now):
        billed.setdefault((charge.issuer, charge.day), []).append(_row(charge))
    found = {}
    for issuer in _issuers(names):
        for day in days:
            rows = billed.get((issuer, day), [])
            closed = datetime.combine(day + timedelta(days=1), time(), now.tzinfo)
            is_whole = closed + _WHOLE_AFTER[issuer] <= now
            # An empty report of a young day says nothing: the vendor has not come to it yet.
            if is_whole and (rows or day < now.date() - timedelta(days=LAG_DAYS)):
                found[issuer, day] = tuple(rows)
    return found


def sessions_of(
    estate: Estate, names: Collection[str], now: datetime, item_stamps: Mapping[str, str]
) -> dict[tuple[str, str], Line]:
    """Say whose the sessions are that charges name, by issuer and session.

    Args:
        estate: What happened.
        names: Sources that are read; a session is told by the source that bills it.
        now: The night, aware UTC.
        item_stamps: Workflow that a pull request itself names, by its name or its branch.
    """
    told: list[Session] = []
    if facts.CURSOR in names:
        told += cursor.cursor_sessions(estate.cursor)
    if facts.DEVIN in names:
        told += devin.devin_sessions(estate.devin, now)
    return {
        (session.issuer, session.id): line_of(_evidence(session), item_stamps) for session in told
    }


def _charges(estate: Estate, names: Collection[str], now: datetime) -> Iterable[Charge]:
    if facts.COPILOT in names:
        yield from copilot.copilot_charges(estate.copilot, now)
    if facts.CURSOR in names:
        yield from cursor.cursor_charges(estate.cursor, now)
    if facts.DEVIN in names:
        yield from devin.devin_charges(estate.devin, now)


def _issuers(names: Collection[str]) -> list[str]:
    return [one.issuer for one in facts.REPORTS if one.name in names and one.issuer in _WHOLE_AFTER]


def _row(charge: Charge) -> ChargeRow:
    return ChargeRow(
        charge.issuer,
        charge.account,
        charge.day,
        charge.category,
        None,
        None,
        None,
        None,
        None,
        charge.amount_nano,
        sku=charge.sku,
        run=charge.run,
    )


def _evidence(session: Session) -> Evidence:
    return Evidence(
        session.started_at.date(),
        stamp=session.stamp or None,
        api_key=session.api_key or None,
        item=session.item or None,
        repo=session.repo or None,
        branch=session.branch or None,
    )
