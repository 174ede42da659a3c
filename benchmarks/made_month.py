"""A made-up month of a large organisation: configuration, lake and ledger, written set-wise.

The files have the lake's own schema, encoding and order, and stand in the ledger as a pull and
its conforming would leave them. Two things differ from the product's own: a file is named by the
digest of its bytes, because canonical lines of ten million rows would take minutes; and of the
raw layer there is only a mark a day, because no night reads more of it.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from config.load import load_config
from tasks.core.books import Label, Snapshot
from tasks.core.days import billing_period
from tasks.core.prices import RUN_CONTEXT, RUN_TIER, Priced, compile_card
from tasks.core.tables import CHARGES, RUNS, TOKEN_KINDS, USAGE, Table
from tasks.core.work_items import EventKind, event_id
from tasks.lake.parquet import arrow_schema, parquet_bytes
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.sources.registry import adapter_of, source_named, version_of

FIRST_DAY = date(2026, 10, 1)
#: The night is computed when every source is past its lag.
NIGHT = datetime(2026, 11, 5, 3, tzinfo=UTC)
LOG = "agent-logs"
#: Issuer to what its report looks like, who lists its prices, and its models.
VENDORS = {
    "anthropic": ("anthropic", "anthropic", ("claude-opus-4-5", "claude-haiku-4-5")),
    "openai": ("openai", "openai", ("gpt-5", "gpt-5-mini")),
    "resold-anthropic": ("anthropic", "anthropic", ("claude-opus-4-5", "claude-haiku-4-5")),
    "resold-openai": ("openai", "openai", ("gpt-5", "gpt-5-mini")),
}
ACCOUNTS = 5  # of each vendor
_WORKFLOWS_A_FAMILY = 10


@dataclass(frozen=True)
class Scale:
    """How much of everything there is.

    Attributes:
        repositories: One of every workflow's own, the others shared.
        runs_an_item: Runs that share a work item and its branch.
        stamped_items: Work items that carry a workflow's label themselves.
    """

    runs: int
    days: int = 30
    workflows: int = 400
    repositories: int = 1000
    runs_an_item: int = 5
    stamped_items: int = 2000

    def items_a_workflow(self) -> int:
        """Give how many work items each workflow has."""
        return max(1, self.runs // self.runs_an_item // self.workflows)

    def dates(self) -> list[date]:
        """List the days of the month."""
        return [FIRST_DAY + timedelta(days=number) for number in range(self.days)]


def write_config(folder: Path, scale: Scale) -> None:
    """Write catalog, policy and sources; JSON is YAML."""
    folder.mkdir(parents=True)
    for name, body in (
        ("catalog", _catalog(scale)),
        ("policy", _POLICY),
        ("sources", _sources()),
    ):
        (folder / f"{name}.yaml").write_text(json.dumps({"version": 1, **body}, indent=1))


def write_month(config: Path, lake: Lake, ledger: Ledger, scale: Scale) -> dict[str, int]:
    """Write every day's files and record them.

    Returns:
        How many distinct values each hint of the runs has.
    """
    sources = load_config(config).sources
    recorded_at = NIGHT - timedelta(hours=1)
    with duckdb.connect(":memory:") as engine:
        engine.execute("SET preserve_insertion_order = true")
        engine.execute("SET enable_progress_bar = false")
        _prepare(engine, config, scale)
        tables = _rows(engine, scale)
        for source, stream_name, table, day, rows in tables:
            configured = source_named(sources.sources, source)
            adapter = adapter_of(configured)
            stream = adapter.stream(stream_name)
            raw = lake.write_raw(
                source,
                stream,
                day,
                [{"day": day.isoformat(), "of": stream_name}],
                is_complete=True,
                recorded_at=recorded_at,
            )
            ledger.record_pull(
                source,
                stream,
                snapshots=[raw],
                rejects={day: ()},
                watermark=None,
                recorded_at=recorded_at,
            )
            conformed = _publish(lake, table, rows, raw, parser=version_of(adapter, configured))
            ledger.record_conformed(
                [conformed], rejects={(source, stream_name, day): ()}, recorded_at=recorded_at
            )
        distinct = _distinct(engine)
    _record_items(ledger, scale, recorded_at)
    return distinct


def _publish(lake: Lake, table: Table, rows: pa.Table, raw: Snapshot, parser: str) -> Snapshot:
    data = parquet_bytes(rows.cast(arrow_schema(table)))
    sha = hashlib.sha256(data).hexdigest()
    day = raw.key
    path = f"conformed/{table.name}/source={raw.source}/day={day}/{sha}.parquet"
    lake.files.publish(path, data)
    return Snapshot(
        source=raw.source,
        stream=raw.stream,
        layer="conformed",
        table=table.name,
        key=day,
        sha=sha,
        path=path,
        rows=rows.num_rows,
        size_bytes=len(data),
        parser=parser,
        raw_sha=raw.sha,
        is_complete=True,
        recorded_at=raw.recorded_at,
    )


def _rows(
    engine: duckdb.DuckDBPyConnection, scale: Scale
) -> Iterator[tuple[str, str, Table, date, pa.Table]]:
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
        yield (
            LOG,
            "runs",
            RUNS,
            day,
            _select(engine, "SELECT * FROM day_runs ORDER BY run_id", RUNS),
        )
        engine.execute(_USAGE)
        engine.execute(_CHARGES, {"period": billing_period(day)})
        for issuer, (kind, _, _) in VENDORS.items():
            streams = ("usage", "cost") if kind == "anthropic" else ("usage", "costs")
            for stream, table in zip(streams, (USAGE, CHARGES), strict=True):
                query = f"SELECT * FROM day_{table.name} WHERE issuer = '{issuer}' ORDER BY ALL"  # noqa: S608
                yield issuer, stream, table, day, _select(engine, query, table)


def _select(engine: duckdb.DuckDBPyConnection, query: str, table: Table) -> pa.Table:
    # Columns that nobody fills are null, as a parser leaves them.
    engine.register("no_rows", arrow_schema(table).empty_table())
    found = engine.execute(f"SELECT * FROM no_rows UNION ALL BY NAME ({query})")  # noqa: S608
    return found.to_arrow_table()


def _prepare(engine: duckdb.DuckDBPyConnection, config: Path, scale: Scale) -> None:
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


def issuer_of(n: int) -> str:
    """Name the vendor that a workflow uses."""
    return list(VENDORS)[n % len(VENDORS)]


def account_of(n: int) -> str:
    """Name the vendor's account that a workflow runs on."""
    return f"{issuer_of(n)}:account-{n // len(VENDORS) % ACCOUNTS}"


