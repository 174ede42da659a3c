"""How large a difference between two records may be before it needs a name."""

from datetime import date
from typing import NamedTuple

from config.shapes import policy
from tasks.core.money import to_nano


class Tolerance(NamedTuple):
    """What holds for one issuer on one day.

    Attributes:
        absolute_nano: Allowed whatever the size of the reference.
        numerator, denominator: The relative part, as an exact fraction.
    """

    absolute_nano: int
    numerator: int
    denominator: int

    def of(self, reference: int) -> int:
        """Give the largest whole difference that is allowed beside a reference."""
        return max(self.absolute_nano, self.relative_of(reference))

    def relative_of(self, reference: int) -> int:
        """Give the relative part alone, floored: no whole difference lies between."""
        return abs(reference) * self.numerator // self.denominator


#: Where the policy says nothing every difference needs a name.
EXACT = Tolerance(0, 0, 1)


class Tolerances:
    """The dated tolerances of the policy, by issuer and day."""

    def __init__(self, entries: tuple[policy.Tolerance, ...]) -> None:
        self._entries = sorted(entries, key=lambda entry: entry.from_day)

    def at(self, issuer: str, day: date) -> Tolerance:
        """Give the latest entry in force: the issuer's own, else the one for every issuer."""
        own: policy.Tolerance | None = None
        general: policy.Tolerance | None = None
        for entry in self._entries:
            if entry.from_day > day:
                break
            if entry.issuer == issuer:
                own = entry
            elif entry.issuer is None:
                general = entry
        entry_in_force = own or general
        if entry_in_force is None:
            return EXACT
        numerator, denominator = entry_in_force.relative.as_integer_ratio()
        return Tolerance(to_nano(entry_in_force.absolute), numerator, denominator)
