"""Stage: open the tickets that a look asks for, read back what people decided, remind them once.

Only here a client is made that can write outside, and only if the look may.
"""

import logging
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from prefect import task

from config.load import catalog_from_text, load_config, load_tickets
from config.settings import settings_from_environment
from config.shapes.catalog import Workflow
from config.shapes.gate import GateRules
from config.shapes.tickets import GithubTickets, Tickets
from tasks.core.digests import keyed_digest
from tasks.core.errors import LedgerError
from tasks.core.promotion.decisions import Decision
from tasks.core.promotion.packets import PacketError, read_packet
from tasks.core.promotion.verdict import Verdict
from tasks.core.review.delivery import OutboxRow
from tasks.core.review.promotion_report import PromotionReport, TicketState
from tasks.core.review.ticket_wishes import (
    ESCALATION,
    KINDS,
    REVIEW,
    Wish,
    asked_before,
    change_of,
    next_to_open,
    wishes_of,
    workflow_and_epoch,
)
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.outbox import Message
from tasks.read_back import ReviewTickets
from tasks.tickets.catalog_pulls import Proposal, propose
from tasks.tickets.connect import Systems, connected, system_of
from tasks.tickets.deliver import Delivered, Wanted, What, deliver
from tasks.tickets.notices import deliver_notices
from tasks.tickets.summary import problems_of, state_of, state_of_pull
from tasks.transport.clock import SystemClock

log = logging.getLogger(__name__)

#: No request starts after it.
_DEADLINE = timedelta(minutes=45)


@task(name="ask", task_run_name="tickets")
def ask_people(report: PromotionReport) -> PromotionReport:
    """Deliver tickets, and record what people decided on those that stand.

    Args:
        report: Of a look; one that may not write comes back as it is.

    Returns:
        It, with where every ticket stands, and the decisions.

    Raises:
        ConfigError: tickets.yaml or a secret that it names is missing or wrong.
        LedgerError: The ledger cannot be used.
    """
    if not report.asking.writes():
        return report
    settings = settings_from_environment()
    lake = Lake.open(settings.lake_dir)
    catalog = load_config(settings.config_dir).catalog
    tickets = load_tickets(settings.config_dir, catalog)
    if not tickets.systems:
        return report  # nobody has said where tickets go: the list says which there would be
    clock = SystemClock()
    deadline = clock.now() + _DEADLINE
    with (
        Ledger.open(settings.database_url.get_secret_value(), lake_id=lake.lake_id) as ledger,
        connected(
            tickets,
            settings,
            waits=ledger.waits,
            clock=clock,
            deadline=deadline,
        ) as systems,
    ):
        desk = _Desk(
            report,
            tickets,
            systems,
            ledger,
            keyed_digest(settings.digest_key.get_secret_value()),
            lambda: settings.now or clock.now(),
            # A rehearsal's clock stands still: waiting for it would be waiting for nothing.
            clock.sleep if settings.now is None else None,
            deadline,
        )
        return desk.asked()