def api_key_of(n: int) -> str:
    """Name the key that a workflow uses."""
    return f"key-{n:03d}"


def workflow_of(n: int) -> str:
    """Give a workflow's id."""
    return f"wf-{n:03d}"


def repository_of(n: int) -> str:
    """Name a workflow's own repository."""
    return f"acme/service-{n:04d}"


def _catalog(scale: Scale) -> dict[str, object]:
    families = -(-scale.workflows // _WORKFLOWS_A_FAMILY)
    return {
        "portfolios": [
            {
                "id": f"portfolio-{n}",
                "title": f"Portfolio {n}",
                "owner": "lead",
                "cost_centre": f"C{n}",
            }
            for n in range(4)
        ],
        "families": [
            {"id": f"family-{n:02d}", "portfolio": f"portfolio-{n % 4}", "title": f"Family {n}"}
            for n in range(families)
        ],
        "workflows": [_workflow(n) for n in range(scale.workflows)],
        "accounts": [
            {
                "id": f"{issuer}:account-{n}",
                "issuer": issuer,
                "portfolio": f"portfolio-{n % 4}",
                "paid_from": "production" if n else "exploration",
            }
            for issuer in VENDORS
            for n in range(ACCOUNTS)
        ],
    }


def _workflow(n: int) -> dict[str, object]:
    """Describe a workflow: all are stamped; some are known by key, branch or repository too."""
    match: dict[str, list[str]] = {}
    if n % 4 == 1 and n % 16 != 5:
        match["api_keys"] = [api_key_of(n)]
    elif n % 4 == 2:
        match["branch_prefixes"] = [f"agent/{workflow_of(n)}/"]
    elif n % 4 == 3:
        match["repositories"] = [repository_of(n)]
    return {
        "id": workflow_of(n),
        "family": f"family-{n // _WORKFLOWS_A_FAMILY:02d}",
        "title": f"Workflow {n}",
        "stages": [
            {"from": "2026-01-01", "stage": "exploration"},
            *([{"from": "2026-10-11", "stage": "golden"}] if n % 3 == 0 else []),
        ],
        "risk_tier": 1,
        "capability": "draft",
        "owner": "lead",
        "escalation": "lead",
        "raci": {"responsible": "lead", "accountable": "lead"},
        "blast_radius": "One service.",
        "rollback": {"plan": "Revert.", "minutes": 10, "tested_on": "2026-01-01"},
        "scope": {
            "repositories": ["acme/service-*", "acme/shared-*"] if n % 10 else ["acme/service-*"]
        },
        "match": match,
    }


_POLICY = {
    "matching": {"tolerances": [{"from": "2026-01-01", "absolute": "0.01", "relative": "0.005"}]},
    "risk_tiers": [
        {"tier": tier, "required_controls": [], "review_cadence_days": 90} for tier in range(5)
    ],
}


def _sources() -> dict[str, object]:
    return {
        "issuers": [
            {"id": issuer, "price_provider": provider}
            for issuer, (_, provider, _) in VENDORS.items()
        ],
        "sources": [
            {"name": LOG, "type": "agent_log", "paths": ["logs/*.ndjson"]},
            *(
                {
                    "name": issuer,
                    "type": kind,
                    "base_url": "https://localhost",
                    "secret": f"{issuer}-key",
                    "issuer": issuer,
                }
                for issuer, (kind, _, _) in VENDORS.items()
            ),
        ],
    }


def _record_items(ledger: Ledger, scale: Scale, recorded_at: datetime) -> None:
    """Record work items that carry a label of a workflow, as a forge would tell them."""
    observed = recorded_at - timedelta(days=1)
    events: list[dict[str, object]] = []
    labels = []
    items = scale.items_a_workflow() * scale.workflows
    for at in range(min(scale.stamped_items, items)):
        number = at * items // scale.stamped_items
        key, stamp = f"gh:1#{number}", workflow_of(number % scale.workflows)
        labels.append(Label("work_item", key, f"acme#{number}"))
        digest = event_id("forge", key, EventKind.STAMPED, observed, stamp, "label")
        events.append(
            {
                "source": "forge",
                "day": observed.date(),
                "item": key,
                "event": EventKind.STAMPED.value,
                "occurred_at": observed,
                "observed_at": observed,
                "value": stamp,
                "ref": "label",
                "event_id": digest,
            }
        )
    ledger.record_conformed([], rejects={}, events=events, labels=labels, recorded_at=recorded_at)


def _distinct(engine: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return dict(
        engine.execute(
            "SELECT hint, count(DISTINCT value) FROM seen_runs GROUP BY hint ORDER BY hint"
        ).fetchall()
    )


#: Every attribute of a run is a digest of its number: the same scale gives the same month.
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
