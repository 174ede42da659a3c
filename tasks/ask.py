"""Stage: open the tickets that a look asks for, read back what people decided, remind them once.

Only here a client is made that can write outside, and only if the look may.
"""

import logging
import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from prefect import task

from config.load import load_config, load_tickets
from config.settings import settings_from_environment
from config.shapes.tickets import Tickets
from tasks.core.decisions import Asked, Decision, decision_by_catalog, decision_by_labels
from tasks.core.delivery import OutboxRow
from tasks.core.digests import keyed_digest
from tasks.core.errors import LedgerError
from tasks.core.packets import PacketError, read_packet
from tasks.core.promotion_report import PromotionReport, TicketState
from tasks.core.ticket_wishes import (
    KINDS,
    REVIEW,
    Wish,
    change_of,
    next_to_open,
    wishes_of,
    workflow_and_epoch,
)
from tasks.core.verdict import Verdict
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.tickets.connect import Systems, connected, system_of
from tasks.tickets.deliver import Delivered, Wanted, What, deliver
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
    with (
        Ledger.open(settings.database_url.get_secret_value(), lake_id=lake.lake_id) as ledger,
        connected(
            tickets,
            settings,
            waits=ledger.waits,
            clock=clock,
            deadline=clock.now() + _DEADLINE,
        ) as systems,
    ):
        key = settings.digest_key.get_secret_value()
        return _ask(report, tickets, systems, ledger, key, lambda: settings.now or clock.now())


def _ask(
    report: PromotionReport,
    tickets: Tickets,
    systems: Systems,
    ledger: Ledger,
    digest_key: str,
    now: Callable[[], datetime],
) -> PromotionReport:
    room = _most_tickets(report)
    wishes = wishes_of(report.cases, report.notices, report.decisions)
    rows = {(kind, row.key): row for kind in KINDS for row in ledger.outbox_rows(kind)}
    opening = {(wish.kind, wish.key) for wish in next_to_open(wishes, rows, room)}
    told: list[tuple[str, Delivered]] = []
    for kind in KINDS:
        # Only what may be opened now is written out; the others wait for their turn.
        now_wanted = [
            wish
            for wish in wishes
            if wish.kind == kind
            and ((kind, wish.key) in opening or rows[kind, wish.key].progress.ticket)
        ]
        done = deliver(
            kind,
            {wish.key: _wanted(wish, rows[kind, wish.key], tickets, ledger) for wish in now_wanted},
            outbox=ledger,
            ports=systems.ports,
            digest=keyed_digest(digest_key),
            most=room,
            now=now,
            holder=uuid.uuid4().hex,
        )
        told += [(kind, one) for one in done]
        room -= sum(one.what is What.CREATED for one in done)
    wished = {(wish.kind, wish.key) for wish in wishes}
    decisions = _decisions(report, [one for kind, one in told if kind == REVIEW], ledger)
    ledger.record_look((), decisions=decisions, messages=(), recorded_at=report.asking.as_of)
    return replace(
        report,
        decisions=_with_new(report.decisions, decisions),
        tickets=tuple(_state(kind, one, wished) for kind, one in told),
        problems=_problems(told),
    )


def _wanted(wish: Wish, row: OutboxRow, tickets: Tickets, ledger: Ledger) -> Wanted:
    return Wanted(
        system=system_of(tickets, wish.portfolio),
        content=wish.content(),
        change=change_of(wish, _told_before(row, ledger)),
    )


def _told_before(row: OutboxRow, ledger: Ledger) -> Verdict | None:
    """Read the verdict that a ticket, or its last comment, stands on."""
    if not row.progress.told:
        return None
    try:
        return read_packet(ledger.packet(row.progress.told)).verdict
    except (PacketError, LedgerError) as error:
        log.warning("what a ticket was told cannot be read, so nothing is added to it: %s", error)
        return None


def _decisions(
    report: PromotionReport, told: Iterable[Delivered], ledger: Ledger
) -> list[Decision]:
    """Read decisions back: approvals from the catalog, refusals from labels."""
    workflows = {case.workflow.id: case.workflow for case in report.cases}
    rows = {row.key: row for row in ledger.outbox_rows(REVIEW)}
    labels = {one.key: one.labels for one in told}
    found = []
    for key, row in rows.items():
        workflow, epoch = workflow_and_epoch(key)
        if not row.progress.ticket or workflow not in workflows:
            continue
        asked = Asked(workflow, epoch, row.queued_at, row.progress.told)
        today = report.asking.as_of.date()
        approval = decision_by_catalog(asked, workflows[workflow])
        refusal = decision_by_labels(asked, labels.get(key, ()), workflows[workflow], today)
        found += [one for one in (approval or refusal,) if one is not None]
    return found


def _with_new(known: Iterable[Decision], read: Iterable[Decision]) -> tuple[Decision, ...]:
    by_subject = {(one.workflow, one.epoch): one for one in (*known, *read)}
    return tuple(by_subject.values())


def _most_tickets(report: PromotionReport) -> int:
    return max((case.packet.case.rules.most_tickets for case in report.cases), default=0)


def _state(kind: str, told: Delivered, wished: Collection[tuple[str, str]]) -> TicketState:
    workflow, _ = workflow_and_epoch(told.key)
    detail = told.detail
    if told.what is What.QUEUED and (kind, told.key) in wished:
        detail = "this run has opened as many tickets as it may"
    return TicketState(workflow, kind, told.what, told.ticket, detail)


def _problems(told: Iterable[tuple[str, Delivered]]) -> tuple[str, ...]:
    """Say what a person has to do about tickets; a wait that ends by itself is none."""
    lines = []
    for _, one in told:
        workflow, _ = workflow_and_epoch(one.key)
        if one.what in {What.REFUSED, What.UNROUTED}:
            lines.append(f"the ticket of {workflow} is not written: {one.detail}")
        if one.strangers:
            lines.append(
                f"{one.strangers} tickets carry the label of {workflow}'s review and are not ours:"
                " copies, or made by somebody else"
            )
    return tuple(lines)
