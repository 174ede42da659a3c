"""What each destination should get, as exact fractions: what no split may be further from."""

from collections import defaultdict
from dataclasses import replace
from datetime import date
from fractions import Fraction

from tasks.core.books import BookKey, Destination, DestinationKind, Method
from tasks.core.cells import ChargeCell
from tasks.core.night import Books, NightInputs
from tasks.core.ownership import Ownership
from tasks.core.reconciling.allocation import Account
from tasks.core.reconciling.charges import sort_charges
from tasks.core.reconciling.currency import Rates, converted
from tasks.core.reconciling.matching import match
from tasks.core.reconciling.seats import Seats
from tasks.core.reconciling.tolerance import Tolerances

_LOGGED = {Method.METERED, Method.WEAK}
_REST = "(rest)"


def misplaced(inputs: NightInputs, books: Books) -> list[str]:
    """Name every destination that is further from its exact share than its splits allow.

    A part goes through two splits, over keys and over lines, each less than one unit off; where
    one key has it all, only the second counts. Charges are taken as they are booked, and runs
    under a seat plan as paid by it.
    """
    wrong = []
    currencies = dict.fromkeys({charge.issuer for charge in inputs.charges}, "USD")
    charges = converted(inputs.charges, currencies, Rates(inputs.finance.exchange_rates))
    seats = Seats(inputs.finance.seats)
    unseated = [
        one for one in inputs.runs if not seats.plan(one.issuer, one.account or "-", one.day)
    ]
    inputs = replace(inputs, charges=charges, runs=unseated)
    for (issuer, account, day), of_place in _metered_places(inputs).items():
        exact, allowed = _exact(inputs, issuer, account, day, of_place)
        actual = _actual(books, issuer, account, day)
        for of in exact.keys() | actual.keys():
            beyond = abs(actual[of] - exact[of])
            if beyond >= max(allowed[of], 1):
                wrong.append(f"{issuer} {account} {day} {of}: {actual[of]} for {exact[of]}")
    return wrong


def _metered_places(inputs: NightInputs) -> dict[tuple[str, str, date], list[ChargeCell]]:
    places: dict[tuple[str, str, date], list[ChargeCell]] = {}
    for charge in inputs.charges:
        if (charge.issuer, charge.day) in set(inputs.legs.usage) & set(inputs.legs.charges):
            places.setdefault((charge.issuer, charge.account, charge.day), []).append(charge)
    return places


def _exact(
    inputs: NightInputs, issuer: str, account: str, day: date, charges: list[ChargeCell]
) -> tuple[defaultdict[tuple[str, str], Fraction], defaultdict[tuple[str, str], int]]:
    of_account = Account(
        issuer,
        account,
        day,
        ownership=Ownership(inputs.catalog),
        tolerance=Tolerances(inputs.policy.matching.tolerances).at(issuer, day),
        far_beyond=inputs.policy.matching.far_beyond,
    )
    place = (issuer, account, day)
    matched = match(
        [one for one in inputs.runs if (one.issuer, one.account or "-", one.day) == place],
        [one for one in inputs.usage if (one.issuer, one.account, one.day) == place],
        of_account.is_owned,
    )
    exact: defaultdict[tuple[str, str], Fraction] = defaultdict(Fraction)
    allowed: defaultdict[tuple[str, str], int] = defaultdict(int)
    for period, lines in sort_charges(charges, "USD").usage.items():
        for (sku, kind), billed in lines.items():
            cells = matched.cells.get((sku, kind or ""), [])
            metered = sum(cell.metered for cell in cells)
            if not metered:
                exact[period, _REST] += billed.amount_nano
            splits = 1 if len(cells) == 1 else 2
            for cell in cells if metered else ():
                share = Fraction(billed.amount_nano * cell.metered, metered)
                logged = sum(cell.logged.values())
                is_believed = 0 < logged <= of_account.far_beyond * cell.metered
                whole = max(logged, cell.metered)
                allowed[period, _REST] += splits
                exact[period, _REST] += share
                for line, tokens in cell.logged.items() if is_believed else ():
                    exact[period, line.workflow] += share * tokens / whole
                    exact[period, _REST] -= share * tokens / whole
                    allowed[period, line.workflow] += splits
    return exact, allowed


def _actual(
    books: Books, issuer: str, account: str, day: date
) -> defaultdict[tuple[str, str], Fraction]:
    actual: defaultdict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for key, lines in books.desired.items():
        if (key.issuer, key.account, key.day, key.currency) == (issuer, account, day, "USD"):
            for to, nano in lines.items():
                if _is_spent(key, to):
                    is_logged = to.kind is DestinationKind.AD_HOC or to.method in _LOGGED
                    actual[key.billing_period, to.workflow if is_logged else _REST] += nano
    return actual


def _is_spent(key: BookKey, to: Destination) -> bool:
    """Tell what usage cost from credits, taxes, fees and what contracts add."""
    _ = key
    kinds = {DestinationKind.FAMILY, DestinationKind.AD_HOC, DestinationKind.UNATTRIBUTED}
    return to.kind in kinds and to.method in {*_LOGGED, Method.OWNED, Method.REST}
