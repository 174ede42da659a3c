"""Quantities that make no sense carry no money, and no money is lost for it."""

from hypothesis import given
from hypothesis import strategies as st

from tasks.core.books import DestinationKind
from tasks.core.reconciling.reconcile import reconcile
from tests.core.factories import charge, night, run, usage

ANY = st.integers(-(10**12), 10**12)


@given(ANY, ANY, ANY, st.integers(-(10**15), 10**15))
def test_money_is_conserved_whatever_was_metered_and_logged(
    first: int, second: int, logged: int, billed: int
) -> None:
    books = reconcile(
        night(
            [run("alpha", input=logged), run("beta", input=-logged)],
            [usage(first, api_key="key-lab"), usage(second, api_key="key-other")],
            [charge(billed)],
        )
    )

    assert sum(nano for lines in books.desired.values() for nano in lines.values()) == billed


@given(st.integers(-(10**12), 0), st.integers(1, 10**9))
def test_what_is_not_positive_has_no_share(negative: int, billed: int) -> None:
    books = reconcile(
        night(
            [run("alpha", input=negative), run("gamma", input=10)],
            [usage(negative, api_key="key-lab"), usage(10)],
            [charge(billed)],
        )
    )

    (lines,) = books.desired.values()
    assert {to.workflow for to in lines} == {"gamma"}
    assert sum(lines.values()) == billed


@given(st.integers(-(10**12), 10**12).filter(bool))
def test_a_currency_without_a_rate_is_booked_in_its_own_and_named(billed: int) -> None:
    books = reconcile(night([run(input=5)], [usage(5)], [charge(billed, currency="JPY")]))

    ((key, lines),) = books.desired.items()
    assert key.currency == "JPY"
    assert [(to.kind, nano) for to, nano in lines.items()] == [
        (DestinationKind.UNATTRIBUTED, billed)
    ]
    assert [
        (one.sku, one.amount_nano) for one in books.breaks if one.break_class == "currency"
    ] == [("JPY", billed)]
