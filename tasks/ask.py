"""Stage: open the tickets that a look asks for, read back what people decided, remind them once.

Only here a client is made that can write outside, and only if the look may.
"""

import logging
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from prefect import task

from config.load import catalog_from_text, load_config, load_tickets
from config.settings import settings_from_environment
from config.shapes.catalog import Workflow
from config.shapes.gate import GateRules
from config.shapes.tickets import GithubTickets, Tickets
from tasks.core.digests import keyed_digest
from tasks.core.errors import LedgerError, SourceError
from tasks.core.promotion.decisions import Asked, Decision, decision_by_catalog, decision_by_labels
from tasks.core.promotion.packets import PacketError, read_packet
from tasks.core.promotion.verdict import Verdict
from tasks.core.promotion.watch import overdue
from tasks.core.review.delivery import OutboxRow, Standing
from tasks.core.review.promotion_report import PromotionReport, TicketState
from tasks.core.review.ticket_comments import escalation_notice
from tasks.core.review.ticket_content import TicketContent
from tasks.core.review.ticket_wishes import (
    ESCALATION,
    KINDS,
    REVIEW,
    Wish,
    asked_before,
    change_of,
    key_of,
    next_to_open,
    wishes_of,
    workflow_and_epoch,
)
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.outbox import Message
from tasks.tickets.catalog_history import approval_of
from tasks.tickets.catalog_pulls import Became, Proposal, propose
from tasks.tickets.connect import Systems, connected, system_of
from tasks.tickets.deliver import Delivered, Wanted, What, deliver
from tasks.tickets.notices import deliver_notices
from tasks.transport.clock import SystemClock

log = logging.getLogger(__name__)

#: No request starts after it.
_DEADLINE = timedelta(minutes=45)
#: What became of a pull request, in the words of tickets.
_PULLS = {
    Became.OPENED: "created",
    Became.STANDS: "stands",
    Became.REFUSED: "refused",
    Became.PENDING: "pending",
}


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


