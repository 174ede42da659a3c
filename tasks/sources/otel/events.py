"""Requests among the log records and spans of OTLP: Claude Code, Codex, GenAI conventions.

* Claude Code, event `api_request` (documented under "monitoring usage", read 2026-11): the four
  input counts are disjoint, cache writes of both times to live are one number, and `cost_usd` is
  reckoned at list price. `api_error` and `api_refusal` cost nothing and are no requests.
* Codex, event `codex.sse_event` of kind `response.completed` (openai/codex, `codex-rs/otel`) with
  counts: input includes what was cached and written to the cache. The same event without counts
  only tells that the stream brought it, and spans tell the counts once more.
* GenAI conventions: spans, or the event with their details, of operations that ask a model; input
  includes cache reads and writes. Spans of whole agents sum what theirs tell, and are left out.
"""

from collections.abc import Sequence

from tasks.core.reading import Refusal
from tasks.sources.otel import costs
from tasks.sources.otel.records import (
    IS_EMPTY,
    SPENT,
    attribute,
    count,
    moment,
    records,
    resource_attribute,
    text,
)
from tasks.sources.request_sql import is_negative, is_no_count, is_provider_id

_ASKING = ("chat", "generate_content", "text_completion", "embeddings")
# Operations of the conventions that sum what those of others used, or use nothing.
_OTHERS = ("invoke_agent", "create_agent", "invoke_workflow", "execute_tool", "plan", "retrieval")
_DETAILS = "gen_ai.client.inference.operation.details"
_EVENT = f"coalesce({text(attribute('event.name'))}, record.name)"
# Codex tells what its responses used in spans too, without their model.
_IS_COPY = f"""
(record.signal = 'span' AND coalesce({attribute("codex.usage.total_tokens")},
    {attribute("codex.usage.reasoning_output_tokens")}) IS NOT NULL)
"""
_IS_STRANGE = f"""
(record.signal = 'span' AND {text(attribute("gen_ai.operation.name"))} NOT IN {_ASKING + _OTHERS}
    AND {attribute("gen_ai.usage.input_tokens")} IS NOT NULL AND NOT {_IS_COPY})
"""
_KIND = f"""
CASE
    WHEN record.signal = 'point' OR {_IS_COPY} THEN NULL
    WHEN record.signal = 'span' OR {_EVENT} = '{_DETAILS}' THEN
        CASE WHEN coalesce({text(attribute("gen_ai.operation.name"))}, 'chat') IN {_ASKING}
            AND coalesce({attribute("gen_ai.usage.input_tokens")},
                {attribute("gen_ai.usage.prompt_tokens")},
                {attribute("gen_ai.usage.output_tokens")},
                {attribute("gen_ai.usage.completion_tokens")},
                CASE WHEN {attribute("error.type")} IS NULL
                    THEN {attribute("gen_ai.operation.name")} END) IS NOT NULL
        THEN 'genai' END
    WHEN regexp_full_match({_EVENT}, '(?:claude_code[.])?api_request') THEN 'claude'
    WHEN {_EVENT} = 'codex.sse_event'
        AND {text(attribute("event.kind"))} = 'response.completed'
        AND coalesce({attribute("input_token_count")}, {attribute("output_token_count")})
            IS NOT NULL THEN 'codex'
END
"""

