"""What people decided on a review ticket, read back as closed codes: no name, no free text.

An approval is a merged line of the catalog. A refusal is a label of the ticket:
`graduand:declined`, `graduand:declined:2027-01-31`, `graduand:declined:60-items`,
`graduand:withdrawn`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from config.shapes.base import Stage
from config.shapes.catalog import Workflow

PREFIX = "graduand:"
_DECLINED = re.compile(
    rf"{PREFIX}declined(?::(?P<day>20\d\d-\d\d-\d\d)|:(?P<items>[1-9]\d{{0,5}})-items)?", re.ASCII
)
_WITHDRAWN = f"{PREFIX}withdrawn"


class Code(StrEnum):
    """The decisions that are known."""

    APPROVED = "approved"  # golden from a day on
    PROVISIONAL = "provisional"  # approved with a scope, a cap and an end
    DECLINED = "declined"  # until a day, a number of items, or the next epoch
    WITHDRAWN = "withdrawn"  # by those who proposed it


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision upon a workflow in an epoch.

    Attributes:
        epoch: As the ticket's; empty for an approval that no ticket asked for.
        role: That answers for the decision, by the catalog; never a person.
        decided_on: UTC day on which the line or label was first read; the first day of the stage
            where that is earlier.
        commit: That merged the line; empty where no system tells.
        is_distinct: Somebody else than the line's author approved it; None: no system tells.
        evidence: Digest of the packet that the ticket stood on; empty without a ticket.
        until_day, until_items: When a declined one may be asked again; None, None: next epoch.
    """

    workflow: str
    epoch: str
    code: Code
    role: str
    decided_on: date
    commit: str = ""
    is_distinct: bool | None = None
    evidence: str = ""
    until_day: date | None = None
    until_items: int | None = None

    def is_same(self, other: "Decision") -> bool:
        """Tell whether two readings found the same decision, on whatever day.

        Meanwhile the owner role, the evidence told, or what a system tells may have changed: what
        the first reading found stands.
        """
        what, found = (
            (one.workflow, one.epoch, one.code, one.until_day, one.until_items)
            for one in (self, other)
        )
        return what == found

    def is_over(self, today: date, items: int) -> bool:
        """Tell whether the condition that a workflow was declined until has come about."""
        if self.code is not Code.DECLINED:
            return False
        if self.until_day is not None:
            return today >= self.until_day
        return self.until_items is not None and items >= self.until_items


@dataclass(frozen=True, slots=True)
class Asked:
    """A review ticket that waits for a decision."""

    workflow: str
    epoch: str
    opened_at: datetime
    evidence: str


def decision_by_labels(
    asked: Asked, labels: Iterable[str], workflow: Workflow, today: date
) -> Decision | None:
    """Read a refusal from a ticket's labels; None if they hold none, or an impossible day.

    An approval is never read from a label: only a merged line moves a stage. Of a withdrawal and
    a refusal at once the withdrawal holds; of several refusals the one until the latest day, then
    the one until the most items, then the one without a condition.

    Args:
        asked: The ticket.
        labels: As the system gives them.
        workflow: As in the catalog: its owner role decides.
        today: UTC day of this reading.
    """
    names = {label.strip().lower() for label in labels}
    role = workflow.owner or ""
    if _WITHDRAWN in names:
        return Decision(
            asked.workflow, asked.epoch, Code.WITHDRAWN, role, today, evidence=asked.evidence
        )
    refusals = [
        (day or date.min, int(match["items"] or 0))
        for match in filter(None, map(_DECLINED.fullmatch, names))
        if (day := _day(match["day"])) is not None or not match["day"]
    ]
    if not refusals:
        return None
    day, items = max(refusals)
    return Decision(
        asked.workflow,
        asked.epoch,
        Code.DECLINED,
        role,
        today,
        evidence=asked.evidence,
        until_day=day if day > date.min else None,
        until_items=items or None,
    )


def decision_by_catalog(
    asked: Asked, workflow: Workflow, *, next_opened_at: datetime | None = None
) -> Decision | None:
    """Read an approval from the catalog: a golden or provisional line from after the ticket.

    Args:
        asked: The ticket.
        workflow: As in the catalog in force.
        next_opened_at: When the workflow's next review ticket was opened, aware UTC: a line from
            that day on answers that one. None: there is no later one.
    """
    codes = {Stage.GOLDEN: Code.APPROVED, Stage.PROVISIONAL: Code.PROVISIONAL}
    later = [
        entry
        for entry in workflow.stages
        if entry.stage in codes
        and entry.from_day >= asked.opened_at.date()
        and (next_opened_at is None or entry.from_day < next_opened_at.date())
    ]
    if not later:
        return None
    first = min(later, key=lambda entry: entry.from_day)
    return Decision(
        asked.workflow,
        asked.epoch,
        codes[first.stage],
        workflow.owner or "",
        first.from_day,
        evidence=asked.evidence,
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
