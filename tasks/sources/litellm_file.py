"""Spend logs of a LiteLLM proxy, exported from its database as NDJSON: read set-wise.

One line a row of `LiteLLM_SpendLogs`; what a row means stands with `litellm.rows`, which reads
the same rows from the proxy's API one by one. Lists and objects may be text that holds JSON, as
exports of columns write them. People, addresses, messages and answers are never read.
"""

import json
from collections.abc import Mapping
from functools import partial

from pydantic import TypeAdapter, ValidationError

from config.shapes.source_logs import LitellmFileSource
from tasks.core.batches import Stream, StreamKind
from tasks.core.people import Door
from tasks.core.reading import Lookup, Reading, Refusal, Values
from tasks.sources.log_files import find_files
from tasks.sources.request_marks import UNKNOWN_MODEL, ModelText, RequestMarks, bare_model
from tasks.sources.request_sql import (
    decoded,
    digested,
    is_negative,
    is_no_count,
    is_provider_id,
    quoted,
    tags_named,
    unquoted,
    utc_instant,
)
from tasks.sources.request_tallies import tell

RUNS = Stream("runs", StreamKind.REPORT, "runs")
STREAMS: tuple[Stream, ...] = (RUNS,)

#: Raise it when the same files would give other raw rows.
PARSER = "litellm_file-1"

_WRITES = '{"ephemeral_5m_input_tokens": "JSON", "ephemeral_1h_input_tokens": "JSON"}'
_USAGE = (
    '{"cache_read_input_tokens": "JSON", "cache_creation_input_tokens": "JSON",'
    f' "cache_creation": {_WRITES}, "prompt_tokens_details": {{"cached_tokens": "JSON",'
    f' "cache_creation_tokens": "JSON", "cache_creation_token_details": {_WRITES}}}}}'
)
_METADATA = (
    f'{{"user_api_key_alias": "VARCHAR", "usage_object": {_USAGE},'
    f' "additional_usage_values": {_USAGE}, "spend_logs_metadata": "JSON"}}'
)
_TEXTS = (
    *("request_id", "call_type", "api_key", "startTime", "endTime", "model"),
    *("custom_llm_provider", "cache_hit", "session_id", "status", "spend"),
)
_NUMBERS = ("prompt_tokens", "completion_tokens")
_COLUMNS = {
    **dict.fromkeys(_TEXTS, "VARCHAR"),
    **dict.fromkeys((*_NUMBERS, "metadata", "request_tags"), "JSON"),
}

