"""What runs will cost on days that are not booked, and what is nobody's pending."""

from typing import Any

import pytest

from config.shapes.finance import SeatPlan
from tasks.core.budgeting.pending import pending_days
from tasks.core.budgeting.pool_days import PendingDay
from tasks.core.cells import RunCell
from tasks.core.prices import compile_card, seen_in
from tests.core.factories import DAY, ISSUER, run

CURRENCIES = {"anthropic": "USD"}


def a_run(**fields: Any) -> RunCell:
    values: dict[str, Any] = {"family": "upgrades", "portfolio": "platform", "input": 100}
    return run(**values | fields)


def pending(*runs: RunCell, **fields: Any) -> list[PendingDay]:
    card = compile_card([ISSUER], seen_in(runs, []))
    return pending_days(runs, card, **{"booked": (), "currencies": CURRENCIES} | fields)


def test_runs_of_a_day_that_is_not_booked_are_valued_at_the_card() -> None:
    rate = compile_card([ISSUER], seen_in([a_run()], [])).run_rates("anthropic", a_run().model, DAY)
    assert rate[0] is not None

    (found,) = pending(a_run(input=100), a_run(input=23, api_key="other"))

    assert found == PendingDay(DAY, "platform", "upgrades", "production", "USD", rate[0].value(123))
    assert found.amount_nano > 0


def test_runs_of_a_booked_day_pend_no_more() -> None:
    assert pending(a_run(), booked={("anthropic", DAY)}) == []
    assert len(pending(a_run(), booked={("openai", DAY)})) == 1


def test_pools_and_days_are_told_apart() -> None:
    found = pending(a_run(), a_run(pool="exploration"))

    assert [one.pool for one in found] == ["exploration", "production"]


def test_a_model_without_a_price_is_counted_and_never_taken_for_free() -> None:
    (found,) = pending(a_run(), a_run(model="unheard-of", input=9))
    (priced,) = pending(a_run())

    assert found.unpriced_tokens == 9
    assert found.amount_nano == priced.amount_nano


@pytest.mark.parametrize("fields", [{"workflow": "", "pool": ""}, {"issuer": "nobody"}])
def test_runs_of_no_pool_and_of_no_known_issuer_pend_nowhere(fields: dict[str, Any]) -> None:
    assert pending(a_run(**fields)) == []


def test_runs_under_a_seat_are_paid_by_the_seat() -> None:
    plan = SeatPlan.model_validate(
        {
            "id": "plan",
            "issuer": "anthropic",
            "account": "main",
            "from": DAY,
            "to": DAY,
            "seats": 1,
            "price": "20.00",
        }
    )

    assert pending(a_run(), seats=[plan]) == []
    assert len(pending(a_run(account="elsewhere"), seats=[plan])) == 1
