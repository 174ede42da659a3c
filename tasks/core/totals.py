"""Sum the books for people: totals, coverage, completeness, families by pool.

Amounts are integers of 1e-9 currency units; currencies are never added together.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from config.shapes.base import Pool
from tasks.core.books import BookKey, Destination, DestinationKind, Method, Strength
from tasks.core.reconciling.ties import TieOut

PPM = 1_000_000

Desired = Mapping[BookKey, Mapping[Destination, int]]

_SPENT = frozenset({DestinationKind.FAMILY, DestinationKind.AD_HOC, DestinationKind.UNATTRIBUTED})
_BY_SHARE = frozenset({Method.METERED, Method.ESTIMATED})

#: Shares of usage charges, best explained first.
EXPLAINED = ("evidenced", "inferred", "unexplained")


@dataclass(frozen=True, slots=True, order=True)
class Coverage:
    """How well usage charges of one currency are explained; the three sum to all of them."""

    currency: str
    evidenced_nano: int
    inferred_nano: int
    unexplained_nano: int

    def gross_nano(self) -> int:
        """Sum the three shares."""
        return self.evidenced_nano + self.inferred_nano + self.unexplained_nano


@dataclass(frozen=True, slots=True, order=True)
class PoolRow:
    """What a family or workflow cost, by entitled pool, side by side.

    Attributes:
        workflow: Empty on the row of a whole family.
    """

    portfolio: str
    family: str
    workflow: str
    currency: str
    exploration_nano: int
    production_nano: int


@dataclass(frozen=True, slots=True, order=True)
class OtherRow:
    """Money that no family carries: ad-hoc, unattributed, credits, taxes, fees.

    Attributes:
        portfolio: Empty for the organisation itself.
    """

    portfolio: str
    kind: str
    currency: str
    amount_nano: int


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """Money that one pool paid for work that another is entitled to."""

    portfolio: str
    family: str
    workflow: str
    pool: str
    paid_from: str
    currency: str
    amount_nano: int


def totals_of(desired: Desired, ties: Iterable[TieOut]) -> tuple[tuple[str, int], ...]:
    """Sum the night as sorted (`name:currency`, amount) pairs.

    `booked` is everything posted: the sum of every kind of destination; `billed`, `metered` and
    `logged` are the legs of the tie-out.
    """
    totals: dict[str, int] = {}

    def add(name: str, currency: str, amount_nano: int) -> None:
        totals[f"{name}:{currency}"] = totals.get(f"{name}:{currency}", 0) + amount_nano

    for key, lines in desired.items():
        for destination, amount_nano in lines.items():
            add(destination.kind.value, key.currency, amount_nano)
            add("booked", key.currency, amount_nano)
    for tie in ties:
        add("billed", tie.currency, tie.billed_nano)
        add("metered", tie.currency, tie.metered_nano)
        add("logged", tie.currency, tie.logged_nano)
    return tuple(sorted(totals.items()))


def is_usage(destination: Destination) -> bool:
    """Tell what was billed for usage: what coverage is shares of."""
    # Seats are owed by contract: how much of usage is explained does not hang on them.
    return destination.kind in _SPENT and destination.method is not Method.SEAT


def explained_as(destination: Destination) -> str:
    """Tell which share of `EXPLAINED` usage charges of a destination are in."""
    if destination.kind is not DestinationKind.FAMILY:
        return "unexplained"
    is_stamped = destination.strength is Strength.STAMP and destination.method in _BY_SHARE
    return "evidenced" if is_stamped or destination.method is Method.DIRECT else "inferred"


def coverage_of(desired: Desired) -> tuple[Coverage, ...]:
    """Share out usage charges by how well they are explained, by currency."""
    shares: dict[str, list[int]] = {}
    for key, lines in desired.items():
        for destination, amount_nano in lines.items():
            if is_usage(destination):
                share = shares.setdefault(key.currency, [0, 0, 0])
                share[EXPLAINED.index(explained_as(destination))] += amount_nano
    return tuple(Coverage(currency, *share) for currency, share in sorted(shares.items()))


def completeness_ppm(
    expected: Collection[tuple[str, date]], present: Collection[tuple[str, date]]
) -> int:
    """Give the source-days that are there, of those expected, in parts per million."""
    there = sum(1 for source_day in expected if source_day in present)
    return PPM * there // len(expected) if expected else PPM


def family_rows(desired: Desired) -> tuple[PoolRow, ...]:
    """Sum what each family cost, exploration and production side by side."""
    return _pool_rows(desired, by_workflow=False)


def workflow_rows(desired: Desired) -> tuple[PoolRow, ...]:
    """Sum what each workflow cost, exploration and production side by side."""
    return _pool_rows(desired, by_workflow=True)


def other_rows(desired: Desired) -> tuple[OtherRow, ...]:
    """Sum money that no family carries, by portfolio and kind."""
    sums: dict[tuple[str, str, str], int] = {}
    for key, lines in desired.items():
        for destination, amount_nano in lines.items():
            if destination.kind is not DestinationKind.FAMILY:
                of = (destination.portfolio, destination.kind.value, key.currency)
                sums[of] = sums.get(of, 0) + amount_nano
    return tuple(OtherRow(*of, amount_nano) for of, amount_nano in sorted(sums.items()))


def leaks_of(desired: Desired) -> tuple[Leak, ...]:
    """Sum money whose entitled pool and paying pool are both known and differ."""
    sums: dict[tuple[str, str, str, str, str, str], int] = {}
    for key, lines in desired.items():
        for to, amount_nano in lines.items():
            if to.pool and to.paid_from and to.pool != to.paid_from:
                of = (to.portfolio, to.family, to.workflow, to.pool, to.paid_from, key.currency)
                sums[of] = sums.get(of, 0) + amount_nano
    return tuple(Leak(*of, amount_nano) for of, amount_nano in sorted(sums.items()))


def _pool_rows(desired: Desired, *, by_workflow: bool) -> tuple[PoolRow, ...]:
    sums: dict[tuple[str, str, str, str], list[int]] = {}
    for key, lines in desired.items():
        for destination, amount_nano in lines.items():
            if destination.kind is DestinationKind.FAMILY:
                workflow = destination.workflow if by_workflow else ""
                of = (destination.portfolio, destination.family, workflow, key.currency)
                is_production = destination.pool == Pool.PRODUCTION
                sums.setdefault(of, [0, 0])[is_production] += amount_nano
    return tuple(PoolRow(*of, *amounts) for of, amounts in sorted(sums.items()))