# Where a part of the usage may stand; the first place that tells it holds.
_TOLD = {
    "reads": ("cache_read_input_tokens", "prompt_tokens_details.cached_tokens"),
    "writes": ("cache_creation_input_tokens", "prompt_tokens_details.cache_creation_tokens"),
    "write_5m": (
        "cache_creation.ephemeral_5m_input_tokens",
        "prompt_tokens_details.cache_creation_token_details.ephemeral_5m_input_tokens",
    ),
    "write_1h": (
        "cache_creation.ephemeral_1h_input_tokens",
        "prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens",
    ),
}
_USAGES = ("usage_object", "additional_usage_values")
_COUNTS = {"prompt": "prompt_tokens", "output": "completion_tokens"}
# Tools that a proxy calls, and failures of its own, before any model was asked.
_NO_MODEL_CALL = (
    "coalesce(TRY_CAST(spend AS DOUBLE), 0) = 0"
    " AND coalesce(whole_text(prompt_tokens), 0) = 0"
    " AND coalesce(whole_text(completion_tokens), 0) = 0"
    " AND (coalesce(call_type, '') IN ('call_mcp_tool', 'list_mcp_tools')"
    " OR (status = 'failure' AND coalesce(model, '') = ''))"
)
_WRITTEN = "coalesce(writes, coalesce(write_5m, 0) + coalesce(write_1h, 0))"
# A time to live left out beside the other one is none of it; both left out are unknown.
_BY_TIME = "CASE WHEN hit THEN 0 WHEN {other} OR writes = 0 THEN coalesce({own}, 0) ELSE {own} END"
_FIELDS = {
    "run_id": "coalesce(told.id, id)",
    "ended_at": "ended_at",
    "started_at": "CASE WHEN has_end THEN started_at END",
    "issuer": "bill.issuer",
    "model": "bill.model",
    "api_key": "keys.key",
    "session": "sitting.id",
    "stamp": "marks.stamp",
    "failure_type": "CASE WHEN outcome = 'failure' THEN 'failure' END",
    # An answer from the proxy's own cache reached no vendor; tokens for nothing have no price.
    "cost_usd": "CASE WHEN hit THEN '0'"
    " WHEN ltrim(cost, '0.') = '' AND (prompt > 0 OR output > 0) THEN NULL ELSE cost END",
    "input_tokens": f"CASE WHEN hit THEN 0 ELSE prompt - coalesce(reads, 0) - {_WRITTEN} END",
    "cache_read_tokens": "CASE WHEN hit THEN 0 ELSE reads END",
    "cache_write_5m_tokens": _BY_TIME.format(own="write_5m", other="has_write_1h"),
    "cache_write_1h_tokens": _BY_TIME.format(own="write_1h", other="has_write_5m"),
    "output_tokens": "CASE WHEN hit THEN 0 ELSE output END",
}
_TALLIES = {
    "unsplit": "count(*) FILTER (NOT hit AND writes > 0 AND NOT has_write_5m AND NOT has_write_1h)",
    "unstamped": "count(*) FILTER (tags IS NOT NULL AND marks.stamp IS NULL)",
}
_HIT = "lower(trim(coalesce(cache_hit, '')))"
_MODEL: TypeAdapter[str] = TypeAdapter(ModelText)


def reading(config: LitellmFileSource, door: Door) -> Reading:
    """Describe the exports that `paths` match.

    Raises:
        SourceError: A pattern matches no file.
    """
    marks = RequestMarks(config, door)

    def bill(values: Values) -> Mapping[str, object]:
        provider, model = (None if value is None else str(value) for value in values)
        try:
            named = _MODEL.validate_python(model or UNKNOWN_MODEL)
        except ValidationError:
            return {}
        return {"issuer": marks.issuer(provider, named), "model": bare_model(named, provider)}

    def key(values: Values) -> Mapping[str, object]:
        return {"key": marks.key(*(None if value is None else str(value) for value in values))}

    def stamp(values: Values) -> Mapping[str, object]:
        tags, attributes = (json.loads(str(value)) if value else None for value in values)
        return {"stamp": marks.stamp(tags or (), dict(attributes or {}))}

    return Reading(
        source=config.name,
        paths=tuple(find_files(config.name, config.paths)),
        columns=_COLUMNS,
        relation=f"(SELECT *, {decoded('metadata', _METADATA)} AS meta FROM lines)",  # noqa: S608 ours
        where=f"NOT ({_NO_MODEL_CALL})",
        staged=_staged(config.stamp_keys),
        refusals=_refusals(),
        lookups=(
            Lookup("bill", ("provider", "model"), {"issuer": "VARCHAR", "model": "VARCHAR"}, bill),
            Lookup("keys", ("alias", "api_key"), {"key": "VARCHAR"}, key),
            Lookup("marks", ("tags", "attributes"), {"stamp": "VARCHAR"}, stamp),
            digested("told", "other_id", door),
            digested("sitting", "session", door),
        ),
        fields=_FIELDS,
        order=("output", "ended_at"),
        foreign="missing",
        tallies=_TALLIES,
        tell=partial(tell, config.name),
    )


