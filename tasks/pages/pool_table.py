"""The table of pools: exploration and production of each family in adjoining columns.

Every column is rounded so that its lines sum to the line that puts them together.
"""

from collections.abc import Callable, Sequence
from itertools import groupby

from config.shapes.base import Pool
from tasks.core.pool_days import PoolName
from tasks.core.pool_months import PoolMonth
from tasks.core.pools import Pools
from tasks.pages.rounding import in_cents
from tasks.pages.text import amount, markdown, table

_NOTHING = "—"
#: What stands in the main table, each for exploration and production; headroom is what they leave.
_COLUMNS: tuple[tuple[str, Callable[[PoolMonth], int | None]], ...] = (
    ("Budget", lambda row: row.budget_nano),
    ("Carried over", lambda row: row.carry_over_nano),
    ("Spent", lambda row: row.spent_nano),
    ("Pending", lambda row: row.pending_nano),
)
_FORECAST = "Forecast"
_HEADROOM = "Headroom"
#: Columns as shown; only exploration carries anything over.
_SHOWN = tuple(
    (name, pool)
    for name in (*(name for name, _ in _COLUMNS), _HEADROOM, _FORECAST)
    for pool in Pool
    if (name, pool) != ("Carried over", Pool.PRODUCTION)
)
#: Nano units by column and pool; None is a dash.
_Line = dict[tuple[str, str], int | None]


def pool_table(found: Pools) -> str:
    """Lay out the pools of every family, by portfolio."""
    rows: list[tuple[str, ...]] = []
    own = {row.name: row for row in found.portfolios}
    for (portfolio, currency), group in groupby(
        found.families, lambda row: (row.name.portfolio, row.currency)
    ):
        families = [list(pair) for _, pair in groupby(group, lambda row: row.name.family)]
        lines = _lines(families)
        shown = markdown(portfolio) or "organisation"
        for pair, line in zip(families, lines, strict=True):
            rows.append((shown, markdown(pair[0].name.family), *_cells(line, currency)))
        together = _together(lines)
        rows.append((shown, "**together**", *_cells(together, currency)))
        whole = {pool: own.get(PoolName(portfolio, "", pool)) for pool in Pool}
        if any(whole.values()):
            line = _own_line(whole, together)
            rows.append((shown, "**portfolio's own budget**", *_cells(line, currency)))
    columns = ("Portfolio", "Family", *(f"{name}, {pool.value}" for name, pool in _SHOWN))
    return table(columns, rows, right=frozenset(range(2, len(columns))))


def _lines(families: Sequence[Sequence[PoolMonth]]) -> list[_Line]:
    """Round every column, so that its lines sum; headroom is what the rounded figures leave."""
    lines: list[_Line] = [{} for _ in families]
    for at, pool in enumerate(Pool):
        rows = [pair[at] for pair in families]
        for name, value in (*_COLUMNS, (_FORECAST, lambda row: row.forecast_nano)):
            values = [value(row) for row in rows]
            rounded = in_cents([nano or 0 for nano in values])
            for line, nano, shown in zip(lines, values, rounded, strict=True):
                line[name, pool] = None if nano is None else shown
        for line in lines:
            line[_HEADROOM, pool] = _headroom(line, pool)
    return lines


def _headroom(line: _Line, pool: Pool) -> int | None:
    budget, carried, spent, pending = (line[name, pool] or 0 for name, _ in _COLUMNS)
    return None if line["Budget", pool] is None else budget + carried - spent - pending


def _together(lines: Sequence[_Line]) -> _Line:
    total: _Line = {}
    for key in lines[0]:
        known = [nano for line in lines if (nano := line[key]) is not None]
        total[key] = sum(known) if known else None
    return total


def _own_line(whole: dict[Pool, PoolMonth | None], together: _Line) -> _Line:
    """Hold a portfolio's own budgets against what its families spent together."""
    line = dict(together)
    for pool, row in whole.items():
        line["Budget", pool] = None if row is None else in_cents([row.budget_nano or 0])[0]
        line["Carried over", pool] = None if row is None else in_cents([row.carry_over_nano])[0]
        line[_HEADROOM, pool] = _headroom(line, pool)
    return line


def _cells(line: _Line, currency: str) -> list[str]:
    amounts = (line[column] for column in _SHOWN)
    return [_NOTHING if nano is None else amount(nano, currency) for nano in amounts]
