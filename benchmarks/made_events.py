"""A gateway's spend log as NDJSON, made up by DuckDB: rows as LiteLLM's database exports them.

What was spent follows from the formulas here, and from nothing that reads the files.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

FIRST_DAY, LAST_DAY = date(2026, 10, 20), date(2026, 11, 19)
DAYS = (LAST_DAY - FIRST_DAY).days + 1
#: Rows of one file.
_FILE_ROWS = 250_000
_MODELS = "['claude-opus-5', 'claude-haiku-4-5', 'gpt-5.4', 'gpt-5.4-mini', 'claude-sonnet-5']"
_PROVIDERS = "['anthropic', 'anthropic', 'openai', 'openai', 'anthropic']"
# Each row from its number: `dice` is the same wherever the row is made.
_NUMBERS = f"""
SELECT
    n,
    hash(n) % 1000003 AS dice,
    1 + n % 5 AS kind,
    TIMESTAMP '{FIRST_DAY} 00:00:00' + to_milliseconds(n * 86400000 * {DAYS} // $rows) AS ended,
    500 + hash(n) % 20011 AS prompt,
    hash(n) % 301 AS cached,
    10 + hash(n) % 1709 AS answered
FROM range($first, $last) AS made(n)
"""  # noqa: S608 ours
_ROWS = f"""
SELECT
    'chatcmpl-' || md5(CAST(n AS VARCHAR)) AS request_id,
    'acompletion' AS call_type,
    sha256('key' || dice % 200) AS api_key,
    dice / 10000000 AS spend,
    prompt + answered AS total_tokens,
    prompt AS prompt_tokens,
    answered AS completion_tokens,
    strftime(ended - to_milliseconds(1200 + dice % 9000), '%Y-%m-%dT%H:%M:%S.%fZ') AS "startTime",
    strftime(ended, '%Y-%m-%dT%H:%M:%S.%fZ') AS "endTime",
    {_MODELS}[kind] AS model,
    {_MODELS}[kind] AS model_group,
    {_PROVIDERS}[kind] AS custom_llm_provider,
    'https://api.example.com/v1/' || kind AS api_base,
    'user-' || dice % 500 AS "user",
    {{'user_api_key_alias': 'key-' || dice % 200, 'usage_object':
        {{'prompt_tokens': prompt, 'completion_tokens': answered,
          'cache_read_input_tokens': cached}}}} AS metadata,
    CASE WHEN n % 97 = 0 THEN 'True' ELSE 'False' END AS cache_hit,
    ['team:' || dice % 40, 'User-Agent: agent/1.2', 'workflow:wf-' || dice % 60] AS request_tags,
    'team-' || dice % 40 AS team_id,
    'sess-' || n // 200 AS session_id,
    'success' AS status
FROM ({_NUMBERS})
"""  # noqa: S608 ours
# The proxy's own cache asked no vendor.
_SPENT = f"""
SELECT
    count(*), sum(prompt - cached) FILTER (NOT is_hit), sum(cached) FILTER (NOT is_hit),
    sum(answered) FILTER (NOT is_hit), sum(dice * 100) FILTER (NOT is_hit)
FROM (SELECT *, n % 97 = 0 AS is_hit FROM ({_NUMBERS}))
"""  # noqa: S608 ours


@dataclass(frozen=True, slots=True)
class Spent:
    """What a log comes to.

    Attributes:
        cost_nano: In 1e-9 US dollars.
    """

    requests: int
    uncached: int
    cached: int
    output: int
    cost_nano: int


@dataclass(frozen=True, slots=True)
class MadeLog:
    """A log on disk."""

    paths: tuple[Path, ...]
    size_bytes: int
    spent: Spent


def make_log(folder: Path, rows: int) -> MadeLog:
    """Write a log of so many requests, spread evenly over a month."""
    engine = duckdb.connect()
    engine.execute("SET enable_progress_bar = false")
    paths = []
    for number, first in enumerate(range(0, rows, _FILE_ROWS)):
        path = folder / f"spend-{number:03}.ndjson"
        said = {"first": first, "last": min(first + _FILE_ROWS, rows), "rows": rows}
        engine.execute(f"COPY ({_ROWS}) TO '{path}' (FORMAT json)", said)
        paths.append(path)
    counts = engine.execute(_SPENT, {"first": 0, "last": rows, "rows": rows}).fetchone() or ()
    engine.close()
    size = sum(path.stat().st_size for path in paths)
    return MadeLog(tuple(paths), size, Spent(*map(int, counts)))
