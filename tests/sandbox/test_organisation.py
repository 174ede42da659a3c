"""The sandbox repeats the configuration as literals; the two may not drift apart."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import organisation as org
from sandbox import prices

CONFIG = Path(__file__).parents[2] / "config"


def read(name: str) -> Any:  # noqa: ANN401  # whatever the file holds
    return yaml.safe_load((CONFIG / name).read_text())


@pytest.fixture(scope="module")
def catalog() -> Any:  # noqa: ANN401
    return read("catalog.yaml")


def test_families_and_their_portfolios_are_the_catalogs(catalog: Any) -> None:  # noqa: ANN401
    assert {one["id"]: one["portfolio"] for one in catalog["families"]} == org.FAMILIES


def test_workflows_stages_matches_and_scopes_are_the_catalogs(catalog: Any) -> None:  # noqa: ANN401
    written = [
        org.Workflow(
            one["id"],
            one["family"],
            tuple(
                org.Stage(stage["stage"], stage["from"], stage.get("until"))
                for stage in one["stages"]
            ),
            **{
                name: tuple(one.get("match", {}).get(name, ()))
                for name in ("stamps", "accounts", "api_keys", "branch_prefixes", "repositories")
            },
            scope_repositories=tuple(one.get("scope", {}).get("repositories", ())),
        )
        for one in catalog["workflows"]
    ]

    assert list(org.WORKFLOWS) == written


def test_accounts_and_keys_are_the_catalogs(catalog: Any) -> None:  # noqa: ANN401
    accounts = {
        org.Account(
            one["id"], one["issuer"], one.get("portfolio") or "", one.get("paid_from") or ""
        )
        for one in catalog["accounts"]
    }
    keys = {one["id"]: one["paid_from"] for one in catalog["api_keys"] if one.get("paid_from")}

    assert set(org.ACCOUNTS) == accounts
    assert keys == org.KEY_PAID_FROM


def test_the_contract_and_the_windows_are_those_of_the_sources() -> None:
    sources = read("sources.yaml")

    lines = {
        (issuer["id"], line["model"], Decimal(line["factor"]), line["from"], line["to"])
        for issuer in sources["issuers"]
        for line in issuer.get("contract", ())
    }
    by_name = {one["name"]: one for one in sources["sources"]}
    factor = prices.CONTRACT_FACTOR
    assert lines == {
        (
            "anthropic",
            prices.CONTRACT_MODEL,
            Decimal(factor.numerator) / factor.denominator,
            prices.CONTRACT_FROM,
            prices.CONTRACT_TO,
        )
    }
    assert by_name[org.LOG_SOURCE]["default_accounts"] == org.DEFAULT_ACCOUNT
    for name in ("anthropic", "openai"):
        assert by_name[name]["lag_days"] == org.LAG_DAYS
        assert by_name[name]["window_days"] == org.WINDOW_DAYS
    assert by_name["jira"]["severity_field"] == org.SEVERITY_FIELD


def test_tolerances_are_those_of_the_policy() -> None:
    matching = read("policy.yaml")["matching"]

    (tolerance,) = matching["tolerances"]
    assert int(Decimal(tolerance["absolute"]) * 10**9) == org.TOLERANCE_ABSOLUTE_NANO
    assert Fraction(str(tolerance["relative"])) == org.TOLERANCE_RELATIVE
    assert matching.get("far_beyond", 2) == org.FAR_BEYOND
