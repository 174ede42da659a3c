"""One session file of Codex, line by line: what each request of it used.

Totals run on; they are told again with every change of rate limits, so that only a total that
differs from the one before is a request.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import ValidationError

from tasks.core.batches import Reject
from tasks.sources.agent_log.refusals import BadLineError, decode, refuse_line, refuse_record
from tasks.sources.codex_log.compactions import (
    Answer,
    Compaction,
    Compactions,
    read_compaction,
)
from tasks.sources.codex_log.record import (
    MARKS,
    NO_USAGE,
    READ,
    Envelope,
    EventLine,
    Info,
    KindLine,
    MetaLine,
    TurnLine,
    Usage,
    counts_of,
)
from tasks.transport.line_files import Line

# A fork writes its copied history at once; a request takes longer than this.
_BURST = timedelta(seconds=1)


class Use(NamedTuple):
    """What one request used.

    Attributes:
        counter: Totals and last usage as the line has them: the same in every copy of it.
        resets: How often the totals had started again before.
        model: Empty where no turn had named one.
    """

    at: datetime
    counter: tuple[int, ...]
    resets: int
    used: Usage
    model: str
    line: int


@dataclass(slots=True)
class Session:
    """One file.

    Attributes:
        place: Surrogate of the file.
        id: Of the session; the file's surrogate where it names none.
        origin: Session it was forked from.
        started_at: When it says that it began; None where it does not.
        uses: In the order of the lines.
        compactions: Requests that no count tells.
        rejects: Lines that cannot be used, by the last moment named before them.
    """

    place: str
    id: str
    origin: str | None = None
    started_at: datetime | None = None
    provider: str | None = None
    branch: str | None = None
    remote: str | None = None
    uses: list[Use] = field(default_factory=list)
    compactions: list[Compaction] = field(default_factory=list)
    rejects: list[tuple[datetime | None, Reject]] = field(default_factory=list)

    def is_told_at_its_start(self, use: Use, before: datetime | None) -> bool:
        """Say whether a request was written in the burst that a fork begins with."""
        start = before or self.started_at
        return start is not None and timedelta() <= use.at - start <= _BURST


def read_session(lines: Iterator[Line], place: str) -> Session:
    """Read one file."""
    reader = _Reader(Session(place, place))
    for line in lines:
        if line.text is None or reader.compactions.is_named(line.text):
            continue
        if any(mark in line.text for mark in MARKS):
            reader.read(line)
    reader.end()
    return reader.session


class _Reader:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.compactions = Compactions()
        self._counted: set[tuple[int, ...]] = set()
        self._named = False
        self._model = ""
        self._total: Usage | None = None
        self._resets = 0
        self._last_moment: datetime | None = None
        # Whether what the totals grew by is what the next request used: not past a bad line,
        # whose use is held already, and not in a fork, which may lack some of its history.
        self._grows = True

    def read(self, line: Line) -> None:
        said: Mapping[str, object] = {}
        try:
            said = decode(line)
            if str(said.get("type")) not in READ:  # it may be anything, a list too
                return
            if said["type"] == "token_usage_record":
                self.compactions.hear(Answer(line, said, self._model))
                return
            envelope = Envelope.model_validate(said)
            self._last_moment = envelope.timestamp
            if envelope.type == "session_meta":
                self._read_meta(MetaLine.model_validate(said), envelope.timestamp)
            elif envelope.type == "turn_context":
                self._model = TurnLine.model_validate(said).payload.model or self._model
            elif envelope.type == "event_msg" and _is_count(said):
                info = EventLine.model_validate(said).payload.info
                if info is not None:
                    self._read_count(info, envelope.timestamp, line)
        except BadLineError as error:
            # Without an end it may be half a line that is still being written.
            if line.is_ended:
                self._refuse(refuse_line(line, self.session.place, error))
        except ValidationError as error:
            self._refuse(refuse_record(line, said, self.session.place, error)[1])

    def end(self) -> None:
        """Take what no count has told by the end of the file."""
        for response, answer in self.compactions.told():
            try:
                found = read_compaction(response, answer, self.session.id, self._counted)
            except BadLineError as error:
                self._refuse(refuse_line(answer.line, self.session.place, error))
            except ValidationError as error:
                said, place = answer.said, self.session.place
                self._refuse(refuse_record(answer.line, said, place, error)[1])
            else:
                self.session.compactions += [found] if found else []

    def _refuse(self, reject: Reject) -> None:
        self.session.rejects.append((self._last_moment, reject))
        self._grows = False

    def _read_meta(self, line: MetaLine, at: datetime) -> None:
        meta, session = line.payload, self.session
        if not self._named:
            self._named = True
            session.id = meta.name or session.id
            session.origin = meta.origin
            session.started_at = at
            session.provider = meta.model_provider
            if meta.git is not None:
                session.branch, session.remote = meta.git.branch, meta.git.repository_url
        elif meta.name != session.id:
            session.origin = session.origin or meta.name

    def _read_count(self, info: Info, at: datetime, line: Line) -> None:
        total, before = info.total_token_usage, self._total
        if total is not None and total == (before or NO_USAGE):
            return
        last = info.last_token_usage
        grown = None if total is None else total.less(before or NO_USAGE)
        if grown and before and last and not grown.holds(last):
            grown = None  # a resumed session counts from its own start in some versions
        if grown is None and total is not None:
            self._resets += 1
        trusts_total = self._grows and before is not None and self.session.origin is None
        used = (grown if trusts_total else None) or last or grown or total
        self._grows = True
        self._total = total or before
        # A session that has outgrown its model says so with empty counts: nothing was asked.
        if used is None or not any(counts_of(used)):
            return
        # Should a count ever tell a compaction, by itself or with what came after it.
        beside = used.less(last) if last else None
        self._counted |= {counts_of(used), counts_of(beside)}
        if not self._model:
            missing = BadLineError("missing", "turn_context.model")
            self._refuse(refuse_line(line, self.session.place, missing))
            return
        counter = (*counts_of(total), *counts_of(last))
        self.session.uses.append(Use(at, counter, self._resets, used, self._model, line.number))


def _is_count(said: object) -> bool:
    return KindLine.model_validate(said).payload.type == "token_count"
