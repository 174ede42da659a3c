"""Which models and epochs a workflow's runs used, day by day."""

from collections.abc import Sequence
from datetime import date, timedelta

from tasks.core.cells import Resolutions
from tasks.core.tables import RUNS
from tasks.core.work.epochs import Seen
from tasks.lake.engine import Limits, open_engine
from tasks.lake.files import LocalFiles, ObjectFiles
from tasks.lake.placing import Claims, create_claims, placed
from tasks.lake.run_cells import RunLog, create_counted, precedences

_WORK = """
CREATE TEMP VIEW work AS
SELECT
    *, epoch_us(coalesce(started_at, ended_at)) // 86400000000 AS started_day, epoch AS word
FROM counted
WHERE purpose = 'work'
"""
_GRAIN = ("issuer", "account", "api_key", "model", "word", "started_day")


def query_seen(
    files: LocalFiles | ObjectFiles,
    logs: Sequence[RunLog],
    resolutions: Resolutions,
    limits: Limits,
) -> dict[str, list[Seen]]:
    """Count the work runs of each workflow by the UTC day they started on, model and epoch word.

    Args:
        files: Where the lake is.
        logs: Conformed files of runs; a source has one precedence in all of them.
        resolutions: What the core made of `run_hints` over the same files.
        limits: Of memory and threads.

    Raises:
        LakeError: A file is missing or short, or a source has two precedences.
    """
    snapshots = [log.snapshot for log in logs]
    with open_engine(files, snapshots, RUNS, limits, {"sources": precedences(logs)}) as engine:
        create_counted(engine, logs)
        claims = create_claims(engine, resolutions)
        if claims is None:
            return {}
        engine.execute(_WORK)
        found: dict[str, list[Seen]] = {}
        for workflow, day, model, word, runs in engine.execute(_query(claims)).fetchall():
            on = date(1970, 1, 1) + timedelta(days=day)
            found.setdefault(workflow, []).append(Seen(on, model, word, runs))
        return found


def _query(claims: Claims) -> str:
    return f"""
{placed(claims, "work", _GRAIN, "count(*) AS runs")}
SELECT workflow, started_day, model, word, CAST(sum(runs) AS BIGINT)
FROM placed
JOIN claims USING (claim)
GROUP BY ALL
ORDER BY ALL
"""  # noqa: S608 built of our own constants
