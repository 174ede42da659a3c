"""What the files may not say of the gate: changes, declared controls, waivers, terms."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from config.load import load_config
from config.shapes.gate import GATES, NEVER_WAIVED, GateRules
from tasks.core.promotion.verdict import GateName

Refused = Callable[[str, str, str], list[str]]

SWARM = '    version: "1"\n    stages:\n      - {from: 2026-09-01, stage: exploration}\n'
CONTROL = "{control: ci-checks, evidence: wiki, until: 2026-12-31}"
WAIVER = "reason: r, approved_by: council, until: 2026-12-31"


def test_waivers_name_the_gates_as_verdicts_do() -> None:
    assert tuple(GateName) == GATES
    assert set(GATES) >= NEVER_WAIVED


@pytest.mark.parametrize(
    ("entries", "key", "says"),
    [
        (
            "changes: [{from: 2026-09-10, kind: model}, {from: 2026-09-10, kind: model}]",
            "changes[1].from",
            "must be later than the entry before it (2026-09-10)",
        ),
        ("changes: [{from: 2026-09-10, kind: modle}]", "changes[0].kind", "Did you mean `model`?"),
        (
            f"controls: [{CONTROL}, {CONTROL}]",
            "controls[1].control",
            "is the same as in controls[0]",
        ),
        ("controls: [{control: ci-checks, evidence: wiki}]", "controls[0].until", "is missing"),
        (f"waivers: [{{waives: success, {WAIVER}}}]", "waivers[0].waives", "can never be waived"),
        (
            f"waivers: [{{waives: controls, {WAIVER}}}]",
            "waivers[0].waives",
            "waive a control by its name",
        ),
        (
            f"waivers: [{{waives: mix, {WAIVER}}}, {{waives: mix, {WAIVER}}}]",
            "waivers[1].waives",
            "is the same as in waivers[0]",
        ),
        (
            "controls: [{control: ci-chekcs, evidence: wiki, until: 2026-12-31}]",
            "controls[0].control",
            "is required by no risk tier of policy.yaml. Did you mean `ci-checks`?",
        ),
        (
            f"waivers: [{{waives: covrage, {WAIVER}}}]",
            "waivers[0].waives",
            "is no gate and no required control of policy.yaml. Did you mean `coverage`?",
        ),
        ("waivers: [{waives: mix, reason: r, until: 2026-12-31}]", "approved_by", "is missing"),
    ],
)
def test_an_entry_that_cannot_be_meant_is_refused(
    refused: Refused, entries: str, key: str, says: str
) -> None:
    (problem,) = refused("catalog.yaml", SWARM, f"{SWARM}    {entries}\n")

    assert key in problem
    assert says in problem


def test_entries_for_the_gate_are_read(folder: Path, edit: Callable[[str, str, str], str]) -> None:
    entries = (
        "    changes: [{from: 2026-09-10, kind: model, note: n}, {from: 2026-09-10, kind: minor}]\n"
        "    controls: [{control: ci-checks, evidence: wiki, until: 2026-12-31}]\n"
        f"    waivers: [{{waives: mix, {WAIVER}}}, {{waives: human-review, {WAIVER}}}]\n"
    )
    edit("catalog.yaml", SWARM, SWARM + entries)
    edit(
        "policy.yaml",
        "review_cadence_days: 180",
        'review_cadence_days: 180\n    gate: {floor: "0.65", items: 18}',
    )

    config = load_config(folder)

    workflow = next(one for one in config.catalog.workflows if one.id == "upgrade-swarm")
    assert [change.kind for change in workflow.changes] == ["model", "minor"]
    assert [waiver.waives for waiver in workflow.waivers] == ["mix", "human-review"]
    assert config.policy.risk_tiers[0].gate.floor == Decimal("0.65")
    assert config.policy.gate == GateRules()


@pytest.mark.parametrize(
    ("gate", "says"),
    [
        ("{items: 0}", "at least 1"),
        ('{floor: "1"}', "less than 1"),
        ('{floor: "0.1234567"}', "more than 6 digits after the point"),
        ('{floor: "0"}', "more than 0"),
        ('{alpha: "0.5"}', "less than 0.5"),
        ('{alpha: "0"}', "more than 0"),
        ("{flor: 0.8}", "Did you mean `floor`?"),
        ("{opens_ticket: always}", "one of `qualified`, `review_ready`"),
        ("{against_golden: equal}", "one of `not_worse`, `proof`"),
    ],
)
def test_terms_that_would_prove_nothing_are_refused(refused: Refused, gate: str, says: str) -> None:
    (problem,) = refused(
        "policy.yaml", "review_cadence_days: 180", f"review_cadence_days: 180\n    gate: {gate}"
    )

    assert "risk_tiers[0].gate" in problem
    assert says in problem
