"""Sums of use by squad over days; how many people they were is only known of a day."""

from collections.abc import Sequence

from tasks.core.books import Snapshot
from tasks.core.squad_use import Measure, SquadTotal
from tasks.core.tables import SQUAD_USE
from tasks.lake.engine import Limits, open_engine
from tasks.lake.files import LocalFiles, ObjectFiles

_TOTALS = """
SELECT source, squad, measure, CAST(sum(value) AS HUGEINT), count(DISTINCT day), max(actors)
FROM squad_use
GROUP BY source, squad, measure
ORDER BY ALL
"""


def query_squad_totals(
    files: LocalFiles | ObjectFiles, snapshots: Sequence[Snapshot], limits: Limits
) -> tuple[SquadTotal, ...]:
    """Sum use by source, squad and measure.

    Raises:
        LakeError: A file is missing or short.
    """
    with open_engine(files, snapshots, SQUAD_USE, limits, {}) as engine:
        return tuple(
            SquadTotal(source, squad, Measure(measure), *rest)
            for source, squad, measure, *rest in engine.execute(_TOTALS).fetchall()
        )