# A count by kind of record: the attributes that may hold it.
_COUNTS: dict[str, dict[str, tuple[str, ...]]] = {
    "input": {
        "claude": ("input_tokens",),
        "codex": ("input_token_count",),
        "genai": ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
    },
    "read": {
        "claude": ("cache_read_tokens",),
        "codex": ("cached_token_count",),
        "genai": ("gen_ai.usage.cache_read.input_tokens",),
    },
    "write": {
        "claude": ("cache_creation_tokens",),
        "genai": (
            "gen_ai.usage.cache_write.input_tokens",
            "gen_ai.usage.cache_creation.input_tokens",
        ),
        "codex": ("cache_write_token_count",),
    },
    "output": {
        "claude": ("output_tokens",),
        "codex": ("output_token_count",),
        "genai": ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
    },
}
#: What a refusal calls a count.
NAMES = {
    "input": "input_tokens",
    "read": "cache_read_tokens",
    "write": "cache_creation_tokens",
    "output": "output_tokens",
}
_ID = f"""
CASE kind
    WHEN 'claude' THEN {text(attribute("request_id"))}
    WHEN 'genai' THEN coalesce({text(attribute("request_id"))},
        {text(attribute("gen_ai.response.id"))})
END
"""
_SESSION = f"""
coalesce({text(attribute("session.id"))}, {text(attribute("conversation.id"))},
    {text(attribute("gen_ai.conversation.id"))})
"""
# What identifies a request that no provider named: its place in the session, where a resumed one
# may start counting again, its span, or all that is told of it.
_PLACE = f"""
CASE
    WHEN kind = 'claude' AND {_SESSION} IS NOT NULL AND {attribute("event.sequence")} IS NOT NULL
        THEN to_json([{_SESSION}, {text(attribute("event.sequence"))},
            CAST({{moment}} AS VARCHAR)])
    WHEN kind = 'genai' AND record.trace <> '' AND record.span <> ''
        THEN to_json([record.trace, record.span])
    ELSE to_json([{_SESSION}, CAST({{moment}} AS VARCHAR), {{model}}, {{told}}])
END
"""
_MOMENT = f"coalesce(instant({text(attribute('event.timestamp'))}), {moment('record.ended')})"
_MODEL = f"""
CASE kind
    WHEN 'genai' THEN coalesce({text(attribute("gen_ai.response.model"))},
        {text(attribute("gen_ai.request.model"))})
    ELSE {text(attribute("model"))}
END
"""
_COST = f"""
CASE kind
    WHEN 'claude' THEN coalesce({text(attribute("cost_usd"))}, CAST(
        CAST({count(attribute("cost_usd_micros"))} AS DECIMAL(15, 0))
        * CAST('0.000001' AS DECIMAL(7, 6)) AS VARCHAR))
    WHEN 'genai' THEN {text(attribute("gen_ai.usage.cost"))}
END
"""
_HAS_COST = f"""
CASE kind
    WHEN 'claude' THEN coalesce({attribute("cost_usd")}, {attribute("cost_usd_micros")})
    WHEN 'genai' THEN {attribute("gen_ai.usage.cost")}
END IS NOT NULL
"""

#: OpenAI has one kind of cache write; the books file it under the short one.
WRITES_5M = f"CASE WHEN kind = 'codex' THEN write ELSE {costs.WRITES_5M} END"

#: Log records and spans, each with which kind of request it is, if any.
RELATION = f"(SELECT *, {_KIND} AS kind FROM {records()})"  # noqa: S608 of this module
WHERE = "kind IS NOT NULL"
#: Metrics and spans of the same spend, and lines that hold nothing as the protocol writes it.
BESIDE = f"(record.signal = 'point' AND record.name IN {SPENT}) OR {_IS_COPY}"
BESIDE += f" OR {_IS_STRANGE} OR {IS_EMPTY}"
#: What is told beside the requests.
TALLIES = {
    "others": "count(*) FILTER (is_point)",
    "spans": "count(*) FILTER (_beside AND is_span AND NOT is_strange)",
    "strange": "count(*) FILTER (is_strange)",
    "empty": "count(*) FILTER (_beside AND NOT is_point AND NOT is_span)",
    "requests": "count(*) FILTER (NOT _beside)",
    "unsplit": f"count(*) FILTER (write > 0 AND {WRITES_5M} IS NULL)",
    "unstamped": "count(*) FILTER (stamps IS NOT NULL AND marks.stamp IS NULL AND NOT _beside)",
}


