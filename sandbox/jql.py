"""The part of JQL that a nightly pull needs: projects, keys, times, types, labels, order."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sandbox.records import Ticket
from sandbox.ticket_state import updated_at

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_CLAUSE = re.compile(
    r"\s*(?P<field>\w+)\s*(?P<op>>=|<=|!=|>|<|=|not\s+in|in)\s*"
    r"(?P<value>\([^)]*\)|\"[^\"]*\"|'[^']*'|[^\s()]+)\s*",
    re.IGNORECASE,
)
_ORDERABLE = {"updated", "created", "key", "id"}

Test = Callable[[Ticket], bool]


class JqlError(ValueError):
    """A query that Jira refuses; the message is Jira's."""


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query, for one moment."""

    tests: tuple[Test, ...]
    order: tuple[tuple[str, bool], ...]
    now: datetime

    def run(self, tickets: tuple[Ticket, ...]) -> list[Ticket]:
        """Find the tickets that exist and fit, in the order asked for."""
        found = [
            ticket
            for ticket in tickets
            if ticket.created_at <= self.now and all(test(ticket) for test in self.tests)
        ]
        for field, is_falling in reversed(self.order or (("created", True),)):
            found.sort(key=lambda ticket: self._value(ticket, field), reverse=is_falling)
        return found

    def _value(self, ticket: Ticket, field: str) -> tuple[object, ...]:
        if field == "updated":
            return (updated_at(ticket, self.now),)
        if field == "created":
            return (ticket.created_at,)
        return (ticket.project, ticket.id) if field == "key" else (ticket.id,)


def parse(text: str, now: datetime, projects: tuple[str, ...]) -> Query:
    """Parse a query.

    Args:
        text: JQL: clauses joined by AND, and an ORDER BY.
        now: What relative times count from, aware UTC.
        projects: Keys that exist.

    Raises:
        JqlError: It is unbounded, names what does not exist, or is not understood.
    """
    where, _, order_text = _split_order(text)
    tests = []
    position = 0
    while position < len(where):
        match = _CLAUSE.match(where, position)
        if match is None:
            message = f"Error in the JQL Query near {where[position : position + 20]!r}."
            raise JqlError(message)
        tests.append(_test(match, now, projects))
        position = match.end()
        joined = re.compile(r"and\b", re.IGNORECASE).match(where, position)
        position = joined.end() if joined else position
    if not tests:
        message = "Unbounded JQL queries are not allowed here. Please add a search restriction."
        raise JqlError(message)
    return Query(tuple(tests), _order(order_text), now)


def _split_order(text: str) -> tuple[str, str, str]:
    parts = re.split(r"\border\s+by\b", text, maxsplit=1, flags=re.IGNORECASE)
    return parts[0].strip(), "", parts[1] if len(parts) > 1 else ""


def _order(text: str) -> tuple[tuple[str, bool], ...]:
    order = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        field, *direction = part.lower().split()
        if field not in _ORDERABLE:
            message = f"Not able to sort using field '{field}'."
            raise JqlError(message)
        order.append((field, direction == ["desc"]))
    return tuple(order)


def _test(match: re.Match[str], now: datetime, projects: tuple[str, ...]) -> Test:
    field = match["field"].lower()
    operator = " ".join(match["op"].lower().split())
    values = [
        value.strip().strip("\"'")
        for value in match["value"].strip("()").split(",")
        if value.strip()
    ]
    if field in ("updated", "created", "updateddate", "createddate"):
        return _time_test(field[:7], operator, _moment(values[0], now), now)
    if field == "project":
        for value in values:
            if value not in projects:
                message = f"The value '{value}' does not exist for the field 'project'."
                raise JqlError(message)
    readers: dict[str, Callable[[Ticket], set[str]]] = {
        "project": lambda ticket: {ticket.project},
        "key": lambda ticket: {ticket.key},
        "issuekey": lambda ticket: {ticket.key},
        "issue": lambda ticket: {ticket.key, str(ticket.id)},
        "id": lambda ticket: {ticket.key, str(ticket.id)},
        "issuetype": lambda ticket: {ticket.issue_type},
        "type": lambda ticket: {ticket.issue_type},
        "labels": lambda ticket: set(ticket.labels),
    }
    if field not in readers or operator not in ("=", "in", "!=", "not in"):
        message = f"Field '{field}' does not exist or you do not have permission to view it."
        raise JqlError(message)
    read, wanted, is_negated = readers[field], set(values), operator in ("!=", "not in")
    return lambda ticket: bool(read(ticket) & wanted) != is_negated


def _time_test(field: str, operator: str, limit: datetime, now: datetime) -> Test:
    def read(ticket: Ticket) -> datetime:
        return updated_at(ticket, now) if field == "updated" else ticket.created_at

    tests: dict[str, Test] = {
        ">=": lambda ticket: read(ticket) >= limit,
        ">": lambda ticket: read(ticket) > limit,
        "<=": lambda ticket: read(ticket) <= limit,
        "<": lambda ticket: read(ticket) < limit,
    }
    if operator not in tests:
        message = f"The operator '{operator}' is not supported by the '{field}' field."
        raise JqlError(message)
    return tests[operator]


def _moment(text: str, now: datetime) -> datetime:
    """Read `-26h`, epoch milliseconds, or a date with or without minutes."""
    relative = re.fullmatch(r"-(\d+)([mhdw])", text)
    if relative:
        return now - timedelta(**{_UNITS[relative[2]]: int(relative[1])})
    if re.fullmatch(r"\d{10,}", text):
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    for shape in ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d"):
        try:
            return datetime.strptime(text, shape).replace(tzinfo=UTC)
        except ValueError:
            continue
    message = f"Date value '{text}' is invalid."
    raise JqlError(message)
