"""What the catalog and other sources declare reaches the sources that may keep it by name."""

from pathlib import Path

import pytest

from config.load import load_config
from config.shapes.catalog import Catalog
from config.shapes.finance import Finance
from config.shapes.sources import (
    AgentLogSource,
    AnthropicSource,
    GithubSource,
    LitellmSource,
    OpenAISource,
)
from tasks.sources.declared import with_declared

CATALOG = Catalog.model_validate(
    {
        "version": 1,
        "squads": [{"id": "routing", "title": "Routing", "repositories": ["acme/router"]}],
        "workflows": [
            {
                "id": "upgrader",
                "family": "upgrades",
                "title": "Upgrader",
                "risk_tier": 1,
                "stages": [{"from": "2026-01-01", "stage": "exploration"}],
                "scope": {"repositories": ["acme/web-*", "*"]},
                "match": {"branch_prefixes": ["agent/up/"], "repositories": ["acme/infra"]},
            }
        ],
    }
)
GITHUB = GithubSource.model_validate(
    {
        "name": "github",
        "type": "github",
        "base_url": "https://api.github.com",
        "secret": "token",
        "repositories": ["acme/*"],
        "branch_prefixes": ["legacy/"],
    }
)
LOGS = AgentLogSource.model_validate(
    {"name": "logs", "type": "agent_log", "paths": ["*.ndjson"], "repositories": ["other/one"]}
)


def test_a_log_learns_prefixes_and_repositories_but_no_glob_that_matches_everything() -> None:
    source = with_declared(LOGS, CATALOG, [LOGS, GITHUB], Finance())

    assert isinstance(source, AgentLogSource)
    assert source.branch_prefixes == ("agent/up/",)
    assert source.repositories == (
        "other/one",
        "acme/infra",
        "acme/web-*",
        "acme/router",
        "acme/*",
    )


def test_github_learns_prefixes_and_keeps_its_own_repositories() -> None:
    source = with_declared(GITHUB, CATALOG, [LOGS, GITHUB], Finance())

    assert isinstance(source, GithubSource)
    assert source.branch_prefixes == ("legacy/", "agent/up/")
    assert source.repositories == ("acme/*",)


def test_a_gateway_learns_every_key_and_every_issuer_after_its_own_lines() -> None:
    config = load_config(Path("config"))
    gateway = LitellmSource.model_validate(
        {
            "name": "gateway",
            "type": "litellm",
            "base_url": "https://gateway.example",
            "secret": "token",
            "issuers": [{"provider": "bedrock", "issuer": "aws"}],
            "default_accounts": {"mistral": "main"},
        }
    )

    learnt = with_declared(gateway, config.catalog, config.sources.sources, config.finance)

    assert isinstance(learnt, LitellmSource)
    assert {"apikey_01PlatformCi", "key_PlatformShared"} <= set(learnt.api_keys)
    assert learnt.repositories
    assert learnt.branch_prefixes
    assert [(one.provider, one.issuer) for one in learnt.issuers][:1] == [("bedrock", "aws")]
    assert {one.issuer for one in learnt.issuers} >= {"aws", "anthropic", "openai", "mistral"}


@pytest.mark.parametrize(
    ("name", "declared", "foreign"),
    [
        ("anthropic", "apikey_01PlatformCi", "key_PlatformShared"),
        ("openai", "key_PlatformShared", "apikey_01PlatformCi"),
    ],
)
def test_a_report_learns_the_keys_that_the_catalog_lists_for_its_issuer(
    name: str, declared: str, foreign: str
) -> None:
    config = load_config(Path("config"))
    (source,) = [source for source in config.sources.sources if source.name == name]

    learnt = with_declared(source, config.catalog, config.sources.sources, config.finance)

    assert isinstance(learnt, AnthropicSource | OpenAISource)
    assert declared in learnt.api_keys
    assert "apikey_01InvoiceMatcher" in learnt.api_keys  # a match rule names it
    assert foreign not in learnt.api_keys


@pytest.mark.parametrize("name", ["jira"])
def test_other_sources_stay_as_they_are(name: str) -> None:
    config = load_config(Path("config"))
    (source,) = [source for source in config.sources.sources if source.name == name]

    assert with_declared(source, config.catalog, config.sources.sources, config.finance) is source
