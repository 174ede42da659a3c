"""Other prices move what work is worth, and the split of unknown usage; never what was billed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.shapes.sources import ContractLine, Issuer
from tasks.core.errors import ConfigError
from tasks.core.night import NightInputs
from tasks.core.prices import PriceCard, compile_card, seen_in
from tasks.core.reconciling.repricing import other_issuers, reprice
from tests.core.factories import ISSUER, charge, legs, night, run, usage
from tests.core.machine_world import sources


def card_at(inputs: NightInputs, factor: str) -> PriceCard:
    line = ContractLine.model_validate({"model": "*", "factor": factor, "from": "2026-01-01"})
    issuer = ISSUER.model_copy(update={"contract": (line,)})
    return compile_card([issuer], seen_in(inputs.runs, inputs.usage))


def window(*, is_metered: bool = True) -> NightInputs:
    return night(
        [run("alpha", input=40), run("gamma", input=20), run("", input=10)],
        [usage(100)],
        [charge(500_000), charge(-7_000, category="credit", model=None, kind=None)],
        legs=legs() if is_metered else legs(usage=()),
    )


@given(st.decimals("0.01", "3", places=2), st.booleans())
def test_what_was_billed_is_the_same_at_any_price(factor: object, is_metered: bool) -> None:
    inputs = window(is_metered=is_metered)

    found = reprice(inputs, card_at(inputs, str(factor)))

    assert sum(row.booked_nano for row in found.rows) == 493_000
    assert sum(row.other_nano for row in found.rows) == 493_000
    assert found.unknown_usage == (0 if is_metered else 1)


def test_metered_days_keep_their_split_and_work_is_worth_less() -> None:
    inputs = window()

    found = reprice(inputs, card_at(inputs, "0.5"))

    assert found.moved_nano() == 0
    worth = {row.workflow: (row.logged_nano, row.other_logged_nano) for row in found.rows}
    assert worth["alpha"] == (200_000, 100_000)
    ((then, other),) = found.ties
    assert (then.metered_nano, other.metered_nano) == (500_000, 250_000)


def test_a_day_without_usage_is_split_by_the_other_estimates() -> None:
    inputs = window(is_metered=False)

    found = reprice(inputs, card_at(inputs, "0.5"))

    split = {(row.kind, row.workflow): (row.booked_nano, row.other_nano) for row in found.rows}
    assert split["family", "alpha"] == (200_000, 100_000)
    assert split["unattributed", ""] == (150_000, 325_000)
    assert found.moved_nano() == 175_000


def test_equal_prices_change_nothing() -> None:
    inputs = window(is_metered=False)

    found = reprice(inputs, inputs.card)

    assert found.moved_nano() == 0
    assert all(row.logged_nano == row.other_logged_nano for row in found.rows)


def test_without_a_price_work_is_counted_and_never_guessed() -> None:
    inputs = window()

    found = reprice(inputs, compile_card([], set()))

    assert sum(row.other_logged_nano for row in found.rows) == 0
    assert sum(row.other_unpriced_tokens for row in found.rows) == 70


def test_of_the_other_file_only_prices_are_taken() -> None:
    then, other = sources("1"), sources("0.5")

    assert [issuer.contract[0].factor for issuer in other_issuers(then, other)] == [
        issuer.contract[0].factor for issuer in other.issuers
    ]
    with pytest.raises(ConfigError, match="name no issuer 'openai'"):
        other_issuers(then, other.model_copy(update={"issuers": other.issuers[:1]}))
    euros = tuple(Issuer(id=issuer.id, currency="EUR") for issuer in other.issuers)
    with pytest.raises(ConfigError, match="has USD in the books and EUR"):
        other_issuers(then, other.model_copy(update={"issuers": euros}))


def test_the_inputs_stay_what_they_were() -> None:
    inputs = window()
    before = replace(inputs)

    reprice(inputs, card_at(inputs, "0.5"))

    assert inputs == before
