"""Langfuse's observations: one generation, reduced to a request.

Source: langfuse.com, `GET /api/public/v2/observations`, read 2026-11. `usageDetails` has
one count for each kind of token, which are disjoint where `total` is their sum, and nested
where it is that of `input` and `output`. Names, user ids, prompts and answers are never read.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Literal, NamedTuple

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, model_validator

from tasks.core.batches import Reject
from tasks.core.refusals import refused
from tasks.core.requests import Request
from tasks.sources.report_fields import Count, Instant, Payload, VendorText
from tasks.sources.request_marks import (
    UNKNOWN_MODEL,
    Cost,
    ModelText,
    RequestMarks,
    bare_model,
    json_or_value,
)
from tasks.sources.request_tallies import UNKNOWN_KIND

_TOTAL = ("total", "total_tokens")
_INPUT = ("input", "input_tokens", "prompt_tokens")
_OUTPUT = ("output", "output_tokens", "completion_tokens")
_READS = ("cache_read_input_tokens", "input_cached_tokens", "input_cache_read")
_WRITES = ("cache_creation_input_tokens", "input_cache_creation", "input_cache_write_tokens")
_WRITES_5M = ("input_cache_creation_5m", "ephemeral_5m_input_tokens")
_WRITES_1H = ("input_cache_creation_1h", "ephemeral_1h_input_tokens")
_REASONING = ("output_reasoning_tokens", "output_reasoning")
_KINDS = (_INPUT, _READS, _WRITES, _WRITES_5M, _WRITES_1H, _OUTPUT, _REASONING)
_KNOWN = frozenset(name for names in (*_KINDS, _TOTAL) for name in names)
# LiteLLM puts the time before the id of the answer that it traces.
_TRACED = re.compile(r"time-\d\d-\d\d-\d\d-\d{6}_(.+)", re.ASCII)
# Environments of what Langfuse runs itself: judges and experiments.
_OWN = "langfuse-"

_COUNTS = TypeAdapter(dict[str, Count], config={"strict": True})
_AnyId = Annotated[str, Field(min_length=1, max_length=1024)]


def _text_or_none(value: object) -> object:
    return None if value == "" else value


def _read_counts(value: object) -> object:
    """Read counts by kind; a fault is told without the name of the kind, which may be anything."""
    try:
        return None if value is None else _COUNTS.validate_python(value)
    except ValidationError:
        message = "must be counts of tokens"
        raise ValueError(message) from None


class _CostTotal(Payload):
    total: Cost | None = None


class _Observation(Payload):
    id: _AnyId
    type: VendorText | None = None
    start_time: Instant = Field(alias="startTime")
    end_time: Instant | None = Field(None, alias="endTime")
    level: Literal["DEBUG", "DEFAULT", "WARNING", "ERROR"] | None = None
    environment: VendorText | None = None
    session_id: Annotated[_AnyId | None, BeforeValidator(_text_or_none)] = Field(
        None, alias="sessionId"
    )
    model: ModelText | None = Field(None, alias="providedModelName")
    usage: Annotated[dict[str, int] | None, BeforeValidator(_read_counts)] = Field(
        None, alias="usageDetails"
    )
    costs: _CostTotal | None = Field(None, alias="costDetails")
    total_cost: Cost | None = Field(None, alias="totalCost")
    tags: list[object] | None = None
    metadata: object = None

    @model_validator(mode="after")
    def _counts_agree(self) -> "_Observation":
        tokens_of(self.usage or {})
        return self

    def cost_usd(self) -> Decimal | None:
        """Give the cost; a zero without details means that Langfuse has no price for the model."""
        detailed = self.costs.total if self.costs else None
        return detailed if detailed is not None else self.total_cost or None


class UsageError(ValueError):
    """Counts of one observation contradict each other."""


class Tokens(NamedTuple):
    """Disjoint counts of one observation; None was not reported.

    Attributes:
        unknown: Tokens of kinds that are not known here.
    """

    input: int | None
    cache_read: int | None
    cache_write_5m: int | None
    cache_write_1h: int | None
    output: int | None
    unknown: int


def tokens_of(usage: Mapping[str, int]) -> Tokens:
    """Read the counts of `usageDetails`, under any of the names that SDKs write.

    Raises:
        UsageError: Two names of one kind differ, or `total` fits no way of counting.
    """
    told = [_one(usage, names) for names in _KINDS]
    sent, reads, writes, short, long, answered, reasoned = told
    by_time = None if short is None and long is None else (short or 0, long or 0)
    if by_time is None and writes == 0:
        by_time = (0, 0)
    if by_time is not None and writes is not None and sum(by_time) != writes:
        message = "cache writes by time to live must sum to all of them"
        raise UsageError(message)
    written = sum(by_time) if by_time is not None else writes
    unknown = sum(count for name, count in usage.items() if name not in _KNOWN)
    cached = (reads or 0) + (written or 0)
    total = _one(usage, _TOTAL)
    if total and usage.keys() <= {*_TOTAL}:
        return Tokens(None, None, None, None, None, total)
    counts = (sent or 0, cached, answered or 0, reasoned or 0)
    holds_cached, holds_reasoned = _holds(total, *counts, unknown)
    if holds_cached and sent is not None:
        sent -= cached
    if reasoned is not None and not holds_reasoned:
        answered = (answered or 0) + reasoned
    short, long = by_time or (None, None)
    return Tokens(sent, reads, short, long, answered, unknown)


def _holds(
    total: int | None, sent: int, cached: int, answered: int, reasoned: int, unknown: int
) -> tuple[bool, bool]:
    """Say whether input holds what was cached, and output what was reasoned, by their total."""
    if total is None or total == sent + cached + answered + reasoned + unknown:
        return False, False
    ways = {
        (True, True): sent + answered,
        (True, False): sent + answered + reasoned,
        (False, True): sent + answered + cached,
    }
    fits = [
        (holds_cached, holds_reasoned)
        for (holds_cached, holds_reasoned), whole in ways.items()
        if whole == total
        and not (holds_cached and cached > sent)
        and not (holds_reasoned and reasoned > answered)
    ]
    # Without the one or the other several ways are the same.
    if not fits or (len(fits) > 1 and cached and reasoned):
        message = "counts must sum to their total"
        raise UsageError(message)
    return fits[0]


def request_of(
    record: object, place: str, position: int, marks: RequestMarks
) -> Request | Reject | None:
    """Reduce one observation to a request.

    Args:
        record: As decoded, numbers exact.
        place: Where it came from, without names of people.
        position: Its place there.
        marks: Of the source.

    Returns:
        None for an observation that is no generation; a reject for one that cannot be read.
    """
    try:
        said = _Observation.model_validate(record)
    except ValidationError as error:
        return refused(record, error, place, position)
    if said.type not in {None, "GENERATION"}:
        return None
    tokens = tokens_of(said.usage or {})
    model = said.model or UNKNOWN_MODEL
    traced = _TRACED.fullmatch(said.id)
    request = Request(
        run_id=marks.run_id(traced.group(1) if traced else said.id),
        ended_at=said.end_time or said.start_time,
        started_at=said.start_time if said.end_time else None,
        issuer=marks.issuer(None, model),
        model=bare_model(model, model.partition("/")[0]),
        input_tokens=tokens.input,
        cache_read_tokens=tokens.cache_read,
        cache_write_5m_tokens=tokens.cache_write_5m,
        cache_write_1h_tokens=tokens.cache_write_1h,
        output_tokens=tokens.output,
        cost_usd=said.cost_usd(),
        session=marks.session(said.session_id),
        stamp=marks.stamp(said.tags or (), _attributes(said.metadata)),
        purpose="eval" if (said.environment or "").startswith(_OWN) else "work",
        failure_type="error" if said.level == "ERROR" else None,
    )
    marks.note_writes(request, _one(said.usage or {}, _WRITES))
    if tokens.unknown:
        marks.untold[UNKNOWN_KIND] += 1
    return request


def size_of(record: Mapping[str, object]) -> tuple[int, int]:
    """Give all tokens of an observation that was read without a fault, and its output."""
    usage = _read_counts(record.get("usageDetails"))
    if not isinstance(usage, Mapping):
        return 0, 0
    tokens = tokens_of(usage)
    writes = _one(usage, _WRITES) if tokens.cache_write_5m is None else 0
    return sum(count or 0 for count in (*tokens, writes)), tokens.output or 0


def _one(usage: Mapping[str, int], names: Sequence[str]) -> int | None:
    """Give the count of one kind under any of its names."""
    told = {usage[name] for name in names if name in usage}
    if len(told) > 1:
        message = "two names of one kind must give one count"
        raise UsageError(message)
    return next(iter(told), None)


def _attributes(metadata: object) -> Mapping[str, object]:
    """Give the metadata by name; what came over OpenTelemetry stands a level deeper."""
    try:
        said = json_or_value(metadata)
    except ValueError:
        return {}
    if not isinstance(said, Mapping):
        return {}
    deeper = [said.get(name) for name in ("resourceAttributes", "attributes")]
    found: dict[str, object] = {}
    for one in (*deeper, said):
        found.update(one if isinstance(one, Mapping) else {})
    return found
