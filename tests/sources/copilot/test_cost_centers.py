from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tasks.core.money import to_nano
from tasks.sources.copilot.cost_centers import rest_of
from tasks.sources.copilot.payloads import Item

AMOUNTS = st.decimals(0, 10**6, places=12)
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
