"""Rows of a made-up month, drawn set-wise: runs first, then what was metered and billed of them.

Every attribute of a run is a digest of its number: the same scale gives the same month.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from benchmarks.made_organisation import (
    FIRST_DAY,
    LOG,
    VENDORS,
    Scale,
    account_of,
    api_key_of,
    issuer_of,
    repository_of,
    workflow_of,
)
from config.load import load_config
from tasks.core.days import billing_period
from tasks.core.prices import RUN_CONTEXT, RUN_TIER, Priced, compile_card
from tasks.core.tables import CHARGES, RUNS, TOKEN_KINDS, USAGE, Table
from tasks.lake.parquet import arrow_schema


class DayRows(NamedTuple):
    """The rows of one conformed file."""

    source: str
    stream: str
    table: Table
    day: date
    rows: pa.Table


def rows_of(engine: duckdb.DuckDBPyConnection, scale: Scale) -> Iterator[DayRows]:
    """Give the rows of each (source, stream, table, day), the runs of a day first."""
    for number, day in enumerate(scale.dates()):
        runs = scale.runs * (number + 1) // scale.days - scale.runs * number // scale.days
        values = {
            "day": day,
            "runs": runs,
            "seed": number,
            "items": scale.items_a_workflow(),
        }
        engine.execute(
            _RUNS, values | {"repositories": scale.repositories, "workflows": scale.workflows}
        )
        engine.execute(f"INSERT INTO seen_runs {_SEEN}")
        of_runs = _select(engine, "SELECT * FROM day_runs ORDER BY run_id", RUNS)
        yield DayRows(LOG, "runs", RUNS, day, of_runs)
        engine.execute(_USAGE)
        engine.execute(_CHARGES, {"period": billing_period(day)})
        for issuer, (kind, _, _) in VENDORS.items():
            streams = ("usage", "cost") if kind == "anthropic" else ("usage", "costs")
            for stream, table in zip(streams, (USAGE, CHARGES), strict=True):
                query = f"SELECT * FROM day_{table.name} WHERE issuer = '{issuer}' ORDER BY ALL"  # noqa: S608
                yield DayRows(issuer, stream, table, day, _select(engine, query, table))


def _select(engine: duckdb.DuckDBPyConnection, query: str, table: Table) -> pa.Table:
    # Columns that nobody fills are null, as a parser leaves them.
    engine.register("no_rows", arrow_schema(table).empty_table())
    found = engine.execute(f"SELECT * FROM no_rows UNION ALL BY NAME ({query})")  # noqa: S608
    return found.to_arrow_table()


def prepare(engine: duckdb.DuckDBPyConnection, config: Path, scale: Scale) -> None:
    """Put prices and workflows into the engine, for rows to be drawn of them."""
    issuers = load_config(config).sources.issuers
    seen = {
        Priced(issuer, model, RUN_TIER, RUN_CONTEXT, FIRST_DAY)
        for issuer, (_, _, models) in VENDORS.items()
        for model in models
    }
    card = compile_card(issuers, seen)
    prices = [
        (issuer, model, kind, rate.numerator * 1_000_000 // rate.denominator if rate else 0)
        for issuer, (_, _, models) in VENDORS.items()
        for model in models
        for kind, rate in zip(TOKEN_KINDS, card.run_rates(issuer, model, FIRST_DAY), strict=True)
    ]
    engine.execute("CREATE TABLE prices (issuer TEXT, model TEXT, kind TEXT, per_million BIGINT)")
    engine.executemany("INSERT INTO prices VALUES (?, ?, ?, ?)", prices)
    engine.execute(
        "CREATE TABLE workflows (n BIGINT, issuer TEXT, account TEXT, models TEXT[], api_key TEXT,"
        " stamp TEXT, prefix TEXT, repo TEXT)"
    )
    engine.executemany(
        "INSERT INTO workflows VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                n,
                issuer_of(n),
                account_of(n),
                list(VENDORS[issuer_of(n)][2]),
                None if n % 16 == 5 else api_key_of(n),
                workflow_of(n),
                f"agent/{workflow_of(n)}/",
                repository_of(n),
            )
            for n in range(scale.workflows)
        ],
    )
    engine.execute("CREATE TABLE seen_runs (hint TEXT, value TEXT)")


def distinct_hints(engine: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Count the distinct values of each hint among the runs given so far."""
    return dict(
        engine.execute(
            "SELECT hint, count(DISTINCT value) FROM seen_runs GROUP BY hint ORDER BY hint"
        ).fetchall()
    )


