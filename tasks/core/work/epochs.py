"""Since when evidence counts: the epoch of a workflow, and its watch after a small change.

Evidence counts since the last change of model family, tool permissions or declared major
version (`docs/outcomes.md`). A stage entry begins no epoch. What is known later never moves an
epoch of an earlier `as_of`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import pairwise
from operator import itemgetter

from config.shapes.catalog import Workflow
from tasks.core.days import day_bounds
from tasks.core.models import model_family
from tasks.core.work.majorities import Majorities, Switch

#: Days after a minor change in which the workflow is watched more closely.
WATCH_DAYS = 28
_MAJOR = re.compile(r"v?(\d+)", re.IGNORECASE | re.ASCII)


class Cause(StrEnum):
    """What began an epoch; of several on one day the first of these names it."""

    MODEL = "model"  # another model family: golden workflows are certified again, not demoted
    TOOLS = "tools"  # tool permissions
    MAJOR = "major"  # declared major version
    LOG = "log"  # the log itself names another epoch
    FIRST = "first"  # nothing has changed since the workflow came into the catalog


@dataclass(frozen=True, slots=True)
class Seen:
    """Work runs of a workflow on one UTC day that share a model and an epoch word."""

    day: date
    model: str
    epoch_word: str | None
    runs: int


@dataclass(frozen=True, slots=True)
class Epoch:
    """The epoch of a workflow at one moment.

    Attributes:
        name: Its first day, the cause, and what came: `2026-10-03 model claude-sonnet-5`.
        from_at: Midnight UTC of its first day.
        detail: The family, major version or word that came; empty where nobody told.
        families: Model families that its work runs use, sorted; none before the first full week.
        watch_from: Day of its last minor change; None without one.
        is_watch: That change is less than `WATCH_DAYS` old.
    """

    name: str
    from_at: datetime
    cause: Cause
    detail: str = ""
    families: tuple[str, ...] = ()
    watch_from: date | None = None
    is_watch: bool = False


@dataclass(frozen=True, slots=True)
class _Began:
    day: date
    cause: Cause
    detail: str = ""


_Days = Mapping[date, Counter[str]]


def epoch_of(
    workflow: Workflow,
    seen: Iterable[Seen],
    *,
    as_of: datetime,
    versions: Sequence[tuple[date, str]] = (),
) -> Epoch:
    """Find the epoch that a workflow is in.

    Args:
        workflow: Of the catalog in force.
        seen: Its work runs, in any order; days before its first stage and later ones than
            `as_of` are left out.
        as_of: Aware business time.
        versions: What recorded catalogs declared as its version, each from a UTC day on; of one
            day in the order in which they were recorded.
    """
    today = as_of.astimezone(UTC).date()
    born = workflow.stages[0].from_day
    told = [one for one in seen if born <= one.day <= today and one.runs > 0]
    walk = _Walk(_Began(born, Cause.FIRST))
    walk.go(
        [one for one in _declared(workflow, versions) if one.day <= today],
        {
            Cause.MODEL: _by_day((one.day, model_family(one.model), one.runs) for one in told),
            Cause.LOG: _by_day((one.day, one.epoch_word, one.runs) for one in told),
        },
    )
    began = walk.began
    watch_from = _watched(workflow, began.day, today)
    return Epoch(
        name=" ".join(filter(None, (began.day.isoformat(), began.cause.value, began.detail))),
        from_at=day_bounds(began.day)[0],
        cause=began.cause,
        detail=began.detail,
        families=tuple(sorted(walk.shown[Cause.MODEL].in_use)),
        watch_from=watch_from,
        is_watch=watch_from is not None and (today - watch_from).days < WATCH_DAYS,
    )


class _Walk:
    """The epochs of a workflow, one after the other; what came first is never moved."""

    def __init__(self, began: _Began) -> None:
        self.began = began
        self.shown = {Cause.MODEL: Majorities(), Cause.LOG: Majorities()}

    def go(self, declared: Iterable[_Began], runs: Mapping[Cause, _Days]) -> None:
        """Go through all days on which something was declared or ran, oldest first."""
        begin_on: dict[date, list[_Began]] = {}
        for one in declared:
            begin_on.setdefault(one.day, []).append(one)
        for day in sorted({*begin_on, *(day for days in runs.values() for day in days)}):
            if day > self.began.day and day in begin_on:
                self._declare(begin_on[day])
            for cause, days in runs.items():
                switch = self.shown[cause].add(day, days[day]) if day in days else None
                if switch is not None:
                    self._switch(cause, switch)

    def _declare(self, causes: Sequence[_Began]) -> None:
        self.began = min(causes, key=lambda one: (list(Cause).index(one.cause), not one.detail))
        for cause, shown in self.shown.items():
            # A declared model takes whatever its first week brings.
            is_mine = any(one.cause is cause for one in causes)
            shown.restart(self.began.day, frozenset() if is_mine else None)

    def _switch(self, cause: Cause, switch: Switch) -> None:
        if switch.day > self.began.day:
            self.began = _Began(switch.day, cause, switch.value)
            for shown in self.shown.values():
                shown.restart(switch.day)
        elif cause is Cause.MODEL:  # it came with the change that began the epoch
            self.began = _Began(self.began.day, cause, switch.value)
        self.shown[cause].restart(switch.day, frozenset({switch.value}))


def _declared(workflow: Workflow, versions: Sequence[tuple[date, str]]) -> list[_Began]:
    """List what the catalog itself says began an epoch."""
    found = [
        _Began(change.from_day, Cause(change.kind))
        for change in workflow.changes
        if change.kind != "minor"
    ]
    for (_, before), (day, version) in pairwise(sorted(versions, key=itemgetter(0))):
        if _major(version) != _major(before):
            found.append(_Began(day, Cause.MAJOR, _major(version)))
    return found


def _major(version: str) -> str:
    """Give the leading number of a version; of a version without one, the whole of it."""
    match = _MAJOR.match(version.strip())
    return match.group(1) if match else version.strip()


def _watched(workflow: Workflow, start: date, today: date) -> date | None:
    minor = [change.from_day for change in workflow.changes if change.kind == "minor"]
    return max((day for day in minor if start < day <= today), default=None)


def _by_day(rows: Iterable[tuple[date, str | None, int]]) -> dict[date, Counter[str]]:
    """Sum runs by day and value; runs without one say nothing."""
    days: dict[date, Counter[str]] = {}
    for day, value, runs in rows:
        if value is not None:
            days.setdefault(day, Counter())[value] += runs
    return days
