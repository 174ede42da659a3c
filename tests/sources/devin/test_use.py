"""What squads' sessions consumed: sums and counts, of three people or more, nobody by name."""

from datetime import timedelta

import pytest

from tasks.core.people import Door
from tasks.core.tables import SQUAD_USE
from tasks.sources import devin
from tasks.transport.errors import StatusError
from tests.sources.devin_server import (
    DAY,
    WINDOW,
    Organisation,
    consumed,
    pull,
    seconds,
    session,
    source,
)

NAMES = ("ada", "bea", "cid")
MEMBERS = {f"user-{name}": f"{name}@example.com" for name in NAMES}
SESSIONS = [session(name, user_id=f"user-{name}", acus="1.5") for name in NAMES]
BY_ADDRESS = Door("digest of {}".format, dict.fromkeys(MEMBERS.values(), "payments"))
BY_ID = Door("digest of {}".format, dict.fromkeys(MEMBERS, "payments"))
ONE_DAY = (DAY, DAY)


def test_without_a_directory_nothing_is_asked_and_every_ended_day_is_complete() -> None:
    organisation = Organisation([], SESSIONS, members=MEMBERS)

    pulled = pull(devin.USE, organisation)

    assert organisation.requests == []
    assert [(one.key, one.is_complete, list(one.rows)) for one in pulled.batches] == [
        (WINDOW[0] + timedelta(days=at), True, []) for at in range(5)
    ]


@pytest.mark.parametrize(
    ("at", "members"), [(BY_ADDRESS, MEMBERS), (BY_ID, MEMBERS), (BY_ID, None), (BY_ID, {})]
)
def test_a_squad_used_what_the_sessions_of_its_people_consumed(
    at: Door, members: dict[str, str | None] | None
) -> None:
    again = session("again", user_id="user-ada", acus=2)

    pulled = pull(
        devin.USE, Organisation([], [*SESSIONS, again], members=members), window=ONE_DAY, at=at
    )
    (row,) = devin.conform(devin.USE, source(), pulled.batches[0].rows, DAY, {}).rows

    assert set(row) == set(SQUAD_USE.column_names())
    assert {
        "account": "org-1",
        "squad": "payments",
        "measure": "acu_micro",
        "value": 6_500_000,
        "actors": 3,
    }.items() <= row.items()
    assert [name for name in (*NAMES, "Someone") if name in repr(pulled)] == []


def test_a_session_of_a_service_user_is_nobody_s() -> None:
    machine = session("m", user_id="user-ada", service_user_id="su-1", acus=9)

    pulled = pull(devin.USE, Organisation([], [*SESSIONS, machine]), window=ONE_DAY, at=BY_ID)

    assert [row["value"] for row in pulled.batches[0].rows] == [4_500_000]


def test_a_session_over_several_days_counts_on_each() -> None:
    before = DAY - timedelta(days=1)
    long = [session(name, user_id=f"user-{name}", created_at=seconds(before, 9)) for name in NAMES]
    parts = {f"devin-{name}": [consumed(before, 1), consumed(DAY, 2)] for name in NAMES}

    pulled = pull(devin.USE, Organisation([], long, parts), window=(before, DAY), at=BY_ID)

    assert [[row["value"] for row in one.rows] for one in pulled.batches] == [
        [3_000_000],
        [6_000_000],
    ]


def test_sessions_that_are_not_open_are_no_use_of_zero() -> None:
    with pytest.raises(StatusError, match="permission"):
        pull(devin.USE, Organisation([], None), at=BY_ID)