_RUNS = """
CREATE OR REPLACE TEMP TABLE day_runs AS
WITH
drawn AS (
    SELECT
        i,
        -- Some workflows run much more than others.
        CAST(floor($workflows * pow((hash(k + 1) % 1000000) / 1e6, 1.5)) AS BIGINT) AS n,
        hash(k + 2) AS a, hash(k + 3) AS b, hash(k + 4) AS c,
        hash(k + 5) AS d, hash(k + 6) AS e
    FROM (SELECT i, 8 * (i + 100000000 * CAST($seed AS BIGINT)) AS k FROM range($runs) AS n (i))
),
known AS (
    -- A work item is one workflow's.
    SELECT drawn.*, n * $items + e % $items AS item, workflows.* EXCLUDE (n)
    FROM drawn JOIN workflows USING (n)
)
SELECT
    'agent-logs' AS source,
    md5($seed || '-' || i) AS run_id,
    CAST($day AS DATE) AS day,
    ended AS ended_at,
    ended - to_seconds(CAST(30 + a % 3000 AS BIGINT)) AS started_at,
    issuer,
    models[1 + CAST(n % 3 = 0 AND b % 10 < 4 AS INTEGER)] AS model,
    account,
    api_key,
    CAST(100 + a % 20000 AS BIGINT) AS input_tokens,
    CAST(b % 200000 AS BIGINT) AS cache_read_tokens,
    CASE WHEN c % 2 = 0 THEN CAST(c % 9000 AS BIGINT) END AS cache_write_5m_tokens,
    CASE WHEN c % 9 = 0 THEN CAST(d % 9000 AS BIGINT) END AS cache_write_1h_tokens,
    CAST(50 + d % 4000 AS BIGINT) AS output_tokens,
    CASE WHEN d % 5 > 0 THEN CAST(1000000 + d % 900000000 AS BIGINT) END AS reported_cost_nano,
    CASE WHEN a % 50 = 0 THEN 'old-' || b % 20 WHEN a % 50 < 40 THEN stamp END AS stamp,
    CASE WHEN b % 2 = 0 THEN prefix END AS branch_prefix,
    CASE WHEN b % 2 = 0 THEN 'acme#' || item END AS branch_item,
    CASE WHEN b % 10 < 9 THEN md5(CAST(item AS TEXT)) END AS branch_digest,
    CASE
        WHEN c % 10 < 6 THEN repo
        WHEN c % 10 < 9
            THEN 'acme/shared-' || CAST($workflows + d % ($repositories - $workflows) AS TEXT)
    END AS repo,
    CASE WHEN d % 10 < 7 THEN 'acme#' || item END AS work_item,
    ['human', 'bot', 'agent:claude', 'agent:codex'][1 + CAST(d % 4 AS INTEGER)] AS actor,
    CASE WHEN a % 100 < 90 THEN 'work' WHEN a % 100 < 96 THEN 'ci' ELSE 'eval' END AS purpose,
    CASE WHEN a % 3 > 0 THEN ['merged', 'closed'][1 + CAST(c % 2 AS INTEGER)] END AS decision,
    '1' AS epoch,
    a % 17 = 0 AS human_escalation
FROM (
    SELECT
        *,
        CAST($day AS TIMESTAMPTZ) + to_microseconds(CAST(c % 86400000000 AS BIGINT)) AS ended
    FROM known
)
"""

_HINTS = (
    *("account", "api_key", "model", "repo", "branch_prefix", "stamp"),
    *("work_item", "branch_digest"),
)
_SEEN = " UNION ALL ".join(
    f"SELECT DISTINCT '{name}', {name} FROM day_runs WHERE {name} IS NOT NULL"  # noqa: S608
    for name in _HINTS
)

#: The vendor metered two per cent more than was logged.
_USAGE = f"""
CREATE OR REPLACE TEMP TABLE day_usage AS
WITH kinds AS ({
    " UNION ALL ".join(
        f"SELECT issuer, account, day, api_key, model, '{kind}' AS kind,"
        f" sum({kind}_tokens) AS tokens FROM day_runs GROUP BY ALL"
        for kind in TOKEN_KINDS
    )
})
SELECT
    issuer AS source, issuer, account, day, api_key, model,
    CASE WHEN contains(issuer, 'openai') THEN model ELSE model || '·standard·0-200k' END AS sku,
    'standard' AS tier,
    CASE WHEN NOT contains(issuer, 'openai') THEN '0-200k' END AS context,
    kind,
    CAST(tokens + tokens // 50 AS BIGINT) AS quantity
FROM kinds
WHERE tokens > 0
"""  # noqa: S608

_CHARGES = """
CREATE OR REPLACE TEMP TABLE day_charges AS
SELECT
    source, issuer, account, day,
    CAST(day AS TIMESTAMPTZ) AS charge_start, CAST(day + 1 AS TIMESTAMPTZ) AS charge_end,
    $period AS billing_period, 0 AS line, 'usage' AS category, sku, model,
    'standard' AS tier, context, kind,
    CAST(sum(quantity) AS BIGINT) AS quantity, 'tokens' AS unit,
    CAST(sum(CAST(quantity AS HUGEINT) * per_million) // 1000000 AS BIGINT) AS billed_nano,
    'USD' AS currency
FROM day_usage JOIN prices USING (issuer, model, kind)
GROUP BY ALL
"""
