"""What the largest groups of a day leave out: the day's total less all its groups.

A grouped bucket names at most its hundred largest groups, and no remainder. So the total is
asked for as well; what is missing to it becomes a row of its own, which belongs to no product.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tasks.core.batches import RawRow, Reject
from tasks.sources.anthropic_tokens import KIND_BY_FIELD
from tasks.sources.report_fields import cents_to_nano, decimal_text
from tasks.sources.report_rows import count_or_none, text_or_none

#: Stands for the model or the kind of cost of what no group tells.
OTHER_GROUPS = "other-groups"
#: Where nothing but refused rows says it: the vendor bills in no other.
_CURRENCY = "USD"
#: Nano units are ten million to a cent.
_CENT_PLACES = 7
#: Each row is rounded on its own, to a millionth of a cent: so much may its parts be apart.
_ROUNDING_NANO = 10


@dataclass(frozen=True, slots=True)
class Rest:
    """What is missing to a total.

    Attributes:
        row: None where nothing is.
        amount: In nano units, or tokens.
        contradiction: Why groups and total cannot both be right; empty if they can.
    """

    row: RawRow | None = None
    amount: int = 0
    contradiction: str = ""


#: Takes the rows of the groups, what was refused of them, and the rows of the total.
FindRest = Callable[[Sequence[RawRow], Sequence[Reject], Sequence[RawRow]], Rest]


def cost_rest(rows: Sequence[RawRow], rejects: Sequence[Reject], total: Sequence[RawRow]) -> Rest:
    """Find the cost that no group tells.

    What was refused with a readable amount is in quarantine, so it is not missing; nor is what
    only rounding puts apart.
    """
    currencies = {str(row["currency"]) for row in (*rows, *total)}
    if len(currencies) > 1:
        return Rest(contradiction=f"groups and total are in {len(currencies)} currencies")
    held = sum(one.amount_nano or 0 for one in rejects)
    amount = _sum(total, "amount") - _sum(rows, "amount") - held
    slack = _ROUNDING_NANO * (len(rows) + len(total))
    if amount < -slack:
        return Rest(contradiction="the groups of the cost report sum to more than its total")
    if amount <= slack:
        return Rest()
    is_listed = not rejects and all(row["list_amount"] is not None for row in (*rows, *total))
    listed = _sum(total, "list_amount") - _sum(rows, "list_amount") if is_listed else None
    row: RawRow = {
        "product": None,
        "model": None,
        "context_window": None,
        "cost_type": OTHER_GROUPS,
        "token_type": None,
        "amount": _cents(amount),
        "list_amount": None if listed is None else _cents(listed),
        "currency": next(iter(currencies), _CURRENCY),
    }
    return Rest(row, amount)


def usage_rest(rows: Sequence[RawRow], rejects: Sequence[Reject], total: Sequence[RawRow]) -> Rest:
    """Find the usage that no group tells; what was refused is part of it."""
    del rejects
    counts = {field: _count(total, field) - _count(rows, field) for field in KIND_BY_FIELD}
    if any(count < 0 for count in counts.values()):
        return Rest(contradiction="the groups of the usage report sum to more than its total")
    if not any(counts.values()):
        return Rest()
    row: RawRow = {"product": None, "model": OTHER_GROUPS, "context_window": None, **counts}
    return Rest(row, sum(counts.values()))


def _sum(rows: Iterable[RawRow], field: str) -> int:
    amounts = (text_or_none(row[field]) for row in rows)
    return sum(cents_to_nano(Decimal(amount)) for amount in amounts if amount is not None)


def _count(rows: Iterable[RawRow], field: str) -> int:
    return sum(count_or_none(row[field]) or 0 for row in rows)


def _cents(nano: int) -> str:
    return decimal_text(Decimal(nano).scaleb(-_CENT_PLACES))
