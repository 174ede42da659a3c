"""Every hint is resolved once, strongest layer first, file order inside a layer."""

from datetime import date
from typing import Any

import pytest

from config.shapes.catalog import Catalog
from tasks.core.attribution import WorkItemRules, hint_findings, resolve, scope_findings
from tasks.core.books import Strength
from tasks.core.cells import Dimension, Hint
from tests.core.factories import catalog, run

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 10)


def workflow(name: str, **match: list[str]) -> dict[str, Any]:
    return {"id": name, "stages": [{"from": "2026-01-01", "stage": "golden"}], "match": match}


def hint(dimension: Dimension, value: str, **fields: Any) -> Hint:
    values = {"issuer": "", "runs": 3, "first_start": FIRST, "last_start": LAST, **fields}
    return Hint(dimension, value=value, **values)


def ranked(config: Catalog, *hints: Hint, **fields: Any) -> list[tuple[str, str, str]]:
    """Resolve, and list (workflow, strength, rule) strongest first."""
    found = sorted(resolve(config, hints, **fields).candidates, key=lambda item: item.rank)
    return [(item.workflow, item.strength.value, item.rule) for item in found]


def test_layers_go_by_strength() -> None:
    config = catalog(
        workflow("by-bot", bots=["agent.copilot"]),
        workflow("by-repository", repositories=["org/*"]),
        workflow("by-branch", branch_prefixes=["agent/fix/*"]),
        workflow("by-account", accounts=["lab"]),
        workflow("by-key", api_keys=["key-1"]),
        workflow("by-item", stamps=["old-*"]),
        workflow("by-stamp"),
    )
    hints = [
        hint(Dimension.ACTOR, "agent:copilot"),
        hint(Dimension.REPO, "org/repo"),
        hint(Dimension.BRANCH_PREFIX, "agent/fix/*"),
        hint(Dimension.ACCOUNT, "lab", issuer="anthropic"),
        hint(Dimension.API_KEY, "key-1", issuer="anthropic"),
        hint(Dimension.WORK_ITEM, "gh:1#2"),
        hint(Dimension.STAMP, "by-stamp"),
    ]

    found = ranked(config, *hints, item_stamps={"gh:1#2": "old-name"})

    assert found == [
        ("by-stamp", "stamp", "id"),
        ("by-item", "stamp", "match.stamps[0]"),
        ("by-account", "account", "match.accounts[0]"),
        ("by-key", "api_key", "match.api_keys[0]"),
        ("by-repository", "repository", "match.repositories[0]"),
        ("by-branch", "branch", "match.branch_prefixes[0]"),
        ("by-bot", "bot", "match.bots[0]"),
    ]


def test_a_workflows_own_id_beats_an_earlier_pattern() -> None:
    config = catalog(workflow("greedy", stamps=["*"]), workflow("named"))

    assert [name for name, *_ in ranked(config, hint(Dimension.STAMP, "named"))] == [
        "named",
        "greedy",
    ]


def test_what_one_workflow_claims_twice_counts_once_by_its_first_rule() -> None:
    config = catalog(workflow("upgrade", stamps=["upgrade", "up*", "*grade"]))

    assert ranked(config, hint(Dimension.STAMP, "upgrade")) == [("upgrade", "stamp", "id")]
    assert ranked(config, hint(Dimension.STAMP, "up")) == [("upgrade", "stamp", "match.stamps[1]")]


def test_a_key_is_finer_than_the_account_of_the_same_workflow() -> None:
    config = catalog(workflow("both", accounts=["lab"], api_keys=["key-1"]))
    hints = [hint(Dimension.ACCOUNT, "lab"), hint(Dimension.API_KEY, "key-1")]

    assert [strength for _, strength, _ in ranked(config, *hints)] == ["api_key", "account"]


def test_a_branch_is_finer_than_the_repository_of_the_same_workflow() -> None:
    config = catalog(workflow("both", repositories=["o/r"], branch_prefixes=["x/*"]))
    hints = [hint(Dimension.REPO, "o/r"), hint(Dimension.BRANCH_PREFIX, "x/")]

    assert [strength for _, strength, _ in ranked(config, *hints)] == ["branch", "repository"]


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("fix-?", "fix-1", True),
        ("fix-?", "fix-12", False),
        ("fix-[12]", "fix-2", True),
        ("Fix-*", "fix-1", False),  # case counts
        ("fix", "fix-1", False),  # the whole value
    ],
)
def test_patterns_are_globs_over_the_whole_value(pattern: str, value: str, matches: bool) -> None:
    config = catalog(workflow("any", stamps=[pattern]))

    assert bool(ranked(config, hint(Dimension.STAMP, value))) is matches


