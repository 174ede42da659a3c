"""What CI said of each head of a pull request: now, and when the pull request was closed."""

from dataclasses import dataclass, field
from datetime import datetime

_PENDING, _FAILURE = "pending", "failure"
_WORST_FIRST = (_FAILURE, _PENDING, "success")


@dataclass(slots=True)
class HeadChecks:
    """Results by head and kind (`check_runs`, `statuses`), each with its moment, oldest first."""

    _told: dict[str, dict[str, list[tuple[datetime, str]]]] = field(default_factory=dict)

    def add(self, head: str, kind: str, at: datetime, result: str) -> None:
        """Take a result; results of a head are given oldest first."""
        self._told.setdefault(head, {}).setdefault(kind, []).append((at, result))

    def now(self, head: str) -> str | None:
        """Combine the newest results of a head; the worst of them counts. None: none was seen."""
        results = {told[-1][1] for told in self._told.get(head, {}).values()}
        return next((result for result in _WORST_FIRST if result in results), None)

    def red_at(self, head: str, closed_at: datetime) -> datetime | None:
        """Say since when a head that was closed is known to have been red at the close.

        What was pending at the close, or not seen by then, counts by its first result after it:
        who merges without waiting takes what comes. A later rerun changes nothing.

        Returns:
            The close, or the moment of a later first result; None if it was not red.
        """
        moments = []
        for told in self._told.get(head, {}).values():
            before = [result for at, result in told if at <= closed_at]
            if before and before[-1] != _PENDING:
                final = (closed_at, before[-1])
            else:
                later = (one for one in told if one[0] > closed_at and one[1] != _PENDING)
                final = next(later, (closed_at, _PENDING))
            if final[1] == _FAILURE:
                moments.append(final[0])
        return min(moments, default=None)
