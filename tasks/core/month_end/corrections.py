"""Prior-period corrections: what was booked in one period and belongs to a closed one.

They stand on a line of their own and in no pool (R16, R17): a family's month is not charged
with what a month that is closed turned out to cost.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from config.shapes.base import Pool
from tasks.core.books import BookKey, Destination, DestinationKind, Entry
from tasks.core.totals import OtherRow, PoolRow


@dataclass(frozen=True, slots=True, order=True)
class Correction:
    """What one closed period was corrected by in one destination.

    Attributes:
        origin_period: The closed period that it belongs to.
        billing_period: The period that it was booked in.
        family, workflow, pool: Empty unless `kind` is `family`.
    """

    origin_period: str
    billing_period: str
    currency: str
    portfolio: str
    kind: str
    family: str
    workflow: str
    pool: str
    amount_nano: int


def corrections_of(
    posted: Mapping[tuple[BookKey, Destination], int],
    entries: Iterable[Entry],
    start: date,
    end: date,
) -> tuple[Correction, ...]:
    """Sum the corrections of charge days from `start` to `end`, without the payable side.

    Args:
        posted: Before the night.
        entries: What the night adds.
        start: First day.
        end: Last day.
    """
    lines = [(key, to, nano) for (key, to), nano in posted.items()]
    lines += [
        (entry.key, line.destination, line.amount_nano)
        for entry in entries
        for line in entry.postings
    ]
    sums: dict[Correction, int] = {}
    for key, to, nano in lines:
        if key.origin_period and start <= key.day <= end and to.kind is not DestinationKind.PAYABLE:
            of = Correction(
                *(key.origin_period, key.billing_period, key.currency, to.portfolio),
                *(to.kind.value, to.family, to.workflow, to.pool),
                amount_nano=0,
            )
            sums[of] = sums.get(of, 0) + nano
    return tuple(replace(of, amount_nano=nano) for of, nano in sorted(sums.items()) if nano)


def pools_without(
    rows: Iterable[PoolRow], corrections: Iterable[Correction]
) -> tuple[PoolRow, ...]:
    """Take corrections out of what families or workflows cost.

    Args:
        rows: By family, or by workflow.
        corrections: Of the same days.
    """
    moved: dict[tuple[str, str, str, str, bool], int] = {}
    for one in corrections:
        for workflow in {"", one.workflow}:
            of = (one.portfolio, one.family, workflow, one.currency, one.pool == Pool.PRODUCTION)
            moved[of] = moved.get(of, 0) + one.amount_nano

    def less(row: PoolRow) -> PoolRow:
        of = (row.portfolio, row.family, row.workflow, row.currency)
        return replace(
            row,
            exploration_nano=row.exploration_nano - moved.get((*of, False), 0),
            production_nano=row.production_nano - moved.get((*of, True), 0),
        )

    return tuple(less(row) for row in rows)


def others_without(
    rows: Iterable[OtherRow], corrections: Iterable[Correction]
) -> tuple[OtherRow, ...]:
    """Take corrections out of what no family carries."""
    moved: dict[tuple[str, str, str], int] = {}
    for one in corrections:
        of = (one.portfolio, one.kind, one.currency)
        moved[of] = moved.get(of, 0) + one.amount_nano
    return tuple(
        replace(
            row,
            amount_nano=row.amount_nano - moved.get((row.portfolio, row.kind, row.currency), 0),
        )
        for row in rows
    )
