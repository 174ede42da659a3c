"""Whose each run is, set-wise: every hint is looked up, and the strongest claim is kept.

What each hint value means on each day is worked out first, in small tables (see
`tasks.lake.claims`); then one pass over the runs looks every hint up and sums.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import duckdb

from tasks.core.cells import Dimension, Resolutions
from tasks.lake.claims import segments_of, small_tables
from tasks.lake.links import LINKED, LINKS, is_link

_STARTS = """
SELECT CAST(DATE '1970-01-01' + CAST(epoch_us(min(started)) // 86400000000 AS INTEGER) AS DATE),
    CAST(DATE '1970-01-01' + CAST(epoch_us(max(started)) // 86400000000 AS INTEGER) AS DATE)
FROM (SELECT coalesce(started_at, ended_at) AS started FROM runs)
"""

#: Every meaning within every span of its workflow, numbered so that the lower number wins.
_CLAIMS = """
CREATE TEMP TABLE claims AS
SELECT
    row_number() OVER (ORDER BY rank, workflow, rule, from_day, dimension, code) AS claim,
    meanings.*, spans.* EXCLUDE (workflow)
FROM meanings JOIN spans USING (workflow)
"""

#: For each code the strongest claim that holds in each segment.
_REACH = """
CREATE TEMP TABLE reach AS
SELECT dimension, code, segment, min(claim) AS claim
FROM claims
JOIN segments ON day >= from_day AND (to_day IS NULL OR day <= to_day)
GROUP BY ALL
"""

#: A stamp that beats whatever else a run may carry decides; the other hints need no look then.
#: It roams if its workflow may be out of scope: its repository has to be looked at all the same.
_STAMPS = """
CREATE TEMP TABLE stamp_codes AS
WITH decisive AS (
    SELECT code
    FROM reach
    WHERE dimension = 'stamp'
    GROUP BY code
    HAVING count(*) = (SELECT count(*) FROM segments)
        AND max(claim) < coalesce(
            (SELECT min(claim) FROM reach WHERE dimension <> 'stamp'), max(claim) + 1
        )
)
SELECT
    value, code,
    code IN (SELECT code FROM decisive) AS decides,
    code IN (SELECT code FROM decisive) AND code NOT IN (
        SELECT meanings.code FROM meanings JOIN foreign_codes USING (workflow)
    ) AS stays
FROM codes
WHERE dimension = 'stamp'
"""

_WEAKER = {
    "branch_prefix": "CASE WHEN stamps.decides THEN NULL ELSE branch_prefix END",
    "repo": "CASE WHEN stamps.stays THEN NULL ELSE repo END",
    "actor": "CASE WHEN stamps.decides THEN NULL ELSE actor END",
    "work_item": "CASE WHEN stamps.decides THEN NULL ELSE work_item END",
    "branch_item": "CASE WHEN stamps.decides THEN NULL ELSE branch_item END",
    **{name: f"CASE WHEN stamps.decides THEN NULL ELSE {name} END" for name in LINKS},
}
#: Names of a run's work item.
_ITEMS = ("work_item", "branch_item", *LINKS)


@dataclass(frozen=True, slots=True)
class Claims:
    """What the tables of an engine say, as far as a query has to know it.

    Attributes:
        segment: SQL for the number of the segment of days that `started` lies in.
        dimensions: Those of which any value means anything; a scan reads no other column.
        has_links: Whether any branch or session means anything.
    """

    segment: str
    dimensions: Collection[Dimension]
    has_links: bool


def create_claims(engine: duckdb.DuckDBPyConnection, resolutions: Resolutions) -> Claims | None:
    """Make the tables that `placed` joins, for the view `runs`; None if that is empty."""
    first, last = engine.execute(_STARTS).fetchall()[0]
    if first is None:
        return None
    segments = segments_of(resolutions, first, last)
    for name, rows in small_tables(resolutions, segments).items():
        engine.register(name, rows)
    for statement in (_CLAIMS, _REACH, _STAMPS):
        engine.execute(statement)
    dimensions = {one.dimension for one in resolutions.candidates}
    if resolutions.out_of_scope:
        dimensions.add(Dimension.REPO)
    items = (one.value for one in resolutions.candidates if one.dimension is Dimension.WORK_ITEM)
    return Claims(segments.number, dimensions, any(is_link(value) for value in items))


def placed(claims: Claims, source: str, grain: Sequence[str], sums: str) -> str:
    """Write the pass over the runs: look every hint up, sum, and keep the strongest claim.

    Args:
        claims: Of the same engine.
        source: View of runs; all columns of hints are needed.
        grain: Columns that are told apart; `issuer`, `account` and `api_key` are among them.
        sums: SQL of what is summed over runs of one grain and one meaning.

    Returns:
        Common table expressions, the last of them `placed`: grain and sums, and `claim` (null
        where nothing claims the runs) and `is_out_of_scope`.
    """
    of = {name: "work_item" if name in _ITEMS else name for name in _WEAKER}
    weaker = [
        name
        for name in _WEAKER
        if of[name] in claims.dimensions and (claims.has_links or name not in LINKS)
    ]
    codes = ["stamps.code AS stamp_code", *(f"{name}s.code AS {name}_code" for name in weaker)]
    looked_up = "".join(
        f"""
    LEFT JOIN (SELECT value, code FROM codes WHERE dimension = '{of[name]}') AS {name}s
        ON {name}s.value = {_WEAKER[name]}"""  # noqa: S608 built of our own constants
        for name in weaker
    )
    held = ["stamp", *weaker, "account", "api_key"]
    claimed = "".join(
        f"""
    LEFT JOIN reach AS {name}_reach
        ON {name}_reach.code = {name}_code AND {name}_reach.segment = owned.segment"""
        for name in held
    )
    repo_code = "repo_code" if "repo" in weaker else "NULL"
    return f"""
WITH
dated AS (SELECT *, coalesce(started_at, ended_at) AS started, {LINKED} FROM {source}),
numbered AS (SELECT *, {claims.segment} AS segment FROM dated),
coded AS (
    SELECT {", ".join(grain)}, segment, {", ".join(codes)}, {sums}
    FROM numbered
    LEFT JOIN stamp_codes AS stamps ON stamps.value = stamp{looked_up}
    GROUP BY ALL
),
owned AS (
    SELECT coded.*, accounts.code AS account_code, keys.code AS api_key_code
    FROM coded
    LEFT JOIN codes AS accounts
        ON accounts.dimension = 'account' AND accounts.issuer = coded.issuer
        AND accounts.value = coded.account
    LEFT JOIN codes AS keys
        ON keys.dimension = 'api_key' AND keys.issuer = coded.issuer AND keys.value = coded.api_key
),
claimed AS (
    SELECT owned.*, least({", ".join(f"{name}_reach.claim" for name in held)}) AS claim
    FROM owned{claimed}
),
outside AS (SELECT claim, foreign_codes.code FROM claims JOIN foreign_codes USING (workflow)),
placed AS (
    SELECT claimed.*, outside.code IS NOT NULL AS is_out_of_scope
    FROM claimed
    LEFT JOIN outside ON outside.claim = claimed.claim AND outside.code = {repo_code}
)"""  # noqa: S608 built of our own constants
