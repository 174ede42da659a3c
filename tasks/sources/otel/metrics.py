"""Requests among the metrics of OTLP: what a session spent with one model between two exports.

* Claude Code's `claude_code.token.usage` (by `type`) and `claude_code.cost.usage` in US dollars.
* Codex's `codex.turn.token_usage` (by `token_type`): input includes what was cached; the total and
  the reasoning, which is part of output, are left out.
* `gen_ai.client.token.usage` of the GenAI conventions (by `gen_ai.token.type`; its input includes
  what was cached, which it does not tell), and what follows it since 2026,
  `gen_ai.client.inference.usage.*`, whose input and cached input are metrics of their own.

Points of one export that differ in the type alone are one row; a point that stands in a line twice
was sent twice. Only deltas are read: a running total tells no day.
"""

from collections.abc import Sequence

from tasks.core.reading import Refusal
from tasks.sources.otel.events import NAMES, WRITES_5M, candidates
from tasks.sources.otel.records import (
    BY_NAME,
    IS_EMPTY,
    SPENT,
    attribute,
    count,
    moment,
    points,
    text,
)
from tasks.sources.request_sql import is_negative, is_no_count

_DELTA = "('1', 'AGGREGATION_TEMPORALITY_DELTA')"
_TYPE = f"""
CASE WHEN starts_with(record.name, '{BY_NAME}') THEN substr(record.name, {len(BY_NAME) + 1})
    ELSE coalesce({text(attribute("type"))}, {text(attribute("token_type"))},
        {text(attribute("gen_ai.token.type"))})
END
"""
# Which types of points each count is the sum of.
_TYPES = {
    "input": ("input", "input_tokens"),
    "output": ("output", "output_tokens"),
    "read": ("cacheRead", "cached_input", "cache_read.input_tokens"),
    "write": ("cacheCreation", "cache_write_input", "cache_write.input_tokens"),
}
_KNOWN = tuple(name for names in _TYPES.values() for name in names)
# What Codex tells of its counts again.
_IS_SUM = f"(record.name LIKE 'codex.%' AND {_TYPE} IN ('total', 'reasoning_output'))"
_IS_COST = "record.name = 'claude_code.cost.usage'"
_VALUE = count("record.value")
# All that identifies a point but its type and its value, and nothing of people.
_NOT_OF_IT = "'type|token_type|gen_ai[.]token[.](?:type|modality)|user[.].*'"
_IDENTITY = f"""
CAST(to_json(list_sort(list_transform(
    list_filter(record.keys, lambda key: NOT regexp_full_match(key, {_NOT_OF_IT})),
    lambda key: key || '=' || coalesce({text("record.vals[list_position(record.keys, key)]")}, '')
))) AS VARCHAR)
"""
_SUMS = ", ".join(
    f"sum({_VALUE}) FILTER (NOT {_IS_COST} AND {_TYPE} IN {types}) AS {name}"
    for name, types in _TYPES.items()
)
_ODD = f"""
bool_or(CASE
    WHEN {_IS_COST} THEN decimal_text(record.value ->> '$') IS NULL
    ELSE {is_no_count(_VALUE)} OR coalesce({_TYPE} NOT IN {_KNOWN}, true)
END) AS is_odd
"""


def relation(stamp_keys: Sequence[str], account_keys: Sequence[str]) -> str:
    """Write the relation of what was spent: one row a line, session, model and span of time."""
    model = f"""
        coalesce({text(attribute("model"))}, {text(attribute("gen_ai.response.model"))},
            {text(attribute("gen_ai.request.model"))})
    """
    provider = f"""
        coalesce({text(attribute("gen_ai.provider.name"))}, {text(attribute("gen_ai.system"))})
    """
    return f"""
(SELECT * EXCLUDE (_row) FROM (
    SELECT
        * EXCLUDE (record),
        coalesce(record.name IN {SPENT} AND NOT coalesce({_IS_SUM}, false), false) AS is_spent,
        {IS_EMPTY} AS is_empty,
        CASE WHEN record.name LIKE 'claude%' THEN 'claude'
            WHEN record.name LIKE 'codex.%' THEN 'codex' ELSE 'genai' END AS kind,
        {model} AS model,
        {provider} AS provider,
        coalesce({text(attribute("session.id"))}, {text(attribute("gen_ai.conversation.id"))})
            AS session,
        {_IDENTITY} AS identity,
        min({moment("record.started")}) AS started_at,
        {moment("record.ended")} AS ended_at,
        coalesce(record.temporality ->> '$' NOT IN {_DELTA}, true) AS is_total,
        {candidates(stamp_keys)} AS stamps,
        {candidates(account_keys)} AS accounts,
        list_sort(list(DISTINCT concat(record.name, ' ', {_TYPE}))) AS told,
        {_SUMS},
        sum(TRY_CAST(record.value ->> '$' AS DECIMAL(38, 12))) FILTER ({_IS_COST}) AS cost,
        {_ODD}
    FROM (SELECT DISTINCT * FROM {points()})
    GROUP BY ALL
))
"""  # noqa: S608 of this module


WHERE = "is_spent"
#: Log records and spans of the same spend, and lines that hold nothing as the protocol writes it.
BESIDE = "NOT is_spent AND (others > 0 OR is_empty)"
#: What is told beside the requests.
TALLIES = {
    "others": "sum(others)",
    "empty": "count(*) FILTER (is_empty AND others = 0)",
    "requests": "count(*) FILTER (NOT _beside)",
    "unsplit": f"count(*) FILTER (write > 0 AND {WRITES_5M} IS NULL)",
    "unstamped": "count(*) FILTER (stamps IS NOT NULL AND marks.stamp IS NULL AND NOT _beside)",
}
_PRICED = "kind = 'claude' AND write > 0"
#: The columns of a request among the points, by name.
STAGED = {
    **dict.fromkeys(("ended_at", "started_at", "kind", "model", "provider", "session"), ""),
    **dict.fromkeys(("stamps", "accounts", "is_total", "is_odd", "others", "is_empty"), ""),
    "id": "CAST(NULL AS VARCHAR)",
    # A collector may spread the points of one export over lines: each tells others.
    "other_id": "CAST(to_json([kind, identity, CAST(started_at AS VARCHAR),"
    " CAST(ended_at AS VARCHAR), CAST(told AS VARCHAR)]) AS VARCHAR)",
    "cost": "rtrim(rtrim(CAST(cost AS VARCHAR), '0'), '.')",
    **{name: f"CAST({name} AS BIGINT)" for name in NAMES},
    "priced_model": f"CASE WHEN {_PRICED} THEN model END",
    "priced_day": f"CASE WHEN {_PRICED} THEN CAST(ended_at AS DATE) END",
}
STAGED = {name: sql or name for name, sql in STAGED.items()}

REFUSALS = (
    Refusal("ended_at IS NULL", "timeUnixNano", "bad_instant"),
    Refusal("is_total", "aggregationTemporality", "running_total"),
    Refusal("model IS NULL", "model", "missing"),
    Refusal("is_odd", "dataPoints", "bad_number"),
    Refusal(is_negative("cost"), "cost_usd", "bad_amount"),
)
