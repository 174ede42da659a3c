"""Claude Code's transcripts (`~/.claude/projects/**/*.jsonl`), read whole each night, set-wise.

One line a content block of an answer: a streamed answer is told several times under one
message id, its output growing, so that the line with the most output counts. Resumed and
forked sessions and subagents copy lines into other files, under the same ids. Layout as
observed in versions 1.0 to 2.1; it is not documented. Prompts, answers, tools and folders are
not read but for the last part of the working folder, which may name a declared repository.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath

from config.shapes.source_logs import ClaudeCodeLogSource
from tasks.core.batches import Stream, StreamKind
from tasks.core.issuers import issuer_of, known_issuers
from tasks.core.people import Door
from tasks.core.reading import Lookup, Reading, Refusal, Values
from tasks.core.work.branches import branch_hint
from tasks.sources.log_files import find_files
from tasks.sources.request_sql import digested, is_negative, is_provider_id

RUNS = Stream("runs", StreamKind.REPORT, "runs")
STREAMS: tuple[Stream, ...] = (RUNS,)

#: Raise it when the same raw rows would conform to other table rows.
PARSER = "claude_code_log-1"

#: Stands where no model was asked: notes of the program itself.
_SYNTHETIC = "<synthetic>"
_BRANCH_LENGTH = 1024
# No branch, and none that is checked out.
_NO_BRANCH = frozenset({"", "HEAD"})

_COUNTS = {
    "input": "message.usage.input_tokens",
    "output": "message.usage.output_tokens",
    "cache_read": "message.usage.cache_read_input_tokens",
    "cache_write": "message.usage.cache_creation_input_tokens",
    "write_5m": "message.usage.cache_creation.ephemeral_5m_input_tokens",
    "write_1h": "message.usage.cache_creation.ephemeral_1h_input_tokens",
}
_USAGE = (
    "STRUCT(input_tokens JSON, output_tokens JSON, cache_read_input_tokens JSON,"
    " cache_creation_input_tokens JSON,"
    " cache_creation STRUCT(ephemeral_5m_input_tokens JSON, ephemeral_1h_input_tokens JSON))"
)
_COLUMNS = {
    "type": "VARCHAR",
    "timestamp": "VARCHAR",
    "requestId": "VARCHAR",
    "sessionId": "VARCHAR",
    "uuid": "VARCHAR",
    "cwd": "VARCHAR",
    "gitBranch": "VARCHAR",
    "costUSD": "JSON",
    "message": f"STRUCT(id VARCHAR, model VARCHAR, usage {_USAGE})",
}
_ID = "coalesce(request, answer)"


def reading(config: ClaudeCodeLogSource, door: Door) -> Reading:
    """Describe the transcripts that `paths` match.

    Raises:
        SourceError: A pattern matches no file.
    """
    known = known_issuers(config)
    repositories = _by_name(config.repositories)

    def issuer(values: Values) -> Mapping[str, object]:
        return {"issuer": issuer_of(None, str(values[0]), config.issuers, known)}

    def repository(values: Values) -> Mapping[str, object]:
        name = PurePosixPath(str(values[0]).replace("\\", "/")).name
        # Any other folder may be somebody's own, called after them: not even a digest of it stays.
        return {"repo": repositories.get(name.lower())}

    def branch(values: Values) -> Mapping[str, object]:
        name = str(values[0])
        if name in _NO_BRANCH or len(name) > _BRANCH_LENGTH:
            return {}
        hint = branch_hint(name, config.branch_prefixes, door)
        return {"prefix": hint.prefix, "item": hint.ticket, "digest": hint.digest}

    return Reading(
        source=config.name,
        paths=tuple(find_files(config.name, config.paths)),
        columns=_COLUMNS,
        where=f"type = 'assistant' AND message.model IS DISTINCT FROM '{_SYNTHETIC}'",
        staged=_staged(),
        refusals=_refusals(),
        lookups=(
            Lookup("who", ("model",), {"issuer": "VARCHAR"}, issuer),
            digested("told", f"CASE WHEN NOT ({is_provider_id(_ID)}) THEN {_ID} END", door),
            digested("sitting", "session", door),
            Lookup("place", ("cwd",), {"repo": "VARCHAR"}, repository),
            Lookup(
                "work",
                ("branch",),
                {"prefix": "VARCHAR", "item": "VARCHAR", "digest": "VARCHAR"},
                branch,
            ),
        ),
        fields=_fields(config.subscription_account),
        same="answer",
        # Some lines of an answer may lack the request's id.
        shared=("request",),
        order=("output",),
    )


def _staged() -> dict[str, str]:
    return {
        "ended_at": "instant(timestamp)",
        "request": "nullif(requestId, '')",
        "answer": "coalesce(nullif(message.id, ''), nullif(requestId, ''), nullif(uuid, ''))",
        "model": "message.model",
        "session": "sessionId",
        "cwd": "cwd",
        "branch": "gitBranch",
        "cost": "decimal_text(CAST(costUSD AS VARCHAR))",
        "has_cost": "costUSD IS NOT NULL",
        **{name: f"whole({path})" for name, path in _COUNTS.items()},
        **{f"has_{name}": f"{path} IS NOT NULL" for name, path in _COUNTS.items()},
    }


def _refusals() -> tuple[Refusal, ...]:
    return (
        Refusal("ended_at IS NULL", "timestamp", "bad_instant"),
        *(
            Refusal(f"has_{name} AND {name} IS NULL", path, "bad_number")
            for name, path in _COUNTS.items()
        ),
        *(Refusal(f"{name} IS NULL", _COUNTS[name], "missing") for name in ("input", "output")),
        Refusal("model IS NULL", "message.model", "missing"),
        Refusal(f"has_cost AND (cost IS NULL OR {is_negative('cost')})", "costUSD", "bad_amount"),
        # A part that is not told is not zero, and the parts are not told to differ from the whole.
        Refusal("cache_write <> write_5m + write_1h", "message.usage.cache_creation", "bad_sum"),
    )


def _fields(subscription: str | None) -> dict[str, str]:
    fields = {
        "run_id": f"coalesce(told.id, {_ID})",
        "ended_at": "ended_at",
        "issuer": "who.issuer",
        "model": "model",
        "input_tokens": "input",
        "cache_read_tokens": "cache_read",
        # Before the parts were told, every write lasted five minutes.
        "cache_write_5m_tokens": "coalesce(write_5m, cache_write - coalesce(write_1h, 0))",
        "cache_write_1h_tokens": (
            "coalesce(write_1h, cache_write - coalesce(write_5m, cache_write))"
        ),
        "output_tokens": "output",
        "cost_usd": "cost",
        "session": "sitting.id",
        "branch_prefix": "work.prefix",
        "branch_item": "work.item",
        "branch_digest": "work.digest",
        "repo": "place.repo",
    }
    if subscription is not None:
        # An account has no quote in it (`config.shapes.base.VendorId`).
        fields["account"] = f"'{subscription}'"
    return fields


def _by_name(declared: tuple[str, ...]) -> dict[str, str]:
    """Find declared repositories by their own name; a name that two owners have names none."""
    found: dict[str, str | None] = {}
    for full in declared:
        name = full.rpartition("/")[2].lower()
        if full.count("/") == 1 and not set(full) & set("*?["):
            found[name] = full if found.get(name, full) == full else None
    return {name: full for name, full in found.items() if full is not None}
