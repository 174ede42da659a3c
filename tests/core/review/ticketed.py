"""A workflow for people to decide about, with defaults for what a test ignores."""

from datetime import UTC, date, datetime
from typing import Any

from config.shapes.catalog import Workflow
from config.shapes.gate import GateRules
from tasks.core.promotion.case import Case
from tasks.core.promotion.packets import Cut, Packet
from tasks.core.promotion.scorecard import CostTally, Scorecard
from tasks.core.promotion.terms import DEFAULTS
from tasks.core.promotion.verdict import GateName, GateResult, Kind, Rate, Status, Verdict
from tasks.core.review.ticket_case import TicketCase
from tasks.core.review.ticket_content import (
    Block,
    Bullets,
    CodeBlock,
    Fold,
    Heading,
    Link,
    Paragraph,
    Span,
    Spans,
    TableBlock,
    TicketContent,
)
from tasks.core.work.item_facts import ItemFact, Outcome, Reason

NANO = 10**9
AS_OF = datetime(2026, 11, 20, 6, tzinfo=UTC)
BEGUN = datetime(2026, 9, 1, tzinfo=UTC)
DECIDE_BY = date(2026, 12, 4)


def workflow(**fields: Any) -> Workflow:
    values = {
        "id": "upgrade-swarm",
        "family": "upgrades",
        "title": "Upgrade many dependencies",
        "stages": [{"from": "2026-09-01", "stage": "exploration"}],
        "risk_tier": 2,
        "capability": "act",
        "owner": "platform-lead",
        "escalation": "platform-oncall",
        "blast_radius": "One service's build.",
        "rollback": {"plan": "Revert the merge.", "minutes": 15, "tested_on": "2026-09-18"},
    }
    return Workflow.model_validate(values | fields)


def card(**fields: Any) -> Scorecard:
    """Count 46 successes of 49 matured items."""
    values: dict[str, Any] = {
        "workflow": "upgrade-swarm",
        "family": "upgrades",
        "portfolio": "platform",
        "tier": 2,
        "stage": "exploration",
        "stage_from": BEGUN.date(),
        "epoch": "2026-09-01",
        "epoch_from": BEGUN,
        "as_of": AS_OF,
        "successes": 46,
        "failures": 2,
        "unknown": 1,
        "exploration_nano": 900 * NANO,
        "cost": CostTally(
            items=48,
            uncosted=1,
            total_nano=230 * NANO,
            successes=46,
            cap_nano=20 * NANO,
            capped_nano=184 * NANO,
            median_nano=3 * NANO,
        ),
    }
    return Scorecard(**(values | fields))


def rate(successes: int, items: int, lower: int = 810_000, upper: int = 980_000) -> Rate:
    found = successes * 1_000_000 // items
    return Rate(successes, items, found, lower, upper, worst=found, best=1_000_000)


def gate(name: GateName, **fields: Any) -> GateResult:
    values = {"status": Status.MET, "have": "46 of 49", "need": "75 %"}
    return GateResult(name, **(values | fields))


def verdict(**fields: Any) -> Verdict:
    values: dict[str, Any] = {
        "workflow": "upgrade-swarm",
        "epoch": "2026-09-01",
        "kind": Kind.QUALIFIED,
        "sentence": "46 of 49 good, floor 75 %; proven at least 81 %",
        "gates": (
            gate(GateName.SUCCESS),
            gate(GateName.SQUADS, have="2", need="2", detail="one of them has 80 % of the items"),
        ),
        "rate": rate(46, 49),
        "golden": rate(930, 1000, 900_000, 950_000),
        "weakest": "squads",
        "alpha_ppm": 25_000,
        "is_review_ready": True,
        "opens_ticket": True,
        "log_e": 3_900_000_000_000,
        "unknown_to_tag": 0,
        "projection": None,
    }
    return Verdict(**(values | fields))


def fact(number: int, outcome: Outcome = Outcome.SUCCESS, **fields: Any) -> ItemFact:
    reasons = {
        Outcome.SUCCESS: Reason.MERGED,
        Outcome.FAILURE: Reason.REVERTED,
        Outcome.UNKNOWN: Reason.UNTOLD,
    }
    values: dict[str, Any] = {
        "workflow": "upgrade-swarm",
        "item": f"gh:7#{number}",
        "first_at": BEGUN,
        "closed_at": BEGUN,
        "known_at": BEGUN,
        "outcome": outcome,
        "reason": reasons[outcome],
        "repository": "gh:7",
        "squad": "routing",
        "stratum": "dependency-upgrade",
        "runs": 1,
        "cost_nano": NANO,
        "is_escalated": None,
        "review_rounds": 1,
        "merge_minutes": 90,
        "incidents": 0,
        "is_handed_over": False,
    }
    return ItemFact(**(values | fields))


def case(**fields: Any) -> TicketCase:
    """Freeze a verdict with what it stands on; fields of the packet and its case go there."""
    judged: dict[str, Any] = {
        "card": card(),
        "golden": card(
            workflow="upgrade-guarded", stage="golden", successes=930, failures=70, unknown=0
        ),
        "terms": DEFAULTS[2],
        "rules": GateRules(),
        "workflow": workflow(),
        "controls": (),
        "contenders": 2,
        "overdue_actions": 0,
    }
    frozen: dict[str, Any] = {
        "cut": Cut(AS_OF, 812, 77, (("catalog", "c" * 64), ("policy", "b" * 64))),
        "verdict": verdict(),
        "succeeded": tuple(f"gh:7#{number}" for number in range(9)),
    }
    for parts in (judged, frozen):
        parts.update({name: fields.pop(name) for name in list(fields) if name in parts})
    values: dict[str, Any] = {
        "packet": Packet(case=Case(**judged), **frozen),
        "digest": "e" * 64,
        "items": (),
        "decide_by": DECIDE_BY,
        "chain_head": "d" * 64,
    }
    return TicketCase(**(values | fields))


def words(content: TicketContent | Block | Spans) -> str:  # noqa: PLR0911 - one for each block
    """Read a ticket, or a part of it, as plain lines; code stands in backticks."""
    if isinstance(content, TicketContent):
        return "\n".join([content.title, *map(words, content.blocks)])
    if isinstance(content, tuple):
        return "".join(_span(one) for one in content)
    if isinstance(content, Heading | CodeBlock):
        return content.text
    if isinstance(content, Paragraph):
        return words(content.spans)
    if isinstance(content, Bullets):
        return "\n".join(f"- {words(one)}" for one in content.items)
    if isinstance(content, TableBlock):
        rows = [" | ".join(map(words, row)) for row in content.rows]
        return "\n".join([" | ".join(content.head), *rows])
    assert isinstance(content, Fold)
    return "\n".join([content.title, *map(words, content.blocks)])


def folded(content: TicketContent) -> str:
    """Read what stands below the fold."""
    return "\n".join(words(one) for one in content.blocks if isinstance(one, Fold))


def first_screen(content: TicketContent) -> str:
    """Read what stands above it."""
    return "\n".join(words(one) for one in content.blocks if not isinstance(one, Fold))


def _span(span: Span | Link) -> str:
    assert isinstance(span, Span)
    return f"`{span.text}`" if span.style == "code" else span.text
