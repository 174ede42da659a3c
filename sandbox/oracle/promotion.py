"""The scorecard of every workflow of the showcase, counted from its items."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median_low

from sandbox.oracle.items import WorkItem, work_items
from sandbox.organisation import WORKFLOWS, Workflow
from sandbox.records import World
from sandbox.wire import Json, iso

MATURATION = timedelta(days=14)
#: Repository, or project of Jira -> squad.
SQUADS = {
    "route-planner": "routing",
    "tracking-api": "routing",
    "customer-portal": "portal",
    "dock-scheduler": "yard",
    "yard-board": "yard",
    "billing-engine": "payments",
    "PAY": "payments",
    "infra-live": "infrastructure",
    "OPS": "operations",
}


def scorecards(
    world: World, now: datetime, nights: Sequence[datetime] | None = None
) -> list[dict[str, Json]]:
    """Count what each workflow has to show, in the order of the catalog.

    Args:
        world: What happens.
        now: Aware UTC; items and logs are as a night of that moment sees them.
        nights: All nights that ran, this one last; None: those of the showcase.
    """
    items = work_items(world, now, nights)
    return [
        _card(workflow, [item for item in items if item.workflow == workflow.id], now)
        for workflow in WORKFLOWS
    ]


def _card(workflow: Workflow, items: list[WorkItem], now: datetime) -> dict[str, Json]:
    mature = [
        item
        for item in items
        if item.fate.closed_at is not None and item.fate.closed_at <= now - MATURATION
    ]
    closed = [item.fate.closed_at for item in mature if item.fate.closed_at is not None]
    costs = [item.cost_nano for item in mature if item.cost_nano is not None]
    places = [item.place for item in mature]
    rounds = [item.review_rounds for item in mature if item.review_rounds is not None]
    minutes = [item.merge_minutes for item in mature if item.merge_minutes is not None]
    return {
        "workflow": workflow.id,
        "as_of": iso(now),
        "successes": _count(mature, "success"),
        "failures": _count(mature, "failure"),
        "unknown": _count(mature, "unknown"),
        "cancelled": 0,
        "maturing": sum(item.fate.closed_at is not None for item in items) - len(mature),
        "open": sum(item.fate.closed_at is None for item in items),
        "days": len({moment.date() for moment in closed}),
        "weeks": len({moment.isocalendar()[:2] for moment in closed}),
        "repositories": len({place for place in places if place and place not in ("OPS", "PAY")}),
        "squads": len({SQUADS[place] for place in places if place in SQUADS}),
        "strata": {
            place: [
                sum(item.place == place for item in mature),
                sum(item.place == place and item.fate.outcome == "success" for item in mature),
            ]
            for place in sorted(set(places))
        },
        "reasons": {
            reason: sum(item.fate.reason == reason for item in mature)
            for reason in sorted(
                {item.fate.reason for item in mature if item.fate.outcome in ("failure", "unknown")}
            )
        },
        "escalated": sum(item.asked_human is True for item in mature),
        "escalation_told": sum(item.asked_human is not None for item in mature),
        "handed_over": sum(item.is_handed_over for item in mature),
        "incidents": sum(item.incidents for item in items),
        "review_rounds": median_low(rounds) if rounds else None,
        "merge_minutes": median_low(minutes) if minutes else None,
        "costed": len(costs),
        "uncosted": len(mature) - len(costs),
        "total_nano": sum(costs),
        "median_nano": median_low(costs) if costs else None,
    }


def _count(items: Iterable[WorkItem], outcome: str) -> int:
    return sum(item.fate.outcome == outcome for item in items)
