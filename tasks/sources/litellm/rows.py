"""LiteLLM's spend logs: one row of `LiteLLM_SpendLogs`, reduced to a request.

Source: BerriAI/litellm, `schema.prisma` and `GET /spend/logs/v2`, read 2026-11. A row's
several tags are marks of one request, never parts of its spend. `user`, `end_user`,
addresses, aliases of teams, messages and answers are never read.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from tasks.core.batches import Reject
from tasks.core.refusals import refused
from tasks.core.requests import Request
from tasks.sources.report_fields import Count, Payload, VendorText, read_instant
from tasks.sources.request_marks import (
    UNKNOWN_MODEL,
    Cost,
    ModelText,
    RequestMarks,
    bare_model,
    json_or_value,
)

_CACHE_HITS = {"true": True, "false": False, "none": False, "": False}
#: An id of any form, only to be digested.
_AnyId = Annotated[str, Field(min_length=1, max_length=1024)]
#: Calls of tools, which a proxy logs beside those of models.
_TOOL_CALLS = frozenset({"call_mcp_tool", "list_mcp_tools"})


def _empty(value: object) -> object:
    """Take empty text, as the proxy writes it, for nothing."""
    return None if value == "" else value


def _read_hit(value: object) -> bool:
    """Read `cache_hit`, which is text."""
    word = "" if value is None else str(value).strip().lower()
    if word not in _CACHE_HITS:
        message = "must be `True` or `False`"
        raise ValueError(message)
    return _CACHE_HITS[word]


def _read_utc(value: object) -> datetime:
    """Read an instant; the database keeps UTC, and an export of it writes no offset."""
    if isinstance(value, str):
        instant = datetime.fromisoformat(value)
        return read_instant(instant if instant.tzinfo else instant.replace(tzinfo=UTC))
    return read_instant(value)


_Instant = Annotated[datetime, BeforeValidator(_read_utc)]


class _WritesByTime(Payload):
    ephemeral_5m_input_tokens: Count | None = None
    ephemeral_1h_input_tokens: Count | None = None


class _PromptDetails(Payload):
    cached_tokens: Count | None = None
    cache_creation_tokens: Count | None = None
    cache_creation_token_details: _WritesByTime | None = None


class _Usage(Payload):
    """Cache tokens of a request; they are part of its `prompt_tokens`."""

    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    prompt_tokens_details: _PromptDetails | None = None
    cache_creation: _WritesByTime | None = None

    def is_told(self) -> bool:
        """Tell whether anything of the cache is told."""
        return self.reads() is not None or self.writes() is not None

    def reads(self) -> int | None:
        details = self.prompt_tokens_details or _PromptDetails()
        return _first(self.cache_read_input_tokens, details.cached_tokens)

    def writes(self) -> int | None:
        details = self.prompt_tokens_details or _PromptDetails()
        told = self.by_time()
        total = None if told is None else sum(told)
        return _first(self.cache_creation_input_tokens, details.cache_creation_tokens, total)

    def by_time(self) -> tuple[int, int] | None:
        """Give the writes for five minutes and for an hour; None where the log tells no time."""
        details = self.prompt_tokens_details or _PromptDetails()
        told = self.cache_creation or details.cache_creation_token_details
        if told is None:
            return None
        if told.ephemeral_5m_input_tokens is None and told.ephemeral_1h_input_tokens is None:
            return None
        return told.ephemeral_5m_input_tokens or 0, told.ephemeral_1h_input_tokens or 0


class _Metadata(Payload):
    user_api_key_alias: Annotated[_AnyId | None, BeforeValidator(_empty)] = None
    usage_object: _Usage | None = None
    additional_usage_values: _Usage | None = None
    spend_logs_metadata: dict[str, object] | None = None

    def usage(self) -> _Usage:
        told = (self.usage_object, self.additional_usage_values)
        return next((one for one in told if one and one.is_told()), _Usage())


class _Row(Payload):
    request_id: _AnyId
    call_type: VendorText | None = None
    api_key: Annotated[_AnyId | None, BeforeValidator(_empty)] = None
    spend: Cost | None = None
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    start_time: _Instant = Field(alias="startTime")
    end_time: _Instant | None = Field(None, alias="endTime")
    model: ModelText | None = None
    custom_llm_provider: Annotated[VendorText | None, BeforeValidator(_empty)] = None
    metadata: Annotated[_Metadata | None, BeforeValidator(json_or_value)] = None
    cache_hit: Annotated[bool, BeforeValidator(_read_hit)] = False
    request_tags: Annotated[list[object] | None, BeforeValidator(json_or_value)] = None
    session_id: Annotated[_AnyId | None, BeforeValidator(_empty)] = None
    status: Annotated[Literal["success", "failure"] | None, BeforeValidator(_empty)] = None

    @model_validator(mode="after")
    def _parts_fit_the_whole(self) -> "_Row":
        usage = self.usage()
        parts = (usage.reads() or 0) + (usage.writes() or 0)
        told = usage.by_time()
        if self.prompt_tokens is not None and parts > self.prompt_tokens:
            message = "cache tokens must fit into prompt_tokens"
            raise ValueError(message)
        if told is not None and sum(told) != usage.writes():
            message = "cache writes by time to live must sum to all of them"
            raise ValueError(message)
        return self

    def usage(self) -> _Usage:
        return (self.metadata or _Metadata()).usage()

    def cost_usd(self) -> Decimal | None:
        """Give the cost; tokens for nothing mean that the proxy has no price for the model."""
        if self.cache_hit:
            return Decimal(0)
        is_unpriced = not self.spend and (self.prompt_tokens or self.completion_tokens)
        return None if is_unpriced else self.spend

    def is_no_model_call(self) -> bool:
        """Tell whether no model was asked: a tool was called, or the proxy refused by itself."""
        if self.spend or self.prompt_tokens or self.completion_tokens:
            return False
        return self.call_type in _TOOL_CALLS or (self.status == "failure" and not self.model)


def request_of(
    row: object, place: str, position: int, marks: RequestMarks
) -> Request | Reject | None:
    """Reduce one row to a request.

    An answer from the proxy's own cache (`cache_hit`) reached no vendor: it has no tokens
    and no cost. A cost of zero for tokens is none that is known. Cache writes whose time to
    live the row does not tell stay unknown; the spend would not tell it either, because the
    proxy may price every write as a short one.

    Args:
        row: As decoded, numbers exact.
        place: Where it came from, without names of people.
        position: Its place there.
        marks: Of the source.

    Returns:
        None for a row that is about no call of a model; a reject for one that cannot be read.
    """
    try:
        said = _Row.model_validate(row)
    except ValidationError as error:
        return refused(row, error, place, position)
    if said.is_no_model_call():
        return None
    metadata = said.metadata or _Metadata()
    model = said.model or UNKNOWN_MODEL
    uncached, reads, short, long, output = _tokens(said)
    request = Request(
        run_id=marks.run_id(said.request_id),
        ended_at=said.end_time or said.start_time,
        started_at=said.start_time if said.end_time else None,
        issuer=marks.issuer(said.custom_llm_provider, model),
        model=bare_model(model, said.custom_llm_provider),
        api_key=marks.key(metadata.user_api_key_alias, said.api_key),
        session=marks.session(said.session_id),
        stamp=marks.stamp(said.request_tags or (), metadata.spend_logs_metadata or {}),
        failure_type="failure" if said.status == "failure" else None,
        cost_usd=said.cost_usd(),
        input_tokens=uncached,
        cache_read_tokens=reads,
        cache_write_5m_tokens=short,
        cache_write_1h_tokens=long,
        output_tokens=output,
    )
    marks.note_writes(request, said.usage().writes())
    return request


def _tokens(said: _Row) -> tuple[int | None, int | None, int | None, int | None, int | None]:
    """Give the token counts in the order of `TOKEN_KINDS`, the inputs disjoint."""
    if said.cache_hit:
        return 0, 0, 0, 0, 0
    usage = said.usage()
    reads, writes = usage.reads(), usage.writes()
    short, long = usage.by_time() or ((0, 0) if writes == 0 else (None, None))
    uncached = said.prompt_tokens
    if uncached is not None:
        uncached -= (reads or 0) + (writes or 0)
    return uncached, reads, short, long, said.completion_tokens


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)
