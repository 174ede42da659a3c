"""The breaks page: ages, decisions that hold or lapsed, and lines that add up as printed."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from config.shapes.finance import Disposition
from tasks.core.books import BreakClass
from tasks.core.month_end.dispositions import Decided, Lapse
from tasks.core.month_end.roll_forward import Roll, roll_forward
from tasks.core.night_report import KnownBreak
from tasks.core.reconciling.break_ids import break_id
from tasks.pages.breaks import break_tasks, breaks
from tasks.pages.night import what_to_do
from tests.pages.test_night import a_night, standing
from tests.pages.test_pools import HOSTILE, cells, figure

NANO = 10**9


def decided(lapse: Lapse | None = None, **fields: object) -> Decided:
    values = {
        "break": "0" * 16,
        "verdict": "accepted",
        "on": "2026-11-01",
        "until": "2026-11-30",
        "by": "finance-partner",
        "reason": "Both sides know.",
        "limit": "2.00",
    }
    return Decided(Disposition.model_validate(values | fields), lapse)


def a_break(lapse: Lapse | None = None, **fields: object) -> KnownBreak:
    return replace(standing(BreakClass.PRICE), decided=decided(lapse, **fields))


def test_a_break_that_a_disposition_settles_is_listed_and_asks_for_nothing() -> None:
    night = a_night(breaks=(a_break(),))

    page = breaks(night)

    assert break_tasks(night) == []
    assert "Nothing to do now." in what_to_do(night)
    (row,) = cells(page, "### vendor: $1.50, 1 new break")
    name = f"`{break_id(night.breaks[0].item)}`"
    assert row == [name, "new", "2026\u201111\u201103", "$1.50", "sku / sku, 3 rows"]
    assert f"- {name}: accepted by finance\\-partner until 2026-11-30: Both sides know\\." in page


@pytest.mark.parametrize(
    ("lapse", "why", "told"),
    [
        (Lapse.ENDED, "it has ended", "ended on 2026-11-30"),
        (Lapse.ABOVE_LIMIT, "the break is above its limit", "above the limit of $2.00"),
    ],
)
def test_a_decision_that_lapsed_asks_again_and_says_why(lapse: Lapse, why: str, told: str) -> None:
    night = a_night(breaks=(a_break(lapse), standing(BreakClass.PRICE, text="other")))

    (task,) = break_tasks(night)

    assert f"; decided before, but {why}: 1)" in task
    assert f"no longer accepted by finance\\-partner: {told}" in breaks(night)


def test_settled_breaks_are_in_no_sum_of_what_is_asked() -> None:
    night = a_night(breaks=(a_break(), standing(BreakClass.PRICE, text="other")))

    (task,) = break_tasks(night)

    assert task.startswith("**$1.50** billed at another price than list or contract (1 new break")


@given(amounts=st.lists(st.tuples(st.integers(0, 30), st.integers(-(10**12), 10**12)), max_size=60))
def test_many_breaks_are_summed_by_place_to_the_amount_above_them(
    amounts: list[tuple[int, int]],
) -> None:
    amounts.sort(key=lambda one: -abs(one[1]))
    found = tuple(
        replace(one, item=replace(one.item, amount_nano=nano, day=date(2026, 11, 1 + at % 19)))
        for at, (number, nano) in enumerate(amounts)
        for one in [standing(BreakClass.PRICE, text=f"sku{number}")]
    )

    page = breaks(a_night(breaks=found))

    if not sum(nano for _, nano in amounts):
        return
    (heading,) = re.findall("### vendor: .*", page)
    if len(found) <= 10:
        assert len(cells(page, heading)) == len(found)
        return
    rows = cells(page, heading)
    assert len(rows) <= 16
    assert sum(int(row[1]) for row in rows) == len(found)
    exact = Decimal(sum(nano for _, nano in amounts)) / NANO
    assert abs(sum(figure(row[3]) for row in rows) - exact) <= Decimal("0.005")
    largest = cells(page, "The 10 largest:")
    assert [row[0] for row in largest] == [f"`{break_id(one.item)}`" for one in found[:10]]


def test_what_several_breaks_are_about_is_said_once() -> None:
    one = standing(BreakClass.UNPRICED_MODEL)
    many = (one, replace(one, is_new=False), replace(one, is_new=False))

    (several,) = break_tasks(a_night(breaks=many))
    (single,) = break_tasks(a_night(breaks=(one,)))

    assert several.startswith("**$4.50** usage of a model that the price card does not know")
    assert "(3 breaks, 1 new; the largest $1.50 on 2026-11-03, vendor / sku / sku, 3 t" in several
    assert "(1 new break on 2026-11-03, vendor / sku / sku, 3 tokens)" in single


def test_a_break_without_an_amount_is_told_by_its_count() -> None:
    one = standing(BreakClass.QUARANTINED)
    item = replace(one.item, issuer="agent-logs", account="-", sku="-", amount_nano=0)

    (task,) = break_tasks(a_night(breaks=(replace(one, item=item),)))

    assert task.startswith("**3 rows** received")
    assert "(1 new break on 2026-11-03, agent\\-logs)" in task


def test_breaks_are_counted_by_age_from_the_day_they_were_first_seen() -> None:
    new = standing(BreakClass.PRICE)
    old = replace(new, first_seen=date(2026, 8, 1), is_new=False)
    other = standing(BreakClass.TAX)

    page = breaks(a_night(breaks=(new, old, other)))

    assert cells(page, "## By age") == [
        ["price", "1", "0", "0", "0", "1", "2"],
        ["tax", "1", "0", "0", "0", "0", "1"],
        ["Together", "2", "0", "0", "0", "1", "3"],
    ]


def test_amounts_of_breaks_are_in_their_own_currency() -> None:
    known = replace(standing(BreakClass.PRICE), currency="EUR")
    night = a_night(breaks=(known, standing(BreakClass.PRICE)))

    tasks = break_tasks(night)

    assert sorted(re.findall(r"\*\*(.*?)\*\*", " ".join(tasks))) == ["$1.50", "EUR 1.50"]


AMOUNTS = st.integers(-(10**15), 10**15)


@given(
    rolls=st.lists(
        st.builds(
            Roll,
            st.sampled_from(BreakClass),
            st.sampled_from(["USD", "EUR"]),
            *(AMOUNTS,) * 4,
            *(st.integers(0, 99),) * 3,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_every_printed_line_of_the_roll_forward_adds_up(rolls: list[Roll]) -> None:
    page = breaks(a_night(roll_forward=tuple(rolls)))

    for roll, row in zip(rolls, cells(page, "## What this night changed"), strict=True):
        money = [figure(cell.partition(" (")[0]) for cell in row[1:]]
        opening, new, remeasured, cleared, closing = money
        assert opening + new + remeasured - cleared == closing
        assert abs(closing - Decimal(roll.closing_nano()) / NANO) <= Decimal("0.005")
        counts = [int(number) for number in re.findall(r"\(([0-9-]+)\)", " ".join(row[1:]))]
        assert counts[0] + counts[1] - counts[2] == counts[3]
        assert len({re.sub("[0-9.,-]", "", cell.partition(" (")[0]) for cell in row[1:]}) == 1


def test_what_is_counted_and_not_weighed_has_no_amount() -> None:
    item = replace(standing(BreakClass.DUPLICATE).item, issuer="agent-logs", amount_nano=0)
    night = a_night(
        breaks=(KnownBreak(item, date(2026, 11, 18), is_new=True),),
        roll_forward=roll_forward([], [item], {}),
    )

    page = breaks(night)

    assert cells(page, "## What this night changed")[0][1:] == [
        *("— (0)", "— (1)", "—", "— (0)", "— (1)"),
    ]
    assert "XXX" not in page


def test_a_night_that_changed_nothing_shows_no_roll_forward() -> None:
    assert "What this night changed" not in breaks(a_night())


def test_nothing_from_outside_is_markup() -> None:
    reason = HOSTILE.replace("\n", " ")
    known = standing(BreakClass.PRICE, text=HOSTILE)
    night = a_night(breaks=(replace(known, decided=decided(reason=reason), currency="USD"),))

    html = MarkdownIt("commonmark").enable("table").render(breaks(night))

    assert "<img" not in html
    assert "href=" not in html
    assert html.count("<h1") == 1
    assert "<code>x</code>" not in html
