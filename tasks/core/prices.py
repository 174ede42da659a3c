"""Price cards: the dated rates a night used, by content, from list prices and contracts.

List prices come from the data that ships with `genai-prices`; nothing is fetched.
A price that is not known is never taken as zero: what it would value is unpriced.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from config.shapes.sources import ContractLine, Issuer
from tasks.core.cells import RunCell, UsageCell
from tasks.core.globs import compiled
from tasks.core.list_prices import list_price
from tasks.core.money import divide_half_even
from tasks.core.tables import TOKEN_KINDS

#: What runs are priced at: logs tell neither tier nor the context of each request.
RUN_TIER = "standard"
RUN_CONTEXT = "0"

_NANO_PER_TOKEN = 1000  # one unit of currency per million tokens, in nano units per token
_ANY_KIND = "*"
_LIST_CURRENCY = "USD"


class Priced(NamedTuple):
    """What a price is for.

    Attributes:
        tier: Service tier as the vendor names it; None: not told, taken as standard.
        context: Context window as the vendor names it, e.g. `0-200k`; None: not told.
    """

    issuer: str
    model: str
    tier: str | None
    context: str | None
    day: date


@dataclass(frozen=True, slots=True, order=True)
class CardLine:
    """One rate between two days, both included.

    Attributes:
        kind: A token kind (`tasks.core.tables.TOKEN_KINDS`).
        nano_per_token: Decimal text, 1e-9 currency units for one token.
    """

    issuer: str
    model: str
    tier: str
    context: str
    kind: str
    from_day: date
    to_day: date
    nano_per_token: str


class Rate(NamedTuple):
    """A price in nano units per token, as an exact fraction."""

    numerator: int
    denominator: int

    def value(self, tokens: int) -> int:
        """Value tokens, half-even to whole nano units."""
        if self.denominator == 1:
            return tokens * self.numerator
        return divide_half_even(tokens * self.numerator, self.denominator)


#: One rate a token kind, in the order of `TOKEN_KINDS`; None is unpriced.
Rates = tuple[Rate | None, ...]
UNPRICED: Rates = (None,) * len(TOKEN_KINDS)


@dataclass(frozen=True, slots=True)
class PriceCard:
    """Every rate a night may use; equal lines give equal digests.

    Attributes:
        lines: Sorted; a (issuer, model, tier, context, kind, day) has at most one.
        digest: SHA-256 hex over the lines.
    """

    lines: tuple[CardLine, ...]
    digest: str
    _rates: Mapping[Priced, Rates] = field(repr=False, compare=False)

    def rates(self, priced: Priced) -> Rates:
        """Look up the rates of every token kind; all None where nothing is known."""
        return self._rates.get(priced, UNPRICED)

    def run_rates(self, issuer: str, model: str, day: date) -> Rates:
        """Look up what runs of a model are priced at."""
        return self.rates(Priced(issuer, model, RUN_TIER, RUN_CONTEXT, day))

    def day_digest(self, issuer: str, day: date) -> str:
        """Digest the rates in force on one issuer's day, free of other days."""
        in_force = [
            [line.model, line.tier, line.context, line.kind, line.nano_per_token]
            for line in self.lines
            if line.issuer == issuer and line.from_day <= day <= line.to_day
        ]
        return _digest(in_force)

    def to_json(self) -> str:
        """Write the card as canonical JSON text, one list a line."""
        return _json([_row(line) for line in self.lines])


def compile_card(issuers: Iterable[Issuer], seen: Iterable[Priced]) -> PriceCard:
    """Compile the rates of everything seen.

    Args:
        issuers: With their contracts; an issuer that is not among them is unpriced.
        seen: What usage and runs will be valued at; repeats and order do not matter.
    """
    by_id = {issuer.id: issuer for issuer in issuers}
    lines: list[CardLine] = []
    for priced in sorted(set(seen), key=_sort_key):
        issuer = by_id.get(priced.issuer)
        if issuer is None:
            continue
        for kind in TOKEN_KINDS:
            price = _price(issuer, priced, kind)
            if price is not None:
                lines.append(_line(priced, kind, price))
    return card_of(lines)


def card_of(lines: Iterable[CardLine]) -> PriceCard:
    """Make a card of lines of single days; a (issuer, model, tier, context, kind, day) has one."""
    return _card(_joined(lines))


