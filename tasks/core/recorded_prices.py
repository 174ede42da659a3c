"""Prices as nights recorded them: a past moment is valued at what was known then.

A card tells prices, not what was looked for in vain: only a night of the same inputs proves that
something had no price.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from config.shapes.sources import Issuer
from tasks.core.findings import Finding
from tasks.core.prices import CardLine, PriceCard, Priced, card_of, compile_card

#: Models named in a finding; the others are counted.
_NAMED = 5


def card_as_recorded(
    issuers: Iterable[Issuer], seen: Iterable[Priced], recorded: Iterable[PriceCard]
) -> tuple[PriceCard, tuple[Finding, ...]]:
    """Put a card together from recorded ones.

    Args:
        issuers: As configured then; what no card tells is compiled with their contracts.
        seen: What has to be valued.
        recorded: Cards of nights, newest first; the first that knows something speaks. Read only
            until nothing is missing.

    Returns:
        The card, and a finding `price_not_recorded` where something had to be compiled now.
    """
    missing = set(seen)
    lines: list[CardLine] = []
    cards = iter(recorded)
    while missing and (card := next(cards, None)) is not None:
        known = {priced: found for priced, found in _by_priced(card) if priced in missing}
        lines += [line for found in known.values() for line in found]
        missing -= known.keys()
    compiled = compile_card(issuers, missing)
    findings: tuple[Finding, ...] = ()
    if compiled.lines:
        models = sorted({f"{line.issuer} {line.model}" for line in compiled.lines})
        more = len(models) - _NAMED
        named = ", ".join(models[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        detail = f"no night had recorded a price by then, today's is used: {named}"
        findings = (Finding("price_not_recorded", models[0], detail),)
    return card_of([*lines, *compiled.lines]), findings


def _by_priced(card: PriceCard) -> Iterator[tuple[Priced, list[CardLine]]]:
    """Give, for each day apart, the lines of what was priced together."""
    found: dict[Priced, list[CardLine]] = {}
    for line in card.lines:
        for number in range((line.to_day - line.from_day).days + 1):
            day = line.from_day + timedelta(days=number)
            priced = Priced(line.issuer, line.model, line.tier or None, line.context or None, day)
            one = CardLine(
                line.issuer,
                line.model,
                line.tier,
                line.context,
                line.kind,
                day,
                day,
                line.nano_per_token,
            )
            found.setdefault(priced, []).append(one)
    yield from found.items()
