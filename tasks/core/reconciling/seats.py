"""Seats: what a plan costs by day, and whose work sat on them (R12 of `docs/arithmetic.md`).

Amounts are integers of 1e-9 units of the issuer's currency.
"""

from calendar import monthrange
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from config.shapes.finance import SeatPlan
from tasks.core.books import Destination, DestinationKind, Method
from tasks.core.cells import RunCell
from tasks.core.errors import OutOfRangeError
from tasks.core.money import MAX_NANO, split_exact, to_nano
from tasks.core.prices import PriceCard
from tasks.core.reconciling.allocation import Account
from tasks.core.reconciling.matching import NO_KEY, Line, line_of
from tasks.core.tables import TOKEN_KINDS


@dataclass(frozen=True, slots=True)
class SeatDay:
    """One day of a plan, booked.

    Attributes:
        accrued_nano: The day's part of the month.
        idle_nano: The part of it that stands for seats assigned to nobody.
        amounts: By destination; they sum to `owed_nano`.
        owed_nano: What the day owes at once: nothing where the vendor bills the seats itself.
        shadow_nano: What the day's runs would have cost at the card's prices.
        unpriced_tokens: Tokens of these runs without a price; they are not in `shadow_nano`.
    """

    plan: SeatPlan
    accrued_nano: int
    idle_nano: int
    amounts: Mapping[Destination, int]
    owed_nano: int
    shadow_nano: int
    unpriced_tokens: int


@dataclass(frozen=True, slots=True, order=True)
class SeatRow:
    """A plan over the complete days of a window.

    `accrued_nano` is the sum of `idle_nano`, `unnamed_nano`, `ad_hoc_nano` and `families`.

    Attributes:
        unnamed_nano: In use by nobody that a log names.
        ad_hoc_nano: Of runs that no workflow claims.
        families: Sorted (family, amount) pairs.
        shadow_nano, unpriced_tokens: As in `SeatDay`; never part of the books.
    """

    plan: str
    issuer: str
    account: str
    currency: str
    accrued_nano: int
    idle_nano: int
    unnamed_nano: int
    ad_hoc_nano: int
    families: tuple[tuple[str, int], ...]
    shadow_nano: int
    unpriced_tokens: int


class Seats:
    """Finds the plan that holds for an account on a day; there is at most one."""

    def __init__(self, plans: Iterable[SeatPlan]) -> None:
        self._plans: dict[tuple[str, str], list[SeatPlan]] = {}
        for plan in plans:
            self._plans.setdefault((plan.issuer, plan.account), []).append(plan)

    def plan(self, issuer: str, account: str, day: date) -> SeatPlan | None:
        """Find the plan in force; runs of its account are then shadow."""
        for plan in self._plans.get((issuer, account), ()):
            if plan.from_day <= day and (plan.to_day is None or day <= plan.to_day):
                return plan
        return None

    def skus(self, issuer: str, account: str) -> set[str]:
        """Name the skus under which the vendor itself bills seats of an account."""
        return {plan.sku for plan in self._plans.get((issuer, account), ()) if plan.sku}

    def places(self, days: Collection[tuple[str, date]]) -> Iterator[tuple[str, str, date]]:
        """List the (issuer, account, day)s, of some (issuer, day)s, on which a plan holds."""
        for issuer, account in self._plans:
            for of_issuer, day in days:
                if of_issuer == issuer and self.plan(issuer, account, day) is not None:
                    yield issuer, account, day


def day_part(plan: SeatPlan, day: date) -> int:
    """Give what a plan costs on a day: its month split evenly over all days of the month.

    Raises:
        OutOfRangeError: The month is worth more than the ledger can keep.
    """
    month_nano = to_nano(plan.price) * plan.seats
    if month_nano >= MAX_NANO:
        message = (
            f"seat plan {plan.id!r} costs {plan.seats} x {plan.price} a month, more than can be "
            "kept: check both in finance.yaml"
        )
        raise OutOfRangeError(message)
    _, days = monthrange(day.year, day.month)
    return split_exact(month_nano, [1] * days)[day.day - 1]


