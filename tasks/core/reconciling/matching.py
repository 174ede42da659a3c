"""Lay logged tokens onto metered cells: whose tokens each key and sku was metered for.

Rules R2 and R3 of `docs/arithmetic.md`. Everything here is about one account on one
of its issuer's days; tokens are integers and none is lost or made.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tasks.core.books import Strength
from tasks.core.cells import RunCell, UsageCell
from tasks.core.money import split_exact
from tasks.core.tables import TOKEN_KINDS

#: Stands for "no key" where keys are ordered.
NO_KEY = ""
_TOKEN_KINDS = frozenset(TOKEN_KINDS)


class Line(NamedTuple):
    """Where logged tokens belong: a workflow, or nobody's (`ad-hoc`) if it is empty.

    Attributes:
        pool: Entitled pool; empty for ad-hoc.
        strength: Text of a `Strength`.
    """

    workflow: str
    pool: str
    strength: str


AD_HOC = Line("", "", Strength.NONE.value)


def line_of(run: RunCell) -> Line:
    """Name the line of runs: their workflow's, or nobody's."""
    return Line(run.workflow, run.pool, run.strength.value) if run.workflow else AD_HOC


@dataclass(slots=True)
class Cell:
    """Metered tokens of one kind under one sku and key, and what logs say about them.

    Attributes:
        api_key: `NO_KEY` for usage without a key.
        metered: Tokens, at least 1.
        logged: Tokens by line; their sum may exceed `metered`.
    """

    sku: str
    api_key: str
    metered: int
    logged: dict[Line, int] = field(default_factory=dict)

    def add(self, line: Line, tokens: int) -> None:
        """Lay further logged tokens onto the cell."""
        self.logged[line] = self.logged.get(line, 0) + tokens


@dataclass(frozen=True, slots=True)
class Matched:
    """Logs laid onto usage, for one account and day.

    Attributes:
        cells: By (sku, kind); each list in order of key.
        unmetered: Logged tokens by (model, kind) where the vendor metered nothing of the kind,
            then by (line, key).
    """

    cells: Mapping[tuple[str, str], list[Cell]]
    unmetered: Mapping[tuple[str, str], dict[tuple[Line, str], int]]


def match(
    runs: Iterable[RunCell], usage: Iterable[UsageCell], is_owned: Callable[[str], bool]
) -> Matched:
    """Lay what runs logged onto what the vendor metered.

    Args:
        runs: Of one account and day, in any order.
        usage: Of the same account and day; cells without tokens say nothing.
        is_owned: Whether a key belongs to one workflow on that day.
    """
    metered = _metered(usage)
    logged = _logged(runs)
    cells: dict[tuple[str, str], list[Cell]] = {}
    for group in sorted(metered):
        ordered = [Cell(sku, key, tokens) for (sku, key), tokens in sorted(metered[group].items())]
        if group in logged:
            # In order, so that no cell has to be sorted from scratch when its money is split.
            _spread(dict(sorted(logged[group].items())), ordered, is_owned)
        kind = group[1]
        for cell in ordered:
            cells.setdefault((cell.sku, kind), []).append(cell)
    unmetered = {group: lines for group, lines in logged.items() if group not in metered}
    return Matched(cells, unmetered)


def _metered(usage: Iterable[UsageCell]) -> dict[tuple[str, str], dict[tuple[str, str], int]]:
    """Sum tokens by (model, kind), then by (sku, key)."""
    groups: dict[tuple[str, str], dict[tuple[str, str], int]] = {}
    for row in usage:
        if row.quantity > 0 and row.kind in _TOKEN_KINDS:
            group = groups.setdefault((row.model, row.kind), {})
            place = (row.sku, row.api_key or NO_KEY)
            group[place] = group.get(place, 0) + row.quantity
    return groups


def _logged(runs: Iterable[RunCell]) -> dict[tuple[str, str], dict[tuple[Line, str], int]]:
    """Sum tokens by (model, kind), then by (line, key)."""
    groups: dict[tuple[str, str], dict[tuple[Line, str], int]] = {}
    for run in runs:
        place = (line_of(run), run.api_key or NO_KEY)
        for kind, reported in zip(TOKEN_KINDS, run.tokens, strict=True):
            if reported.tokens > 0:
                group = groups.setdefault((run.model, kind), {})
                group[place] = group.get(place, 0) + reported.tokens
    return groups


def _spread(
    lines: Mapping[tuple[Line, str], int], cells: list[Cell], is_owned: Callable[[str], bool]
) -> None:
    """Lay the lines of a group onto its cells: keyed ones first, the others on what is left."""
    if len(cells) == 1:
        for (line, _), tokens in lines.items():
            cells[0].add(line, tokens)
        return
    by_key: dict[str, list[Cell]] = {}
    for cell in cells:
        by_key.setdefault(cell.api_key, []).append(cell)
    unkeyed: dict[Line, int] = {}
    for (line, key), tokens in lines.items():
        if key != NO_KEY and key in by_key:
            with_key = by_key[key]
            _lay(line, tokens, with_key, [cell.metered for cell in with_key])
        else:
            unkeyed[line] = unkeyed.get(line, 0) + tokens
    if not unkeyed:
        return
    shared = [cell for cell in cells if not is_owned(cell.api_key)] or cells
    weights = [max(0, cell.metered - sum(cell.logged.values())) for cell in shared]
    if not any(weights):
        weights = [cell.metered for cell in shared]
    for line, tokens in unkeyed.items():
        _lay(line, tokens, shared, weights)


def _lay(line: Line, tokens: int, cells: list[Cell], weights: list[int]) -> None:
    for cell, part in zip(cells, split_exact(tokens, weights), strict=True):
        if part:
            cell.add(line, part)
