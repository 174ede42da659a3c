"""Lay logged tokens onto metered cells, one account and day at a time.

The logs of this organisation name no key, so that every line is spread over the shared
cells of its model and kind.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from sandbox.billing import canonical
from sandbox.oracle.attribution import Line, account_of_run, key_owner, line_of_run
from sandbox.oracle.seen import Seen, sku_of_usage
from sandbox.oracle.shares import split
from sandbox.records import UsageRow


@dataclass
class Cell:
    """Metered tokens of one kind under one sku and key, and the logged tokens laid onto it."""

    model: str
    kind: str
    sku: str
    api_key: str | None
    metered: int
    logged: dict[Line, int] = field(default_factory=dict)

    def logged_total(self) -> int:
        """Add up what was laid onto the cell."""
        return sum(self.logged.values())


@dataclass
class AccountDay:
    """One account's day.

    Attributes:
        usage: None where the issuer's usage of the day is unknown.
        logged: Logged tokens by (model, kind), then by line.
        cells: Metered cells, in order of sku and key; none where usage is unknown.
    """

    issuer: str
    account: str
    day: date
    usage: tuple[UsageRow, ...] | None
    logged: dict[tuple[str, str], dict[Line, int]]
    cells: list[Cell]

    def unmetered(self) -> dict[tuple[str, str], dict[Line, int]]:
        """Give the logged tokens of which nothing was metered."""
        metered = {(cell.model, cell.kind) for cell in self.cells}
        return {group: lines for group, lines in self.logged.items() if group not in metered}


def account_days(seen: Seen) -> dict[tuple[str, str, date], AccountDay]:
    """Match every account and day that any record names."""
    logged: dict[tuple[str, str, date], dict[tuple[str, str], dict[Line, int]]] = {}
    for run in seen.runs:
        where = (run.issuer, account_of_run(run), run.ended_at.date())
        line = line_of_run(run, seen.item_stamps)
        for kind, count in run.tokens.items():
            if count:
                lines = logged.setdefault(where, {}).setdefault((run.model, kind), {})
                lines[line] = lines.get(line, 0) + count
    places = set(logged)
    for (issuer, day), rows in seen.usage.items():
        places |= {(issuer, row.account, day) for row in rows}
    for (issuer, day), charges in seen.charges.items():
        places |= {(issuer, row.account, day) for row in charges}
    return {
        where: _match(where, seen.usage.get((where[0], where[2])), logged.get(where, {}))
        for where in sorted(places)
    }


def _match(
    where: tuple[str, str, date],
    rows: tuple[UsageRow, ...] | None,
    logged: dict[tuple[str, str], dict[Line, int]],
) -> AccountDay:
    issuer, account, day = where
    own = None if rows is None else tuple(row for row in rows if row.account == account)
    cells = _cells(own or ())
    for (model, kind), lines in logged.items():
        group = [cell for cell in cells if (cell.model, cell.kind) == (model, kind)]
        if group:
            _lay(lines, group, day)
    return AccountDay(issuer, account, day, own, logged, cells)


def _cells(rows: Iterable[UsageRow]) -> list[Cell]:
    tokens: dict[tuple[str, str, str, str | None], int] = {}
    for row in rows:
        for kind, count in row.tokens.items():
            place = (canonical(row.model), kind, sku_of_usage(row), row.api_key)
            tokens[place] = tokens.get(place, 0) + count
    cells = [Cell(*place, metered=count) for place, count in tokens.items() if count]
    return sorted(cells, key=lambda cell: (cell.sku, cell.api_key or ""))


def _lay(lines: dict[Line, int], group: list[Cell], day: date) -> None:
    """Spread each line over the cells whose key nobody owns, or over all if there are none."""
    shared = [cell for cell in group if key_owner(cell.api_key, day) is None] or group
    for line in sorted(lines):
        for cell, part in zip(
            shared, split(lines[line], [cell.metered for cell in shared]), strict=True
        ):
            if part:
                cell.logged[line] = cell.logged.get(line, 0) + part
