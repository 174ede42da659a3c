"""Whose an item is, what became of it and what it cost: one fact an item."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.shapes.sources import Issuer
from tasks.core.list_prices import list_price
from tasks.core.tables import TOKEN_KINDS
from tasks.core.work.item_facts import ItemFact, Outcome, Reason
from tasks.core.work.item_owners import KnownItems, item_facts, review_rounds
from tasks.core.work.item_states import ItemState, ItemStatus
from tasks.core.work.item_work import PARTS, ItemWork, cost_of, list_rates, names_in_logs
from tasks.core.work.work_items import EventKind, ItemEvent, ItemType
from tests.core.factories import catalog

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
CATALOG = catalog(
    {"id": "bump", "stages": [{"from": "2026-01-01", "stage": "exploration"}]},
    {"id": "rival", "stages": [{"from": "2026-01-01", "stage": "exploration"}]},
    {
        "id": "triage",
        "family": "triage",
        "stages": [{"from": "2026-01-01", "stage": "exploration"}],
        "outcomes": {"success": ["sent"], "failure": ["gave-up"]},
    },
    squads=[
        {"id": "north", "title": "North", "repositories": ["acme/shop*"], "projects": ["OPS"]},
        {"id": "south", "title": "South", "repositories": ["acme/*"]},
    ],
)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def work(
    item: str = "gh:9#5", workflow: str = "bump", hours: float = 0, **said: object
) -> ItemWork:
    given: dict[str, object] = {
        "item": item,
        "workflow": workflow,
        "first_at": at(hours),
        "last_at": at(hours + 1),
        "runs": 1,
        "cost_parts": 10 * PARTS,
        "is_escalated": None,
        "task_class": None,
        "decision": None,
        "repository": None,
    }
    return ItemWork(**(given | said))  # type: ignore[arg-type]  # names of its fields


def merged(item: str = "gh:9#5", stamp: str = "", hours: float = 3) -> ItemState:
    return ItemState(
        item,
        ItemType.PULL_REQUEST,
        opened_at=at(1),
        status=ItemStatus.MERGED,
        merged_at=at(hours),
        closed_at=at(hours),
        stamps=(stamp,) if stamp else (),
    )


def facts(
    works: Sequence[ItemWork] = (),
    states: Sequence[ItemState] = (),
    *,
    names: Mapping[str, str] | None = None,
    unlogged: Collection[date] = (),
) -> dict[str, ItemFact]:
    known = KnownItems(states={one.item: one for one in states}, names=names or {})
    made = item_facts(works, known, CATALOG, cancelled_by=(), unlogged=unlogged)
    found = list(made)
    assert len({one.item for one in found}) == len(found)
    return {one.item: one for one in found}


def fact(*args: object, **named: object) -> ItemFact:
    (found,) = facts(*args, **named).values()  # type: ignore[arg-type]  # handed on
    return found


def test_the_first_workflow_that_worked_on_an_item_owns_it() -> None:
    found = fact([work(workflow="triage"), work(workflow="bump", hours=2)], [merged(stamp="rival")])
    assert (found.workflow, found.is_handed_over) == ("triage", True)
    assert (found.outcome, found.reason) == (Outcome.SUCCESS, Reason.MERGED)


def test_runs_of_nobody_own_nothing_but_cost_all_the_same() -> None:
    found = fact([work(workflow=""), work(workflow="bump", hours=2)], [merged()])
    assert (found.workflow, found.first_at, found.runs, found.cost_nano) == ("bump", at(0), 2, 20)
    assert not found.is_handed_over


def test_an_item_that_no_run_names_is_whose_its_marks_say_and_costs_nobody_knows_what() -> None:
    found = fact([], [merged(stamp="bump")])
    assert (found.workflow, found.first_at, found.runs) == ("bump", at(1), 0)
    assert found.cost_nano is None


def test_an_item_of_nobody_gives_no_fact() -> None:
    assert facts([work(workflow="")], [merged(), merged("gh:9#6")]) == {}


def test_what_a_rival_of_the_family_took_over_is_no_success() -> None:
    found = fact([work(), work(workflow="rival", hours=1)], [merged()])
    assert (found.outcome, found.reason) == (Outcome.FAILURE, Reason.HANDED_OVER)
    assert (found.closed_at, found.known_at) == (at(3), at(3))


def test_what_no_system_knows_is_decided_by_the_owner_s_log() -> None:
    sent = work("run log 1", "triage", decision="sent")
    lost = work("run log 2", "triage", decision="gave-up")
    silent = work("run log 3", "triage")
    unmapped = work("run log 4", "bump", decision="sent")
    found = facts([sent, lost, silent, unmapped])
    assert {item: one.reason for item, one in found.items()} == {
        "run log 1": Reason.DECIDED,
        "run log 2": Reason.GAVE_UP,
        "run log 3": Reason.UNTOLD,
        "run log 4": Reason.UNTOLD,
    }
    assert {one.closed_at for one in found.values()} == {at(1)}


def test_another_workflow_s_decision_does_not_decide_for_the_owner() -> None:
    rows = [work("x", "triage"), work("x", "bump", hours=1, decision="sent")]
    assert fact(rows).reason is Reason.UNTOLD


def test_incidents_are_no_work_unless_runs_name_them() -> None:
    incident = ItemState("jira:7", ItemType.ISSUE, at(0), stamps=("bump",), is_incident=True)
    assert facts([], [incident]) == {}
    assert fact([work("jira:7")], [incident]).item == "jira:7"


@pytest.mark.parametrize(
    ("item", "names", "said", "place"),
    [
        ("gh:9#5", {"gh:9#5": "acme/shop-1#5"}, None, ("acme/shop-1", "north", "acme/shop-1")),
        ("gh:9#5", {}, "acme/web", ("acme/web", "south", "acme/web")),
        ("gh:9#5", {}, None, ("gh:9", None, "gh:9")),
        ("jira:7", {"jira:7": "OPS-4"}, "acme/web", (None, "north", "OPS")),
        ("jira:7", {}, None, (None, None, "-")),
        ("run log 1", {}, "acme/web", ("acme/web", "south", "acme/web")),
    ],
)
def test_an_item_lies_where_its_name_says_else_where_its_runs_do(
    item: str, names: dict[str, str], said: str | None, place: tuple[str | None, ...]
) -> None:
    found = fact([work(item, repository=said)], names=names)
    assert (found.repository, found.squad, found.stratum) == place


def test_a_task_class_tells_the_kind_of_work() -> None:
    rows = [work(task_class="patch"), work(workflow="rival", hours=1, task_class="minor")]
    assert fact(rows).stratum == "minor"


def test_a_pull_request_tells_its_reviews_and_minutes_and_a_ticket_neither() -> None:
    done = ItemState("jira:7", ItemType.ISSUE, at(0), ItemStatus.CLOSED, closed_at=at(1))
    found = facts([work("gh:9#5"), work("jira:7")], [merged(), done])
    assert (found["gh:9#5"].review_rounds, found["gh:9#5"].merge_minutes) == (0, 120)
    assert (found["jira:7"].review_rounds, found["jira:7"].merge_minutes) == (None, None)


def test_reviews_that_asked_for_changes_are_counted_once_each() -> None:
    def event(value: str, ref: str, item: str = "a") -> ItemEvent:
        return ItemEvent("github", item, EventKind.REVIEWED, START, START, value, ref)

    events = [
        event("changes_requested.human", "1"),
        event("dismissed.human", "1"),
        event("changes_requested.human", "1"),
        event("changes_requested.bot", "2"),
        event("approved.human", "3"),
        event("approved.human", "4", "b"),
    ]
    assert review_rounds(events) == {"a": 2}


@pytest.mark.parametrize(
    ("day", "is_known"),
    [("10-31", True), ("11-01", False), ("11-02", False), ("11-03", True)],
)
def test_work_around_a_day_whose_runs_are_missing_has_no_known_cost(
    day: str, *, is_known: bool
) -> None:
    found = fact([work()], [merged()], unlogged={date.fromisoformat(f"2026-{day}")})
    assert (found.cost_nano is not None) is is_known


@given(st.lists(st.integers(0, 3 * PARTS), min_size=1, max_size=6))
def test_an_item_s_cost_is_rounded_once(parts: list[int]) -> None:
    exact, cost = sum(parts), cost_of([work(cost_parts=one) for one in parts])
    assert cost is not None
    assert abs(cost * PARTS - exact) * 2 <= PARTS
    assert abs(cost * PARTS - exact) * 2 < PARTS or cost % 2 == 0


def test_a_cost_that_cannot_be_kept_is_not_known() -> None:
    assert cost_of([work(cost_parts=10**19 * PARTS)]) is None
    assert cost_of([work(), work(cost_parts=None)]) is None
    assert cost_of([]) is None


def test_list_rates_are_those_of_the_day_without_contracts() -> None:
    issuers = [
        Issuer.model_validate(
            {
                "id": "anthropic",
                "price_provider": "anthropic",
                "contract": [{"from": "2026-01-01", "model": "*", "kind": "*", "factor": "0.5"}],
            }
        ),
        Issuer.model_validate({"id": "euro", "price_provider": "anthropic", "currency": "EUR"}),
    ]
    day, model = date(2026, 11, 20), "claude-opus-4-5"
    (rate,) = list_rates(issuers, [("anthropic", model), ("euro", model), ("none", model)], day)
    listed = [list_price("anthropic", model, "standard", "0", kind, day) for kind in TOKEN_KINDS]
    assert None not in listed
    # A dollar a million tokens is 1,000 nano-USD a token.
    assert list(rate.per_token) == [int(one * 1_000 * PARTS) for one in listed if one is not None]


def test_names_in_logs_are_lower_case_and_digests_of_undeclared_repositories() -> None:
    names = names_in_logs({"jira:7": "OPS-4", "gh:9#5": "Acme/Shop#5"}, str.swapcase)
    assert names == {
        "ops-4": "jira:7",
        "acme/shop#5": "gh:9#5",
        "aCME/sHOP#5": "gh:9#5",
        "ACME/SHOP#5": "gh:9#5",
    }
