"""What is metered and not billed at the soft close accrues once, and the bill takes it back."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tasks.core.books import Cause, Destination, DestinationKind, Method
from tasks.core.cells import UsageCell
from tasks.core.month_end.accruals import Accrued, accruals_of
from tasks.core.month_end.posting import PAYABLE
from tasks.core.ownership import Ownership
from tasks.core.prices import compile_card, seen_in
from tests.core.factories import DAY, ISSUER, SKU, catalog, legs, usage
from tests.core.month_end.test_posting import basis, book, entries_for, post, to

NEXT = DAY + timedelta(days=1)
ACCRUAL = Destination(DestinationKind.ACCRUAL, "platform", method=Method.ACCRUED)


def accrued(*rows: UsageCell, **fields: Any) -> Accrued:
    values: dict[str, Any] = {
        "legs": legs(charges=set(), usage={("anthropic", DAY), ("anthropic", NEXT)}),
        "held": (),
        "card": compile_card((ISSUER,), seen_in((), rows)),
        "ownership": Ownership(catalog()),
        "currencies": {"anthropic": "USD"},
        **fields,
    }
    return accruals_of("2026-11", rows, **values)


def worth(*rows: UsageCell) -> int:
    card = compile_card((ISSUER,), seen_in((), rows))
    rates = card.run_rates("anthropic", rows[0].model, DAY)
    assert rates[0] is not None
    return sum(rates[0].value(row.quantity) for row in rows)


def test_a_metered_day_without_a_bill_accrues_at_the_cards_prices() -> None:
    rows = (usage(1_000_000), usage(500, sku="other"))

    found = accrued(*rows)

    (entry,) = found.entries
    assert (entry.key, entry.cause) == (book(), Cause.NEW)
    assert {line.destination: line.amount_nano for line in entry.postings} == {
        ACCRUAL: worth(*rows),
        PAYABLE: -worth(*rows),
    }
    assert found.total_nano() == {"USD": worth(*rows)}
    assert found.unpriced == ()


def test_only_days_that_are_metered_unbilled_trusted_and_of_the_period_accrue() -> None:
    rows = (usage(), usage(day=NEXT))
    metered = {("anthropic", DAY), ("anthropic", NEXT)}

    def days(**fields: Any) -> list[date]:
        return [entry.key.day for entry in accrued(*rows, **fields).entries]

    assert days() == [DAY, NEXT]
    assert days(legs=legs(charges={("anthropic", DAY)}, usage=metered)) == [NEXT]
    assert days(legs=legs(charges=set(), usage={("anthropic", DAY)})) == [DAY]
    assert days(held={("anthropic", DAY)}) == [NEXT]
    late = usage(day=date(2026, 12, 1))
    everywhere = legs(charges=set(), usage={*metered, ("anthropic", late.day)})
    assert accrued(late, legs=everywhere).entries == ()


def test_what_has_no_price_accrues_nothing_and_is_named() -> None:
    found = accrued(usage(), usage(model="claude-nobody-knows", sku="nobody-knows"))

    assert [entry.postings[0].amount_nano for entry in found.entries] == [worth(usage())]
    assert found.unpriced == ("anthropic nobody-knows",)


@given(st.lists(st.tuples(st.integers(0, 10**9), st.sampled_from(["main", "other"])), max_size=6))
def test_entries_balance_and_sum_to_what_was_metered(metered: list[tuple[int, str]]) -> None:
    rows = [usage(count, account=account) for count, account in metered]

    found = accrued(*rows)

    assert all(entry.imbalance_nano() == 0 for entry in found.entries)
    assert sum(found.total_nano().values()) == (worth(*rows) if rows else 0)
    assert found == accrued(*reversed(rows))


def test_the_night_that_books_the_bill_takes_the_accrual_back_as_new() -> None:
    (entry,) = accrued(usage(1_000)).entries
    posted = post({}, [entry])
    desired = {book(): {to("alpha"): 70}}

    waiting = entries_for(posted, {}, basis(), days=set())
    (billed,) = entries_for(posted, desired)

    assert waiting == [], "no bill yet"
    assert (billed.key, billed.cause) == (entry.key, Cause.NEW)
    assert {line.destination: line.amount_nano for line in billed.postings} == {
        ACCRUAL: -worth(usage(1_000)),
        to("alpha"): 70,
        PAYABLE: worth(usage(1_000)) - 70,
    }
    after = post(posted, [billed])
    assert entries_for(after, desired, basis(), basis()) == [], "and only once"


def test_a_bill_after_the_close_takes_the_accrual_back_in_the_open_period() -> None:
    (entry,) = accrued(usage(1_000)).entries
    posted = post({}, [entry])

    (billed,) = entries_for(posted, {book(): {to("alpha"): 70}}, closed={"2026-11": "2026-12"})

    assert billed.key == book(billing_period="2026-12", origin_period="2026-11")
    assert {line.destination for line in billed.postings} == {ACCRUAL, to("alpha"), PAYABLE}


def test_a_day_billed_at_nothing_takes_its_accrual_back() -> None:
    posted = post({}, list(accrued(usage(1_000, sku=SKU)).entries))

    (billed,) = entries_for(posted, {})

    assert billed.cause is Cause.NEW
    assert {line.destination for line in billed.postings} == {ACCRUAL, PAYABLE}
