"""What Claude Enterprise's analytics tell: the same money as Anthropic's cost report, seen again.

By product and model, refreshed every few hours and revised later; by user only what seats used.
On one day so many models are tried that no grouped answer holds them all.
"""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

from sandbox import script
from sandbox.estate.facts import ASSISTANTS, CLAUDE_CODE
from sandbox.organisation import ANTHROPIC
from sandbox.people import PEOPLE, Person
from sandbox.prices import CONTRACT_FACTOR, CONTRACT_FROM, CONTRACT_MODEL
from sandbox.records import ChargeRow, UsageRow, World

#: On this day the money of other products is spread over this many models.
MANY_MODELS_DAY = date(2026, 11, 11)
MANY_MODELS = 130
#: A fiftieth of this day is missing until it is revised.
REVISED_DAY = date(2026, 11, 9)
REVISED_AT = script.BETWEEN_SECOND_AND_THIRD
#: Who has a seat; the last one has left the company since.
SEAT_HOLDERS = 9
_PRODUCTS = {CLAUDE_CODE: "claude_code", ASSISTANTS: "cowork"}
_OTHER = "other"
_REFRESHED_EVERY_H = 4
_BEHIND = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent on one day, at the finest grain; amounts in nano-USD, exact.

    Attributes:
        product: None for code execution.
        kind: Kind of token; None for what is no token.
    """

    day: date
    product: str | None
    model: str | None
    context: str | None
    cost_type: str
    kind: str | None
    amount: Fraction
    list_amount: Fraction


@dataclass(frozen=True, slots=True)
class SeatSpent:
    """What one seat spent on one day on one model; nano-USD."""

    day: date
    person: Person
    is_deleted: bool
    model: str | None
    amount: Fraction
    list_amount: Fraction


def refreshed_at(now: datetime) -> datetime:
    """Give the moment up to which data is whole: behind, and moved every four hours."""
    hour = now.hour - now.hour % _REFRESHED_EVERY_H
    return datetime.combine(now.date(), time(hour), UTC) - _BEHIND


def spent_on(world: World, day: date, now: datetime) -> list[Spent]:
    """Tell what a day cost as it shows at a moment; a day that is not whole shows a part."""
    share = _share(day, now)
    if not share:
        return []
    rows = [row for row in _billed(world, day, now) if row.category == "usage"]
    return [one for row in rows for one in _spread(row, share)]


def used_on(world: World, day: date, now: datetime) -> list[tuple[str | None, UsageRow]]:
    """Give what was metered on a day, with its product; nothing of a day that is not whole."""
    if _share(day, now) < 1:
        return []
    return [
        (_PRODUCTS.get(row.account, _OTHER), row)
        for row in world.usage
        if (row.issuer, row.day) == (ANTHROPIC, day)
    ]


def seats_on(world: World, day: date, now: datetime) -> list[SeatSpent]:
    """Tell what seats spent: that of Claude Code, split over the people who use it."""
    rng = random.Random(f"{world.seed}:seats:{day}")
    weights = [rng.randrange(0, 9) for _ in range(SEAT_HOLDERS)]
    whole = sum(weights)
    sums: dict[str | None, tuple[Fraction, Fraction]] = {}
    for one in spent_on(world, day, now):
        if one.product == "claude_code":
            amount, listed = sums.get(one.model, (Fraction(0), Fraction(0)))
            sums[one.model] = (amount + one.amount, listed + one.list_amount)
    return [
        SeatSpent(
            day,
            PEOPLE[index],
            index == SEAT_HOLDERS - 1,
            model,
            amount * weight / whole,
            listed * weight / whole,
        )
        for model, (amount, listed) in sums.items()
        for index, weight in enumerate(weights)
        if weight
    ]


def _share(day: date, now: datetime) -> Fraction:
    """Say how much of a day is there."""
    start = datetime.combine(day, time(), UTC)
    until = refreshed_at(now)
    if until <= start:
        return Fraction(0)
    if until < start + timedelta(days=1):
        return Fraction(until.hour, 24)
    return Fraction(49, 50) if day == REVISED_DAY and now < REVISED_AT else Fraction(1)


def _billed(world: World, day: date, now: datetime) -> tuple[ChargeRow, ...]:
    """Give the day's bill: as it shows, or as it will first show."""
    versions = [one for one in world.charges.get((ANTHROPIC, day), ()) if one.rows]
    shown = [one for one in versions if one.visible_from <= now]
    chosen = (shown or versions[:1])[-1:]
    return chosen[0].rows or () if chosen else ()


def _spread(row: ChargeRow, share: Fraction) -> list[Spent]:
    amount = row.exact_nano or Fraction(row.amount_nano)
    if share < 1:
        amount = Fraction(int(amount * share))
    is_cheaper = row.model == CONTRACT_MODEL and row.day >= CONTRACT_FROM
    listed = amount / CONTRACT_FACTOR if is_cheaper else amount
    product = _PRODUCTS.get(row.account, _OTHER) if row.model else None
    cost_type = row.cost_type or "tokens"
    if product != _OTHER or row.day != MANY_MODELS_DAY:
        return [
            Spent(row.day, product, row.model, row.context, cost_type, row.kind, amount, listed)
        ]
    whole = MANY_MODELS * (MANY_MODELS + 1) // 2
    return [
        Spent(
            row.day,
            product,
            f"claude-trial-{number:03d}",
            row.context,
            cost_type,
            row.kind,
            amount * number / whole,
            listed * number / whole,
        )
        for number in range(1, MANY_MODELS + 1)
    ]
