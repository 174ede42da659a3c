"""Drafts: ids that stay, counts that add up, and a catalog that loads whatever names it is of."""

import shutil
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.load import catalog_from_text
from config.shapes.base import Stage
from config.shapes.catalog import Catalog
from tasks.core.adoption.adoption import taken_by
from tasks.core.adoption.agent_work import AgentWork
from tasks.core.adoption.draft_catalog import Additions, NewAccount, drafted_catalog
from tasks.core.adoption.drafts import Draft, Taken, drafts_of
from tasks.core.adoption.stamp_names import StampedRuns
from tasks.core.errors import ConfigError
from tasks.core.promotion.controls import rollback_state
from tasks.core.promotion.verdict import Status
from tasks.core.work.item_facts import Outcome
from tasks.core.work.item_states import ItemStatus
from tasks.core.yaml_places import text_diff
from tests.core.adoption.seen import DAY, runs, several, work
from tests.core.adoption.test_clusters import LOGGED, SEEN

GIT = shutil.which("git") or "git"
SHIPPED = Path(__file__).resolve().parents[3] / "config" / "catalog.yaml"


def drafted(
    *items: AgentWork, logged: tuple[StampedRuns, ...] = (), taken: Taken | None = None
) -> tuple[Draft, ...]:
    return drafts_of(items, taken or Taken(), logged).drafts


def additions(*drafts: Draft, **changes: Any) -> Additions:
    values: dict[str, Any] = {
        "drafts": drafts,
        "families": tuple(sorted({draft.family for draft in drafts})),
        "accounts": (),
        "risk_tier": 1,
    }
    return Additions(**(values | changes))


def test_a_draft_says_what_became_of_its_work_and_what_says_so() -> None:
    (draft,) = drafted(
        *several(0, 3, vendor="claude"),
        work(3, vendor="claude", is_reverted=True, outcome=Outcome.FAILURE),
        work(4, vendor="claude", status=ItemStatus.CLOSED, outcome=Outcome.UNKNOWN),
        work(5, vendor="claude", status=ItemStatus.OPEN, is_matured=False),
        work(6, vendor="claude", outcome=Outcome.CANCELLED, repository="acme/other"),
    )

    counts = draft.counts
    assert (counts.open, counts.merged, counts.closed, counts.reverted) == (1, 5, 1, 1)
    assert (counts.success, counts.failure, counts.unknown, counts.matured()) == (3, 1, 1, 5)
    assert counts.total() == len(draft.items) == 7
    assert draft.signals == (("trailer", 7),)
    assert draft.places == (("acme/engine", 6), ("acme/other", 1))
    assert draft.unmatched == 7


def test_only_what_a_rule_of_the_catalog_reaches_counts_without_a_stamp() -> None:
    (draft,) = drafted(
        *several(0, 5, prefix="codex/", vendor="codex"), *several(9, 2, vendor="codex")
    )

    assert (draft.prefixes, draft.bots, draft.unmatched) == (("codex/",), ("agent.codex",), 2)


def test_it_begins_with_the_first_day_that_anything_was_seen() -> None:
    later = StampedRuns("sort-mail", 5, date(2026, 11, 9), date(2026, 11, 12))
    (draft,) = drafted(work(1, stamp="sort-mail"), logged=(later,))

    assert (draft.from_day, draft.last_day, draft.runs) == (DAY, date(2026, 11, 12), 5)


