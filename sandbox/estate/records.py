"""What happened in the estate: the true requests, whoever tells of them."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.estate.copilot import CopilotDay
from sandbox.estate.cursor import CursorEvent
from sandbox.estate.devin import Devin
from sandbox.people import Person


@dataclass(frozen=True, slots=True)
class AgentRequest:
    """One request to a model as it really was.

    Attributes:
        tool: `claude-code`, `codex`, `gateway`, `export` or `assistant`: who sent it.
        id: As the vendor or the gateway names it; every log that knows the id agrees on it.
        session: Of the agent; empty without one.
        model: Canonical name.
        tokens: By kind (`sandbox.prices.KINDS`), disjoint.
        stamp: Workflow that a resource attribute or a tag names; empty: none.
        repo: `owner/name`; empty where no log tells.
        is_logged: False: nothing was written anywhere; the vendor metered it all the same.
        is_gathered: The agent's own file of the session is among those that are gathered.
        is_traced: A tracing tool has a copy.
    """

    tool: str
    id: str
    session: str
    issuer: str
    account: str
    model: str
    started_at: datetime
    ended_at: datetime
    tokens: dict[str, int]
    user: Person
    stamp: str = ""
    repo: str = ""
    branch: str = ""
    is_logged: bool = True
    is_gathered: bool = True
    is_traced: bool = False


@dataclass(frozen=True, slots=True)
class Estate:
    """Everything that happens in the estate.

    Attributes:
        requests: In order of their ends.
        copilot: Every day of it.
        cursor: Every event, in order of time.
    """

    requests: tuple[AgentRequest, ...]
    copilot: tuple[CopilotDay, ...]
    cursor: tuple[CursorEvent, ...]
    devin: Devin
