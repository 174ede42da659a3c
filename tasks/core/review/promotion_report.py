"""What a look at all workflows came to: everything that is shown of it."""

from dataclasses import dataclass
from datetime import datetime

from tasks.core.findings import Finding
from tasks.core.promotion.candidates import OwnFigures
from tasks.core.promotion.decisions import Decision
from tasks.core.promotion.verdict import Kind
from tasks.core.promotion.watch import Notice
from tasks.core.review.ticket_case import TicketCase


@dataclass(frozen=True, slots=True)
class Asking:
    """What a look is asked for.

    Attributes:
        as_of: Aware UTC.
        is_past: The moment lies before now: nothing is recorded, nothing is opened.
        workflows: Only these; empty: every workflow of the catalog.
        opens_tickets: Tickets are opened, not only announced.
        is_dry_run: Nothing is recorded, nothing is opened.
    """

    as_of: datetime
    is_past: bool = False
    workflows: tuple[str, ...] = ()
    opens_tickets: bool = False
    is_dry_run: bool = False

    def records(self) -> bool:
        """Tell whether verdicts are recorded."""
        return not (self.is_past or self.is_dry_run)

    def writes(self) -> bool:
        """Tell whether anything is written outside: only then a client that can is made."""
        return self.records() and self.opens_tickets


@dataclass(frozen=True, slots=True)
class TicketState:
    """Where the ticket of a workflow and epoch stands, in words that hold nothing from outside.

    Attributes:
        kind: Of the outbox row: `review_ticket` or `demotion_ticket`.
        what: `would_open` where none may be written, else as its delivery told.
        ticket: What people call it; empty while there is none.
        detail: Why, in one sentence; empty where the rest says all.
    """

    workflow: str
    kind: str
    what: str
    ticket: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PromotionReport:
    """One look.

    Attributes:
        cases: One a workflow, in file order of portfolios, families and workflows.
        decisions: That stand upon the workflows' present epochs.
        tickets: Of all workflows that have one, or should.
        problems: What kept tickets from being delivered; each with what to do.
        since: Verdict of the last recorded look by workflow, where it was another one.
        notices: What the watch of promoted workflows asks people to look at.
        own: How well promotion itself works.
    """

    asking: Asking
    cases: tuple[TicketCase, ...]
    findings: tuple[Finding, ...] = ()
    decisions: tuple[Decision, ...] = ()
    tickets: tuple[TicketState, ...] = ()
    problems: tuple[str, ...] = ()
    since: tuple[tuple[str, str], ...] = ()
    notices: tuple[Notice, ...] = ()
    own: OwnFigures | None = None

    def of_kind(self, *kinds: Kind) -> list[TicketCase]:
        """List the cases whose verdict is one of these."""
        return [case for case in self.cases if case.verdict.kind in kinds]
