"""What a billed line was for: quantities, and its list and contracted unit price where known.

A bill tells amounts; quantities come from the bill or, where it is silent, from what the
vendor metered of the same sku. A price that depends on a tier nobody told is no price.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal, Inexact

from config.shapes.sources import Issuer
from tasks.core.cells import UsageCell
from tasks.core.exports.billed_lines import Line
from tasks.core.prices import PriceCard, Priced, Rate, compile_card, seen_in
from tasks.core.tables import TOKEN_KINDS

#: Exact or not at all.
EXACT = Context(prec=120, traps=[Inexact])
_NANO_PLACES = -9
_THOUSAND = Decimal(1000)
_TOKENS = "tokens"

_Bucket = tuple[str, str, date, str]


@dataclass(frozen=True, slots=True)
class Rated:
    """What a line was for.

    Attributes:
        quantity: Tokens or another whole unit; None if nobody tells.
        unit: Name of the unit; empty if nobody tells.
        list_price: Of a million tokens, in the line's currency; None if it is not known.
        contracted_price: Likewise, under the contract if one holds.
    """

    quantity: int | None
    unit: str
    list_price: Decimal | None = None
    contracted_price: Decimal | None = None


class RateBook:
    """Rates every line of an export."""

    def __init__(
        self, issuers: Iterable[Issuer], usage: Iterable[UsageCell], lines: Iterable[Line]
    ) -> None:
        """Compile list and contract prices of everything metered and billed."""
        cells, billed, known = list(usage), list(lines), list(issuers)
        self._currencies = {issuer.id: issuer.currency for issuer in known}
        self._metered: dict[_Bucket, dict[str, list[UsageCell]]] = {}
        for cell in cells:
            bucket = (cell.issuer, cell.account, cell.day, cell.sku)
            self._metered.setdefault(bucket, {}).setdefault(cell.kind, []).append(cell)
        self._lines: dict[tuple[_Bucket, str], int] = {}
        for line in billed:
            place = _bucket(line), line.key.kind
            self._lines[place] = self._lines.get(place, 0) + 1
        seen = seen_in((), cells) | {_priced(line) for line in billed}
        self._contracted = compile_card(known, seen)
        without = [issuer.model_copy(update={"contract": ()}) for issuer in known]
        self._listed = compile_card(without, seen)

    def rate(self, line: Line) -> Rated:
        """Tell quantity and unit prices of a line."""
        cells = self._cells(line)
        quantity, unit = line.quantity, line.key.unit
        if quantity is None and cells and self._lines[_bucket(line), line.key.kind] == 1:
            kind = cells[0].kind
            quantity = sum(cell.quantity for cell in cells)
            unit = _TOKENS if kind in TOKEN_KINDS else kind
        if quantity is None:
            return Rated(None, "")
        is_local = self._currencies.get(line.key.book.issuer) == line.key.book.currency
        if unit != _TOKENS or line.key.kind not in TOKEN_KINDS or not is_local:
            return Rated(quantity, unit or "units")
        listed = self._price(self._listed, line, cells)
        contracted = self._price(self._contracted, line, cells)
        if listed is None or contracted is None:
            return Rated(quantity, unit)
        return Rated(quantity, unit, listed, contracted)

    def _cells(self, line: Line) -> list[UsageCell]:
        """Find what was metered of the line's sku and kind; of any kind if there is only one."""
        kinds: Mapping[str, list[UsageCell]] = self._metered.get(_bucket(line), {})
        if line.key.kind or len(kinds) != 1:
            return kinds.get(line.key.kind, [])
        return next(iter(kinds.values()))

    def _price(self, card: PriceCard, line: Line, cells: Iterable[UsageCell]) -> Decimal | None:
        """Price a million tokens, if every tier the line may be of has the same price."""
        asked = {_priced(line)}
        if not (line.key.tier or line.key.context):
            tiers = {(cell.tier, cell.context) for cell in cells} or {(None, None)}
            asked = {_priced(line)._replace(tier=tier, context=context) for tier, context in tiers}
        place = TOKEN_KINDS.index(line.key.kind)
        rates = {card.rates(priced)[place] for priced in asked}
        rate = rates.pop() if len(rates) == 1 else None
        return _per_million(rate) if rate is not None else None


def nano_decimal(amount_nano: int) -> Decimal:
    """Write 1e-9 units as whole units, exactly."""
    return Decimal(amount_nano).scaleb(_NANO_PLACES, EXACT)


def _per_million(rate: Rate) -> Decimal:
    per_token = EXACT.divide(Decimal(rate.numerator), Decimal(rate.denominator))
    return EXACT.divide(per_token, _THOUSAND)


def _bucket(line: Line) -> _Bucket:
    book = line.key.book
    return book.issuer, book.account, book.day, line.key.sku


def _priced(line: Line) -> Priced:
    key = line.key
    return Priced(key.book.issuer, key.model, key.tier or None, key.context or None, key.book.day)