@dataclass(frozen=True, slots=True)
class _Desk:
    """One run's work on tickets."""

    report: PromotionReport
    tickets: Tickets
    systems: Systems
    ledger: Ledger
    digest: Callable[[str], str]
    now: Callable[[], datetime]
    sleep: Callable[[float], None] | None
    deadline: datetime
    holder: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def today(self) -> date:
        return self.report.asking.as_of.date()

    @property
    def workflows(self) -> dict[str, Workflow]:
        return {case.workflow.id: case.workflow for case in self.report.cases}

    def asked(self) -> PromotionReport:
        """Deliver, read back, remind; tell."""
        report = self.report
        wishes = wishes_of(report.cases, report.notices, report.decisions)
        # A decision stands on what its ticket said until now, not on what is added to it below.
        stood = {key: row.progress.told for key, row in self._review_rows().items()}
        told = self._delivered(wishes)
        pulls = self._proposed(wishes)
        standing = ReviewTickets(
            rows=self._review_rows(),
            stood=stood,
            labels={one.key: one.labels for kind, one in told if kind == REVIEW},
            known=self.ledger.decisions(),
            workflows=self.workflows,
            today=self.today,
        )
        place = self.tickets.catalog
        history = self.systems.writers[place.system] if place is not None else None
        read = standing.read(history, place)
        late = standing.late(read.settled, self._rules())
        self.ledger.record_look(
            (),
            decisions=read.decisions,
            messages=[Message(ESCALATION, key, "") for key in late],
            recorded_at=report.asking.as_of,
        )
        reminded = deliver_notices(
            ESCALATION,
            late,
            below=REVIEW,
            outbox=self.ledger,
            ports=self.systems.ports,
            digest=self.digest,
            now=self.now,
            holder=self.holder,
        )
        wished = {(wish.kind, wish.key) for wish in wishes}
        return replace(
            report,
            decisions=self._standing(read.decisions),
            tickets=(
                *(state_of(kind, one, wished) for kind, one in told),
                *(state_of(ESCALATION, one, ()) for one in reminded if one.key in late),
                *pulls,
            ),
            problems=(
                *problems_of([*told, *((ESCALATION, one) for one in reminded)], pulls),
                *read.problems,
            ),
        )

    def _standing(self, read: Iterable[Decision]) -> tuple[Decision, ...]:
        """Give the decisions that stand; one whose condition has come about does not."""
        items = {case.workflow.id: case.packet.case.items for case in self.report.cases}
        standing = {(one.workflow, one.epoch): one for one in self.report.decisions}
        for one in read:
            if not one.is_over(self.today, items.get(one.workflow, 0)):
                standing[one.workflow, one.epoch] = one
        return tuple(standing.values())

    def _delivered(self, wishes: Sequence[Wish]) -> list[tuple[str, Delivered]]:
        room = self._rules().most_tickets
        rows = {(kind, row.key): row for kind in KINDS for row in self.ledger.outbox_rows(kind)}
        opening = {(wish.kind, wish.key) for wish in next_to_open(wishes, rows, room)}
        before = asked_before(self.report.cases, rows, wishes, self.report.decisions)
        told: list[tuple[str, Delivered]] = []
        for kind in KINDS:
            # Only what may be opened now is written out; the others wait for their turn.
            wanted = {
                wish.key: self._wanted(wish, rows[kind, wish.key])
                for wish in (*wishes, *before)
                if wish.kind == kind
                and ((kind, wish.key) in opening or rows[kind, wish.key].progress.ticket)
            }
            done = deliver(
                kind,
                wanted,
                outbox=self.ledger,
                ports=self.systems.ports,
                digest=self.digest,
                most=room,
                now=self.now,
                holder=self.holder,
                sleep=self.sleep,
                deadline=self.deadline,
            )
            told += [(kind, one) for one in done]
            room -= sum(one.what is What.CREATED for one in done)
        return told

    def _review_rows(self) -> dict[str, OutboxRow]:
        """Give the rows of review tickets that stand, of workflows that were looked at."""
        workflows = self.workflows
        return {
            row.key: row
            for row in self.ledger.outbox_rows(REVIEW)
            if row.progress.ticket and workflow_and_epoch(row.key)[0] in workflows
        }

    def _rules(self) -> GateRules:
        return self.report.cases[0].packet.case.rules if self.report.cases else GateRules()

    def _wanted(self, wish: Wish, row: OutboxRow) -> Wanted:
        return Wanted(
            system=system_of(self.tickets, wish.portfolio),
            content=wish.content(),
            change=change_of(wish, _told_before(row, self.ledger)),
        )

    def _proposed(self, wishes: Sequence[Wish]) -> list[TicketState]:
        """Open the patches of tickets that stand as pull requests, where that is wanted."""
        place = self.tickets.catalog
        if place is None or not place.pull_requests:
            return []
        standing = {row.key for row in self.ledger.outbox_rows(REVIEW) if row.progress.ticket}
        proposals = [
            proposal
            for wish in wishes
            if wish.kind == REVIEW and wish.key in standing
            if (proposal := wish.proposed_pull()) is not None
        ]
        system = next(one for one in self.tickets.systems if one.name == place.system)
        done = propose(
            self.systems.writers[place.system],
            place,
            [Proposal(*proposal) for proposal in proposals],
            app_id=system.app_id if isinstance(system, GithubTickets) else None,
            most=self._rules().most_pull_requests,
            check=catalog_from_text,
        )
        return list(map(state_of_pull, done))


def _told_before(row: OutboxRow, ledger: Ledger) -> Verdict | None:
    """Read the verdict that a ticket, or its last comment, stands on."""
    if not row.progress.told:
        return None
    try:
        return read_packet(ledger.packet(row.progress.told)).verdict
    except (PacketError, LedgerError) as error:
        log.warning("what a ticket was told cannot be read, so nothing is added to it: %s", error)
        return None