def seat_day(plan: SeatPlan, account: Account, runs: Sequence[RunCell], card: PriceCard) -> SeatDay:
    """Book a day of a plan.

    Args:
        plan: In force on the account's day.
        account: With its day.
        runs: All that the logs show on the account and day, in any order.
        card: For what these runs would have cost.
    """
    part_nano = day_part(plan, account.day)
    in_use_nano, idle_nano = _split_idle(plan, account.day, part_nano)
    amounts: dict[Destination, int] = {}

    def book(destination: Destination, amount_nano: int) -> None:
        amounts[destination] = amounts.get(destination, 0) + amount_nano

    tokens = tokens_by_line(runs)
    if tokens:
        lines = sorted(tokens)
        parts = split_exact(in_use_nano, [tokens[line] for line in lines])
        for line, line_nano in zip(lines, parts, strict=True):
            to = account.spent_by(line, account.paid_from(NO_KEY), Method.SEAT.value)
            book(to, line_nano)
    else:
        book(account.own_line(DestinationKind.SEAT, Method.ACCRUED), in_use_nano)
    book(account.own_line(DestinationKind.IDLE_SEAT, Method.ACCRUED), idle_nano)
    owed_nano = part_nano
    if plan.sku is not None:
        book(account.own_line(DestinationKind.ACCRUED, Method.ACCRUED), -part_nano)
        owed_nano = 0
    shadow_nano, unpriced_tokens = _shadow(account, runs, card)
    return SeatDay(
        plan=plan,
        accrued_nano=part_nano,
        idle_nano=idle_nano,
        amounts={to: amount_nano for to, amount_nano in amounts.items() if amount_nano},
        owed_nano=owed_nano,
        shadow_nano=shadow_nano,
        unpriced_tokens=unpriced_tokens,
    )


def tokens_by_line(runs: Iterable[RunCell]) -> dict[Line, int]:
    """Sum all tokens of runs by whose they are; a line without tokens does not exist."""
    tokens: dict[Line, int] = {}
    for run in runs:
        count = sum(reported.tokens for reported in run.tokens)
        if count:
            line = line_of(run)
            tokens[line] = tokens.get(line, 0) + count
    return tokens


def seat_terms(plan: SeatPlan, day: date) -> str:
    """Spell what of a plan decides a day's books."""
    price_nano = to_nano(plan.price)
    in_use = _in_use(plan, day)
    return f"seats {plan.account} {plan.seats} x {price_nano} in use {in_use} sku {plan.sku or ''}"


def seat_rows(days: Iterable[SeatDay], currencies: Mapping[str, str]) -> tuple[SeatRow, ...]:
    """Sum the days of each plan.

    Args:
        days: In any order.
        currencies: By issuer.
    """
    by_plan: dict[str, list[SeatDay]] = {}
    for day in days:
        by_plan.setdefault(day.plan.id, []).append(day)
    return tuple(_row(found, currencies) for _, found in sorted(by_plan.items()))


def _row(days: Sequence[SeatDay], currencies: Mapping[str, str]) -> SeatRow:
    plan = days[0].plan
    kinds: dict[DestinationKind, int] = {}
    families: dict[str, int] = {}
    for day in days:
        for to, amount_nano in day.amounts.items():
            kinds[to.kind] = kinds.get(to.kind, 0) + amount_nano
            if to.kind is DestinationKind.FAMILY:
                families[to.family] = families.get(to.family, 0) + amount_nano
    return SeatRow(
        plan=plan.id,
        issuer=plan.issuer,
        account=plan.account,
        currency=currencies[plan.issuer],
        accrued_nano=sum(day.accrued_nano for day in days),
        idle_nano=sum(day.idle_nano for day in days),
        unnamed_nano=kinds.get(DestinationKind.SEAT, 0),
        ad_hoc_nano=kinds.get(DestinationKind.AD_HOC, 0),
        families=tuple(sorted(families.items())),
        shadow_nano=sum(day.shadow_nano for day in days),
        unpriced_tokens=sum(day.unpriced_tokens for day in days),
    )


def _in_use(plan: SeatPlan, day: date) -> int | None:
    """Give the seats in use by the latest line that has begun; None if nobody says."""
    begun = [entry for entry in plan.in_use if entry.from_day <= day]
    return max(begun, key=lambda entry: entry.from_day).seats if begun else None


def _split_idle(plan: SeatPlan, day: date, part_nano: int) -> tuple[int, int]:
    in_use = _in_use(plan, day)
    if in_use is None:
        return part_nano, 0
    in_use_nano, idle_nano = split_exact(part_nano, [in_use, max(0, plan.seats - in_use)])
    return in_use_nano, idle_nano


def _shadow(account: Account, runs: Iterable[RunCell], card: PriceCard) -> tuple[int, int]:
    """Value runs at the card's prices, and count the tokens that have none."""
    tokens: dict[str, list[int]] = {}
    for run in runs:
        counts = tokens.setdefault(run.model, [0] * len(TOKEN_KINDS))
        for place, reported in enumerate(run.tokens):
            counts[place] += reported.tokens
    value_nano = unpriced = 0
    for model, counts in tokens.items():
        rates = card.run_rates(account.issuer, model, account.day)
        for rate, count in zip(rates, counts, strict=True):
            if rate is None:
                unpriced += count
            else:
                value_nano += rate.value(count)
    return value_nano, unpriced
