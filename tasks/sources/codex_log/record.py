"""Lines of a Codex session: whose it is, which model a turn runs on, what a request used.

A line is `{timestamp, type, payload}`. `session_meta` comes first; a fork brings those of its
ancestors along. `turn_context` names the model. `event_msg` with a payload of type `token_count`
holds the session's running totals and what the last request added; rate limits alone have null
`info`. Everything else, prompts and answers among it, is not read.
"""

from typing import Self

from pydantic import Field, model_validator

from tasks.sources.report_fields import Count, Instant, Payload, VendorText

#: A line without any of these words tells nothing that is kept.
MARKS = (b"session_meta", b"turn_context", b"token_count", b'"token_usage_record"')


#: Types of lines that are read.
READ = frozenset({"session_meta", "turn_context", "event_msg", "token_usage_record"})


class Envelope(Payload):
    """What every line that is read has."""

    timestamp: Instant
    type: str


class _Git(Payload):
    branch: str | None = None
    repository_url: str | None = None


class _Spawn(Payload):
    parent_thread_id: str | None = None


class _Subagent(Payload):
    thread_spawn: _Spawn | None = None


class _Source(Payload):
    subagent: _Subagent | str | None = None


class Meta(Payload):
    """Payload of `session_meta`.

    Attributes:
        id: Of the session; `session_id` in some versions.
        forked_from_id: Session whose history stands at the start of this one.
        source: Where it was started: text, or for subagents an object with their parent.
        model_provider: As `config.toml` of Codex calls it.
    """

    id: str | None = None
    session_id: str | None = None
    forked_from_id: str | None = None
    source: _Source | str | None = None
    model_provider: str | None = None
    git: _Git | None = None

    @property
    def name(self) -> str | None:
        """The session's id."""
        return self.id or self.session_id

    @property
    def origin(self) -> str | None:
        """The session that this one was forked or spawned from."""
        spawned = self.source.subagent if isinstance(self.source, _Source) else None
        spawn = spawned.thread_spawn if isinstance(spawned, _Subagent) else None
        return self.forked_from_id or (spawn.parent_thread_id if spawn else None)


class MetaLine(Payload):
    """Line of type `session_meta`."""

    payload: Meta


class _Turn(Payload):
    model: VendorText | None = None


class TurnLine(Payload):
    """Line of type `turn_context`."""

    payload: _Turn


class Usage(Payload):
    """Tokens; what was cached and written to the cache is part of input, reasoning of output."""

    input_tokens: Count
    cached_input_tokens: Count = 0
    #: Since 2026.
    cache_write_input_tokens: Count = 0
    output_tokens: Count
    reasoning_output_tokens: Count = 0

    @model_validator(mode="after")
    def _cached_is_a_part(self) -> Self:
        if self.plain_input_tokens < 0:
            message = "more cached input than input"
            raise ValueError(message)
        return self

    @property
    def plain_input_tokens(self) -> int:
        """Input that the cache had no part in."""
        return self.input_tokens - self.cached_input_tokens - self.cache_write_input_tokens

    def holds(self, other: "Usage") -> bool:
        """Say whether another one may be a part of this one."""
        return all(count >= getattr(other, name) for name, count in self)

    def less(self, other: "Usage") -> "Usage | None":
        """Give what was added since another counter; None where that is no usage."""
        counts = {name: count - getattr(other, name) for name, count in self}
        if min(counts.values()) < 0:
            return None
        added = Usage.model_construct(**counts)
        return added if added.plain_input_tokens >= 0 else None


def counts_of(usage: Usage | None) -> tuple[int, ...]:
    """List its counts; none for no usage."""
    return () if usage is None else tuple(count for _, count in usage)


NO_USAGE = Usage(input_tokens=0, output_tokens=0)


class Info(Payload):
    """Of the session and of its last request."""

    total_token_usage: Usage | None = None
    last_token_usage: Usage | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.total_token_usage is None and self.last_token_usage is None:
            message = "neither a total nor a last usage"
            raise ValueError(message)
        return self


class _Record(Payload):
    thread_id: str | None = None
    usage: Usage


class RecordLine(Payload):
    """Line of type `token_usage_record`."""

    timestamp: Instant
    payload: _Record


class _Event(Payload):
    type: str = Field(default="")
    info: Info | None = None


class EventLine(Payload):
    """Line of type `event_msg`."""

    payload: _Event


class _Kind(Payload):
    type: str = ""


class KindLine(Payload):
    """Of a line of type `event_msg`, which event it is."""

    payload: _Kind
