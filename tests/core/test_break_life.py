"""The life of a break: its age, what is decided about it, and how a night moves it on."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.shapes.finance import Disposition
from tasks.core.books import Break, BreakClass
from tasks.core.month_end.break_ages import AgeBand, age_band, age_days
from tasks.core.month_end.dispositions import Decided, Lapse, decide, dispositions_by_break
from tasks.core.month_end.roll_forward import Measured, Roll, roll_forward, standing_after
from tasks.core.reconciling.break_ids import NO_CURRENCY, break_currency, break_id

DAY = date(2026, 11, 20)
CURRENCIES = {"anthropic": "USD", "openai": "EUR"}


def a_break(
    amount_nano: int = 500,
    *,
    name: BreakClass = BreakClass.PRICE,
    issuer: str = "anthropic",
    day: date = DAY,
    sku: str = "sku",
) -> Break:
    return Break(name, issuer, "main", day, sku, amount_nano)


def decision(on: str = "2026-11-01", limit: str = "1.00", **fields: object) -> Disposition:
    values = {"break": "0" * 16, "verdict": "structural", "on": on, "by": "finance-partner"}
    return Disposition.model_validate(
        values | {"reason": "Known to both sides.", "limit": limit} | fields
    )


@st.composite
def many_breaks(draw: st.DrawFn) -> list[Break]:
    made = st.builds(
        a_break,
        st.integers(-(10**12), 10**12),
        name=st.sampled_from([BreakClass.PRICE, BreakClass.CURRENCY, BreakClass.INVOICE]),
        issuer=st.sampled_from(["anthropic", "openai", "nobody"]),
        day=st.integers(0, 4).map(lambda back: DAY - timedelta(days=back)),
        sku=st.sampled_from(["USD", "EUR"]),
    )
    return draw(st.lists(made, unique_by=break_id, max_size=12))


# --- ids and ages


def test_an_id_tells_what_a_break_is_about_and_not_how_large_it_is() -> None:
    assert break_id(a_break(1)) == break_id(a_break(-7))
    assert break_id(a_break(1)) != break_id(a_break(1, sku="other"))


def test_an_invoice_and_a_foreign_bill_are_told_in_their_own_currency() -> None:
    told = [
        break_currency(a_break(name=name, issuer=issuer, sku="GBP"), CURRENCIES)
        for name, issuer in (
            (BreakClass.PRICE, "openai"),
            (BreakClass.PRICE, "nobody"),
            (BreakClass.CURRENCY, "openai"),
            (BreakClass.INVOICE, "openai"),
        )
    ]

    assert told == ["EUR", NO_CURRENCY, "GBP", "GBP"]


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (0, AgeBand.WEEK),
        (7, AgeBand.WEEK),
        (8, AgeBand.MONTH),
        (30, AgeBand.MONTH),
        (31, AgeBand.TWO_MONTHS),
        (60, AgeBand.TWO_MONTHS),
        (61, AgeBand.QUARTER),
        (90, AgeBand.QUARTER),
        (91, AgeBand.OLDER),
    ],
)
def test_bands_begin_and_end_where_the_rule_says(age: int, band: AgeBand) -> None:
    assert age_band(DAY, DAY + timedelta(days=age)) is band


def test_a_break_that_is_seen_before_its_night_began_is_not_of_negative_age() -> None:
    assert age_days(DAY, DAY - timedelta(days=1)) == 0


# --- dispositions


def test_what_begins_later_is_not_known_yet() -> None:
    assert decide(1, [decision("2026-11-21")], DAY) is None


def test_a_disposition_holds_from_its_day_through_its_last() -> None:
    until = decision("2026-11-10", verdict="accepted", until="2026-11-20")

    assert decide(1, [until], date(2026, 11, 9)) is None
    assert decide(1, [until], date(2026, 11, 10)) == Decided(until)
    assert decide(1, [until], date(2026, 11, 20)) == Decided(until)
    assert decide(1, [until], date(2026, 11, 21)) == Decided(until, Lapse.ENDED)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_break_that_grows_beyond_the_limit_asks_again(sign: int) -> None:
    one = decision(limit="1.00")

    assert decide(sign * 10**9, [one], DAY) == Decided(one)
    assert decide(sign * (10**9 + 1), [one], DAY) == Decided(one, Lapse.ABOVE_LIMIT)


def test_the_newest_that_holds_speaks_even_if_a_newer_one_has_lapsed() -> None:
    wide = decision("2026-10-01", limit="9.00")
    newer = decision("2026-11-01", limit="1.00", verdict="disputed")

    assert decide(5 * 10**8, [newer, wide], DAY) == Decided(newer)
    assert decide(5 * 10**9, [newer, wide], DAY) == Decided(wide)
    assert decide(99 * 10**9, [newer, wide], DAY) == Decided(newer, Lapse.ABOVE_LIMIT)


def test_dispositions_are_found_by_the_break_that_they_name() -> None:
    mine, older = decision("2026-11-02"), decision("2026-11-01")
    other = decision(**{"break": "f" * 16})

    found = dispositions_by_break([older, other, mine])

    assert found == {"0" * 16: [mine, older], "f" * 16: [other]}


# --- roll-forward


def test_a_night_opens_adds_remeasures_and_clears() -> None:
    stays, grows, goes, comes = (a_break(100, sku=sku) for sku in ("a", "b", "c", "d"))
    before = [stays, grows, goes]
    after = [stays, a_break(130, sku="b"), comes]

    assert roll_forward(before, after, CURRENCIES) == (
        Roll(
            BreakClass.PRICE,
            "USD",
            opening_nano=300,
            new_nano=100,
            remeasured_nano=30,
            cleared_nano=100,
            opening=3,
            new=1,
            cleared=1,
        ),
    )


@given(before=many_breaks(), after=many_breaks())
def test_opening_new_remeasured_and_cleared_give_what_stands(
    before: list[Break], after: list[Break]
) -> None:
    rolls = roll_forward(before, after, CURRENCIES)

    for roll in rolls:
        key = (roll.break_class, roll.currency)
        opened, closed = (
            [one for one in side if (one.break_class, break_currency(one, CURRENCIES)) == key]
            for side in (before, after)
        )
        assert roll.opening_nano == sum(one.amount_nano for one in opened)
        assert roll.closing_nano() == sum(one.amount_nano for one in closed)
        assert (roll.opening, roll.closing()) == (len(opened), len(closed))
    assert sum(roll.closing() for roll in rolls) == len(after)


@given(before=many_breaks(), after=many_breaks(), seed=st.randoms())
def test_the_order_of_breaks_is_immaterial(
    before: list[Break], after: list[Break], seed: object
) -> None:
    expected = roll_forward(before, after, CURRENCIES)

    for breaks in (before, after):
        seed.shuffle(breaks)  # type: ignore[attr-defined]

    assert roll_forward(before, after, CURRENCIES) == expected


@given(nights=st.lists(many_breaks(), min_size=1, max_size=5))
def test_the_closing_of_a_night_is_the_opening_of_the_next(nights: list[list[Break]]) -> None:
    stood: list[Break] = []
    closing: dict[tuple[BreakClass, str], tuple[int, int]] = {}
    for breaks in nights:
        measured = Measured(DAY - timedelta(days=2), DAY, {("openai", DAY)}, breaks)
        stands = standing_after(stood, measured)
        rolls = {(r.break_class, r.currency): r for r in roll_forward(stood, stands, CURRENCIES)}
        for key, before in closing.items():
            assert (rolls[key].opening_nano, rolls[key].opening) == before
        closing = {
            key: (roll.closing_nano(), roll.closing())
            for key, roll in rolls.items()
            if roll.closing()
        }
        stood = stands


def test_what_a_night_does_not_look_at_stands_as_it_did() -> None:
    outside = a_break(day=DAY - timedelta(days=40))
    held = a_break(issuer="openai")
    gone = a_break(sku="gone")
    found = a_break(7, sku="found")
    measured = Measured(DAY, DAY, {("openai", DAY)}, [found])

    assert set(standing_after([outside, held, gone], measured)) == {outside, held, found}
