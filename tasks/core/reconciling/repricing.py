"""A past window at other prices, beside what was booked: a comparison, which posts nothing.

The arithmetic is that of the night, run twice. What a vendor billed is what it billed: prices
move only what work is worth, and the split of days whose usage was not known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from config.shapes.sources import Issuer, Sources
from tasks.core.books import Destination, DestinationKind
from tasks.core.errors import ConfigError
from tasks.core.night import Books, NightInputs
from tasks.core.prices import PriceCard
from tasks.core.reconciling.reconcile import reconcile
from tasks.core.reconciling.ties import TieOut


@dataclass(frozen=True, slots=True, order=True)
class RepricedRow:
    """What one workflow's part of the bills is, at both prices.

    Attributes:
        family, workflow: Empty for money of no family; `kind` tells what it is then.
        booked_nano, other_nano: At the prices of then, and at the others.
        logged_nano, other_logged_nano: What its runs are worth at both; what cannot be priced
            adds nothing and is counted in `unpriced_tokens`, `other_unpriced_tokens`.
    """

    issuer: str
    kind: str
    family: str
    workflow: str
    currency: str
    booked_nano: int = 0
    other_nano: int = 0
    logged_nano: int = 0
    other_logged_nano: int = 0
    unpriced_tokens: int = 0
    other_unpriced_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Repriced:
    """A window at two sets of prices.

    Attributes:
        rows: Sorted; their `booked_nano` and `other_nano` sum to the same, by issuer and currency.
        ties: By issuer, how its records met at the prices of then, and at the others.
        unknown_usage: (issuer, day)s whose usage is not completely known: only their split moves.
    """

    rows: tuple[RepricedRow, ...]
    ties: tuple[tuple[TieOut, TieOut], ...]
    unknown_usage: int

    def moved_nano(self) -> int:
        """Sum what changes its destination: half of all differences."""
        return sum(abs(row.other_nano - row.booked_nano) for row in self.rows) // 2


def other_issuers(then: Sources, other: Sources) -> tuple[Issuer, ...]:
    """Take prices and contracts of one file, and nothing else of it.

    Raises:
        ConfigError: An issuer is missing there, or has another currency.
    """
    known = {issuer.id: issuer for issuer in other.issuers}
    for issuer in then.issuers:
        match = known.get(issuer.id)
        if match is None:
            message = f"the other sources name no issuer {issuer.id!r}: add it there"
            raise ConfigError(message)
        if match.currency != issuer.currency:
            message = (
                f"issuer {issuer.id!r} has {issuer.currency} in the books and {match.currency} in "
                "the other sources: prices in two currencies cannot be compared"
            )
            raise ConfigError(message)
    return tuple(known[issuer.id] for issuer in then.issuers)


def reprice(inputs: NightInputs, other: PriceCard) -> Repriced:
    """Compute a window at the prices it has, and at others.

    Args:
        inputs: Of the window; `card` holds the prices of then.
        other: Compiled for the same work.
    """
    booked, again = reconcile(inputs), reconcile(replace(inputs, card=other))
    rows: dict[tuple[str, str, str, str, str], RepricedRow] = {}
    _add_books(rows, booked, "booked_nano")
    _add_books(rows, again, "other_nano")
    _add_logged(rows, inputs, inputs.card, ("logged_nano", "unpriced_tokens"))
    _add_logged(rows, inputs, other, ("other_logged_nano", "other_unpriced_tokens"))
    ties = {tie.issuer: tie for tie in again.ties}
    unknown = set(inputs.legs.charges) - set(inputs.legs.usage)
    return Repriced(
        rows=tuple(sorted(rows.values())),
        ties=tuple((tie, ties[tie.issuer]) for tie in booked.ties if tie.issuer in ties),
        unknown_usage=len(unknown),
    )


def _add_books(
    rows: dict[tuple[str, str, str, str, str], RepricedRow], books: Books, column: str
) -> None:
    for key, lines in books.desired.items():
        for to, nano in lines.items():
            _add(rows, (key.issuer, *_place(to), key.currency), {column: nano})


def _add_logged(
    rows: dict[tuple[str, str, str, str, str], RepricedRow],
    inputs: NightInputs,
    card: PriceCard,
    columns: tuple[str, str],
) -> None:
    currencies = {issuer.id: issuer.currency for issuer in inputs.issuers}
    homes = {workflow.id: workflow.family for workflow in inputs.catalog.workflows}
    for cell in inputs.runs:
        kind = DestinationKind.FAMILY if cell.workflow else DestinationKind.AD_HOC
        family = homes.get(cell.workflow, "")
        of = (cell.issuer, kind.value, family, cell.workflow, currencies.get(cell.issuer, ""))
        rates = card.run_rates(cell.issuer, cell.model, cell.day)
        for rate, found in zip(rates, cell.tokens, strict=True):
            if rate is None:
                _add(rows, of, {columns[1]: found.tokens})
            else:
                _add(rows, of, {columns[0]: rate.value(found.tokens)})


def _add(
    rows: dict[tuple[str, str, str, str, str], RepricedRow],
    of: tuple[str, str, str, str, str],
    amounts: Mapping[str, int],
) -> None:
    row = rows.get(of, RepricedRow(*of))
    changed = {column: getattr(row, column) + nano for column, nano in amounts.items()}
    rows[of] = replace(row, **changed)


def _place(to: Destination) -> tuple[str, str, str]:
    return to.kind.value, to.family, to.workflow
