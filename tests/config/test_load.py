"""Loading the shipped configuration: what it holds, and what moves its digests."""

import dataclasses
import pickle
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.load import load_config
from config.shapes.base import Stage

Edit = Callable[[str, str, str], str]


def test_the_shipped_configuration_loads(folder: Path) -> None:
    config = load_config(folder)

    stages = {entry.stage for workflow in config.catalog.workflows for entry in workflow.stages}
    assert stages == set(Stage)
    assert sorted(config.digests) == ["catalog", "finance", "policy", "sources"]
    assert {source.type for source in config.sources.sources} == {
        "agent_log", "github", "jira", "anthropic", "openai",
        "claude_code_log", "codex_log", "otel", "litellm", "litellm_file", "langfuse",
        "claude_code_analytics", "copilot", "cursor", "devin", "anthropic_enterprise",
    }  # fmt: skip


def test_what_is_loaded_cannot_be_changed(folder: Path) -> None:
    config = load_config(folder)

    with pytest.raises(ValidationError):
        config.policy.outcomes.maturation_days = 0  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.catalog = config.catalog  # type: ignore[misc]


def test_the_configuration_travels_between_workers(folder: Path) -> None:
    config = load_config(folder)

    assert pickle.loads(pickle.dumps(config)) == config  # noqa: S301  # our own bytes


@pytest.mark.parametrize("written", ["0.1", '"0.1"', "0.10", '"1e-1"'])
def test_an_amount_is_the_decimal_that_is_written(folder: Path, edit: Edit, written: str) -> None:
    edit("catalog.yaml", 'amount: "3000.00"', f"amount: {written}")

    amount = load_config(folder).catalog.portfolios[0].budgets[0].amount

    # The binary float 0.1 is 0.1000000000000000055...
    assert amount == Decimal("0.1")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("catalog.yaml", "version: 1", "version: 1 # the same"),
        ("catalog.yaml", 'amount: "3000.00"', "amount: 3000"),
        ("catalog.yaml", "id: routing\n    title: Routing", "title: Routing\n    id: routing"),
        ("policy.yaml", "  far_beyond: 2\n", ""),  # the default
        ("sources.yaml", "currency: USD", 'currency: "USD"'),
        ("sources.yaml", "https://api.github.com", "https://API.github.com/"),
    ],
)
def test_a_digest_does_not_move_with_the_way_of_writing(
    folder: Path, edit: Edit, file: str, old: str, new: str
) -> None:
    before = load_config(folder).digests

    edit(file, old, new)

    assert load_config(folder).digests == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("catalog.yaml", "title: Routing", "title: Routes"),
        ("catalog.yaml", 'amount: "3000.00"', 'amount: "3000.000000001"'),
        ("catalog.yaml", "[OPS]", "[OPS, OPX]"),
        ("policy.yaml", "maturation_days: 14", "maturation_days: 15"),
        ("sources.yaml", "[ticket_id, claim_type, lane]", "[ticket_id, lane, claim_type]"),
        ("sources.yaml", "from: 2026-11-01", "from: 2026-11-02"),
    ],
)
def test_a_digest_moves_with_the_meaning_and_no_other_digest_does(
    folder: Path, edit: Edit, file: str, old: str, new: str
) -> None:
    before = load_config(folder).digests

    edit(file, old, new)

    after = load_config(folder).digests
    name = file.removesuffix(".yaml")
    assert {key for key in before if before[key] != after[key]} == {name}


LATER = 'until: 2027-01-15, cap: "1500.00"}\n      - {from: 2026-12-01, '


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # A demotion, an extension, an end cut short by graduation.
        (
            "{from: 2026-06-01, stage: golden}",
            "{from: 2026-06-01, stage: golden}\n      - {from: 2026-09-01, stage: exploration}",
        ),
        (
            'until: 2027-01-15, cap: "1500.00"}',
            LATER + "stage: provisional, until: 2027-03-01, cap: 1}",
        ),
        ('until: 2027-01-15, cap: "1500.00"}', LATER + "stage: golden}"),
        # A longer prefix is the finer one wherever it stands, an id is tried before every glob.
        ('["agent/upgrade/"]', '["agent/"]'),
        ('["upgrade-swarm-*"]', '["upgrade-*"]'),
        ("scope:\n      tickets", "scope:\n      paths: ['src/**']\n      tickets"),
    ],
)
def test_what_is_legal_is_not_refused(folder: Path, edit: Edit, old: str, new: str) -> None:
    edit("catalog.yaml", old, new)

    load_config(folder)
