"""The tables of pools, two a portfolio: exploration and production of each family side by side.

Every column is rounded so that its lines sum to the line that puts them together. The tables
stay narrow enough for both UIs of Prefect: one of them breaks no cell into lines.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

from config.shapes.base import Pool
from tasks.core.budgeting.pool_days import PoolName
from tasks.core.budgeting.pool_months import PoolMonth
from tasks.core.budgeting.pools import Pools
from tasks.pages.rounding import in_cents
from tasks.pages.text import amount, markdown, table

_NOTHING = "—"
#: What is rounded and summed; headroom is what budget, carry-over, spent and pending leave.
_ROUNDED: tuple[tuple[str, Callable[[PoolMonth], int | None]], ...] = (
    ("budget", lambda row: row.budget_nano),
    ("carried over", lambda row: row.carry_over_nano),
    ("spent", lambda row: row.spent_nano),
    ("pending", lambda row: row.pending_nano),
    ("forecast", lambda row: row.forecast_nano),
)
_HEADROOM = "headroom"
_SPENDING = tuple((name, pool) for pool in Pool for name in ("spent", "forecast", "budget"))
#: Only exploration carries anything over.
_LEFT = tuple(
    (name, pool)
    for pool in Pool
    for name in ("carried over", "pending", _HEADROOM)
    if (name, pool) != ("carried over", Pool.PRODUCTION)
)
#: Nano units by column and pool; None is a dash.
_Column = tuple[str, Pool]
_Line = dict[_Column, int | None]


def pool_tables(found: Pools) -> Iterator[str]:
    """Write the pools of every family below a heading a portfolio, as lines of markdown."""
    own = {row.name: row for row in found.portfolios}
    for (portfolio, currency), group in groupby(
        found.families, lambda row: (row.name.portfolio, row.currency)
    ):
        families = [list(pair) for _, pair in groupby(group, lambda row: row.name.family)]
        lines = _lines(families)
        together = _together(lines)
        names = [markdown(pair[0].name.family) for pair in families]
        named = [*zip(names, lines, strict=True), ("**together**", together)]
        whole = {pool: own.get(PoolName(portfolio, "", pool)) for pool in Pool}
        if any(whole.values()):
            named.append(("**portfolio's own budget**", _own_line(whole, together)))
        yield from (f"## {markdown(portfolio) or 'organisation'}", "")
        yield from (_table(_SPENDING, named, currency), "", "What is left of it:", "")
        yield from (_table(_LEFT, named, currency), "")


def _table(columns: Sequence[_Column], named: Sequence[tuple[str, _Line]], currency: str) -> str:
    rows = [
        (
            name,
            *(_NOTHING if line[at] is None else amount(line[at] or 0, currency) for at in columns),
        )
        for name, line in named
    ]
    # The pool is named once, above the first of its columns: heads are not broken into lines.
    first = {pool: next(name for name, of in columns if of is pool) for pool in Pool}
    heads = [
        f"{pool.value.capitalize()}: {name}" if name == first[pool] else name.capitalize()
        for name, pool in columns
    ]
    return table(("Family", *heads), rows, right=frozenset(range(1, len(columns) + 1)))


def _lines(families: Sequence[Sequence[PoolMonth]]) -> list[_Line]:
    """Round every column, so that its lines sum; headroom is what the rounded figures leave."""
    lines: list[_Line] = [{} for _ in families]
    for at, pool in enumerate(Pool):
        rows = [pair[at] for pair in families]
        for name, value in _ROUNDED:
            values = [value(row) for row in rows]
            rounded = in_cents([nano or 0 for nano in values])
            for line, nano, shown in zip(lines, values, rounded, strict=True):
                line[name, pool] = None if nano is None else shown
        for line in lines:
            line[_HEADROOM, pool] = _headroom(line, pool)
    return lines


def _headroom(line: _Line, pool: Pool) -> int | None:
    budget = line["budget", pool]
    carried, spent, pending = (
        line[name, pool] or 0 for name in ("carried over", "spent", "pending")
    )
    return None if budget is None else budget + carried - spent - pending


def _together(lines: Sequence[_Line]) -> _Line:
    total: _Line = {}
    for key in lines[0]:
        known = [nano for line in lines if (nano := line[key]) is not None]
        total[key] = sum(known) if known else None
    return total


def _own_line(whole: Mapping[Pool, PoolMonth | None], together: _Line) -> _Line:
    """Hold a portfolio's own budgets against what its families spent together."""
    line = dict(together)
    for pool, row in whole.items():
        line["budget", pool] = None if row is None else in_cents([row.budget_nano or 0])[0]
        line["carried over", pool] = None if row is None else in_cents([row.carry_over_nano])[0]
        line[_HEADROOM, pool] = _headroom(line, pool)
    return line
