"""Whose the runs are that charges name, for money that goes to a run directly (R4)."""

from collections.abc import Collection, Sequence

import pyarrow as pa

from tasks.core.books import Strength
from tasks.core.cells import Resolutions, RunCell
from tasks.core.reconciling.matching import Line, line_of
from tasks.lake.engine import Limits
from tasks.lake.files import LocalFiles, ObjectFiles
from tasks.lake.run_cells import RunLog, query_run_cells

_STRONGEST = {strength: place for place, strength in enumerate(Strength)}


def query_direct_runs(
    files: LocalFiles | ObjectFiles,
    logs: Sequence[RunLog],
    resolutions: Resolutions,
    named: Collection[tuple[str, str]],
    limits: Limits,
) -> dict[tuple[str, str], Line]:
    """Find the destination of each run that a charge names and a log knows.

    Args:
        files: Where the lake is.
        logs: Conformed files of runs; a source has one precedence in all of them.
        resolutions: What the core made of `run_hints` over the same files.
        named: (issuer, run id)s; repeats do not matter.
        limits: Of memory and threads.

    Returns:
        By (issuer, run id). Of an id that several runs bear, the best evidence speaks.

    Raises:
        LakeError: A file is missing or short, or a source has two precedences.
    """
    distinct = sorted(set(named))
    if not distinct:
        return {}
    only = pa.table(
        {
            "issuer": pa.array([issuer for issuer, _ in distinct], pa.string()),
            "run_id": pa.array([run_id for _, run_id in distinct], pa.string()),
        }
    )
    cells = query_run_cells(files, logs, resolutions, limits, only)
    # The strongest last, so that it stays.
    return {
        (cell.issuer, cell.model): line_of(cell) for cell in sorted(cells, key=_order, reverse=True)
    }


def _order(cell: RunCell) -> tuple[int, Line]:
    return _STRONGEST[cell.strength], line_of(cell)
