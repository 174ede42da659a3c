"""Copilot's two reports of one day, at their edges: a cent apart, and parts that contradict."""

import pytest

from tasks.core.batches import Pulled
from tasks.sources.copilot import BILLING
from tests.sources.copilot.fake_copilot import (
    DAYS,
    Copilot,
    conformed,
    enterprise,
    line,
    pull,
    spent,
)
from tests.sources.vendor_reports import days_of

DAY = DAYS[0]
ONE_DAY = (DAY, DAY)


def billed_nano(pulled: Pulled) -> int:
    return sum(row["billed_nano"] for row in conformed(BILLING, pulled))


def told(pulled: Pulled) -> list[str]:
    return [one.detail for one in pulled.findings]


@pytest.mark.parametrize(
    ("listed", "codes"),
    [(5.01, []), (4.99, []), (5.010000001, ["reports_differ"]), (4.989999999, ["reports_differ"])],
)
def test_reports_of_one_day_may_be_a_cent_apart_and_no_more(
    listed: float, codes: list[str]
) -> None:
    pulled = pull(BILLING, Copilot({DAY: [spent(5)]}, {DAY: [line(DAY, listed)]}), window=ONE_DAY)

    assert [one.code for one in pulled.findings] == codes
    assert billed_nano(pulled) == 5 * 10**9


def test_a_cost_centre_with_a_line_of_another_day_holds_the_day() -> None:
    lines = {DAY: [line(DAYS[2], 1)]}
    fake = Copilot({DAY: [spent(10)]}, centers={"a": ({}, lines), "b": ({}, {})})

    pulled = pull(BILLING, fake, window=ONE_DAY, **enterprise("b", "a"))

    assert days_of(pulled)[DAY][1] is False
    assert any("lines of other days" in one for one in told(pulled))


def test_a_cost_centre_whose_credits_only_the_bill_of_all_products_tells_holds_the_day() -> None:
    """Else its money would be the enterprise's own."""
    listed = {DAY: [line(DAY, 4)]}
    fake = Copilot({DAY: [spent(10)]}, {DAY: [line(DAY, 10)]}, centers={"a": ({}, listed)})

    pulled = pull(BILLING, fake, window=ONE_DAY, **enterprise("a"))

    assert days_of(pulled)[DAY][1] is False
    assert told(pulled) == [
        "2026-11-16: the report of AI credits is empty, the bill of all products is not"
    ]


def test_what_may_have_two_names_in_the_whole_holds_the_day_whatever_its_parts_say() -> None:
    dream = line(DAY, 3, sku="copilot_dream", unitType="dreams")
    fake = Copilot({DAY: [spent(5)]}, {DAY: [dream]}, centers={"a": ({DAY: [spent(1)]}, {})})

    pulled = pull(BILLING, fake, window=ONE_DAY, **enterprise("a"))

    assert days_of(pulled)[DAY][1] is False
    assert any("under another name" in one for one in told(pulled))


def test_a_sku_never_seen_that_both_reports_tell_leaves_another_one_its_own_money() -> None:
    dream, nap = ({"sku": f"copilot_{name}", "unitType": f"{name}s"} for name in ("dream", "nap"))
    lines = [line(DAY, 5), line(DAY, 3, **dream), line(DAY, 3, **nap)]
    fake = Copilot({DAY: [spent(5), spent(3, **dream)]}, {DAY: lines})

    pulled = pull(BILLING, fake, window=ONE_DAY)

    assert billed_nano(pulled) == 11 * 10**9
    assert {one.code for one in pulled.findings} == {"unknown_sku", "unknown_unit"}
    assert days_of(pulled)[DAY][1]


def test_a_day_of_which_only_what_cannot_be_read_is_told_is_told() -> None:
    last = DAYS[4]
    fake = Copilot({last: [spent("a lot")]})

    pulled = pull(BILLING, fake, window=(DAYS[3], last), lag_days=2)

    assert days_of(pulled) == {DAYS[3]: (0, False), last: (0, True)}