def _staged(stamp_keys: tuple[str, ...]) -> dict[str, str]:
    tags = tags_named(decoded("request_tags", '["VARCHAR"]'), stamp_keys)
    pairs = ", ".join(
        f"{quoted(key)}: meta.spend_logs_metadata ->> {quoted(_path(key))}" for key in stamp_keys
    )
    said = "meta.spend_logs_metadata"
    return {
        "ended_at": utc_instant("coalesce(nullif(endTime, ''), startTime)"),
        "started_at": utc_instant("nullif(startTime, '')"),
        "has_end": "coalesce(endTime, '') <> ''",
        "id": "nullif(request_id, '')",
        "other_id": f"CASE WHEN NOT ({is_provider_id('request_id')}) THEN request_id END",
        # A request always has a model to look up, be it none.
        "model": "coalesce(model, '')",
        "provider": "nullif(custom_llm_provider, '')",
        "alias": "nullif(meta.user_api_key_alias, '')",
        "api_key": "nullif(api_key, '')",
        "session": "nullif(session_id, '')",
        "tags": f"CAST(to_json({tags}) AS VARCHAR)",
        "attributes": f"CASE WHEN {said} IS NOT NULL THEN CAST({{{pairs}}}::JSON AS VARCHAR) END",
        # What nearly every row says is not spelt anew.
        "hit": f"CASE WHEN cache_hit = 'False' THEN false ELSE {_HIT} = 'true' END",
        "is_odd_hit": f"CASE WHEN cache_hit = 'False' THEN false"
        f" ELSE {_HIT} NOT IN ('true', 'false', 'none', '') END",
        "is_odd_metadata": _is_odd_metadata(),
        "outcome": "nullif(status, '')",
        "cost": "decimal_text(spend)",
        "has_cost": "spend IS NOT NULL",
        **{name: f"whole({column})" for name, column in _COUNTS.items()},
        **{name: f"whole({_first(paths)})" for name, paths in _TOLD.items()},
        **{
            f"has_{name}": f"coalesce(CAST({value} AS VARCHAR) <> 'null', false)"
            for name, value in (
                *_COUNTS.items(),
                *((name, _first(paths)) for name, paths in _TOLD.items()),
            )
        },
    }


def _refusals() -> tuple[Refusal, ...]:
    fields = {name: f"metadata.usage_object.{paths[0]}" for name, paths in _TOLD.items()}
    return (
        Refusal("id IS NULL", "request_id", "missing"),
        Refusal("ended_at IS NULL AND has_end", "endTime", "bad_instant"),
        Refusal("started_at IS NULL", "startTime", "bad_instant"),
        Refusal("bill.model IS NULL", "model", "bad_word"),
        Refusal("is_odd_hit", "cache_hit", "bad_word"),
        Refusal("is_odd_metadata", "metadata", "bad_json"),
        Refusal("outcome NOT IN ('success', 'failure')", "status", "bad_word"),
        Refusal(f"has_cost AND (cost IS NULL OR {is_negative('cost')})", "spend", "bad_amount"),
        *(
            Refusal(f"has_{name} AND {is_no_count(name)}", field, "bad_number")
            for name, field in (_COUNTS | fields).items()
        ),
        Refusal(
            f"prompt < coalesce(reads, 0) + {_WRITTEN}",
            "prompt_tokens",
            "bad_sum",
        ),
        Refusal(
            "writes <> coalesce(write_5m, 0) + coalesce(write_1h, 0)"
            " AND (has_write_5m OR has_write_1h)",
            fields["writes"],
            "bad_sum",
        ),
    )


def _is_odd_metadata() -> str:
    """Say whether what should tell the cache's part in a request cannot be read."""
    said = unquoted("metadata")
    # Looked at only where nothing was found.
    told = ", ".join(_first(paths) for paths in _TOLD.values())
    odd = "coalesce(json_type({0}, '$.{1}') NOT IN ('OBJECT', 'NULL'), false)"
    usages = " OR ".join(odd.format(said, part) for part in _USAGES)
    return (
        f"CASE WHEN coalesce({told}) IS NOT NULL THEN false"
        f" WHEN coalesce(CAST(metadata AS VARCHAR), 'null') = 'null' THEN false"
        f" ELSE coalesce(json_type({said}) <> 'OBJECT', true) OR {usages} END"
    )


def _first(paths: tuple[str, ...]) -> str:
    places = [f"meta.{part}.{path}" for path in paths for part in _USAGES]
    return f"coalesce({', '.join(places)})"


def _path(key: str) -> str:
    """Write the path of a member for `->>`."""
    return '$."' + key.replace('"', "") + '"'
