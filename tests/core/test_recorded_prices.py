"""A past moment is valued at the prices that were recorded by then."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from config.shapes.sources import ContractLine, Issuer
from tasks.core.prices import PriceCard, Priced, card_from_json, compile_card
from tasks.core.recorded_prices import card_as_recorded
from tests.core.factories import DAY, ISSUER, MODEL


def priced(model: str = MODEL, day: date = DAY) -> Priced:
    return Priced("anthropic", model, "standard", "0-200k", day)


def issuer(factor: str | None = None) -> Issuer:
    if factor is None:
        return ISSUER
    line = ContractLine.model_validate({"model": "*", "factor": factor, "from": "2026-01-01"})
    return ISSUER.model_copy(update={"contract": (line,)})


def test_what_a_night_recorded_speaks_whatever_holds_now() -> None:
    then = compile_card([issuer("0.5")], {priced()})

    card, findings = card_as_recorded([issuer("0.9")], {priced()}, [then])

    assert card == then
    assert findings == ()


def test_of_two_nights_the_newer_speaks() -> None:
    old = compile_card([issuer("0.5")], {priced(), priced(day=DAY - timedelta(days=1))})
    new = compile_card([issuer("0.7")], {priced()})

    card, _ = card_as_recorded([], {priced(), priced(day=DAY - timedelta(days=1))}, [new, old])

    assert card.rates(priced()) == new.rates(priced())
    assert card.rates(priced(day=DAY - timedelta(days=1))) == old.rates(
        priced(day=DAY - timedelta(days=1))
    )


def test_what_no_night_recorded_is_compiled_now_and_told() -> None:
    card, findings = card_as_recorded([issuer("0.5")], {priced()}, [])

    assert card == compile_card([issuer("0.5")], {priced()})
    assert [one.code for one in findings] == ["price_not_recorded"]
    assert MODEL in findings[0].detail


def test_what_has_no_price_at_all_is_no_finding() -> None:
    card, findings = card_as_recorded([ISSUER], {priced("nobodys-model")}, [])

    assert card.lines == ()
    assert findings == ()


def test_older_cards_are_not_read_once_everything_is_known() -> None:
    def cards() -> Iterator[PriceCard]:
        for number in range(3):
            read.append(number)
            yield compile_card([ISSUER], {priced()})

    read: list[int] = []
    card, _ = card_as_recorded([ISSUER], {priced()}, cards())

    assert card == compile_card([ISSUER], {priced()})
    assert read == [0]


@given(
    st.sets(st.integers(0, 12), min_size=1),
    st.sets(st.integers(0, 12)),
    st.decimals("0.1", "2", places=2),
)
def test_any_part_of_a_recorded_card_is_what_that_part_was(
    recorded: set[int], wanted: set[int], factor: Decimal
) -> None:
    contract = [issuer(str(factor))]
    then = compile_card(contract, {priced(day=DAY + timedelta(days=n)) for n in recorded})
    seen = {priced(day=DAY + timedelta(days=n)) for n in wanted & recorded}

    card, findings = card_as_recorded([], seen, [card_from_json(then.to_json())])

    assert card == compile_card(contract, seen)
    assert findings == ()
