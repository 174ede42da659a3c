"""When runs went over from one value to another (a model family, an epoch word): majorities.

A week is seven days and at least `FEWEST` runs: where a workflow runs seldom, older days are taken
in until there are as many. So one stray run never changes anything.
"""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

#: Runs that it takes to say anything.
FEWEST = 5
_WEEK = timedelta(days=7)
# What carries one run in so many, in each half of the first full week, is in use: two values that
# are used side by side are, and one that ended in that week or came in it is not.
_IN_USE = 4


@dataclass(frozen=True, slots=True)
class Switch:
    """Runs went over to a value: the first day on which it carried more than half of them."""

    day: date
    value: str


@dataclass(slots=True)
class Majorities:
    """What carries the runs of an epoch, day by day.

    Attributes:
        in_use: What the epoch uses: nothing else may carry more than half of a week. Its first
            full week tells; empty before that: whatever this week brings.
    """

    in_use: frozenset[str] = frozenset()
    _days: deque[tuple[date, Counter[str]]] = field(default_factory=deque)
    _runs: Counter[str] = field(default_factory=Counter)
    _first: date | None = None
    _is_settled: bool = False

    def add(self, day: date, runs: Counter[str]) -> Switch | None:
        """Take the runs of the next day.

        Args:
            day: Later than any before.
            runs: By value, at least one.

        Returns:
            The switch that the week which ends on this day shows, if it does; `restart` then.
        """
        self._first = self._first or day
        self._days.append((day, runs))
        self._runs += runs
        self._forget(day - _WEEK)
        most = self._most_used()
        total = self._runs.total()
        if total < FEWEST:
            return None
        if self.in_use and most not in self.in_use and _is_more_than_half(self._runs[most], total):
            return Switch(self._first_day_of(most), most)
        if not self._is_settled and day - self._first >= _WEEK - timedelta(days=1):
            self.in_use, self._is_settled = self._shared(), True
        return None

    def restart(self, day: date, in_use: frozenset[str] | None = None) -> None:
        """Begin an epoch: days before it no longer count.

        Args:
            day: Its first day.
            in_use: What it uses until its first full week tells; None: what was in use before.
        """
        while self._days and self._days[0][0] < day:
            self._drop_oldest()
        self._first = self._days[0][0] if self._days else None
        self._is_settled = False
        if in_use is not None:
            self.in_use = in_use

    def _forget(self, day: date) -> None:
        """Drop days up to one, as long as enough runs remain."""
        while self._days[0][0] <= day:
            if self._runs.total() - self._days[0][1].total() < FEWEST:
                break
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        self._runs -= self._days.popleft()[1]

    def _most_used(self) -> str:
        return min(self._runs, key=lambda value: (-self._runs[value], value))

    def _first_day_of(self, value: str) -> date:
        return next(
            day for day, runs in self._days if _is_more_than_half(runs[value], runs.total())
        )

    def _shared(self) -> frozenset[str]:
        """Name what carries its share of each half of the week; at least the most used one."""
        days = [runs for _, runs in self._days]
        middle = len(days) // 2
        halves = [_sum(half) for half in (days[:middle], days[middle:]) if half]
        used = [
            value
            for value in self._runs
            if all(half[value] * _IN_USE >= half.total() for half in halves)
        ]
        return frozenset(used or [self._most_used()])


def _sum(days: Sequence[Counter[str]]) -> Counter[str]:
    return sum(days, start=Counter[str]())


def _is_more_than_half(part: int, total: int) -> bool:
    return part * 2 > total
