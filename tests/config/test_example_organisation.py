"""The shipped files and the sandbox tell of the same organisation, each in its own words."""

from pathlib import Path

import pytest

from config.load import Config, load_config
from config.shapes.sources import AgentLogSource, AnthropicSource, JiraSource, OpenAISource
from sandbox import catalog, organisation

CONFIG = Path(__file__).resolve().parents[2] / "config"


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(CONFIG)


def test_the_workflows_and_their_rules_agree(config: Config) -> None:
    shipped = [
        organisation.Workflow(
            workflow.id,
            workflow.family,
            tuple(
                organisation.Stage(entry.stage.value, entry.from_day, entry.until)
                for entry in workflow.stages
            ),
            stamps=workflow.match.stamps,
            accounts=workflow.match.accounts,
            api_keys=workflow.match.api_keys,
            branch_prefixes=workflow.match.branch_prefixes,
            repositories=workflow.match.repositories,
            scope_repositories=workflow.scope.repositories,
        )
        for workflow in config.catalog.workflows
    ]

    assert shipped == list(catalog.ALL_WORKFLOWS)


def test_families_and_accounts_agree(config: Config) -> None:
    families = {family.id: family.portfolio for family in config.catalog.families}
    accounts = [
        organisation.Account(
            account.id, account.issuer, account.portfolio or "", account.paid_from or ""
        )
        for account in config.catalog.accounts
    ]
    keys = {key.id: key.paid_from for key in config.catalog.api_keys if key.paid_from}

    assert families == catalog.ALL_FAMILIES
    assert accounts == list(catalog.ALL_ACCOUNTS)
    assert keys == organisation.KEY_PAID_FROM


def test_every_repository_has_a_squad_under_each_of_its_names(config: Config) -> None:
    named = {name for squad in config.catalog.squads for name in squad.repositories}

    names = {
        f"{organisation.ORG}/{name}"
        for repository in organisation.REPOSITORIES
        for name in (repository.name, repository.renamed_from)
        if name
    }

    assert named == names


def test_sources_agree(config: Config) -> None:
    by_name = {source.name: source for source in config.sources.sources}
    logs, jira = by_name[organisation.LOG_SOURCE], by_name["jira"]
    assert isinstance(logs, AgentLogSource)
    assert isinstance(jira, JiraSource)

    assert logs.default_accounts == organisation.DEFAULT_ACCOUNT
    assert jira.projects == organisation.PROJECTS
    assert jira.incident_types == (organisation.INCIDENT_TYPE,)
    assert jira.severity_field == organisation.SEVERITY_FIELD
    for source in by_name.values():
        if isinstance(source, AnthropicSource | OpenAISource):
            assert source.window_days == organisation.WINDOW_DAYS
            assert source.lag_days == organisation.LAG_DAYS


def test_the_policy_agrees(config: Config) -> None:
    (tolerance,) = config.policy.matching.tolerances

    assert tolerance.absolute * 10**9 == organisation.TOLERANCE_ABSOLUTE_NANO
    assert tolerance.relative == organisation.TOLERANCE_RELATIVE
    assert config.policy.matching.far_beyond == organisation.FAR_BEYOND
