"""Settings held against sources: who lacks a secret, whose host does not fit."""

from pathlib import Path

import pytest

from config.load import load_config
from config.settings import load_settings
from config.shapes.sources import Sources
from config.wiring import wiring_problems

HOSTS = {
    "GITHUB_TOKEN": "api.github.com",
    "JIRA_TOKEN": "meridian-freight.atlassian.net",
    "JIRA_USER": "meridian-freight.atlassian.net:443",
    "ANTHROPIC_ADMIN_KEY": "api.anthropic.com",
    "OPENAI_ADMIN_KEY": "api.openai.com",
    "LITELLM_KEY": "gateway.meridian-freight.example",
    "LANGFUSE_SECRET_KEY": "cloud.langfuse.com",
    "COPILOT_TOKEN": "api.github.com",
    "CURSOR_ADMIN_KEY": "api.cursor.com",
    "DEVIN_KEY": "api.devin.ai",
    "CLAUDE_ANALYTICS_KEY": "api.anthropic.com",
}


@pytest.fixture
def sources(folder: Path) -> Sources:
    return load_config(folder).sources


def environ(**changes: str | None) -> dict[str, str]:
    whole: dict[str, str | None] = {"DIGEST_KEY": "x" * 32}
    for name, hosts in HOSTS.items():
        whole |= {f"SECRET_{name}": "a-token", f"SECRET_{name}_HOSTS": hosts}
    whole |= changes
    return {f"GRADUAND_{name}": text for name, text in whole.items() if text is not None}


def test_a_complete_environment_has_no_problem(sources: Sources) -> None:
    assert wiring_problems(load_settings(environ()), sources) == ()


def test_a_missing_secret_stops_its_source_only(sources: Sources) -> None:
    settings = load_settings(environ(SECRET_JIRA_TOKEN=None, SECRET_JIRA_TOKEN_HOSTS=None))

    problems = wiring_problems(settings, sources)

    assert [problem.source for problem in problems] == ["jira"]
    assert "GRADUAND_SECRET_JIRA_TOKEN" in problems[0].message


def test_an_override_to_a_host_that_the_secret_is_not_bound_to_is_named(sources: Sources) -> None:
    settings = load_settings(environ(BASE_URL_GITHUB="http://127.0.0.1:8080/github"))

    problems = wiring_problems(settings, sources)

    assert [problem.source for problem in problems] == ["github"]
    assert "not bound to 127.0.0.1:8080" in problems[0].message


@pytest.mark.parametrize("hosts", ["127.0.0.1:8080", "127.0.0.1"])
def test_an_override_to_a_bound_host_is_fine(sources: Sources, hosts: str) -> None:
    settings = load_settings(
        environ(BASE_URL_GITHUB="http://127.0.0.1:8080", SECRET_GITHUB_TOKEN_HOSTS=hosts)
    )

    assert wiring_problems(settings, sources) == ()


def test_an_override_of_no_source_is_named(sources: Sources) -> None:
    problems = wiring_problems(
        load_settings(environ(BASE_URL_GITLAB="https://gitlab.example.com")), sources
    )

    assert [problem.source for problem in problems] == [""]
    assert "'gitlab' names no source" in problems[0].message
