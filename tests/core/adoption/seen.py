"""Pull requests of agents, as tests of the first day make them up."""

from datetime import date
from typing import Any

from tasks.core.adoption.agent_work import AgentWork, Signal
from tasks.core.adoption.stamp_names import StampedRuns
from tasks.core.work.item_facts import Outcome
from tasks.core.work.item_states import ItemStatus

DAY = date(2026, 11, 2)


def work(number: int, **changes: Any) -> AgentWork:
    """Make a merged pull request; signals follow from what it shows."""
    shown = {
        Signal.STAMP: changes.get("stamp"),
        Signal.TRAILER: changes.get("vendor"),
        Signal.BRANCH: changes.get("prefix"),
    }
    values: dict[str, Any] = {
        "item": f"gh:1#{number}",
        "repository": "acme/engine",
        "stamp": "",
        "vendor": "",
        "prefix": "",
        "signals": frozenset(signal for signal, is_on in shown.items() if is_on),
        "opened_on": DAY,
        "status": ItemStatus.MERGED,
        "is_reverted": False,
        "outcome": Outcome.SUCCESS,
        "is_matured": True,
    }
    return AgentWork(**(values | changes))


def several(first: int, count: int, **changes: Any) -> list[AgentWork]:
    return [work(number, **changes) for number in range(first, first + count)]


def runs(stamp: str, count: int = 9) -> StampedRuns:
    return StampedRuns(stamp, count, DAY, DAY)
