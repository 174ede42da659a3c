"""A general-ledger journal of one billing period, by cost centre, pool and issuer account.

Debits raise what a cost centre spent, credits lower it; one line per issuer account owes the
other side to the issuer. Amounts are integers of 1e-9 currency units.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass

from tasks.core.books import DestinationKind
from tasks.core.exports.billed_lines import ExportError, Posted

#: Accounts of the journal, by what the money is.
ACCOUNTS = {
    DestinationKind.FAMILY: "agent spend",
    DestinationKind.AD_HOC: "agent spend, ad hoc",
    DestinationKind.UNATTRIBUTED: "agent spend, unattributed",
    DestinationKind.SEAT: "seats",
    DestinationKind.IDLE_SEAT: "seats, idle",
    DestinationKind.PREPAID: "prepaid vendor credits",
    DestinationKind.BREAKAGE: "prepaid vendor credits, expired",
    DestinationKind.ACCRUED: "seats accrued",
    DestinationKind.ACCRUAL: "agent spend, accrued",
    DestinationKind.ROUNDING: "invoice rounding",
    DestinationKind.FX: "exchange differences",
    DestinationKind.CREDIT: "vendor credits",
    DestinationKind.TAX: "taxes on agent spend",
    DestinationKind.FEE: "vendor fees",
    DestinationKind.PAYABLE: "payable to vendors",
}


_Place = tuple[str, str, str, str, str, str, str, str, str]


@dataclass(frozen=True, slots=True, order=True)
class JournalLine:
    """One line.

    Attributes:
        period: `YYYY-MM`, the period it is booked in.
        account: What the money is; see `ACCOUNTS`.
        cost_centre: Of the portfolio; empty for the organisation itself and on the payable side.
        portfolio: Likewise.
        pool: Pool that the work is entitled to; empty if neither.
        issuer, issuer_account: Whose bill it is on.
        origin_period: Closed period that it corrects; empty for the period's own.
        amount_nano: Debit if positive, credit if negative.
    """

    period: str
    currency: str
    issuer: str
    issuer_account: str
    account: str
    cost_centre: str
    portfolio: str
    pool: str
    origin_period: str
    amount_nano: int


@dataclass(frozen=True, slots=True)
class Journal:
    """Balanced lines of a period.

    Attributes:
        head: Chain head of the ledger that they were read at.
        entry: Digest of head and lines; equal books give an equal entry.
    """

    lines: tuple[JournalLine, ...]
    head: str
    entry: str


def journal_of(period: str, posted: Posted, cost_centres: Mapping[str, str], head: str) -> Journal:
    """Make the journal of a billing period.

    Args:
        period: `YYYY-MM`.
        posted: What is booked in it, without the payable side.
        cost_centres: By portfolio.
        head: Chain head that belongs to it.

    Raises:
        ExportError: Money is booked to a portfolio whose cost centre is not known.
    """
    sums: dict[_Place, int] = {}
    for (key, to), amount_nano in posted.items():
        if to.portfolio and to.portfolio not in cost_centres:
            message = (
                f"journal: {period} has money of portfolio {to.portfolio!r}, which the catalog"
                " does not name: put it back with its cost centre"
            )
            raise ExportError(message)
        whose = (period, key.currency, key.issuer, key.account)
        spent = (cost_centres.get(to.portfolio, ""), to.portfolio, to.pool, key.origin_period)
        owed = ("", "", "", key.origin_period)
        for place, amount in (
            ((*whose, ACCOUNTS[to.kind], *spent), amount_nano),
            ((*whose, ACCOUNTS[DestinationKind.PAYABLE], *owed), -amount_nano),
        ):
            sums[place] = sums.get(place, 0) + amount
    lines = tuple(JournalLine(*place, amount) for place, amount in sorted(sums.items()) if amount)
    _refuse_imbalance(lines)
    text = json.dumps([head, [astuple(line) for line in lines]], separators=(",", ":"))
    return Journal(lines, head, hashlib.sha256(text.encode()).hexdigest())


def _refuse_imbalance(lines: tuple[JournalLine, ...]) -> None:
    sums: dict[tuple[str, str, str], int] = {}
    for line in lines:
        place = line.currency, line.issuer, line.issuer_account
        sums[place] = sums.get(place, 0) + line.amount_nano
    unbalanced = [place for place, amount in sums.items() if amount]
    if unbalanced:
        message = f"journal: {unbalanced[0]} does not balance; report it, this is a mistake"
        raise ExportError(message)