@pytest.mark.parametrize(
    ("items", "ids"),
    [
        (several(0, 5, prefix="Night Shift/Run/"), ["night-shift-run"]),
        (several(0, 5, vendor="copilot"), ["copilot-2"]),
        ([work(0, stamp="_x."), work(1, stamp="x")], ["x", "x-2"]),
        ([work(0, stamp="a-b"), *several(5, 5, prefix="a/b/")], ["a-b-2", "a-b"]),
        ([*several(0, 3, vendor="amp"), *several(9, 3, vendor="jules")], ["other-agents"]),
        ([*several(0, 3, vendor="amp"), *several(9, 3, prefix="lone/")], ["other-agents"]),
        ([work(0, stamp="y" * 64)], ["y" * 48]),
    ],
)
def test_ids_are_slugs_that_nobody_else_has(items: list[AgentWork], ids: list[str]) -> None:
    drafts = drafted(*items, taken=Taken(ids=frozenset({"copilot"})))

    assert sorted(draft.id for draft in drafts) == sorted(ids)
    assert catalog_from_text(drafted_catalog("", additions(*drafts))).workflows


def test_a_stamp_that_is_another_drafts_id_stays_that_drafts() -> None:
    taken = Taken(ids=frozenset({"x"}))
    drafts = drafted(work(0, stamp="x."), work(1, stamp="x-2"), taken=taken)

    by_stamp = {stamp: draft.id for draft in drafts for stamp in (*draft.stamps, draft.id)}
    assert by_stamp["x-2"] == "x-2"
    assert by_stamp["x."] == "x-3"


def test_drafts_that_share_a_first_word_are_one_family() -> None:
    drafts = drafted(
        work(0, stamp="sort-mail"),
        work(1, stamp="sort-parcels"),
        work(2, stamp="file-claims"),
        *several(5, 5, vendor="claude"),
    )

    assert {draft.id: draft.family for draft in drafts} == {
        "sort-mail": "sort",
        "sort-parcels": "sort",
        "file-claims": "to-sort",
        "claude": "coding-agents",
    }


@pytest.mark.parametrize(
    ("names", "scope"),
    [
        (["a/x", "a/y"], ("a/x", "a/y")),
        ([f"a/{at}" for at in range(13)], ("a/*",)),
        ([f"o{at}/x" for at in range(13)], ()),
        (["a/x", ""], ()),
    ],
)
def test_a_scope_is_the_repositories_or_their_owners_or_left_open(
    names: list[str], scope: tuple[str, ...]
) -> None:
    (draft,) = drafted(
        *(work(at, stamp="sort-mail", repository=name) for at, name in enumerate(names))
    )

    assert draft.scope == scope


def test_a_first_catalog_loads_and_says_what_was_drafted() -> None:
    drafts = drafted(*several(0, 5, prefix="codex/", vendor="codex"), logged=(runs("sort-mail"),))
    accounts = (NewAccount("acme:default", "acme"), NewAccount("123", "acme"))

    catalog = catalog_from_text(drafted_catalog("", additions(*drafts, accounts=accounts)))

    codex, sort_mail = catalog.workflows
    assert (codex.id, codex.match.branch_prefixes, codex.match.bots) == (
        "codex",
        ("codex/",),
        ("agent.codex",),
    )
    assert [(one.stage, one.from_day) for one in codex.stages] == [(Stage.EXPLORATION, DAY)]
    assert (sort_mail.owner, sort_mail.escalation) == ("todo-owner", "todo-escalation")
    assert [account.id for account in catalog.accounts] == ["acme:default", "123"]
    assert {account.paid_from for account in catalog.accounts} == {"exploration"}


@given(st.lists(SEEN, max_size=60, unique_by=lambda one: one.item), LOGGED)
def test_whatever_agents_name_things_the_drafted_catalog_loads(
    items: list[AgentWork], logged: list[StampedRuns]
) -> None:
    # A prefix is kept only if a configuration declares it, and none can declare control characters.
    kept = [one for one in items if one.prefix.isprintable()]
    drafts = drafted(*kept, logged=tuple(logged))

    catalog = catalog_from_text(drafted_catalog("", additions(*drafts)))

    assert [one.id for one in catalog.workflows] == [draft.id for draft in drafts]
    assert [one.match.branch_prefixes for one in catalog.workflows] == [
        draft.prefixes for draft in drafts
    ]


