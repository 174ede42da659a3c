"""The literal prices, held against the price list and the contract that the product reads."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
import yaml
from genai_prices import Usage, calc_price

from sandbox import prices
from sandbox.organisation import KEY_PAID_FROM

CONFIG = Path(__file__).parents[2] / "config"
MILLION = 1_000_000
USAGE = {
    "input": Usage(input_tokens=MILLION),
    "cache_read": Usage(input_tokens=MILLION, cache_read_tokens=MILLION),
    "cache_write_5m": Usage(input_tokens=MILLION, cache_write_tokens=MILLION),
    "cache_write_1h": Usage(
        input_tokens=MILLION, cache_write_tokens=MILLION, cache_write_1h_tokens=MILLION
    ),
    "output": Usage(output_tokens=MILLION),
}
LISTED = [(model, kind) for model, kinds in prices.LIST_NANO.items() for kind in kinds]


@pytest.mark.parametrize(("model", "kind"), LISTED)
@pytest.mark.parametrize("context", [None, {"processing": "batch"}])
def test_literals_are_the_published_prices(
    model: str, kind: str, context: dict[str, str] | None
) -> None:
    provider = "anthropic" if model.startswith("claude") else "openai"
    at = datetime(2026, 10, 28, tzinfo=UTC)

    published = calc_price(
        USAGE[kind],
        model,
        provider_id=provider,
        genai_request_timestamp=at,
        price_context=context,
    ).total_price

    ours = prices.card_nano(model, kind, "batch" if context else "standard", at.date())
    assert ours == Fraction(published) * 1000


def test_no_list_knows_the_unknown_model() -> None:
    with pytest.raises(LookupError):
        calc_price(USAGE["input"], prices.UNPRICED_MODEL, provider_id="anthropic")


def test_the_contract_is_that_of_the_sources() -> None:
    issuers = yaml.safe_load((CONFIG / "sources.yaml").read_text())["issuers"]

    lines = [line for issuer in issuers for line in issuer.get("contract", ())]
    assert [(line["model"], line["from"], line["to"]) for line in lines] == [
        (prices.CONTRACT_MODEL, prices.CONTRACT_FROM, prices.CONTRACT_TO)
    ]
    assert Fraction(Decimal(lines[0]["factor"])) == prices.CONTRACT_FACTOR


def test_the_pools_that_keys_declare_are_those_of_the_catalog() -> None:
    keys = yaml.safe_load((CONFIG / "catalog.yaml").read_text())["api_keys"]

    assert {key["id"]: key["paid_from"] for key in keys if key.get("paid_from")} == KEY_PAID_FROM
