"""Which of Cursor's days are whole, and which of its reports a day is held against."""

from datetime import UTC, datetime, timedelta

import pytest

from tasks.core.batches import Stream
from tasks.sources import cursor
from tests.sources.cursor_team import WINDOW, Team, door, event, pull
from tests.sources.vendor_reports import days_of

DAYS = [WINDOW[0] + timedelta(days=at) for at in range(5)]


@pytest.mark.parametrize("stream", [cursor.EVENTS, cursor.SESSIONS])
@pytest.mark.parametrize(("minutes", "is_complete"), [(59, False), (60, True)])
def test_a_day_is_whole_from_an_hour_after_its_end(
    stream: Stream, minutes: int, *, is_complete: bool
) -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC) + timedelta(minutes=minutes)

    pulled = pull(stream, Team([event(DAYS[4])]), window=(DAYS[4], DAYS[4]), now=now)

    assert days_of(pulled) == {DAYS[4]: (1, is_complete)}


def test_days_around_one_that_contradicts_itself_are_told() -> None:
    busy = Team([event(DAYS[0])], daily={DAYS[0]: 3, DAYS[1]: 12, DAYS[4]: 5})

    pulled = pull(cursor.EVENTS, busy, lag_days=2)

    assert days_of(pulled) == {
        DAYS[0]: (1, True),
        DAYS[2]: (0, True),
        DAYS[3]: (0, False),
        DAYS[4]: (0, False),
    }
    assert [one.subject for one in pulled.findings] == [f"cursor {DAYS[1]}"]


def test_events_that_name_nobody_are_counted_over_all_days() -> None:
    nameless = [event(day, userEmail=None) for day in DAYS[:3]]

    (finding,) = pull(cursor.USE, Team(nameless), at=door(ada="payments")).findings

    assert finding.detail.startswith("3 billed events")


def test_a_run_that_cost_nothing_cost_zero() -> None:
    team = Team([event(chargedCents=0)])

    (batch,) = (one for one in pull(cursor.SESSIONS, team).batches if one.rows)

    assert batch.rows[0]["cost_usd"] == "0"
