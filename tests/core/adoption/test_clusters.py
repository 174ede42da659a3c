"""Clusters stand on what a rule of the catalog can tell apart; nothing is lost or counted twice."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.adoption.agent_work import AgentWork, Signal
from tasks.core.adoption.clusters import FEWEST_ITEMS, MOST_DRAFTS, Clusters, Home, Shape, clustered
from tasks.core.adoption.stamp_names import StampedRuns
from tests.core.adoption.seen import runs, several, work


def sizes(found: Clusters) -> dict[tuple[Home, ...], int]:
    return {one.homes: len(one.items) for one in found.clusters}


def stamp(name: str) -> Home:
    return Home(Shape.STAMP, name)


def agent(name: str) -> Home:
    return Home(Shape.AGENT, name)


def test_a_stamp_beats_the_branch_and_the_branch_beats_the_agent() -> None:
    found = clustered(
        [
            *several(0, 5, stamp="sort-mail", prefix="codex/", vendor="codex"),
            *several(10, 5, prefix="night/", vendor="codex"),
            *several(20, 6, vendor="codex"),
            *several(30, 6, prefix="codex/", vendor="codex"),
        ]
    )

    assert sizes(found) == {
        (agent("codex"),): 12,
        (Home(Shape.PREFIX, "night/"),): 5,
        (stamp("sort-mail"),): 5,
    }
    assert found.clusters[0].prefixes == ("codex/",)
    assert found.clusters[0].vendors == ("codex",)


def test_a_little_less_than_four_of_five_is_too_few() -> None:
    stamped = several(0, 79, stamp="sort-mail", prefix="copilot/", vendor="copilot")

    found = clustered([*stamped, *several(100, 21, prefix="copilot/", vendor="copilot")])

    assert sizes(found) == {(stamp("sort-mail"),): 79, (agent("copilot"),): 21}


@pytest.mark.parametrize(("unstamped", "goes_along"), [(1, True), (2, False)])
def test_a_rule_goes_with_a_stamp_that_four_of_five_carry(unstamped: int, goes_along: bool) -> None:
    stamped = several(0, 4, stamp="sort-mail", prefix="copilot/", vendor="copilot")
    bare = several(10, unstamped, prefix="copilot/", vendor="copilot")

    found = clustered([*stamped, *bare])

    assert found.clusters[0].vendors == (("copilot",) if goes_along else ())
    assert len(found.clusters[0].items) == 4 + goes_along
    assert len(found.too_few) == (0 if goes_along else unstamped)


def test_shapes_too_rare_go_to_their_agent_or_are_drafted_nowhere() -> None:
    found = clustered(
        [
            *several(0, 5, vendor="claude"),
            *several(10, 2, prefix="night/", vendor="claude"),
            *several(20, 2, vendor="amp"),
            *several(30, 2, prefix="lone/", vendor="jules"),
        ]
    )

    assert sizes(found) == {(agent("claude"), Home(Shape.PREFIX, "night/")): 7}
    assert found.clusters[0].prefixes == ("night/",)
    assert {one.vendor for one in found.too_few} == {"amp", "jules"}


def test_rare_shapes_that_are_enough_together_make_one_cluster_to_sort() -> None:
    found = clustered([*several(0, 3, vendor="amp"), *several(10, 3, vendor="jules")])

    assert sizes(found) == {(agent("amp"), agent("jules")): 6}
    assert found.clusters[0].vendors == ("amp", "jules")


def test_stamps_of_runs_are_clusters_too_and_variants_of_a_name_are_one() -> None:
    found = clustered(
        several(0, 1, stamp="sort-mail"),
        [runs("sort-mail-v2", 3), runs("file-claims"), runs("file-clams", FEWEST_ITEMS - 1)],
    )

    assert [one.stamps for one in found.clusters] == [
        ("sort-mail", "sort-mail-v2"),
        ("file-claims",),
    ]
    assert [one.stamp for one in found.rare] == ["file-clams"]


def test_a_stamp_for_every_run_is_no_burden() -> None:
    found = clustered([], [runs(f"job{number}x") for number in range(20_000)])

    assert len(found.clusters) == MOST_DRAFTS
    assert max(len(cluster.stamps) for cluster in found.clusters) == 20_000 - MOST_DRAFTS + 1


@pytest.mark.parametrize(("shapes", "alone"), [(19, 19), (20, 20), (21, 19), (60, 19)])
def test_never_more_than_twenty_and_the_smallest_are_put_together(shapes: int, alone: int) -> None:
    items = [one for at in range(shapes) for one in several(1000 * at, 5 + at, stamp=f"job{at:02}")]

    found = clustered(items)

    assert len(found.clusters) == min(shapes, 20)
    assert sum(len(one.items) for one in found.clusters) == len(items)
    largest = {home.value for one in found.clusters if len(one.homes) == 1 for home in one.homes}
    assert largest == {f"job{at:02}" for at in range(shapes - alone, shapes)}


def test_what_is_put_together_counts_among_the_twenty() -> None:
    named = [one for at in range(20) for one in several(1000 * at, 9, stamp=f"job{at:02}")]
    rare = [one for at in range(5) for one in several(90_000 + 10 * at, 2, vendor=f"agent{at}")]

    found = clustered([*named, *rare])

    assert len(found.clusters) == MOST_DRAFTS
    assert max(len(one.items) for one in found.clusters) == 10 + 9
    assert found.too_few == ()


@pytest.mark.parametrize(("count", "is_drafted"), [(4, False), (5, True)])
def test_five_are_enough_of_pull_requests_together_and_of_runs_alone(
    count: int, is_drafted: bool
) -> None:
    rare = clustered([work(at, vendor=f"agent{at}") for at in range(count)])
    logged = clustered([], [runs("sort-mail", count)])

    assert (len(rare.clusters), len(rare.too_few)) == ((1, 0) if is_drafted else (0, count))
    assert (len(logged.clusters), len(logged.rare)) == ((1, 0) if is_drafted else (0, 1))


def test_a_prefix_that_agents_do_not_use_leads_nowhere() -> None:
    by_trailer = frozenset({Signal.TRAILER})

    found = clustered(several(0, 5, prefix="feature/", vendor="codex", signals=by_trailer))

    assert sizes(found) == {(agent("codex"),): 5}


NAMES = st.sampled_from(["", "a", "b-1", "b-2", "b", "_c.", "copilot", "x" * 64])
PREFIXES = st.sampled_from(["", "codex/", "night/", "a\x1b[2J/", '"]: {', "ä/ 🙂"])
SEEN = st.builds(
    lambda number, stamp, prefix, vendor: work(
        number, stamp=stamp, prefix=prefix, vendor=vendor or ("" if stamp or prefix else "amp")
    ),
    st.integers(0, 500),
    NAMES,
    PREFIXES,
    st.sampled_from(["", "codex", "copilot", "claude"]),
)
LOGGED = st.lists(
    st.builds(runs, NAMES.filter(bool), st.integers(1, 20)), unique_by=lambda o: o.stamp
)


@given(st.lists(SEEN, max_size=120, unique_by=lambda one: one.item), LOGGED, st.integers())
def test_order_never_matters_and_every_item_is_in_one_place(
    items: list[AgentWork], logged: list[StampedRuns], seed: int
) -> None:
    found = clustered(items, logged)

    mixed, turned = [*items], [*logged]
    random.Random(seed).shuffle(mixed)
    random.Random(seed).shuffle(turned)
    assert clustered(mixed, turned) == found
    assert len(found.clusters) <= MOST_DRAFTS
    everywhere = [one for cluster in found.clusters for one in cluster.items]
    assert sorted(one.item for one in [*everywhere, *found.too_few]) == sorted(
        one.item for one in items
    )
    kept = [one for cluster in found.clusters for one in cluster.runs]
    assert sorted([*kept, *found.rare]) == sorted(logged)
    for rules in ("stamps", "prefixes", "vendors"):
        led = [value for cluster in found.clusters for value in getattr(cluster, rules)]
        assert len(led) == len(set(led))
    for cluster in found.clusters:
        assert cluster.stamps or len(cluster.items) >= FEWEST_ITEMS
