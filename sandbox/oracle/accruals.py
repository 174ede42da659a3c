"""What a soft close books for days that are metered and not billed yet (R15)."""

from collections.abc import Iterable
from datetime import date

from sandbox.billing import canonical
from sandbox.catalog import account_of
from sandbox.oracle.allocation import Books
from sandbox.oracle.places import add, own_line
from sandbox.oracle.shares import half_even
from sandbox.prices import card_nano
from sandbox.records import UsageRow


def accrue(issuer: str, account: str, day: date, usage: Iterable[UsageRow]) -> Books:
    """Book what an account's day was metered at the card's prices; the unpriced stays out."""
    total = 0
    for row in usage:
        if row.account != account:
            continue
        for kind, count in row.tokens.items():
            price = card_nano(canonical(row.model), kind, row.tier, day)
            if price is not None:
                total += half_even(count * price)
    books: Books = {}
    if total:
        add(books, own_line("accrual", account_of(issuer, account).portfolio, "accrued"), total)
    return books
