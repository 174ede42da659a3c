"""A night is decided before any work, and a wrong request is refused in words."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tasks.core.plan import MAX_WINDOW_DAYS, Order, PlanError, plan_night

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
STREAMS = {"logs": ["runs"], "vendor": ["usage", "cost"]}


def test_a_night_covers_the_31_days_up_to_yesterday() -> None:
    plan = plan_night(STREAMS, window=None, only=None, as_of=None, now=NOW)

    assert (date(2026, 10, 20), date(2026, 11, 19)) == (plan.start, plan.end)
    assert len(plan.orders) == 3


def test_a_source_may_ask_for_a_longer_look_back() -> None:
    plan = plan_night(STREAMS, window=None, only=None, as_of=None, now=NOW, trailing_days=60)

    assert plan.start == date(2026, 9, 21)


@pytest.mark.parametrize(
    ("back_to", "start"),
    [
        (date(2026, 10, 1), date(2026, 10, 1)),
        (date(2026, 11, 1), date(2026, 10, 20)),
        (date(2025, 1, 1), date(2025, 11, 19)),
    ],
    ids=["before the window", "inside it", "too far"],
)
def test_a_night_reaches_back_to_the_oldest_period_that_is_not_closed(
    back_to: date, start: date
) -> None:
    plan = plan_night(STREAMS, window=None, only=None, as_of=None, now=NOW, back_to=back_to)

    assert (plan.start, plan.end) == (start, date(2026, 11, 19))
    assert (plan.end - plan.start).days < MAX_WINDOW_DAYS
    asked = (date(2026, 11, 18), date(2026, 11, 19))
    plan = plan_night(STREAMS, window=asked, only=None, as_of=None, now=NOW, back_to=back_to)
    assert (plan.start, plan.end) == asked


def test_only_the_chosen_sources_are_pulled() -> None:
    plan = plan_night(STREAMS, window=None, only=["vendor"], as_of=None, now=NOW)

    assert (Order("vendor", "usage"), Order("vendor", "cost")) == plan.orders


def test_with_no_source_chosen_nothing_is_pulled_and_the_night_still_computes() -> None:
    plan = plan_night(STREAMS, window=None, only=[], as_of=None, now=NOW)

    assert plan.orders == ()
    assert not plan.is_past


def test_a_past_moment_pulls_nothing_and_counts_its_days_from_there() -> None:
    then = NOW - timedelta(days=3)

    plan = plan_night(STREAMS, window=None, only=None, as_of=then, now=NOW)

    assert plan.is_past
    assert plan.orders == ()
    assert plan.end == date(2026, 11, 16)


@pytest.mark.parametrize(
    ("window", "only", "as_of", "words"),
    [
        (None, None, NOW + timedelta(minutes=1), "has not come yet"),
        ((date(2026, 11, 1), date(2026, 11, 21)), None, None, "nothing can be billed yet"),
        (None, ["jira"], None, "there are: logs, vendor"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_work(
    window: tuple[date, date] | None, only: list[str] | None, as_of: datetime | None, words: str
) -> None:
    with pytest.raises(PlanError, match=words):
        plan_night(STREAMS, window=window, only=only, as_of=as_of, now=NOW)
