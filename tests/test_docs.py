"""The documents tell the truth: links lead somewhere, commands and targets exist."""

import re
from pathlib import Path

import pytest
import yaml

from cli.main import build_parser

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
README = (ROOT / "README.md").read_text()
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_documents_leads_somewhere(page: Path) -> None:
    links = [link for link in _LINK.findall(page.read_text()) if "://" not in link]

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_command_stands_in_the_readme() -> None:
    listed = build_parser().format_help().partition("COMMAND\n")[2]
    names = set(re.findall(r"^    ([a-z]+) ", listed, re.MULTILINE))

    assert {"up", "run", "check", "migrate", "rehearse"} <= names
    assert {name for name in names if f"`graduand {name}" not in README} == set()


def test_every_deployment_is_named_in_the_readme_or_its_changelog() -> None:
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    told = README + (ROOT / "CHANGELOG.md").read_text()

    assert [one["name"] for one in deployments if one["name"] not in told] == []


def test_every_make_target_that_the_readme_names_exists_and_has_a_help_line() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## .+$", (ROOT / "Makefile").read_text(), re.MULTILINE))

    named = set(re.findall(r"^make ([a-z-]+)$", README, re.MULTILINE))

    assert named
    assert named <= targets
    assert {"run", "test", "up", "check", "bench"} <= targets


def test_decisions_are_numbered_without_gaps_and_have_the_three_parts() -> None:
    pages = sorted((ROOT / "docs" / "adr").glob("*.md"))

    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text()
        parts = ("## Context", "## Decision", "## Consequences")
        assert all(part in text for part in parts), page.name


def test_no_document_or_module_carries_the_address_of_a_package_index() -> None:
    lock = (ROOT / "requirements.lock").read_text()

    assert "://" not in lock
    assert "--index" not in lock
