"""What people decided on review tickets that stand, and what nobody has decided in time.

Below the stages: it reads rows, labels and the catalog's own history, and writes nothing.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from config.shapes.catalog import Workflow
from config.shapes.gate import GateRules
from config.shapes.tickets import CatalogRepository
from tasks.core.errors import SourceError
from tasks.core.promotion.decisions import Asked, Decision, decision_by_catalog, decision_by_labels
from tasks.core.promotion.watch import overdue
from tasks.core.review.delivery import OutboxRow, Standing
from tasks.core.review.ticket_comments import escalation_notice
from tasks.core.review.ticket_content import TicketContent
from tasks.core.review.ticket_wishes import key_of, workflow_and_epoch
from tasks.tickets.catalog_history import approval_of
from tasks.transport.client import Client

log = logging.getLogger(__name__)


@dataclass(slots=True)
class ReadBack:
    """What was read back.

    Attributes:
        settled: Workflows and epochs that are decided, also if the decision is not told yet.
        problems: What cannot be told of an approval, for people.
    """

    decisions: list[Decision] = field(default_factory=list)
    settled: set[tuple[str, str]] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ReviewTickets:
    """Review tickets that stand, of workflows that were looked at.

    Attributes:
        rows: Of the outbox, by key.
        stood: Digest of the evidence that each told before this run, by key.
        labels: As read in this run, by key.
        known: Decisions that are recorded.
    """

    rows: Mapping[str, OutboxRow]
    stood: Mapping[str, str]
    labels: Mapping[str, Sequence[str]]
    known: Sequence[Decision]
    workflows: Mapping[str, Workflow]
    today: date

    def read(self, history: Client | None, place: CatalogRepository | None) -> ReadBack:
        """Read decisions: approvals from the catalog, refusals from labels.

        Args:
            history: Reads who merged a line; None with `place`.
            place: Where the catalog is kept; None: no system tells of its history.
        """
        known = {(one.workflow, one.epoch, one.code) for one in self.known}
        found = ReadBack()
        opened: dict[str, list[datetime]] = {}
        for key, row in self.rows.items():
            opened.setdefault(workflow_and_epoch(key)[0], []).append(row.opened_at)
        for key, row in self.rows.items():
            workflow, epoch = workflow_and_epoch(key)
            declared = self.workflows[workflow]
            asked = Asked(workflow, epoch, row.opened_at, self.stood.get(key, row.progress.told))
            later = (at for at in opened[workflow] if at > row.opened_at)
            approval = decision_by_catalog(asked, declared, next_opened_at=min(later, default=None))
            if approval is not None:
                found.settled.add((workflow, epoch))
                if (workflow, epoch, approval.code) not in known:
                    self._add(found, approval, asked, history, place)
                continue
            labels = self.labels.get(key, ())
            refusal = decision_by_labels(asked, labels, declared, self.today)
            if refusal is not None:
                found.settled.add((workflow, epoch))
                found.decisions.append(refusal)
        return found

    def late(
        self, settled: Collection[tuple[str, str]], rules: GateRules
    ) -> dict[str, TicketContent]:
        """Write the notices of tickets that nobody has decided in time, by key.

        Args:
            settled: Decided by what was read in this run.
            rules: How many business days a decision may take.
        """
        decided = {(one.workflow, one.epoch) for one in self.known} | {*settled}
        asked = [
            Asked(*workflow_and_epoch(key), row.opened_at, row.progress.told)
            for key, row in self.rows.items()
            if row.progress.standing is Standing.OPEN
        ]
        found = overdue(asked, decided, (), workflows=self.workflows, rules=rules, today=self.today)
        notices = {}
        for one in found:
            key = key_of(one.workflow, one.epoch)
            told = self.rows[key].progress.told
            notices[key] = escalation_notice(
                due_on=one.due_on, role=one.role, on=self.today, digest=told
            )
        return notices

    def _add(
        self,
        found: ReadBack,
        approval: Decision,
        asked: Asked,
        history: Client | None,
        place: CatalogRepository | None,
    ) -> None:
        """Add an approval with the commit that merged it; not yet if no system answers now."""
        # The stage may begin later than people decided: the day of the first reading is nearer.
        decision = replace(approval, decided_on=min(approval.decided_on, self.today))
        if place is None or history is None:
            found.decisions.append(decision)
            return
        try:
            seen = approval_of(
                history,
                place,
                workflow=approval.workflow,
                from_day=approval.decided_on,
                since=asked.opened_at,
            )
        except SourceError as error:
            log.warning("who approved %s is read in the next run: %s", approval.workflow, error)
            return
        found.decisions.append(replace(decision, commit=seen.commit, is_distinct=seen.is_distinct))
        if seen.detail:
            found.problems.append(
                f"who approved {approval.workflow} cannot be told in full: {seen.detail}"
            )
