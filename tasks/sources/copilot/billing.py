"""One day of Copilot's bill, put together from the reports that tell of it.

AI credits stand in two reports: by model in their own, without a model in the bill of all
products. They are the same money, so only the first is booked, and the second is compared.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from tasks.core.batches import Reject
from tasks.core.money import to_nano
from tasks.sources.copilot.cost_centers import rest_of
from tasks.sources.copilot.names import is_metered, is_seat, sold_as
from tasks.sources.copilot.payloads import Item, Told

#: In nano units: two reports of one day that differ by more are told.
_CENT = 10_000_000


@dataclass(frozen=True, slots=True)
class Answers:
    """What GitHub says of one account and day.

    Attributes:
        metered: AI credits, or premium requests before June 2026.
        lines: Copilot's lines of the bill of all products.
    """

    account: str
    metered: Told
    lines: Told


@dataclass(frozen=True, slots=True)
class DayBill:
    """What a day was billed.

    Attributes:
        items: By account.
        has_metered: Whether the report of AI credits has anything; no use and a report that is
            not computed yet look the same.
        has_lines: Whether the bill of all products has anything, where AI credits are told.
        apart_nano: By how much the two reports of AI credits differ, where both tell of them;
            0 within a cent.
        contradiction: Why the day cannot be taken as it is; empty if it can.
    """

    day: date
    items: Sequence[tuple[str, Item]]
    rejects: Sequence[Reject]
    has_metered: bool
    has_lines: bool = True
    apart_nano: int = 0
    contradiction: str = ""


def day_bill(day: date, total: Answers, centers: Sequence[Answers] = ()) -> DayBill:
    """Put the answers of one day together.

    Args:
        day: In UTC.
        total: Of the organisation, or of the whole enterprise.
        centers: Of its cost centres; what they were billed is part of the total.
    """
    billed = [(one.account, item) for one in centers for item in _booked(one)]
    rest = rest_of(_booked(total), (item for _, item in billed)) if centers else _booked(total)
    of_centers = [one for part in centers for one in (*part.metered.rejects, *part.lines.rejects)]
    listed, both = _listed(total), [*_compared(total), *_untold(total)]
    apart_nano = _nano(listed, _net) - _nano(both, _net) if listed else 0
    bill = DayBill(
        day=day,
        items=[*billed, *((total.account, item) for item in rest or ())],
        rejects=[*total.metered.rejects, *total.lines.rejects],
        has_metered=bool(total.metered.items or total.metered.rejects),
        has_lines=bool(total.lines.items or total.lines.rejects)
        or _nano(_compared(total), _gross) <= _CENT,
        apart_nano=apart_nano if abs(apart_nano) > _CENT else 0,
    )
    if total.lines.strays or any(one.lines.strays for one in centers):
        return replace(bill, contradiction="the bill of all products has lines of other days")
    if rest is None:
        return replace(bill, contradiction="the cost centres were billed more than the enterprise")
    if of_centers:
        return replace(bill, contradiction="a line of a cost centre cannot be read")
    if any(map(_is_half_told, (total, *centers))):
        return replace(
            bill, contradiction="the report of AI credits is empty, the bill of all products is not"
        )
    if any(map(_may_be_another_name, (total, *centers))):
        return replace(
            bill,
            contradiction="lines of a sku never seen before may be AI credits under another name",
        )
    return bill


def _is_half_told(answers: Answers) -> bool:
    """Tell whether only the bill of all products tells of metered money."""
    has_metered = bool(answers.metered.items or answers.metered.rejects)
    return not has_metered and _nano(_listed(answers), _gross) != 0


def _booked(answers: Answers) -> list[Item]:
    """Choose what is booked: all that is metered, and what only the other report tells."""
    seats = [line for line in _others(answers) if is_seat(line.sku, line.unit)]
    strange = [] if _is_another_name(answers) else _strange(answers)
    return [*answers.metered.items, *seats, *strange, *_untold(answers)]


def _untold(answers: Answers) -> list[Item]:
    """List metered lines that their own report lacks, unless both come to the same sum.

    What was refused of that report is in quarantine, so it is not missing. Where it is empty
    altogether, the day is not taken at all.
    """
    metered, listed = _compared(answers), _listed(answers)
    missing_nano = -_uncovered(answers, _net)
    if not answers.metered.items or abs(missing_nano) <= _CENT:
        return []
    told = {sold_as(item.sku) for item in metered}
    untold = [line for line in listed if sold_as(line.sku) not in told]
    if untold:
        return untold
    unknown = [line for line in listed if sold_as(line.sku) is None]
    return [
        line
        for lines in _by_sku(unknown).values()
        if abs(_nano(lines, _net) - missing_nano) <= _CENT
        for line in lines
    ]


def _others(answers: Answers) -> list[Item]:
    """List lines that are not known to be metered, and not told by that name as metered."""
    skus = {item.sku for item in answers.metered.items}
    return [
        line
        for line in answers.lines.items
        if line.sku not in skus and not is_metered(line.sku, line.unit)
    ]


def _strange(answers: Answers) -> list[Item]:
    """List those of the others that are no seats."""
    return [line for line in _others(answers) if not is_seat(line.sku, line.unit)]


def _is_another_name(answers: Answers) -> bool:
    """Tell whether strange lines come to what the known ones lack: the same money, renamed."""
    strange = _nano(_strange(answers), _gross)
    return strange > _CENT and abs(strange - _uncovered(answers, _gross)) <= _CENT


def _may_be_another_name(answers: Answers) -> bool:
    """Tell whether strange lines may be a part of what the known ones lack."""
    lacking = _uncovered(answers, _gross) + _CENT
    sums = [_nano(lines, _gross) for lines in _by_sku(_strange(answers)).values()]
    return not _is_another_name(answers) and any(_CENT < one <= lacking for one in sums)


def _uncovered(answers: Answers, amount: Callable[[Item], Decimal]) -> int:
    """Give what the report of metered money tells more than the bill of all products."""
    held_nano = sum(one.amount_nano or 0 for one in answers.metered.rejects)
    told_nano = _nano(_compared(answers), amount) + held_nano
    return told_nano - _nano(_listed(answers), amount)


def _compared(answers: Answers) -> list[Item]:
    """List what the report of metered money tells and the other one should."""
    skus = {line.sku for line in answers.lines.items if not is_metered(line.sku, line.unit)}
    return [one for one in answers.metered.items if one.is_listed and one.sku not in skus]


def _listed(answers: Answers) -> list[Item]:
    """List what the bill of all products tells of metered money."""
    return [line for line in answers.lines.items if is_metered(line.sku, line.unit)]


def _by_sku(lines: Iterable[Item]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for line in lines:
        found.setdefault(line.sku, []).append(line)
    return found


def _net(item: Item) -> Decimal:
    return item.net


def _gross(item: Item) -> Decimal:
    return item.net if item.gross is None else item.gross


def _nano(items: Iterable[Item], amount: Callable[[Item], Decimal]) -> int:
    return sum(to_nano(amount(item)) for item in items)
