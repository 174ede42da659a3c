"""How the breaks that stood became those that stand (R18 of `docs/arithmetic.md`).

By class and currency: opening + new + remeasured - cleared = closing, in amounts and, without
the remeasured, in numbers. Amounts are integers of 1e-9 currency units.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from tasks.core.books import Break, BreakClass
from tasks.core.reconciling.break_ids import break_currency, break_id


@dataclass(frozen=True, slots=True, order=True)
class Roll:
    """One class of breaks in one currency, before a night and after it.

    Attributes:
        remeasured_nano: After less before, of breaks that stood and stand.
        cleared_nano: What the breaks that are gone stood at.
        opening, new, cleared: Numbers of breaks.
    """

    break_class: BreakClass
    currency: str
    opening_nano: int
    new_nano: int
    remeasured_nano: int
    cleared_nano: int
    opening: int
    new: int
    cleared: int

    def closing_nano(self) -> int:
        """Sum what stands after the night."""
        return self.opening_nano + self.new_nano + self.remeasured_nano - self.cleared_nano

    def closing(self) -> int:
        """Count what stands after the night."""
        return self.opening + self.new - self.cleared


@dataclass(frozen=True, slots=True)
class Measured:
    """What a night measured.

    Attributes:
        start, end: First and last day that it looked at.
        held: (issuer, day)s that it did not.
        breaks: What it found.
    """

    start: date
    end: date
    held: Collection[tuple[str, date]]
    breaks: Iterable[Break]


def standing_after(before: Iterable[Break], measured: Measured) -> list[Break]:
    """List the breaks that stand after a night: those it found, and those it did not look at."""
    found = {break_id(item): item for item in measured.breaks}
    kept = {
        name: item
        for item in before
        if (name := break_id(item)) not in found and not _is_measured(item, measured)
    }
    return [*found.values(), *kept.values()]


def roll_forward(
    before: Iterable[Break], after: Iterable[Break], currencies: Mapping[str, str]
) -> tuple[Roll, ...]:
    """Roll breaks forward over a night, by class and currency.

    Args:
        before: Breaks that stood before, each id once, in any order.
        after: Breaks that stand after, likewise.
        currencies: Currency of the books of each issuer, by its id.
    """
    was = {break_id(item): item for item in before}
    now = {break_id(item): item for item in after}
    sums: dict[tuple[BreakClass, str], list[int]] = {}

    def row(item: Break) -> list[int]:
        return sums.setdefault((item.break_class, break_currency(item, currencies)), [0] * 7)

    for name, item in was.items():
        of = row(item)
        of[_OPENING_NANO] += item.amount_nano
        of[_OPENING] += 1
        if name in now:
            of[_REMEASURED_NANO] += now[name].amount_nano - item.amount_nano
        else:
            of[_CLEARED_NANO] += item.amount_nano
            of[_CLEARED] += 1
    for name, item in now.items():
        if name not in was:
            of = row(item)
            of[_NEW_NANO] += item.amount_nano
            of[_NEW] += 1
    return tuple(Roll(*key, *amounts) for key, amounts in sorted(sums.items()))


#: Places in a row of sums: the fields of `Roll` after its key.
_OPENING_NANO, _NEW_NANO, _REMEASURED_NANO, _CLEARED_NANO, _OPENING, _NEW, _CLEARED = range(7)


def _is_measured(item: Break, measured: Measured) -> bool:
    is_inside = measured.start <= item.day <= measured.end
    return is_inside and (item.issuer, item.day) not in measured.held
