"""What the gate knows of one work item: whose it is, what became of it, and what it cost."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tasks.core.tables import Column


class Outcome(StrEnum):
    """What became of a work item, as systems tell."""

    SUCCESS = "success"
    FAILURE = "failure"
    UNKNOWN = "unknown"  # closed, but no system says how it went
    CANCELLED = "cancelled"  # by the business: left out, capped and shown
    OPEN = "open"


class Reason(StrEnum):
    """Why an outcome is what it is; the first that holds, in this order."""

    REVERTED = "reverted"
    INCIDENT = "incident"  # an incident names the item as its cause
    CI_RED = "ci_red"  # at close
    REOPENED = "reopened"
    ABANDONED = "abandoned"  # closed without a merge
    GAVE_UP = "gave_up"  # a logged decision that the catalog maps to failure
    HANDED_OVER = "handed_over"  # another workflow of its family worked on it later
    CANCELLED = "cancelled"
    UNTYPED_INCIDENT = "untyped_incident"  # linked to an incident, nobody says how
    MERGED = "merged"
    RESOLVED = "resolved"
    DECIDED = "decided"  # a logged decision that the catalog maps to success
    TAGGED_SUCCESS = "tagged_success"  # by hand, where no system tells
    TAGGED_FAILURE = "tagged_failure"
    UNTOLD = "untold"  # closed; no system and no hand says more
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class ItemFact:
    """One work item of one workflow: the first in-catalog one that worked on it owns its outcome.

    Retries are collapsed: an item is one row, however many runs it took.

    Attributes:
        item: Its key, or `run <source> <run id>` where logs name no item.
        first_at: Start of the first run on it, else its opening; aware UTC. Tells its epoch.
        closed_at: Merge, close or done; of a reopened ticket the close that was taken back; for
            logged decisions the end of the last run. None: not closed.
        known_at: When the failure that counts was known, e.g. the revert; of every other outcome
            the close. None: open.
        repository: As runs or its key name it; None for a ticket.
        squad: That the catalog gives the repository or project; None: nobody's.
        stratum: Task class where a run names one, else repository, else project.
        runs: All work runs on it, also those of other workflows and those that failed.
        cost_nano: Of these runs at one dated list price, nano-USD, rounded half-even; None if one
            of them is unpriced, reports no tokens, or no run names the item.
        is_escalated: A run on it asked a human; None: no run says.
        review_rounds: Reviews that asked for changes; None for a ticket.
        merge_minutes: From opening to merge; None unless merged.
        incidents: That name it as their cause.
        is_handed_over: Another workflow of the catalog worked on it later.
    """

    workflow: str
    item: str
    first_at: datetime
    closed_at: datetime | None
    known_at: datetime | None
    outcome: Outcome
    reason: Reason
    repository: str | None
    squad: str | None
    stratum: str
    runs: int
    cost_nano: int | None
    is_escalated: bool | None
    review_rounds: int | None
    merge_minutes: int | None
    incidents: int
    is_handed_over: bool


#: The same as columns of a table, in the order of the fields.
COLUMNS = (
    Column("workflow", "str"),
    Column("item", "str"),
    Column("first_at", "ts"),
    Column("closed_at", "ts", is_nullable=True),
    Column("known_at", "ts", is_nullable=True),
    Column("outcome", "str"),
    Column("reason", "str"),
    Column("repository", "str", is_nullable=True),
    Column("squad", "str", is_nullable=True),
    Column("stratum", "str"),
    Column("runs", "int"),
    Column("cost_nano", "int", is_nullable=True),
    Column("is_escalated", "bool", is_nullable=True),
    Column("review_rounds", "int", is_nullable=True),
    Column("merge_minutes", "int", is_nullable=True),
    Column("incidents", "int"),
    Column("is_handed_over", "bool"),
)
