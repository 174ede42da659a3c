"""Accruals: what was metered in a period and not billed by its soft close.

Rule R15 of `docs/arithmetic.md`. They are booked once; the entry that books the day's charges
takes them back, because no night ever desires them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from tasks.core.books import (
    BookKey,
    Cause,
    Destination,
    DestinationKind,
    Entry,
    Method,
    Night,
    Posting,
    Reconciliation,
)
from tasks.core.cells import UsageCell
from tasks.core.days import billing_period
from tasks.core.money import in_range
from tasks.core.month_end.periods import period_digest
from tasks.core.month_end.posting import PAYABLE
from tasks.core.night import IssuerDay
from tasks.core.ownership import Ownership
from tasks.core.plan import Plan
from tasks.core.prices import PriceCard, Priced
from tasks.core.reconciling.breaks import Legs
from tasks.core.statement import computed_from
from tasks.core.tables import TOKEN_KINDS


@dataclass(frozen=True, slots=True)
class Accrued:
    """What a soft close accrues.

    Attributes:
        entries: In order of their keys; one an account's day.
        unpriced: What was metered without a known price, and is not accrued, as `issuer sku`,
            sorted.
    """

    entries: tuple[Entry, ...]
    unpriced: tuple[str, ...]

    def total_nano(self) -> dict[str, int]:
        """Sum what is accrued, by currency."""
        totals: dict[str, int] = {}
        for entry in self.entries:
            currency = entry.key.currency
            totals[currency] = totals.get(currency, 0) + entry.postings[0].amount_nano
        return totals


def accruals_of(
    period: str,
    usage: Iterable[UsageCell],
    legs: Legs,
    *,
    held: Collection[IssuerDay],
    card: PriceCard,
    ownership: Ownership,
    currencies: Mapping[str, str],
) -> Accrued:
    """Accrue a period.

    Args:
        period: `YYYY-MM`.
        usage: Of at least the period's days, in any order.
        legs: Which days are completely metered, and which completely billed.
        held: Days that cannot be trusted now; nothing is accrued for them.
        card: At whose prices usage is valued.
        ownership: Of accounts.
        currencies: Of issuers.
    """
    waiting: dict[tuple[str, str, date], list[UsageCell]] = {}
    for row in usage:
        of = (row.issuer, row.day)
        if (
            billing_period(row.day) == period
            and of in legs.usage
            and of not in legs.charges
            and of not in held
        ):
            waiting.setdefault((row.issuer, row.account, row.day), []).append(row)
    entries: list[Entry] = []
    unpriced: set[str] = set()
    for (issuer, account, day), rows in sorted(waiting.items()):
        amount_nano = 0
        for row in rows:
            value_nano = _value(row, card)
            if value_nano is None:
                unpriced.add(f"{issuer} {row.sku}")
            else:
                amount_nano = in_range(amount_nano + value_nano)
        if amount_nano:
            to = Destination(
                DestinationKind.ACCRUAL,
                portfolio=ownership.portfolio(issuer, account),
                method=Method.ACCRUED,
            )
            key = BookKey(issuer, account, day, period, currencies[issuer])
            lines = (Posting(to, amount_nano), Posting(PAYABLE, -amount_nano))
            entries.append(Entry(key, Cause.NEW, lines))
    return Accrued(tuple(entries), tuple(sorted(unpriced)))


def accrual_night(
    plan: Plan,
    seq: int,
    digests: Mapping[str, str],
    card_digest: str,
    accrued: Accrued,
    complete_ppm: int,
) -> Night:
    """Write accruals down as a night: one that measured nothing and found no break.

    Args:
        plan: Of the period's days.
        seq: Newest snapshot they were computed from.
        digests: Of catalog, policy, sources and finance.
        card_digest: Of the price card.
        accrued: What is booked.
        complete_ppm: Source-days present of those expected.
    """
    totals = {f"accrual:{currency}": nano for currency, nano in accrued.total_nano().items()}
    row = Reconciliation(
        inputs=computed_from(plan, seq, digests, card_digest),
        as_of=plan.as_of,
        status="tied",
        totals=tuple(sorted(totals.items())),
        missing=(),
        completeness_ppm=complete_ppm,
        evidenced_nano=0,
        inferred_nano=0,
        unexplained_nano=0,
        digest=period_digest(accrued.entries),
    )
    return Night(row, accrued.entries, ())


def _value(row: UsageCell, card: PriceCard) -> int | None:
    """Value a metered row; None if its tokens have no price. Units other than tokens have none."""
    if row.kind not in TOKEN_KINDS or row.quantity <= 0:
        return 0
    priced = Priced(row.issuer, row.model, row.tier, row.context, row.day)
    rate = card.rates(priced)[TOKEN_KINDS.index(row.kind)]
    return None if rate is None else rate.value(row.quantity)
