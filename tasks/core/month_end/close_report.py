"""What the close of a month has to say to people, as plain data."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from config.shapes.finance import Close, Invoice
from tasks.core.books import BookKey, Destination, DestinationKind
from tasks.core.month_end.closing import InvoiceBreak, Precondition
from tasks.core.month_end.periods import PeriodAct, PeriodState, is_new_close


class Signature(StrEnum):
    """What `finance.yaml` says about closing a period."""

    NONE = "none"  # no line that has not acted yet
    OTHER_DIGEST = "other_digest"  # signed for other books: closes nothing
    FITS = "fits"


class InvoiceState(StrEnum):
    """How an issuer's invoices of the period and the books stand to each other."""

    NONE = "no invoice"
    AGREED = "agreed"
    ROUNDED = "rounded"
    BROKEN = "differs"


@dataclass(frozen=True, slots=True, order=True)
class IssuerRow:
    """What a period owes one issuer in one currency; all of it but the invoice sums to `payable`.

    Attributes:
        owed_nano: For the period itself, accruals and settlement apart.
        accrual_nano: Accrued at the soft close and not billed since.
        settled_nano: Rounding and differences of exchange that invoices settled.
        corrections_nano: Of closed periods, booked in this one.
    """

    issuer: str
    currency: str
    owed_nano: int
    accrual_nano: int
    settled_nano: int
    corrections_nano: int
    invoice: InvoiceState

    def payable_nano(self) -> int:
        """Sum what the period holds for the issuer."""
        return self.owed_nano + self.accrual_nano + self.settled_nano + self.corrections_nano


@dataclass(frozen=True, slots=True)
class CloseReport:
    """Where a period stands after a run, and what is left.

    Attributes:
        state: After the run; of a dry run, before it.
        done: Acts that this run recorded, or would have.
        checks: Preconditions of a close; empty for a closed period.
        signature: Of the newest books.
        signed: The line that `signature` is about.
        digest: Of the period's postings now.
        unpriced: Metered without a price, so not accrued; of a run that soft-closed.
        closed_by: The act that closed the period; None unless it is closed.
        takes_over: The period that corrections go to now.
        soft_close_on: The policy's business day.
    """

    period: str
    as_of: datetime
    is_dry_run: bool
    state: PeriodState
    done: tuple[PeriodAct, ...]
    checks: tuple[Precondition, ...]
    signature: Signature
    signed: Close | None
    digest: str
    rows: tuple[IssuerRow, ...]
    soft_close_on: date
    accrued: tuple[tuple[str, int], ...] = ()
    unpriced: tuple[str, ...] = ()
    closed_by: PeriodAct | None = None
    takes_over: str = ""

    def missing(self) -> tuple[Precondition, ...]:
        """List the preconditions that do not hold."""
        return tuple(one for one in self.checks if not one.holds)

    def things_left(self) -> int:
        """Count what is left before the period is closed, the signature included."""
        if self.state is PeriodState.CLOSED:
            return 0
        return len(self.missing()) + (self.signature is not Signature.FITS)

    def is_refused(self) -> bool:
        """Tell whether somebody signed and it closed nothing, because the books say otherwise."""
        is_open = self.state is not PeriodState.CLOSED
        return is_open and self.signature is Signature.OTHER_DIGEST


def signature_of(
    lines: Iterable[Close], acts: Sequence[PeriodAct], period: str, digest: str, today: date
) -> tuple[Signature, Close | None]:
    """Find the signed line that closes a period, or else the newest that does not.

    Args:
        lines: Of `finance.yaml`.
        acts: All acts upon periods: a line acts once.
        period: `YYYY-MM`.
        digest: Of what is booked in it now.
        today: A line holds from its day on.
    """
    new = [one for one in lines if one.billing_period == period and is_new_close(one, acts, today)]
    for line in new:
        if line.digest == digest:
            return Signature.FITS, line
    return (Signature.OTHER_DIGEST, new[-1]) if new else (Signature.NONE, None)


def issuer_rows(
    posted: Mapping[tuple[BookKey, Destination], int],
    period: str,
    invoices: Iterable[Invoice],
    breaks: Iterable[InvoiceBreak],
) -> tuple[IssuerRow, ...]:
    """Roll a period up by issuer and currency.

    Args:
        posted: What is booked in the period, without the payable side.
        period: `YYYY-MM`.
        invoices: Of all periods.
        breaks: Invoice breaks of the period that stand.
    """
    sums: dict[tuple[str, str], list[int]] = {}
    for (key, to), amount_nano in posted.items():
        sums.setdefault((key.issuer, key.currency), [0, 0, 0, 0])[_column(key, to)] += amount_nano
    invoiced = {(one.issuer, one.currency) for one in invoices if one.billing_period == period}
    broken = {(one.item.issuer, one.item.sku) for one in breaks}
    rows = []
    for of in sorted(sums.keys() | invoiced | broken):
        owed, accrual, settled, corrections = sums.get(of, [0, 0, 0, 0])
        if of in broken:
            state = InvoiceState.BROKEN
        elif settled:
            state = InvoiceState.ROUNDED
        else:
            state = InvoiceState.AGREED if of in invoiced else InvoiceState.NONE
        rows.append(IssuerRow(*of, owed, accrual, settled, corrections, state))
    return tuple(rows)


def _column(key: BookKey, to: Destination) -> int:
    if key.origin_period:
        return 3
    if to.kind in {DestinationKind.ROUNDING, DestinationKind.FX}:
        return 2
    return 1 if to.kind is DestinationKind.ACCRUAL else 0
