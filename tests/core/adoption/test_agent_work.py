"""Which pull requests count as an agent's: by signals of its own, never by a name."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks.core.adoption.agent_work import AgentWork, Signal, agent_work
from tasks.core.work.item_facts import Outcome, Reason
from tasks.core.work.item_outcomes import Judged
from tasks.core.work.item_states import ItemState, ItemStatus
from tasks.core.work.work_items import ItemType

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
OPENED = NOW - timedelta(days=40)
CLOSED = NOW - timedelta(days=14)


def state(number: int = 1, **changes: Any) -> ItemState:
    values: dict[str, Any] = {
        "item": f"gh:1#{number}",
        "item_type": ItemType.PULL_REQUEST,
        "opened_at": OPENED,
        "author": "human",
    }
    return ItemState(**(values | changes))


def found(*states: ItemState, closed_at: datetime | None = CLOSED) -> tuple[AgentWork, ...]:
    judged = Judged(Outcome.SUCCESS, Reason.MERGED, closed_at, closed_at)
    return agent_work(
        {one.item: one for one in states},
        {one.item: judged for one in states},
        {one.item: "acme/engine" for one in states},
        now=NOW,
        maturation_days=14,
    )


@pytest.mark.parametrize(
    ("shows", "vendor", "signals"),
    [
        (
            {"author": "agent:copilot", "agents": ("agent:copilot",)},
            "copilot",
            {Signal.AUTHOR},
        ),
        ({"agents": ("agent:claude",)}, "claude", {Signal.TRAILER}),
        ({"branch_prefix": "codex/"}, "codex", {Signal.BRANCH}),
        ({"stamps": ("sort-mail",)}, "", {Signal.STAMP}),
        (
            {"branch_prefix": "cursor/", "agents": ("agent:claude",)},
            "cursor",
            {Signal.BRANCH, Signal.TRAILER},
        ),
        (
            {
                "author": "agent:devin",
                "agents": ("agent:claude", "agent:devin"),
                "branch_prefix": "codex/",
            },
            "devin",
            {Signal.AUTHOR, Signal.TRAILER, Signal.BRANCH},
        ),
    ],
)
def test_each_signal_alone_is_enough_and_the_strongest_names_the_agent(
    shows: dict[str, Any], vendor: str, signals: set[Signal]
) -> None:
    (one,) = found(state(**shows))

    assert (one.vendor, set(one.signals)) == (vendor, signals)


@pytest.mark.parametrize(
    "shows",
    [
        {},
        {"author": "bot"},
        {"author": None},
        {"branch_prefix": "release/"},
        {"item_type": ItemType.ISSUE, "stamps": ("sort-mail",)},
        {"item_type": None, "agents": ("agent:claude",)},
        {"opened_at": None, "agents": ("agent:claude",)},
    ],
    ids=str,
)
def test_what_shows_no_signal_or_is_no_pull_request_is_nobodys_work(shows: dict[str, Any]) -> None:
    assert found(state(**shows)) == ()


@pytest.mark.parametrize(("by_agents", "of", "counted"), [(1, 4, 1), (1, 3, 1), (2, 4, 4)])
@pytest.mark.parametrize("signal", [{"agents": ("agent:claude",)}, {"stamps": ("sort-mail",)}])
def test_a_declared_prefix_is_a_signal_once_half_of_its_branches_have_another(
    by_agents: int, of: int, counted: int, signal: dict[str, Any]
) -> None:
    states = [
        state(number, branch_prefix="night/", **(signal if number < by_agents else {}))
        for number in range(of)
    ]

    assert len(found(*states)) == counted


def test_work_is_listed_by_key_between_that_of_others() -> None:
    agents, people = {"agents": ("agent:claude",)}, dict[str, Any]()

    work = found(
        *(state(number, **(agents if number % 2 else people)) for number in (5, 4, 1, 3, 2))
    )

    assert [one.item for one in work] == ["gh:1#1", "gh:1#3", "gh:1#5"]


def test_the_beginning_of_a_branch_goes_along() -> None:
    (one, two) = found(
        state(1, branch_prefix="codex/"), state(2, branch_prefix=None, stamps=("sort-mail",))
    )

    assert (one.prefix, two.prefix) == ("codex/", "")


@pytest.mark.parametrize(
    ("closed_at", "is_matured"),
    [(CLOSED, True), (CLOSED + timedelta(seconds=1), False), (None, False)],
)
def test_an_outcome_counts_from_its_maturation_age_on(
    closed_at: datetime | None, is_matured: bool
) -> None:
    (one,) = found(state(stamps=("sort-mail",)), closed_at=closed_at)

    assert one.is_matured is is_matured


def test_where_it_stands_and_what_took_it_back_goes_along() -> None:
    (one,) = found(
        state(stamps=("a", "b"), status=ItemStatus.MERGED, merged_at=CLOSED, reverted_at=CLOSED)
    )

    assert (one.stamp, one.status, one.is_reverted) == ("a", ItemStatus.MERGED, True)
    assert (one.repository, one.opened_on) == ("acme/engine", OPENED.date())