def test_vendors_ids_are_never_patterns() -> None:
    config = catalog(workflow("any", accounts=["lab.1"]))

    assert ranked(config, hint(Dimension.ACCOUNT, "lab.1")) != []
    assert ranked(config, hint(Dimension.ACCOUNT, "labx1")) == []


def test_items_may_share_a_stamp() -> None:
    config = catalog(workflow("any"))
    hints = [hint(Dimension.WORK_ITEM, item) for item in ("gh:1#2", "gh:1#3")]

    found = resolve(config, hints, item_stamps={"gh:1#2": "any", "gh:1#3": "any"}).candidates

    assert [(item.value, item.workflow) for item in found] == [("gh:1#2", "any"), ("gh:1#3", "any")]


def test_an_item_without_a_stamp_says_nothing() -> None:
    assert ranked(catalog(workflow("any")), hint(Dimension.WORK_ITEM, "gh:1#2")) == []


def test_hints_may_come_in_any_order() -> None:
    config = catalog(workflow("one", stamps=["a*"]), workflow("two", stamps=["*b"]))
    hints = [hint(Dimension.STAMP, value) for value in ("ab", "a", "b", "one")]

    assert resolve(config, hints) == resolve(config, list(reversed(hints)) + hints)


def test_repositories_outside_a_scope_are_listed() -> None:
    config = catalog(
        {**workflow("scoped"), "scope": {"repositories": ["org/api-*"]}}, workflow("open")
    )
    hints = [hint(Dimension.REPO, name) for name in ("org/api-1", "org/web")]

    found = resolve(config, hints)

    assert found.out_of_scope == (("scoped", "org/web"),)
    assert found.out_of_scope_pool == "exploration"


def test_a_stamp_that_nobody_declares_is_a_finding() -> None:
    hints = [hint(Dimension.STAMP, "mystery"), hint(Dimension.API_KEY, "key-alpha")]

    (finding,) = hint_findings(hints, resolve(catalog(), hints))

    assert (finding.code, finding.subject) == ("unknown_stamp", "mystery")
    assert "3 runs started 2026-11-01 to 2026-11-10" in finding.detail


@pytest.mark.parametrize(
    ("stages", "is_found"),
    [
        (["2026-01-01 golden"], False),
        (["2026-11-02 golden"], True),  # the first day is not covered
        (["2026-11-01 sunset 2026-11-09"], True),  # nor is the last
        (["2026-11-01 sunset 2026-11-10"], False),
        (["2026-10-01 exploration", "2026-11-05 golden"], False),  # two spans meet
        (["2026-10-01 provisional 2026-11-03", "2026-11-05 golden"], True),  # a gap of a day
        (["2026-12-01 golden"], True),
    ],
)
def test_a_stamp_used_on_days_without_a_stage_is_a_finding(
    stages: list[str], is_found: bool
) -> None:
    entries = [dict(zip(("from", "stage", "until"), e.split(), strict=False)) for e in stages]
    config = catalog({"id": "ending", "stages": entries})
    hints = [hint(Dimension.STAMP, "ending")]

    found = hint_findings(hints, resolve(config, hints))

    assert [finding.code for finding in found] == ["unknown_stamp"] * is_found
    assert all("has no stage on some of the days" in finding.detail for finding in found)


def test_runs_outside_their_scope_are_counted_by_workflow() -> None:
    cells = [
        run("scoped", is_out_of_scope=True, runs=2),
        run("scoped", is_out_of_scope=True, runs=5, api_key="k"),
        run("scoped", runs=9),
    ]

    (finding,) = scope_findings(cells)

    assert finding.code == "out_of_scope"
    assert finding.detail.startswith("7 runs of scoped")


@pytest.mark.parametrize(
    ("stamps", "branch", "expected"),
    [
        (["upgrade-7"], None, "upgrade"),
        (["nobody", "fixer"], "agent/upgrade/", "fixer"),  # a stamp beats a branch
        (["nobody"], "agent/upgrade/", "upgrade"),
        (["nobody"], "main", None),
        ([], None, None),
    ],
)
def test_a_work_item_belongs_to_its_stamp_or_else_its_branch(
    stamps: list[str], branch: str | None, expected: str | None
) -> None:
    config = catalog(
        workflow("upgrade", stamps=["upgrade-*"], branch_prefixes=["agent/upgrade/"]),
        workflow("fixer"),
    )

    assert WorkItemRules(config).workflow_of(stamps, branch) == expected


def test_every_candidate_keeps_the_strength_of_its_dimension() -> None:
    config = catalog(workflow("any", bots=["human"]))

    (found,) = resolve(config, [hint(Dimension.ACTOR, "human")]).candidates

    assert found.strength is Strength.BOT
