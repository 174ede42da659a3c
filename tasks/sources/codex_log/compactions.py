"""What it took to sum up a Codex session that had grown too long.

Since 2026 every response has a line of type `token_usage_record`, beside the `token_count` that
tells the same; the response that sums up the session is in no count (openai/codex, issue 47003).
A line of type `compacted` names it.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from tasks.sources.agent_log.refusals import BadLineError
from tasks.sources.codex_log.record import RecordLine, Usage, counts_of
from tasks.transport.line_files import Line

# Such a line holds the whole session: it is searched, not decoded. In text the quotes would have
# a backslash before them.
_NAMED = re.compile(rb'"compaction_response_id"\s*:\s*"([A-Za-z0-9_-]{1,128})"')


class Answer(NamedTuple):
    """A line that tells what one response used."""

    line: Line
    said: Mapping[str, object]
    model: str


class Compaction(NamedTuple):
    """A response that summed up the session."""

    at: datetime
    response: str
    used: Usage
    model: str
    line: int


class Compactions:
    """Gathers the responses of a session, and which of them summed it up."""

    def __init__(self) -> None:
        self._answers: dict[str, Answer] = {}
        self._named: dict[str, None] = {}

    def is_named(self, text: bytes) -> bool:
        """Read a line that names one; say whether it does."""
        found = _NAMED.search(text) if b"compaction_response_id" in text else None
        if found is None:
            return False
        self._named[found.group(1).decode()] = None
        return True

    def hear(self, answer: Answer) -> None:
        """Remember a line that tells what a response used."""
        payload = answer.said.get("payload")
        response = payload.get("response_id") if isinstance(payload, Mapping) else None
        if isinstance(response, str):
            self._answers.setdefault(response, answer)

    def told(self) -> Iterator[tuple[str, Answer]]:
        """Give those that summed the session up."""
        for response in self._named:
            if response in self._answers:
                yield response, self._answers[response]


def read_compaction(
    response: str, answer: Answer, session: str, counted: Collection[tuple[int, ...]]
) -> Compaction | None:
    """Read a compaction; None if it is of another session, or a count tells it after all.

    Raises:
        ValidationError: What it used cannot be read.
        BadLineError: Nothing tells its model.
    """
    record = RecordLine.model_validate(answer.said)
    payload = record.payload
    if payload.thread_id not in {None, session} or counts_of(payload.usage) in counted:
        return None
    if not answer.model:
        raise BadLineError("missing", "turn_context.model")  # noqa: EM101  # the code is the message
    return Compaction(record.timestamp, response, payload.usage, answer.model, answer.line.number)