@dataclass(slots=True)
class _Read:
    """What was read back.

    Attributes:
        settled: Workflows and epochs that are decided, also if the decision is not told yet.
    """

    decisions: list[Decision] = field(default_factory=list)
    settled: set[tuple[str, str]] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


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
        stood = {key: row.progress.told for key, row in self._review_rows()}
        told = self._delivered(wishes)
        pulls = self._proposed(wishes)
        read = self._decisions([one for kind, one in told if kind == REVIEW], stood)
        late = self._late(read.settled)
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
                *(_state(kind, one, wished) for kind, one in told),
                *(_state(ESCALATION, one, ()) for one in reminded if one.key in late),
                *pulls,
            ),
            problems=(
                *_problems([*told, *((ESCALATION, one) for one in reminded)], pulls),
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
        return [
            TicketState(one.workflow, "pull_request", _PULLS[one.became], one.pull, one.detail)
            for one in done
        ]

    def _decisions(self, told: Iterable[Delivered], stood: Mapping[str, str]) -> _Read:
        """Read decisions back: approvals from the catalog, refusals from labels."""
        known = {(one.workflow, one.epoch, one.code) for one in self.ledger.decisions()}
        labels = {one.key: one.labels for one in told}
        read = _Read()
        rows, workflows = self._review_rows(), self.workflows
        opened: dict[str, list[datetime]] = {}
        for key, row in rows:
            opened.setdefault(workflow_and_epoch(key)[0], []).append(row.opened_at)
        for key, row in rows:
            workflow, epoch = workflow_and_epoch(key)
            declared = workflows[workflow]
            evidence = stood.get(key, row.progress.told)
            asked = Asked(workflow, epoch, row.opened_at, evidence)
            later = (at for at in opened[workflow] if at > row.opened_at)
            approval = decision_by_catalog(asked, declared, next_opened_at=min(later, default=None))
            if approval is not None:
                read.settled.add((workflow, epoch))
                if (workflow, epoch, approval.code) not in known:
                    self._add_with_commit(read, approval, asked)
                continue
            refusal = decision_by_labels(asked, labels.get(key, ()), declared, self.today)
            if refusal is not None:
                read.settled.add((workflow, epoch))
                read.decisions.append(refusal)
        return read

    def _review_rows(self) -> list[tuple[str, OutboxRow]]:
        """Give the rows of review tickets that stand, of workflows that were looked at."""
        workflows = self.workflows
        return [
            (row.key, row)
            for row in self.ledger.outbox_rows(REVIEW)
            if row.progress.ticket and workflow_and_epoch(row.key)[0] in workflows
        ]

    def _add_with_commit(self, read: _Read, approval: Decision, asked: Asked) -> None:
        """Add an approval with the commit that merged it; not yet if no system answers now."""
        place = self.tickets.catalog
        # The stage may begin later than people decided: the day of the first reading is nearer.
        decision = replace(approval, decided_on=min(approval.decided_on, self.today))
        if place is None:
            read.decisions.append(decision)
            return
        try:
            seen = approval_of(
                self.systems.writers[place.system],
                place,
                workflow=approval.workflow,
                from_day=approval.decided_on,
                since=asked.opened_at,
            )
        except SourceError as error:
            log.warning("who approved %s is read in the next run: %s", approval.workflow, error)
            return
        read.decisions.append(replace(decision, commit=seen.commit, is_distinct=seen.is_distinct))
        if seen.detail:
            read.problems.append(
                f"who approved {approval.workflow} cannot be told in full: {seen.detail}"
            )

    def _late(self, settled: Collection[tuple[str, str]]) -> dict[str, TicketContent]:
        """Write the notices of tickets that nobody has decided in time, by key."""
        decided = {(one.workflow, one.epoch) for one in self.ledger.decisions()} | {*settled}
        rows = dict(self._review_rows())
        asked = [
            Asked(*workflow_and_epoch(key), row.opened_at, row.progress.told)
            for key, row in rows.items()
            if row.progress.standing is Standing.OPEN
        ]
        late = overdue(
            asked, decided, (), workflows=self.workflows, rules=self._rules(), today=self.today
        )
        notices = {}
        for one in late:
            key = key_of(one.workflow, one.epoch)
            notices[key] = escalation_notice(
                due_on=one.due_on, role=one.role, on=self.today, digest=rows[key].progress.told
            )
        return notices


def _told_before(row: OutboxRow, ledger: Ledger) -> Verdict | None:
    """Read the verdict that a ticket, or its last comment, stands on."""
    if not row.progress.told:
        return None
    try:
        return read_packet(ledger.packet(row.progress.told)).verdict
    except (PacketError, LedgerError) as error:
        log.warning("what a ticket was told cannot be read, so nothing is added to it: %s", error)
        return None


def _state(kind: str, told: Delivered, wished: Collection[tuple[str, str]]) -> TicketState:
    workflow, _ = workflow_and_epoch(told.key)
    detail = told.detail
    if told.what is What.QUEUED and (kind, told.key) in wished:
        detail = "this run has opened as many tickets as it may"
    return TicketState(workflow, kind, told.what, told.ticket, detail)


def _problems(
    told: Sequence[tuple[str, Delivered]], pulls: Iterable[TicketState]
) -> tuple[str, ...]:
    """Say what keeps tickets from being written, and what a person has to do about them."""
    lines = [
        f"the pull request of {one.workflow} is not opened: {one.detail}"
        for one in pulls
        if one.what == _PULLS[Became.REFUSED]
    ]
    for _, one in told:
        workflow, _ = workflow_and_epoch(one.key)
        if one.what in {What.REFUSED, What.UNROUTED}:
            lines.append(f"the ticket of {workflow} is not written: {one.detail}")
        if one.strangers:
            lines.append(
                f"{one.strangers} tickets carry the label of {workflow}'s review and are not ours:"
                " copies, or made by somebody else"
            )
    return (*lines, *_waiting(told))


def _waiting(told: Iterable[tuple[str, Delivered]]) -> Iterator[str]:
    """Name what waits for the next run, once for each reason: a whole system may be down."""
    names: dict[str, list[str]] = {}
    for _, one in told:
        if one.what is What.PENDING:
            names.setdefault(one.detail, []).append(workflow_and_epoch(one.key)[0])
    for detail, found in names.items():
        others = len(found) - 1
        whose = f"{found[0]} and {others:,} more" if others else found[0]
        yield f"the ticket of {whose} waits for the next run: {detail}"
