"""The oracle's own arithmetic of contracts and documents: exact, whatever comes."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.finance import Finance, Invoice, InvoiceLine, Lot, SeatPlan
from sandbox.oracle import prepaid, seats
from sandbox.oracle.allocation import Books
from sandbox.oracle.attribution import Line
from sandbox.oracle.breaks import Break
from sandbox.oracle.places import Ledger, Place, business_day, days_of, own_line
from sandbox.oracle.roll_forward import roll
from sandbox.oracle.settlement import Foreign, settle
from sandbox.organisation import CURSOR, CURSOR_SEATS

_FIRST = date(2026, 1, 1)
_PLAN = SeatPlan("editors", CURSOR, CURSOR_SEATS, _FIRST, None, 7, 31_333_333_333)
_TOKENS = {Line("upgrade-guarded", "production", "stamp"): 3, Line("", "", "none"): 4}


def _kinds(books: Books) -> dict[str, int]:
    sums: dict[str, int] = {}
    for to, amount in books.items():
        sums[to.kind] = sums.get(to.kind, 0) + amount
    return sums


def _settled(
    invoiced: dict[str, int], owed: dict[str, int], kept: dict[str, Books] | None = None
) -> tuple[dict[str, dict[str, int]], list[tuple[str, int]]]:
    """Settle January of issuers whose books owe so much; give kinds booked, and breaks."""
    ledger: Ledger = {
        Place(issuer, "a", date(2026, 1, 9), "2026-01", "USD"): {own_line("fee", "", "rest"): nano}
        for issuer, nano in owed.items()
    }
    documents = tuple(
        Invoice(issuer, issuer, "2026-01", "USD", date(2026, 2, 5), (InvoiceLine("usage", nano),))
        for issuer, nano in invoiced.items()
    )
    found = settle("2026-01", owed, Finance(invoices=documents), ledger, {}, kept or {})
    return (
        {issuer: _kinds(books) for issuer, books in found.books.items()},
        [(one.issuer, one.amount_nano) for one in found.breaks],
    )


def test_the_days_of_a_month_of_seats_sum_to_its_price() -> None:
    for month in range(1, 13):
        days = days_of(f"2026-{month:02d}")
        parts = [seats.day_part(_PLAN, day) for day in days]
        assert sum(parts) == 7 * 31_333_333_333
        assert max(parts) - min(parts) <= 1


def test_seats_go_to_whose_runs_sat_on_them_and_the_rest_is_idle() -> None:
    plan = SeatPlan(
        "editors", CURSOR, CURSOR_SEATS, _FIRST, None, 8, 31 * 8_000_000, in_use=((_FIRST, 2),)
    )

    books = seats.accrue(plan, _FIRST, _TOKENS)

    assert _kinds(books) == {"family": 6_857_143, "ad_hoc": 9_142_857, "idle_seat": 48_000_000}
    unknown = seats.accrue(plan, _FIRST - timedelta(days=1), {})
    assert _kinds(unknown) == {"seat": 64_000_000, "idle_seat": 0}


def test_seats_that_the_vendor_bills_itself_owe_nothing_by_the_day() -> None:
    plan = SeatPlan("x", CURSOR, CURSOR_SEATS, _FIRST, None, 3, 999_999_999, sku="seat")

    assert sum(seats.accrue(plan, _FIRST, _TOKENS).values()) == 0


@settings(max_examples=80, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 12), st.integers(1, 500)), max_size=4),
    st.lists(st.integers(-50, 200), min_size=14, max_size=14),
)
def test_what_is_bought_is_drawn_expired_or_left(
    bought: list[tuple[int, int, int]], used: list[int]
) -> None:
    lots = [
        Lot(f"lot-{at}", "i", "a", _after(start), _after(start + length), amount)
        for at, (start, length, amount) in enumerate(bought)
    ]
    days = {_after(at): prepaid.Drawing(nano) for at, nano in enumerate(used)}

    moved = prepaid.move(lots, days, "p")

    left = 0
    for at, nano in enumerate(used):
        books = moved[_after(at)].books
        drawn = -books.get(own_line("prepaid", "p", "drawn"), 0)
        assert 0 <= drawn <= max(0, nano)
        left += sum(amount for to, amount in books.items() if to.kind == "prepaid")
        assert left >= 0
        open_lots = [lot for lot in lots if lot.bought <= _after(at)]
        if all(lot.expires and lot.expires < _after(at) for lot in open_lots):
            assert left == 0, "nothing outlives its last day"


def test_a_cent_is_settled_and_more_is_a_break() -> None:
    books, breaks = _settled({"a": 1_010_000_000, "b": 1_060_000_000}, {"a": 10**9, "b": 10**9})

    assert books == {"a": {"rounding": 10_000_000}, "b": {}}
    assert breaks == [("b", 60_000_000)]


def test_a_month_has_a_limit_too_and_it_counts_issuers_in_order() -> None:
    names = [f"issuer-{number:02d}" for number in range(12)]
    books, breaks = _settled(dict.fromkeys(names, 50000000), dict.fromkeys(names, 0))

    assert [name for name in names if books[name]] == names[:10]
    assert breaks == [(name, 50_000_000) for name in names[10:]]


def test_what_was_settled_stays_and_what_it_leaves_is_a_break() -> None:
    kept = {"a": {own_line("rounding", "", "settled"): 10_000_000}}
    books, breaks = _settled({"a": 1_010_000_000}, {"a": 999_000_000}, kept)

    assert books == {"a": {"rounding": 10_000_000}}
    assert breaks == [("a", 1_000_000)]


def test_money_paid_at_another_rate_is_fx_and_no_break() -> None:
    place = Place("c", "a", date(2026, 1, 9), "2026-01", "USD")
    ledger: Ledger = {place: {own_line("fee", "", "rest"): 1_100}}
    lines = (InvoiceLine("usage", 1_000), InvoiceLine("adjustment", 77, "2025-12"))
    paid = Invoice("c-1", "c", "2026-01", "EUR", date(2026, 2, 5), lines, 1_090_000)

    foreign = {"c": {"EUR": Foreign(1_000, 1_100)}}
    found = settle("2026-01", ["c"], Finance(invoices=(paid,)), ledger, foreign, {})

    assert found.breaks == []
    assert found.books == {"c": {own_line("fx", "", "settled"): -10}}


def test_business_days_are_monday_to_friday_of_the_next_month() -> None:
    assert business_day("2026-01", 5) == date(2026, 2, 6)
    assert business_day("2026-07", 1) == date(2026, 8, 3)


def test_a_roll_forward_sums() -> None:
    def one(day: int, nano: int) -> Break:
        return Break("invoice", "a", "-", date(2026, 1, day), "USD", nano)

    def standing(*breaks: Break) -> dict[tuple[str, str, str, date, str], Break]:
        return {(b.break_class, b.issuer, b.account, b.day, b.sku): b for b in breaks}

    (found,) = roll(standing(one(1, 5), one(2, 7)), standing(one(2, 9), one(3, 1))).values()

    assert (found.opening_nano, found.closing_nano) == (12, 10)
    assert (found.new_nano, found.remeasured_nano, found.cleared_nano) == (1, 2, 5)


def _after(days: int) -> date:
    return _FIRST + timedelta(days=days)
