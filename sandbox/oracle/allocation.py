"""Allocate what was billed: metered, weak, estimated, owned, and the rest."""

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from sandbox.billing import canonical
from sandbox.catalog import account_of, workflow_by_id
from sandbox.oracle.attribution import (
    Line,
    account_owner,
    key_owner,
    paid_from,
    pool_on,
    portfolio_of,
)
from sandbox.oracle.matching import AccountDay, Cell
from sandbox.oracle.seen import sku_of_charge
from sandbox.oracle.shares import half_even, split
from sandbox.organisation import ANTHROPIC, FAR_BEYOND, OPENAI, TOLERANCE_RELATIVE
from sandbox.prices import card_nano
from sandbox.records import ChargeRow


class Destination(NamedTuple):
    """Where money went, at the grain of a posting."""

    kind: str
    portfolio: str
    family: str
    workflow: str
    pool: str
    paid_from: str
    method: str
    strength: str


Books = dict[Destination, int]


#: Issuers that a price list is known for.
PRICED = (ANTHROPIC, OPENAI)
#: Kind and method of what is billed and is no usage.
_OWN_LINES = {
    "credit": ("credit", "rest"),
    "tax": ("tax", "rest"),
    "purchase": ("fee", "rest"),
    "adjustment": ("fee", "rest"),
}


def allocate(
    place: AccountDay,
    charges: tuple[ChargeRow, ...],
    contracts: Mapping[str, str] | None = None,
    sessions: Mapping[tuple[str, str], Line] | None = None,
) -> Books:
    """Allocate an account's charges of one day; the parts add up to the charges.

    Args:
        place: The account and day, logs matched to usage.
        charges: All charges of the issuer's day, in the currency of its books; those of
            other accounts are left alone.
        contracts: Kind of destination (`accrued`, `prepaid`) by the sku of its purchases.
        sessions: Whose the sessions are that charges name, by issuer and session.
    """
    books: Books = {}
    usage: dict[tuple[str, str | None, str | None], int] = {}
    for row in charges:
        if row.account != place.account:
            continue
        if row.category != "usage":
            line, method = _OWN_LINES[row.category]
            if row.category == "purchase" and row.sku in (contracts or {}):
                line, method = (contracts or {})[row.sku], "bought"
            portfolio = account_of(place.issuer, place.account).portfolio
            own = Destination(line, portfolio, "", "", "", "", method, "none")
            _add(books, own, row.amount_nano)
        elif (place.issuer, row.run) in (sessions or {}):
            owner = (sessions or {})[place.issuer, row.run]
            _add(books, _spent(place, owner, None, "direct"), row.amount_nano)
        else:
            model = canonical(row.model) if row.model else None
            sold = (sku_of_charge(row), model, row.kind)
            usage[sold] = usage.get(sold, 0) + row.amount_nano
    if place.usage is None:
        _allocate_estimated(books, place, usage)
    else:
        for (sku, _, kind), amount in usage.items():
            cells = [cell for cell in place.cells if (cell.sku, cell.kind) == (sku, kind)]
            _allocate_metered(books, place, cells, amount)
    return {destination: amount for destination, amount in books.items() if amount}


def _allocate_metered(books: Books, place: AccountDay, cells: list[Cell], amount: int) -> None:
    if not cells:
        _add(books, _rest(place, None), amount)
        return
    shares = split(amount, [cell.metered for cell in cells])
    for cell, share in zip(cells, shares, strict=True):
        logged = cell.logged_total()
        if logged == 0 or logged > FAR_BEYOND * cell.metered:
            _add(books, _rest(place, cell.api_key), share)
            continue
        lines = sorted(cell.logged)
        weights = [cell.logged[line] for line in lines]
        is_weak = logged > cell.metered * (1 + TOLERANCE_RELATIVE)
        if logged <= cell.metered:
            weights.append(cell.metered - logged)
        parts = split(share, weights)
        for line, part in zip(lines, parts, strict=False):
            method = "weak" if is_weak else "metered"
            _add(books, _spent(place, line, cell.api_key, method), part)
        if logged <= cell.metered:
            _add(books, _rest(place, cell.api_key), parts[-1])


def _allocate_estimated(
    books: Books, place: AccountDay, usage: dict[tuple[str, str | None, str | None], int]
) -> None:
    """Without usage: by what the logs' own tokens are worth, up to what was billed."""
    billed: dict[tuple[str | None, str | None], int] = {}
    for (_, model, kind), amount in usage.items():
        billed[model, kind] = billed.get((model, kind), 0) + amount
    for (model, kind), amount in billed.items():
        logged = place.logged.get((model or "", kind or ""), {})
        lines = sorted(logged)
        price = None
        if place.issuer in PRICED:
            price = card_nano(model or "", kind or "", "standard", place.day)
        values = [
            logged[line] if price is None else half_even(Fraction(logged[line]) * price)
            for line in lines
        ]
        worth = sum(values)
        if price is not None and amount > 0 and worth <= amount:
            parts, left = values, amount - worth
        elif worth:
            parts, left = split(amount, values), 0
        else:
            parts, left = [0] * len(lines), amount
        for line, part in zip(lines, parts, strict=True):
            _add(books, _spent(place, line, None, "estimated"), part)
        _add(books, _rest(place, None), left)


def _spent(place: AccountDay, line: Line, api_key: str | None, method: str) -> Destination:
    pool_that_pays = paid_from(place.issuer, place.account, api_key)
    if not line.workflow:
        portfolio = account_of(place.issuer, place.account).portfolio
        return Destination("ad_hoc", portfolio, "", "", "", pool_that_pays, method, "none")
    workflow = workflow_by_id(line.workflow)
    return Destination(
        "family",
        portfolio_of(workflow),
        workflow.family,
        workflow.id,
        line.pool,
        pool_that_pays,
        method,
        line.strength,
    )


def _rest(place: AccountDay, api_key: str | None) -> Destination:
    """Give what no run explains to the owner of the key or account, or to nobody."""
    pool_that_pays = paid_from(place.issuer, place.account, api_key)
    for owner, strength in (
        (key_owner(api_key, place.day), "api_key"),
        (account_owner(place.account, place.day), "account"),
    ):
        if owner is not None:
            return Destination(
                "family",
                portfolio_of(owner),
                owner.family,
                owner.id,
                pool_on(owner, place.day) or "",
                pool_that_pays,
                "owned",
                strength,
            )
    portfolio = account_of(place.issuer, place.account).portfolio
    return Destination("unattributed", portfolio, "", "", "", pool_that_pays, "rest", "none")


def _add(books: Books, destination: Destination, amount: int) -> None:
    books[destination] = books.get(destination, 0) + amount
