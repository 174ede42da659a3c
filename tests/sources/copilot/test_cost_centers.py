from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.money import to_nano
from tasks.sources.copilot.cost_centers import rest_of
from tasks.sources.copilot.payloads import Item

AMOUNTS = st.decimals(0, 10**6, places=12)
CREDITS = ("credits", "gpt")
NANO = Decimal("1e-9")
KEYS = st.sampled_from([("credits", "gpt"), ("credits", None), ("seats", None)])


def item(key: tuple[str, str | None], net: Decimal, gross: Decimal | None) -> Item:
    return Item(key[0], "unit", key[1], quantity=gross, net=net, gross=gross)


def nano(items: list[Item], field: str) -> int:
    return sum(to_nano(getattr(one, field)) for one in items)


@given(st.lists(st.tuples(KEYS, AMOUNTS, AMOUNTS, st.booleans()), max_size=12))
def test_parts_and_rest_sum_to_the_total_exactly(lines: list[Any]) -> None:
    total = [item(key, net, gross) for key, net, gross, _ in lines]
    centers = [item(key, net, gross) for key, net, gross, is_part in lines if is_part]

    rest = rest_of(total, centers)

    assert rest is not None
    for field in ("net", "gross", "quantity"):
        assert nano([*rest, *centers], field) == nano(total, field)


def test_a_list_amount_that_one_line_does_not_tell_is_not_told_of_the_rest() -> None:
    key = ("credits", "gpt")
    total = [item(key, Decimal(2), Decimal(3)), item(key, Decimal(1), None)]

    rest = rest_of(total, [item(key, Decimal(1), Decimal(1))])

    assert rest == [Item("credits", "unit", "gpt", quantity=None, net=Decimal(2), gross=None)]


def test_a_list_amount_beyond_the_totals_is_a_contradiction() -> None:
    key = ("credits", "gpt")
    total = [item(key, Decimal(0), Decimal(3))]

    assert rest_of(total, [item(key, Decimal(0), Decimal(4))]) is None


@pytest.mark.parametrize("field", ["net", "gross"])
@pytest.mark.parametrize(
    ("beyond_nano", "left_nano"), [(3_000, -3_000), (3_001, None), (-1, 1), (0, 0)]
)
def test_lines_may_exceed_the_whole_by_their_own_rounding_and_no_more(
    field: str, beyond_nano: int, left_nano: int | None
) -> None:
    whole = item(CREDITS, Decimal(5), Decimal(5))
    nothing = item(CREDITS, Decimal(0), Decimal(0))
    less: Any = {field: Decimal(2)}
    more: Any = {field: 3 + beyond_nano * NANO}

    rest = rest_of([whole], [replace(whole, **less), replace(nothing, **more)])

    if left_nano is None:
        assert rest is None
    else:
        assert rest is not None
        assert nano(rest, field) == left_nano


def test_money_back_makes_a_whole_negative_and_is_no_contradiction() -> None:
    back = item(CREDITS, Decimal(-2), Decimal(-2))

    rest = rest_of([back], [item(CREDITS, Decimal(1), Decimal(1))])

    assert rest is not None
    assert nano(rest, "net") == -3_000_000_000


def test_what_only_a_cost_centre_was_billed_is_a_contradiction() -> None:
    assert rest_of([], [item(CREDITS, Decimal(1), None)]) is None


def test_a_line_of_each_sku_unit_and_model_stands_alone() -> None:
    total = [item(CREDITS, Decimal(1), None), item(("seats", None), Decimal(1), None)]

    assert rest_of(total, [item(("seats", None), Decimal(2), None)]) is None
    assert rest_of(total, [item(CREDITS, Decimal(1), None)]) == [
        Item("seats", "unit", None, quantity=None, net=Decimal(1), gross=None),
    ]


@pytest.mark.parametrize(("gross", "quantity"), [(Decimal(1), None), (None, Decimal(1))])
def test_a_rest_that_costs_nothing_is_told_where_it_was_used(
    gross: Decimal | None, quantity: Decimal | None
) -> None:
    free = Item("credits", "unit", "gpt", quantity=quantity, net=Decimal(0), gross=gross)

    assert rest_of([free], []) == [free]
    assert rest_of([free], [free]) == []
