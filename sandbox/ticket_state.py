"""What a ticket looks like at a moment: its state follows from its changes up to then."""

from datetime import datetime

from sandbox.records import Ticket


def updated_at(ticket: Ticket, now: datetime) -> datetime:
    """Give the last change, comment or link up to a moment."""
    moments = [
        ticket.created_at,
        *(change.at for change in ticket.changes),
        *(comment.at for comment in ticket.comments),
        *(link.at for link in ticket.links),
    ]
    return max(moment for moment in moments if moment <= now)


def value_of(ticket: Ticket, field: str, start: str | None, now: datetime) -> str | None:
    """Give the id that a field of a ticket holds at a moment, from what it started with."""
    value = start
    for change in ticket.changes:
        if change.field == field and change.at <= now:
            value = change.to_id
    return value


def last_change(ticket: Ticket, field: str, now: datetime) -> datetime | None:
    """Give the last moment a field changed, up to a moment."""
    moments = [change.at for change in ticket.changes if change.field == field and change.at <= now]
    return max(moments, default=None)
