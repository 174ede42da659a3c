"""What logs that do not count say of the accounts and days on which another counts."""

from collections.abc import Sequence

from tasks.core.reconciling.rivals import Rival
from tasks.core.tables import RUNS, TOKEN_KINDS
from tasks.lake.engine import Limits, open_engine
from tasks.lake.files import LocalFiles, ObjectFiles
from tasks.lake.run_cells import RunLog, create_counted, precedences

_ALL_TOKENS = " + ".join(f"coalesce({kind}_tokens, 0)::HUGEINT" for kind in TOKEN_KINDS)
_RIVALS = f"""
WITH counts AS (
    SELECT issuer, account, day, sum({_ALL_TOKENS}) AS tokens FROM counted GROUP BY ALL
),
lends AS (
    SELECT source, issuer, account, day, sum({_ALL_TOKENS}) AS tokens FROM lending GROUP BY ALL
)
SELECT
    lends.source, lends.issuer, coalesce(lends.account, '-'), count(*),
    CAST(sum(lends.tokens) AS HUGEINT), CAST(sum(counts.tokens) AS HUGEINT)
FROM lends
JOIN counts
    ON counts.issuer = lends.issuer AND counts.day = lends.day
    AND counts.account IS NOT DISTINCT FROM lends.account
GROUP BY ALL
ORDER BY ALL
"""  # noqa: S608 built of our own constants


def query_rivals(
    files: LocalFiles | ObjectFiles, logs: Sequence[RunLog], limits: Limits
) -> list[Rival]:
    """Sum what each log that does not count says, beside what counts there.

    Raises:
        LakeError: A file is missing or short, or a source has two precedences.
    """
    if len({log.precedence for log in logs}) < 2:  # noqa: PLR2004  # nobody lends to nobody
        return []
    snapshots = [log.snapshot for log in logs]
    with open_engine(files, snapshots, RUNS, limits, {"sources": precedences(logs)}) as engine:
        create_counted(engine, logs)
        return [Rival(*row) for row in engine.execute(_RIVALS).fetchall()]
