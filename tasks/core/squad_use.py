"""What squads used, of people counted in memory: cells of too few people are folded together.

A report by person comes in, a count and a sum by squad go out. A cell of fewer people than
the floor would tell of one of them: it goes to `others`, and `others` takes the smallest
squad along while it is too small itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tasks.core.people import normal

#: Fewer distinct people than this are never told apart.
FLOOR = 3
#: Squads below the floor, and people whom the directory does not know.
OTHERS = "others"


class Measure(StrEnum):
    """What is summed; whole numbers."""

    CREDITS_MICRO = "credits_micro"  # Copilot's AI credits, in millionths
    SPEND_NANO = "spend_nano"  # what the vendor charged, in 1e-9 currency units
    ESTIMATE_NANO = "estimate_nano"  # an estimate at list price, nano-USD
    ACU_MICRO = "acu_micro"  # Devin's agent compute units, in millionths


@dataclass(frozen=True, slots=True)
class Used:
    """What one person used, while the person is still known; never leaves the parse function.

    Attributes:
        person: Any identifier, only to count distinct people; not shown. However it is
            spelt, it counts once.
        squad: As the directory says; None where it knows nobody of that name.
    """

    account: str
    day: date
    person: str
    squad: str | None
    measure: Measure
    value: int

    def __repr__(self) -> str:
        """Show nothing of the person."""
        return f"Used({self.account}, {self.day}, {self.squad}, {self.measure}, {self.value})"


@dataclass(frozen=True, slots=True, order=True)
class SquadUse:
    """What a squad used on a day.

    Attributes:
        actors: Distinct people; None below the floor.
    """

    account: str
    day: date
    squad: str
    measure: Measure
    value: int
    actors: int | None


@dataclass(frozen=True, slots=True, order=True)
class SquadTotal:
    """What a squad used over several days, as one source tells.

    Attributes:
        days: With any use.
        most_actors: Distinct people of the busiest day; None where no day reaches the floor.
    """

    source: str
    squad: str
    measure: Measure
    value: int
    days: int
    most_actors: int | None


def squad_use(used: Iterable[Used]) -> list[SquadUse]:
    """Add what people used up to squads, in the order of the result's fields.

    The sum over squads is the sum over people, whatever is folded. Who used nothing hides
    nobody, and is not counted.
    """
    cells: dict[tuple[str, date, Measure], dict[str, _Cell]] = {}
    for one in used:
        squads = cells.setdefault((one.account, one.day, one.measure), {})
        squads.setdefault(one.squad or OTHERS, _Cell()).add(one)
    return sorted(
        SquadUse(account, day, squad, measure, cell.value(), cell.actors())
        for (account, day, measure), squads in cells.items()
        for squad, cell in _folded(squads).items()
    )


class _Cell:
    """What the people of a squad used, while they are still told apart."""

    def __init__(self) -> None:
        self.used: dict[str, int] = {}

    def add(self, one: Used) -> None:
        person = normal(one.person)
        self.used[person] = self.used.get(person, 0) + one.value

    def take(self, other: "_Cell") -> None:
        for person, value in other.used.items():
            self.used[person] = self.used.get(person, 0) + value

    def value(self) -> int:
        return sum(self.used.values())

    def people(self) -> int:
        return sum(value != 0 for value in self.used.values())

    def actors(self) -> int | None:
        return self.people() if self.people() >= FLOOR else None


def _folded(squads: dict[str, _Cell]) -> dict[str, _Cell]:
    told = {name: cell for name, cell in squads.items() if name != OTHERS}
    others = squads.get(OTHERS, _Cell())
    for name in [name for name, cell in told.items() if cell.people() < FLOOR]:
        others.take(told.pop(name))
    while 0 < others.people() < FLOOR and told:
        smallest = min(told, key=lambda name: (told[name].people(), name))
        others.take(told.pop(smallest))
    # All may have used nothing: then that is told, and nothing of anybody.
    return {**told, OTHERS: others} if others.people() or not told else told
