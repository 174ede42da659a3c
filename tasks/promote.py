"""Stage: judge workflows on frozen evidence, and say what people are to be asked.

Nothing is promoted here. A look and the tickets that it asks for are one transaction of the
ledger; what is sent outside is the next stage's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from prefect import task

from config.load import Config, load_config
from config.misfits import CATALOG
from config.settings import Settings, settings_from_environment
from config.shapes.catalog import Workflow
from tasks.as_of import config_as_of
from tasks.core.budgeting.forecast import spend_needed_from
from tasks.core.budgeting.pools import pools_of
from tasks.core.findings import Finding
from tasks.core.promotion.candidates import contenders_of, own_figures, sunset_list
from tasks.core.promotion.case import Case
from tasks.core.promotion.controls import FreshControls, controls_of, fresh_controls
from tasks.core.promotion.decisions import Decision
from tasks.core.promotion.packets import Cut, Packet, freeze, packet_text
from tasks.core.promotion.scopes import squads_allowed
from tasks.core.promotion.terms import terms_of
from tasks.core.promotion.watch import watch
from tasks.core.review.delivery import OutboxRow, Standing
from tasks.core.review.promotion_cases import (
    Surroundings,
    production_pools,
    ticket_case,
    with_patch,
)
from tasks.core.review.promotion_report import Asking, PromotionReport, TicketState
from tasks.core.review.ticket_case import TicketCase
from tasks.core.review.ticket_wishes import (
    KINDS,
    REVIEW,
    Wish,
    next_to_open,
    wishes_of,
    workflow_and_epoch,
)
from tasks.gate_inputs import GateInputs, gather_gate
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.outbox import Message
from tasks.ledger.verdicts import Frozen, Past

#: Changes of what should stop that are written out; each takes reading the catalog again.
_MOST_ENDING = 12


@task(name="judge", task_run_name="judge as of {asking.as_of}")
def judge_workflows(asking: Asking) -> PromotionReport:
    """Judge every workflow that was asked for, and record what was said.

    Args:
        asking: A past moment, or a dry run, records nothing and queues no ticket.

    Raises:
        LakeError, LedgerError: A store cannot be used.
        ConfigError: The configuration is wrong.
    """
    settings = settings_from_environment()
    lake = Lake.open(settings.lake_dir)
    with Ledger.open(settings.database_url.get_secret_value(), lake_id=lake.lake_id) as ledger:
        ledger.check_guards()
        config = load_config(settings.config_dir)
        notices: tuple[Finding, ...] = ()
        if asking.is_past:
            config, notices = config_as_of(asking.as_of, ledger, config)
        elif asking.records():
            for kind, body in config.bodies().items():
                ledger.store_config_version(kind, config.digests[kind], body, asking.as_of)
        inputs = gather_gate(asking.as_of, config, lake, ledger, settings, is_past=asking.is_past)
        before = _last_verdicts(ledger, asking)
        report = _report(asking, config, inputs, settings, ledger, before)
        report = replace(report, findings=(*notices, *inputs.findings))
        if asking.records():
            _record(asking, report, ledger)
        return report


def _report(
    asking: Asking,
    config: Config,
    inputs: GateInputs,
    settings: Settings,
    ledger: Ledger,
    before: Mapping[str, Past],
) -> PromotionReport:
    packets = _packets(asking, config, inputs)
    around = _surroundings(asking, config, inputs, settings, ledger)
    cases = [ticket_case(packet, around) for packet in packets]
    decisions = _standing(ledger.decisions(by=asking.as_of), packets)
    told = tuple(
        notice
        for packet in packets
        for notice in watch(packet.case, packet.verdict, inputs.epochs[packet.verdict.workflow])
    )
    rows = {(kind, row.key): row for kind in KINDS for row in ledger.outbox_rows(kind)}
    wishes = wishes_of(cases, told, decisions)
    most = config.policy.gate.most_tickets
    standing = [wish for wish in wishes if _stands(rows.get((wish.kind, wish.key)))][:most]
    shown = _to_patch(cases, [*next_to_open(wishes, rows, most), *standing])
    return PromotionReport(
        asking=asking,
        cases=tuple(
            with_patch(case, around) if case.verdict.workflow in shown else case for case in cases
        ),
        decisions=decisions,
        tickets=_tickets(wishes, rows),
        since=tuple(
            (packet.verdict.workflow, past.verdict)
            for packet in packets
            if (past := before.get(packet.verdict.workflow)) is not None
            and past.verdict != packet.verdict.kind
        ),
        notices=told,
        own=own_figures(
            config.catalog,
            _decided(ledger.decisions(by=asking.as_of), rows),
            config.policy.gate,
            today=asking.as_of.date(),
        ),
    )


def _packets(asking: Asking, config: Config, inputs: GateInputs) -> list[Packet]:
    """Freeze the evidence of every workflow that was asked for, in file order."""
    contenders = contenders_of(inputs.cards.values())
    cut = Cut(
        as_of=asking.as_of,
        seq=inputs.seq,
        books_at=inputs.books_at,
        digests=tuple(sorted(config.digests.items())),
        facts=inputs.facts,
    )
    wanted = set(asking.workflows) or {one.id for one in config.catalog.workflows}
    controls = fresh_controls(inputs.controls, asking.as_of.date())
    return [
        freeze(
            _case(workflow, config, inputs, controls, contenders[workflow.family]),
            cut,
            failed=inputs.failed.get(workflow.id, ()),
            succeeded=inputs.succeeded.get(workflow.id, ()),
        )
        for workflow in config.catalog.workflows
        if workflow.id in wanted
    ]


def _case(
    workflow: Workflow,
    config: Config,
    inputs: GateInputs,
    controls: FreshControls,
    contenders: int,
) -> Case:
    card = inputs.cards[workflow.id]
    golden = inputs.golden.get(workflow.family)
    required = next(
        (
            tier.required_controls
            for tier in config.policy.risk_tiers
            if tier.tier == workflow.risk_tier
        ),
        (),
    )
    return Case(
        card=card,
        golden=inputs.cards[golden] if golden not in {None, workflow.id} else None,
        terms=terms_of(config.policy, workflow.risk_tier),
        rules=config.policy.gate,
        workflow=workflow,
        controls=controls_of(
            workflow,
            required,
            controls,
            repositories=inputs.repositories.get(workflow.id, ()),
            as_of=card.as_of.date(),
        ),
        contenders=contenders,
        overdue_actions=0,
        has_squads=bool(config.catalog.squads),
        squads_in_scope=squads_allowed(config.catalog, workflow.scope),
    )


def _surroundings(
    asking: Asking, config: Config, inputs: GateInputs, settings: Settings, ledger: Ledger
) -> Surroundings:
    through = asking.as_of.date() - timedelta(days=1)
    days = ledger.pool_days(spend_needed_from(through), through, books_at=inputs.books_at)
    pools = pools_of(config.catalog, days, (), through=through)
    last = ledger.last_reconciliation()
    # Line ends stay as they are: a diff must fit the file. The past has none to propose.
    text = "" if asking.is_past else (settings.config_dir / CATALOG).read_bytes().decode()
    return Surroundings(
        catalog=config.catalog,
        catalog_text=text,
        through=through,
        production=production_pools(pools.families),
        spent=inputs.spent,
        items=inputs.items,
        names=ledger.labels("work_item"),
        chain_head=last.head if last and not asking.is_past else "",
    )


def _last_verdicts(ledger: Ledger, asking: Asking) -> dict[str, Past]:
    """Find what was said of each workflow at the last look before this one."""
    found = [past for past in ledger.verdicts(by=asking.as_of) if past.as_of < asking.as_of]
    # An older look may have ended last.
    return {past.workflow: past for past in sorted(found, key=lambda past: past.as_of)}


def _standing(decisions: Sequence[Decision], packets: Sequence[Packet]) -> tuple[Decision, ...]:
    """List the decisions upon present epochs whose condition has not come about."""
    present = {(one.verdict.workflow, one.verdict.epoch): one for one in packets}
    found: dict[tuple[str, str], Decision] = {}
    for one in decisions:
        packet = present.get((one.workflow, one.epoch))
        if packet is not None:
            day, items = packet.case.day, packet.case.items
            found.pop((one.workflow, one.epoch), None)
            if not one.is_over(day, items):
                found[one.workflow, one.epoch] = one
    return tuple(found.values())


def _stands(row: OutboxRow | None) -> bool:
    return row is not None and row.progress.standing is Standing.OPEN


def _to_patch(cases: Sequence[TicketCase], opening: Sequence[Wish]) -> set[str]:
    """Name the workflows whose change is written out: tickets to open, and what should stop."""
    ending = sunset_list(case.packet for case in cases)[:_MOST_ENDING]
    return {wish.case.verdict.workflow for wish in opening} | {
        packet.verdict.workflow for packet in ending
    }


def _decided(
    decisions: Sequence[Decision], rows: Mapping[tuple[str, str], OutboxRow]
) -> list[tuple[date, date]]:
    """Give the days on which review tickets were opened and decided."""
    opened = {
        workflow_and_epoch(key): row.opened_at.date()
        for (kind, key), row in rows.items()
        if kind == REVIEW
    }
    return [
        (opened[one.workflow, one.epoch], one.decided_on)
        for one in decisions
        if (one.workflow, one.epoch) in opened
    ]


def _tickets(
    wishes: Sequence[Wish], rows: Mapping[tuple[str, str], OutboxRow]
) -> tuple[TicketState, ...]:
    """Say where tickets stand before anything is sent."""
    states = []
    for wish in wishes:
        workflow = wish.case.verdict.workflow
        row = rows.get((wish.kind, wish.key))
        if row is None:
            states.append(TicketState(workflow, wish.kind, "would_open"))
        else:
            standing = row.progress.standing
            what = standing.value if standing else "queued"
            states.append(TicketState(workflow, wish.kind, what, row.progress.name))
    return tuple(states)


def _record(asking: Asking, report: PromotionReport, ledger: Ledger) -> None:
    """Record the look, and queue the tickets that it may open, in one transaction."""
    frozen = [
        Frozen(
            workflow=case.verdict.workflow,
            epoch=case.verdict.epoch,
            verdict=case.verdict.kind,
            sentence=case.verdict.sentence,
            packet=packet_text(case.packet),
            as_of=asking.as_of,
        )
        for case in report.cases
    ]
    wishes = wishes_of(report.cases, report.notices, report.decisions)
    messages = [Message(wish.kind, wish.key, wish.case.digest) for wish in wishes]
    ledger.record_look(
        frozen,
        decisions=(),
        messages=messages if asking.writes() else [],
        recorded_at=asking.as_of,
    )
