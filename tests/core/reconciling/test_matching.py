"""Logged tokens are laid onto metered cells: by key where one is named, else by what is left."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.books import Strength
from tasks.core.cells import RunCell, UsageCell
from tasks.core.reconciling.matching import AD_HOC, Line, Matched, match
from tests.core.factories import MODEL, SKU, run, usage

OWNED = "key-owned"
ALPHA, GAMMA = Line("alpha", "production", "stamp"), Line("gamma", "production", "stamp")


def laid(runs: Sequence[RunCell], metered: Sequence[UsageCell]) -> dict[str, dict[str, int]]:
    """Lay runs onto usage; list tokens by workflow for each `sku suffix/key` of `input`."""
    matched = match(runs, metered, lambda key: key == OWNED)
    return {
        f"{cell.sku.removeprefix(MODEL)}/{cell.api_key}": {
            line.workflow or "ad-hoc": tokens for line, tokens in cell.logged.items()
        }
        for (_, kind), cells in matched.cells.items()
        if kind == "input"
        for cell in cells
    }


def cell(key: str | None, quantity: int, tier: str = "standard") -> UsageCell:
    return usage(quantity, api_key=key, sku=f"{MODEL}{tier}")


def test_a_single_cell_takes_every_line() -> None:
    runs = [run("alpha", input=30), run("gamma", input=5, api_key="elsewhere"), run("", input=2)]

    assert laid(runs, [cell(None, 40)]) == {"standard/": {"alpha": 30, "gamma": 5, "ad-hoc": 2}}


def test_a_line_with_a_key_goes_to_the_cells_of_that_key_by_their_tokens() -> None:
    metered = [cell("k1", 30, "batch"), cell("k1", 10), cell("k2", 60)]

    assert laid([run("alpha", input=20, api_key="k1")], metered) == {
        "batch/k1": {"alpha": 15},
        "standard/k1": {"alpha": 5},
        "standard/k2": {},
    }


def test_lines_without_a_key_go_where_keyed_lines_leave_room() -> None:
    metered = [cell("k1", 50), cell("k2", 30), cell(None, 20)]
    runs = [run("alpha", input=40, api_key="k1"), run("gamma", input=30)]

    assert laid(runs, metered) == {
        "standard/": {"gamma": 10},  # weights 20 : 10 : 30
        "standard/k1": {"alpha": 40, "gamma": 5},
        "standard/k2": {"gamma": 15},
    }


def test_a_key_that_metered_nothing_is_as_good_as_none() -> None:
    metered = [cell("k1", 10), cell("k2", 30)]
    runs = [run("alpha", input=4, api_key="k9"), run("alpha", input=4)]

    assert laid(runs, metered) == {"standard/k1": {"alpha": 2}, "standard/k2": {"alpha": 6}}


def test_an_owned_key_takes_no_lines_without_a_key() -> None:
    metered = [cell(OWNED, 90), cell("k2", 10)]

    assert laid([run("alpha", input=8)], metered) == {
        f"standard/{OWNED}": {},
        "standard/k2": {"alpha": 8},
    }


def test_if_every_key_is_owned_they_all_take_lines_without_a_key() -> None:
    metered = [cell(OWNED, 90), cell(OWNED, 10, "batch")]

    assert laid([run("alpha", input=10)], metered) == {
        f"batch/{OWNED}": {"alpha": 1},
        f"standard/{OWNED}": {"alpha": 9},
    }


def test_if_keyed_lines_leave_no_room_metered_tokens_decide() -> None:
    metered = [cell("k1", 10), cell("k2", 30)]
    runs = [
        run("alpha", input=10, api_key="k1"),
        run("alpha", input=50, api_key="k2"),
        run("gamma", input=4),
    ]

    assert laid(runs, metered) == {
        "standard/k1": {"alpha": 10, "gamma": 1},
        "standard/k2": {"alpha": 50, "gamma": 3},
    }


def test_pools_and_strengths_of_a_workflow_are_lines_of_their_own() -> None:
    runs = [
        run("alpha", input=1, pool="exploration"),
        run("alpha", input=2),
        run("alpha", input=4, strength=Strength.BRANCH),
        run("alpha", input=8, rule="match.stamps[3]", tier="batch"),
    ]

    (found,) = match(runs, [usage()], bool).cells[(SKU, "input")]

    assert found.logged == {
        Line("alpha", "exploration", "stamp"): 1,
        Line("alpha", "production", "stamp"): 10,
        Line("alpha", "production", "branch"): 4,
    }


def test_what_was_not_metered_is_kept_apart_by_model_and_kind() -> None:
    runs = [run("alpha", input=5, output=7, api_key="k1"), run("", output=2)]

    matched = match(runs, [usage(kind="input")], bool)

    assert matched.unmetered == {(MODEL, "output"): {(ALPHA, "k1"): 7, (AD_HOC, ""): 2}}
    assert list(matched.cells) == [(SKU, "input")]


def test_usage_that_is_not_tokens_or_is_nothing_makes_no_cell() -> None:
    nothing = [usage(0), usage(7, kind="web_search_requests", sku="web_search")]

    assert match([run(input=0)], nothing, bool) == Matched({}, {})


lines = st.lists(
    st.tuples(
        st.sampled_from(["alpha", "gamma", ""]),
        st.sampled_from([None, "k1", "k2", OWNED, "k9"]),
        st.integers(0, 10**18),
    ),
    max_size=8,
)
cells = st.lists(
    st.tuples(
        st.sampled_from([None, "k1", "k2", OWNED]),
        st.sampled_from(["standard", "batch"]),
        st.integers(0, 10**18),
    ),
    max_size=6,
)


@given(lines, cells, st.randoms())
def test_no_token_is_lost_or_made_and_order_does_not_matter(
    logged: list[tuple[str, str | None, int]],
    metered: list[tuple[str | None, str, int]],
    random: object,
) -> None:
    runs = [run(name, input=count, api_key=key) for name, key, count in logged]
    rows = [cell(key, quantity, tier) for key, tier, quantity in metered]

    matched = match(runs, rows, lambda key: key == OWNED)

    on_cells = [c for found in matched.cells.values() for c in found]
    assert sum(c.metered for c in on_cells) == sum(row.quantity for row in rows)
    on_lines = [tokens for c in on_cells for tokens in c.logged.values()]
    elsewhere = [tokens for places in matched.unmetered.values() for tokens in places.values()]
    assert sum(on_lines) + sum(elsewhere) == sum(count for *_, count in logged)
    assert min(on_lines, default=1) > 0
    random.shuffle(runs)  # type: ignore[attr-defined]
    random.shuffle(rows)  # type: ignore[attr-defined]
    assert match(runs, rows, lambda key: key == OWNED) == matched


@pytest.mark.parametrize("tokens", [2**62, 2**63 - 1])
def test_counts_near_the_largest_integer_stay_exact(tokens: int) -> None:
    metered = [cell("k1", tokens), cell("k2", tokens - 1), cell("k3", 1)]

    found = laid([run("alpha", input=tokens)], metered)

    assert sum(lines["alpha"] for lines in found.values() if lines) == tokens