def card_from_json(text: str) -> PriceCard:
    """Read a card that `PriceCard.to_json` wrote."""
    rows: list[list[str]] = json.loads(text)
    return _card(
        CardLine(
            issuer,
            model,
            tier,
            context,
            kind,
            date.fromisoformat(from_day),
            date.fromisoformat(to_day),
            nano_per_token,
        )
        for issuer, model, tier, context, kind, from_day, to_day, nano_per_token in rows
    )


def seen_in(runs: Iterable[RunCell], usage: Iterable[UsageCell]) -> set[Priced]:
    """Name everything that runs and usage have to be valued at; usage is also run by somebody."""
    seen = {Priced(row.issuer, row.model, row.tier, row.context, row.day) for row in usage}
    as_run = {(cell.issuer, cell.model, cell.day) for cell in runs}
    as_run |= {(priced.issuer, priced.model, priced.day) for priced in seen}
    return seen | {
        Priced(issuer, model, RUN_TIER, RUN_CONTEXT, day) for issuer, model, day in as_run
    }


def contract_line(
    contract: Sequence[ContractLine], priced: Priced, kind: str
) -> ContractLine | None:
    """Find the first line, in file order, that holds for a model and kind on a day."""
    for line in contract:
        if (
            line.from_day <= priced.day
            and (line.to_day is None or priced.day <= line.to_day)
            and line.kind in (kind, _ANY_KIND)
            and compiled(line.model)(priced.model)
        ):
            return line
    return None


def _price(issuer: Issuer, priced: Priced, kind: str) -> Decimal | None:
    """Price one token in nano units: the contract if one holds, else the list price."""
    contract = contract_line(issuer.contract, priced, kind)
    if contract is not None and contract.per_million is not None:
        return contract.per_million * _NANO_PER_TOKEN
    if issuer.price_provider is None or issuer.currency != _LIST_CURRENCY:
        return None
    listed = list_price(
        issuer.price_provider, priced.model, priced.tier, priced.context, kind, priced.day
    )
    if listed is None:
        return None
    factor = contract.factor if contract is not None and contract.factor is not None else 1
    return listed * _NANO_PER_TOKEN * factor


def _line(priced: Priced, kind: str, price: Decimal) -> CardLine:
    return CardLine(
        priced.issuer,
        priced.model,
        priced.tier or "",
        priced.context or "",
        kind,
        priced.day,
        priced.day,
        _plain(price),
    )


def _plain(price: Decimal) -> str:
    """Write a price one way: `5000`, never `5E+3` or `5000.0`, so that digests agree."""
    text = f"{price:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _joined(lines: Iterable[CardLine]) -> list[CardLine]:
    """Join consecutive days with the same price into one line."""
    joined: list[CardLine] = []
    for line in sorted(lines):
        last = joined[-1] if joined else None
        if (
            last is not None
            and _subject(last) == _subject(line)
            and last.nano_per_token == line.nano_per_token
            and last.to_day + timedelta(days=1) == line.from_day
        ):
            joined[-1] = CardLine(*_subject(line), last.from_day, line.to_day, line.nano_per_token)
        else:
            joined.append(line)
    return joined


def _subject(line: CardLine) -> tuple[str, str, str, str, str]:
    return line.issuer, line.model, line.tier, line.context, line.kind


def _card(lines: Iterable[CardLine]) -> PriceCard:
    ordered = tuple(sorted(lines))
    rates: dict[Priced, list[Rate | None]] = {}
    for line in ordered:
        rate = Rate(*Decimal(line.nano_per_token).as_integer_ratio())
        place = TOKEN_KINDS.index(line.kind)
        for number in range((line.to_day - line.from_day).days + 1):
            day = line.from_day + timedelta(days=number)
            priced = Priced(line.issuer, line.model, line.tier or None, line.context or None, day)
            rates.setdefault(priced, list(UNPRICED))[place] = rate
    return PriceCard(
        lines=ordered,
        digest=_digest([_row(line) for line in ordered]),
        _rates={priced: tuple(found) for priced, found in rates.items()},
    )


def _row(line: CardLine) -> list[str]:
    return [
        *_subject(line),
        line.from_day.isoformat(),
        line.to_day.isoformat(),
        line.nano_per_token,
    ]


def _sort_key(priced: Priced) -> tuple[str, str, str, str, date]:
    return priced.issuer, priced.model, priced.tier or "", priced.context or "", priced.day


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _digest(value: object) -> str:
    return hashlib.sha256(_json(value).encode()).hexdigest()