def staged(stamp_keys: Sequence[str], account_keys: Sequence[str]) -> dict[str, str]:
    """Write the columns of a request among the records."""
    said = {name: _said(name) for name in _COUNTS}
    told = f"[{', '.join(f'CAST({value} AS VARCHAR)' for value in said.values())}]"
    place = _PLACE.format(moment=_MOMENT, model=_MODEL, told=f"CAST({told} AS VARCHAR)")
    return {
        "ended_at": _MOMENT,
        "started_at": moment("record.started"),
        "kind": "kind",
        "is_point": "coalesce(record.signal = 'point', false)",
        "is_span": "coalesce(record.signal = 'span', false)",
        "is_strange": f"coalesce({_IS_STRANGE}, false)",
        "id": _ID,
        "other_id": f"CASE WHEN {_ID} IS NULL THEN CAST({place} AS VARCHAR)"
        f" WHEN NOT ({is_provider_id(_ID)}) THEN {_ID} END",
        "model": _MODEL,
        "provider": f"CASE kind WHEN 'genai' THEN coalesce("
        f"{text(attribute('gen_ai.provider.name'))}, {text(attribute('gen_ai.system'))}) END",
        "session": _SESSION,
        "stamps": candidates(stamp_keys),
        "accounts": candidates(account_keys),
        "cost": f"decimal_text({_COST})",
        "has_cost": _HAS_COST,
        **{name: count(value) for name, value in said.items()},
        **{f"has_{name}": f"{value} IS NOT NULL" for name, value in said.items()},
        # The columns above, by name.
        "priced_model": "CASE WHEN kind = 'claude' AND write > 0 THEN model END",
        "priced_day": "CASE WHEN kind = 'claude' AND write > 0 THEN CAST(ended_at AS DATE) END",
    }


def candidates(keys: Sequence[str]) -> str:
    """Write the texts that a record or its resource holds under any of the keys, as a JSON list."""
    found = [text(place) for key in keys for place in (attribute(key), resource_attribute(key))]
    listed = f"list_filter([{', '.join(found)}], lambda one: one IS NOT NULL)" if found else "[]"
    return f"CAST(to_json(nullif({listed}, [])) AS VARCHAR)"


#: By field of a request, over the staged columns and the lookups of `tasks.sources.otel`.
FIELDS = {
    "run_id": "coalesce(told.id, id)",
    "ended_at": "ended_at",
    "started_at": "started_at",
    "issuer": "bill.issuer",
    "model": "model",
    "account": "payer.account",
    "session": "sitting.id",
    "stamp": "marks.stamp",
    "cost_usd": "cost",
    "input_tokens": "CASE kind WHEN 'claude' THEN input"
    " ELSE input - coalesce(read, 0) - coalesce(write, 0) END",
    "cache_read_tokens": "read",
    # No prices are looked up but for Claude Code: only its cost is at list price.
    "cache_write_5m_tokens": WRITES_5M,
    "cache_write_1h_tokens": costs.WRITES_1H,
    "output_tokens": "output",
}

#: What a request among the records may not be.
REFUSALS = (
    Refusal("ended_at IS NULL", "event.timestamp", "bad_instant"),
    Refusal("model IS NULL", "model", "missing"),
    *(
        Refusal(f"has_{name} AND {is_no_count(name)}", field, "bad_number")
        for name, field in NAMES.items()
    ),
    *(
        Refusal(f"kind <> 'genai' AND NOT has_{name}", NAMES[name], "missing")
        for name in ("input", "output")
    ),
    Refusal(
        "kind <> 'claude' AND input < coalesce(read, 0) + coalesce(write, 0)",
        "input_tokens",
        "bad_sum",
    ),
    Refusal(f"has_cost AND (cost IS NULL OR {is_negative('cost')})", "cost_usd", "bad_amount"),
)


def _said(name: str) -> str:
    """Write the JSON value of a count, whichever kind of record it is."""
    kinds = " ".join(
        f"WHEN '{kind}' THEN coalesce({', '.join(attribute(one) for one in names)})"
        for kind, names in _COUNTS[name].items()
    )
    return f"CASE kind {kinds} END"
