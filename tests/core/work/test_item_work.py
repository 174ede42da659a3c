"""What a token costs where work is compared: at list price, and at a contract's where none is."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from config.shapes.sources import Issuer
from tasks.core.list_prices import list_price
from tasks.core.prices import RUN_CONTEXT, RUN_TIER
from tasks.core.tables import TOKEN_KINDS
from tasks.core.work.item_work import PARTS, list_rates
from tests.core.factories import DAY

LISTED, OWN = "claude-sonnet-5", "in-house-7b"


def price_of(
    model: str, kind: str = "input", *, day: date = DAY, **issuer: Any
) -> Decimal | int | None:
    """Give the price of a million tokens, in whole units of currency."""
    said = {"id": "anthropic", "price_provider": "anthropic", **issuer}
    (found,) = list_rates([Issuer.model_validate(said)], [("anthropic", model)], day)
    rate = found.per_token[TOKEN_KINDS.index(kind)]
    return None if rate is None else Decimal(rate) / PARTS / 1000


def listed(kind: str = "input") -> Decimal | None:
    return list_price("anthropic", LISTED, RUN_TIER, RUN_CONTEXT, kind, DAY)


@pytest.mark.parametrize("kind", TOKEN_KINDS)
def test_a_listed_model_is_compared_at_its_list_price_whatever_was_agreed(kind: str) -> None:
    agreed = [{"model": "*", "from": "2026-01-01", "per_million": "0.5"}]

    assert listed(kind) is not None
    assert price_of(LISTED, kind, contract=agreed) == listed(kind)


def test_what_has_no_list_price_is_compared_at_what_was_agreed_for_the_day() -> None:
    agreed = [
        {"model": "in-house-*", "from": "2026-01-01", "to": "2026-10-31", "per_million": "0.5"},
        {"model": "in-house-*", "kind": "input", "from": "2026-11-01", "per_million": "0.25"},
        {"model": "in-house-*", "from": "2026-11-01", "per_million": "4"},
    ]

    def price(kind: str, day: date, **issuer: Any) -> Decimal | int | None:
        return price_of(OWN, kind, day=day, contract=agreed, **issuer)

    assert price("input", date(2026, 10, 31)) == Decimal("0.5")
    assert price("input", date(2026, 11, 1)) == Decimal("0.25")
    assert price("output", date(2026, 11, 1)) == 4
    assert price("output", date(2026, 11, 1), price_provider=None) == 4
    assert price("output", date(2025, 12, 31)) is None


def test_a_share_of_a_list_price_that_does_not_exist_is_no_price() -> None:
    assert price_of(OWN, contract=[{"model": "*", "from": "2026-01-01", "factor": "0.9"}]) is None


@pytest.mark.parametrize("model", [LISTED, OWN])
def test_an_issuer_that_bills_in_another_currency_has_no_price_to_compare(model: str) -> None:
    agreed = [{"model": "*", "from": "2026-01-01", "per_million": "1"}]
    issuer = Issuer.model_validate(
        {"id": "ovh", "currency": "EUR", "price_provider": "anthropic", "contract": agreed}
    )

    assert list_rates([issuer], [("ovh", model)], DAY) == []


def test_runs_of_an_issuer_that_nobody_declared_have_no_price() -> None:
    assert list_rates([], [("anthropic", LISTED)], DAY) == []
