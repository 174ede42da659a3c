"""Which of Devin's days are whole, and what is told of those that are not."""

from datetime import UTC, datetime, timedelta

import pytest

from tasks.core.batches import Stream
from tasks.core.people import Door
from tasks.sources import devin
from tests.sources.devin_server import (
    DAY,
    WINDOW,
    Organisation,
    consumed,
    pull,
    seconds,
    session,
)
from tests.sources.vendor_reports import days_of

DAYS = [WINDOW[0] + timedelta(days=at) for at in range(5)]


@pytest.mark.parametrize("stream", [devin.SESSIONS, devin.USE])
@pytest.mark.parametrize(("hour", "is_complete"), [(7.999, False), (8, True)])
def test_sessions_of_a_day_are_whole_once_it_has_ended_at_eight_o_clock(
    stream: Stream, hour: float, *, is_complete: bool
) -> None:
    organisation = Organisation([], [session(day=DAYS[4])])
    now = datetime(2026, 11, 21, tzinfo=UTC) + timedelta(hours=hour)
    at = Door("digest of {}".format, {"user-abc": "payments"})

    told = days_of(pull(stream, organisation, now=now, at=at))

    assert (told[DAYS[3]], told[DAYS[4]]) == ((0, True), (1, is_complete))


def test_a_day_of_nothing_needs_no_price() -> None:
    prices = [{"from": "2026-12-01", "price": "2"}]

    pulled = pull(devin.CONSUMPTION, Organisation([consumed(DAYS[0], 0)]), acu_prices=prices)

    assert days_of(pulled)[DAYS[0]] == (0, True)
    assert pulled.findings == ()


def test_a_day_of_which_only_what_cannot_be_read_is_told_is_told() -> None:
    bad = session(acus="a lot", created_at=seconds(DAYS[4], 9), updated_at=seconds(DAYS[4], 10))

    pulled = pull(devin.CONSUMPTION, Organisation(None, [bad]))

    assert [days_of(pulled)[day] for day in DAYS[3:]] == [(0, False), (0, True)]


def test_all_sessions_whose_days_are_not_told_are_counted() -> None:
    sessions = [session(name, updated_at=seconds(DAY, 40)) for name in "abc"]

    (finding,) = pull(devin.CONSUMPTION, Organisation([], sessions)).findings

    assert finding.detail.startswith("of 3 sessions over several days the days are not told")
