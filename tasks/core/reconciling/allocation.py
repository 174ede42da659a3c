"""Allocate what was billed to workflows: direct, metered, owned, and the rest.

Rule R4 of `docs/arithmetic.md`, for one account on one of its issuer's days. Every
split is exact (`tasks.core.money.split_exact`): what goes in comes out, to the unit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from tasks.core.books import BookKey, Destination, DestinationKind, Method, Strength
from tasks.core.money import in_range, split_exact
from tasks.core.ownership import Owner, Ownership
from tasks.core.prices import PriceCard
from tasks.core.reconciling.charges import BOUGHT, DayCharges
from tasks.core.reconciling.matching import NO_KEY, Cell, Line, Matched
from tasks.core.reconciling.tolerance import Tolerance
from tasks.core.tables import TOKEN_KINDS

_METERED, _WEAK, _ESTIMATED = Method.METERED.value, Method.WEAK.value, Method.ESTIMATED.value
_PLACE = {kind: place for place, kind in enumerate(TOKEN_KINDS)}


class Account:
    """One account on one day: who owns it and its keys, which pool pays, and how strict to be."""

    def __init__(
        self,
        issuer: str,
        account: str,
        day: date,
        *,
        ownership: Ownership,
        tolerance: Tolerance,
        far_beyond: int,
    ) -> None:
        self.issuer = issuer
        self.account = account
        self.day = day
        self.ownership = ownership
        self.tolerance = tolerance
        self.far_beyond = far_beyond
        self.portfolio = ownership.portfolio(issuer, account)
        self._account_owner = ownership.account_owner(account, day)
        self._key_owners: dict[str, Owner | None] = {}
        self._paid_from: dict[str, str] = {}

    def is_owned(self, api_key: str) -> bool:
        """Tell whether a key belongs to one workflow; no key belongs to nobody."""
        return self._key_owner(api_key) is not None

    def paid_from(self, api_key: str) -> str:
        """Name the pool that a key, or else the account, pays from."""
        if api_key not in self._paid_from:
            self._paid_from[api_key] = self.ownership.paid_from(
                self.issuer, self.account, api_key or None
            )
        return self._paid_from[api_key]

    def spent_by(self, line: Line, paid_from: str, method: str) -> Destination:
        """Make the destination of money that logged tokens explain."""
        if not line.workflow:
            return Destination(
                DestinationKind.AD_HOC,
                portfolio=self.portfolio,
                paid_from=paid_from,
                method=Method(method),
            )
        return self._family(
            line.workflow, line.pool, paid_from, Method(method), Strength(line.strength)
        )

    def rest(self, api_key: str) -> Destination:
        """Make the destination of money that no run explains: an owner's, or nobody's."""
        owner = self._key_owner(api_key) or self._account_owner
        if owner is not None:
            paid_from = self.paid_from(api_key)
            return self._family(owner.workflow, owner.pool, paid_from, Method.OWNED, owner.strength)
        return Destination(
            DestinationKind.UNATTRIBUTED,
            portfolio=self.portfolio,
            paid_from=self.paid_from(api_key),
        )

    def own_line(self, kind: DestinationKind, method: Method = Method.REST) -> Destination:
        """Make the destination of money that no workflow may carry."""
        return Destination(kind, portfolio=self.portfolio, method=method)

    def _family(
        self, workflow: str, pool: str, paid_from: str, method: Method, strength: Strength
    ) -> Destination:
        portfolio, family = self.ownership.home(workflow)
        return Destination(
            DestinationKind.FAMILY,
            portfolio=portfolio,
            family=family,
            workflow=workflow,
            pool=pool,
            paid_from=paid_from,
            method=method,
            strength=strength,
        )

    def _key_owner(self, api_key: str) -> Owner | None:
        if api_key not in self._key_owners:
            self._key_owners[api_key] = self.ownership.key_owner(api_key or None, self.day)
        return self._key_owners[api_key]


@dataclass(slots=True)
class _Book:
    """Amounts of one billing period and currency, before they become destinations.

    Attributes:
        spent: By (paying pool, method), then by line: a large night adds millions of parts.
        rest: By key.
        other: By destination.
    """

    spent: dict[tuple[str, str], dict[Line, int]] = field(default_factory=dict)
    rest: dict[str, int] = field(default_factory=dict)
    other: dict[Destination, int] = field(default_factory=dict)

    def spend(
        self, lines: Iterable[Line], parts: Iterable[int], paid_from: str, method: str
    ) -> None:
        amounts = self.spent.setdefault((paid_from, method), {})
        for line, part in zip(lines, parts, strict=True):
            amounts[line] = amounts.get(line, 0) + part

    def leave(self, api_key: str, amount_nano: int) -> None:
        self.rest[api_key] = self.rest.get(api_key, 0) + amount_nano

    def book(self, destination: Destination, amount_nano: int) -> None:
        self.other[destination] = self.other.get(destination, 0) + amount_nano

    def close(self, account: Account) -> dict[Destination, int]:
        """Sum everything by destination, without those that came to nothing."""
        total = _Book(other=dict(self.other))
        for (paid_from, method), amounts in self.spent.items():
            for line, amount_nano in amounts.items():
                total.book(account.spent_by(line, paid_from, method), amount_nano)
        for api_key, amount_nano in self.rest.items():
            total.book(account.rest(api_key), amount_nano)
        return {
            destination: in_range(amount_nano)
            for destination, amount_nano in total.other.items()
            if amount_nano
        }


def allocate(
    account: Account,
    charges: DayCharges,
    matched: Matched,
    *,
    currency: str,
    card: PriceCard,
    is_metered: bool,
    direct_runs: Mapping[str, Line] | None = None,
) -> dict[BookKey, dict[Destination, int]]:
    """Allocate the charges of one account and day.

    Args:
        account: Whose money it is.
        charges: All of the day's, sorted.
        matched: Logs laid onto usage.
        currency: The issuer's.
        card: For estimates where nothing was metered.
        is_metered: The issuer's usage of the day is completely known.
        direct_runs: Destination of each run that a direct charge names.

    Returns:
        Amounts by destination; their sum is the sum of the charges, for each book key.
    """
    books: dict[tuple[str, str], _Book] = {}
    for period, lines in charges.usage.items():
        book = books.setdefault((period, currency), _Book())
        if is_metered:
            for (sku, kind), billed in lines.items():
                cells = matched.cells.get((sku, kind)) if kind is not None else None
                _allocate_metered(book, account, billed.amount_nano, cells or ())
        else:
            models: dict[tuple[str | None, str | None], int] = {}
            for (_, kind), billed in lines.items():
                group = (billed.model, kind)
                models[group] = models.get(group, 0) + billed.amount_nano
            for (model, kind), amount_nano in models.items():
                _allocate_estimated(book, account, card, matched, model, kind, amount_nano)
    for charge in charges.direct:
        book = books.setdefault((charge.billing_period, currency), _Book())
        line = (direct_runs or {})[charge.run_id or ""]
        book.spend([line], [charge.billed_nano], account.paid_from(NO_KEY), Method.DIRECT.value)
    for (period, own_kind), amount_nano in charges.own_lines.items():
        book = books.setdefault((period, currency), _Book())
        method = Method.BOUGHT if own_kind in BOUGHT else Method.REST
        book.book(account.own_line(own_kind, method), amount_nano)
    for (period, foreign), amount_nano in charges.foreign.items():
        book = books.setdefault((period, foreign), _Book())
        book.book(account.own_line(DestinationKind.UNATTRIBUTED), amount_nano)
    return {
        BookKey(account.issuer, account.account, account.day, period, booked_in): closed
        for (period, booked_in), book in books.items()
        if (closed := book.close(account))
    }


def _allocate_metered(
    book: _Book, account: Account, amount_nano: int, cells: Sequence[Cell]
) -> None:
    """Spread one sku's and kind's money over keys, then over what logs say of each key."""
    if not cells:
        book.leave(NO_KEY, amount_nano)
        return
    shares = split_exact(amount_nano, [cell.metered for cell in cells])
    for cell, share in zip(cells, shares, strict=True):
        logged = sum(cell.logged.values())
        if logged == 0 or logged > account.far_beyond * cell.metered:
            book.leave(cell.api_key, share)
            continue
        ordered = sorted(cell.logged)
        weights = [cell.logged[line] for line in ordered]
        beyond = logged - cell.metered
        if beyond < 0:
            weights.append(-beyond)
        is_weak = beyond > account.tolerance.relative_of(cell.metered)
        method = _WEAK if is_weak else _METERED
        parts = split_exact(share, weights)
        if beyond < 0:
            book.leave(cell.api_key, parts.pop())
        book.spend(ordered, parts, account.paid_from(cell.api_key), method)


def _allocate_estimated(
    book: _Book,
    account: Account,
    card: PriceCard,
    matched: Matched,
    model: str | None,
    kind: str | None,
    amount_nano: int,
) -> None:
    """Spread one model's and kind's money by the logs' own value, up to what was billed."""
    logged = matched.unmetered.get((model, kind), {}) if model and kind else {}
    ordered = sorted(logged)
    tokens = [logged[place] for place in ordered]
    rate = None
    if ordered and model and kind:
        rate = card.run_rates(account.issuer, model, account.day)[_PLACE[kind]]
    values = [rate.value(count) for count in tokens] if rate is not None else tokens
    total = sum(values)
    if rate is not None and 0 <= total <= amount_nano:
        parts = values
    elif total:
        parts = split_exact(amount_nano, values)
    else:
        parts = [0] * len(ordered)
    for (line, api_key), part in zip(ordered, parts, strict=True):
        book.spend([line], [part], account.paid_from(api_key), _ESTIMATED)
    book.leave(NO_KEY, amount_nano - sum(parts))
