"""Days of a bill in files that stay as they were read."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.batches import Batch, RawRow, Reject
from tasks.core.bill_days import days_to_keep

DAY = date(2026, 10, 5)
ROW: RawRow = {"account": "a", "period": "2026-10", "billed": "1"}


def kept(
    now: list[RawRow], before: list[RawRow], *closed: str, takes_losses: bool = False
) -> list[str]:
    batch = Batch(DAY, now)
    days, findings = days_to_keep([batch], {DAY: before}, closed, "s", takes_losses=takes_losses)
    assert days == ({DAY} if findings else set())
    return [one.code for one in findings]


def test_newer_content_replaces_what_is_known_while_its_period_is_open() -> None:
    assert kept([{**ROW, "billed": "2"}], [ROW]) == []
    assert kept([{**ROW, "billed": "2"}], [ROW], "2026-09") == []
    assert kept([ROW], []) == []


@pytest.mark.parametrize("now", [[{**ROW, "billed": "2"}], [ROW, ROW], []])
def test_a_closed_period_keeps_what_is_known(now: list[RawRow]) -> None:
    assert kept(now, [ROW], "2026-10") == ["period_closed"]


def test_a_closed_period_that_says_the_same_is_no_matter() -> None:
    late: RawRow = {**ROW, "period": "2026-11"}

    assert kept([ROW, late], [ROW], "2026-10") == []
    assert kept([ROW], [], "2026-10") == ["period_closed"]


def test_a_day_keeps_accounts_that_are_gone_until_somebody_says_so() -> None:
    other: RawRow = {**ROW, "account": "b"}

    assert kept([ROW], [ROW, other]) == ["bill_lost"]
    assert kept([ROW], [ROW, other], takes_losses=True) == []
    assert kept([], [ROW], "2026-10", takes_losses=True) == ["period_closed"]


def test_an_account_whose_rows_cannot_be_read_now_is_not_gone() -> None:
    reject = Reject("file x", 1, 2, "d", "billed", "bad_amount", account="a")

    days, _ = days_to_keep([Batch(DAY, (), (reject,))], {DAY: [ROW]}, (), "s")

    assert days == set()


_ROWS = st.lists(
    st.builds(
        lambda account, period, billed: {"account": account, "period": period, "billed": billed},
        st.sampled_from("ab"),
        st.sampled_from(["2026-10", "2026-11"]),
        st.sampled_from("12"),
    ),
    max_size=6,
)


@given(_ROWS, st.permutations(range(6)))
def test_the_order_of_rows_is_no_difference(rows: list[RawRow], order: list[int]) -> None:
    shuffled = [rows[at] for at in order if at < len(rows)]

    assert kept(shuffled, rows, "2026-10", "2026-11") == []
