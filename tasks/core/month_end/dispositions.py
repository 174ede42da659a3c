"""Which decision about a break holds on a day, and why an earlier one no longer does.

A disposition is a line of `finance.yaml`, by role and with a reason (R18 of
`docs/arithmetic.md`). It changes no amount: a break clears only when its difference does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from config.shapes.finance import Disposition
from tasks.core.money import to_nano


class Lapse(StrEnum):
    """Why a disposition does not hold."""

    ENDED = "ended"  # its last day has passed
    ABOVE_LIMIT = "above_limit"  # the break has grown beyond what was decided about


@dataclass(frozen=True, slots=True)
class Decided:
    """The disposition that speaks about a break.

    Attributes:
        lapse: None while it holds. Otherwise nobody's decision holds, and this is the newest.
    """

    disposition: Disposition
    lapse: Lapse | None = None


def dispositions_by_break(dispositions: Iterable[Disposition]) -> dict[str, list[Disposition]]:
    """Group dispositions by the id of their break, the newest first."""
    found: dict[str, list[Disposition]] = {}
    for one in sorted(dispositions, key=lambda one: one.on, reverse=True):
        found.setdefault(one.break_id, []).append(one)
    return found


def decide(amount_nano: int, dispositions: Iterable[Disposition], day: date) -> Decided | None:
    """Find what has been decided about a break.

    Args:
        amount_nano: What the break is measured at.
        dispositions: Of this break alone, in any order.
        day: Day to decide for; what begins later is not known yet.

    Returns:
        The newest disposition that holds; without one the newest that has begun, with its
        lapse; None if none has begun.
    """
    begun = sorted((one for one in dispositions if one.on <= day), key=lambda one: one.on)
    newest_first = [Decided(one, _lapse(one, amount_nano, day)) for one in reversed(begun)]
    held = (one for one in newest_first if one.lapse is None)
    return next(held, newest_first[0] if newest_first else None)


def in_words(decided: Decided) -> str:
    """Say what was decided, by which role and until when, and whether it still holds."""
    line = decided.disposition
    until = f" until {line.until}" if line.until else ""
    said = f"{line.verdict.replace('_', ' ')} by {line.by} on {line.on}{until}: {line.reason}"
    if decided.lapse is Lapse.ENDED:
        return f"{said} (no longer: its last day has passed)"
    if decided.lapse is Lapse.ABOVE_LIMIT:
        return f"{said} (no longer: the break is above the limit of {line.limit})"
    return said


def _lapse(disposition: Disposition, amount_nano: int, day: date) -> Lapse | None:
    if disposition.until is not None and day > disposition.until:
        return Lapse.ENDED
    return Lapse.ABOVE_LIMIT if abs(amount_nano) > to_nano(disposition.limit) else None