BLOCKS = """\
# Ours.
version: 1
portfolios:
- {id: p, title: P, owner: o, cost_centre: C}
families:
- id: f
  portfolio: p
  title: F
  budgets:
  - {from: 2026-01-01, pool: exploration, amount: "1"}   # agreed

# Below: workflows.
workflows:
- id: old
  family: f
  title: Old
  stages:
  - {from: 2026-01-01, stage: exploration}
  risk_tier: 1
  match: {branch_prefixes: ["old/"]}
"""
FLOW = """\
version: 1
portfolios: [{id: p, title: P, owner: o, cost_centre: C}]
families: [{id: f, portfolio: p, title: F}]  # one
workflows: []
"""


@pytest.mark.parametrize(
    "present",
    [
        BLOCKS,
        FLOW,
        BLOCKS.rstrip(),
        BLOCKS.replace("\n", "\r\n"),
        "version: 1",
        SHIPPED.read_text(),
    ],
    ids=["blocks", "in brackets", "no last line end", "carriage returns", "empty", "shipped"],
)
def test_a_catalog_that_stands_keeps_every_line_and_the_diff_applies(
    present: str, tmp_path: Path
) -> None:
    before = catalog_from_text(present)
    drafts = drafted(
        *several(0, 5, prefix="codex/", vendor="codex"),
        logged=(runs("sort-parcels"),),
        taken=taken_by(before),
    )
    text = drafted_catalog(present, additions(*drafts, accounts=(NewAccount("new", "acme"),)))

    after = catalog_from_text(text)
    assert after.workflows[: len(before.workflows)] == before.workflows
    assert [one.id for one in after.workflows[len(before.workflows) :]] == ["codex", "sort-parcels"]
    assert after.families[: len(before.families)] == before.families
    if present is not FLOW:
        assert [line for line in present.splitlines() if line not in text.splitlines()] == []
    assert applied(present, text_diff(present, text, "catalog.yaml"), tmp_path) == text.encode()


def applied(before: str, diff: str, folder: Path) -> bytes:
    file = folder / "catalog.yaml"
    file.write_bytes(before.encode())
    subprocess.run([GIT, "init", "-q", "."], cwd=folder, check=True)
    subprocess.run(
        [GIT, "apply", "--whitespace=nowarn", "-"], cwd=folder, check=True, input=diff.encode()
    )
    return file.read_bytes()


def test_a_catalog_that_cannot_be_added_to_is_refused_in_words() -> None:
    present = BLOCKS.replace('match: {branch_prefixes: ["old/"]}', "blast_radius: |\n    Much.\n")

    with pytest.raises(ConfigError, match="cannot be added to where its workflows end"):
        drafted_catalog(present + "accounts: []\n", additions(*drafted(work(1, stamp="new"))))


def test_rules_that_the_catalog_has_are_not_claimed_again() -> None:
    taken = taken_by(
        Catalog.model_validate(
            {
                "version": 1,
                "portfolios": [{"id": "p", "title": "P", "owner": "o", "cost_centre": "C"}],
                "families": [{"id": "f", "portfolio": "p", "title": "F"}],
                "workflows": [
                    {
                        "id": "codex",
                        "family": "f",
                        "title": "Codex",
                        "stages": [{"from": "2026-01-01", "stage": "exploration"}],
                        "risk_tier": 1,
                        "match": {"branch_prefixes": ["codex/*"], "bots": ["agent.codex"]},
                    }
                ],
            }
        )
    )
    (draft,) = drafted(*several(0, 5, prefix="codex/", vendor="codex"), taken=taken)

    assert (draft.id, draft.prefixes, draft.bots) == ("codex-2", (), ())


def test_no_ticket_asks_about_a_draft_before_somebody_has_said_how_to_undo_it() -> None:
    (draft,) = drafted(*several(0, 90, vendor="claude"))

    (workflow,) = catalog_from_text(drafted_catalog("", additions(draft))).workflows

    assert workflow.capability is None
    assert rollback_state(workflow, DAY).status is Status.UNMET
