"""A Cursor team over sockets: days come whole, once, or not at all."""

import base64
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tasks.core.batches import Stream
from tasks.core.errors import SourceError
from tasks.sources import cursor
from tasks.sources.cursor.listing import count_requests
from tasks.transport.errors import StatusError
from tests.sources.cursor_team import (
    DAY,
    TODAY,
    WINDOW,
    Team,
    charges_of,
    door,
    event,
    included,
    member,
    moment,
    pull,
)
from tests.sources.vendor_reports import codes, days_of, midnight, recorded
from tests.transport.loopback import SECRET, Reply, Request

DAYS = [WINDOW[0] + timedelta(days=at) for at in range(5)]
BUSY = [event(day) for day in DAYS]
EVENTS_PATH = "/teams/filtered-usage-events"


def test_days_are_asked_by_post_to_their_last_millisecond() -> None:
    team = Team(BUSY)

    pull(cursor.EVENTS, team, window=(DAY, DAY))

    asked = [one for one in team.requests if one.path == EVENTS_PATH]
    pair = base64.b64encode(f"{SECRET}:".encode()).decode()
    assert asked[0].json == {
        "startDate": 1_795_132_800_000 - 86_400_000 * 2,
        "endDate": 1_795_132_800_000 - 86_400_000 - 1,
        "pageSize": 1000,
        "page": 1,
    }
    assert {one.headers["authorization"] for one in team.requests} == {f"Basic {pair}"}
    assert {one.method for one in team.requests} == {"POST"}


def test_an_event_at_midnight_counts_once_and_on_its_own_day() -> None:
    edges = [event(timestamp=moment(DAY, 0)), event(timestamp=moment(DAY, 23, seconds=3599))]
    edges += [event(timestamp=str(int(moment(DAY, 0)) - 1))]
    team = Team(edges)

    pulled = pull(cursor.EVENTS, team, window=(DAY - timedelta(days=1), DAY))

    assert {one.key: [row["events"] for row in one.rows] for one in pulled.batches} == {
        DAY - timedelta(days=1): [1],
        DAY: [2],
    }


def test_a_server_that_ignores_the_period_does_not_count_a_day_twice() -> None:
    team = Team()
    every = {
        "totalUsageEventsCount": 2,
        "pagination": {"numPages": 1},
        "usageEvents": [event(DAYS[1]), event(DAYS[2])],
    }
    team.override = lambda request: Reply(body=every) if request.path == EVENTS_PATH else None

    pulled = pull(cursor.EVENTS, team, window=(DAYS[1], DAYS[2]))

    assert [sum(int(str(row["events"])) for row in one.rows) for one in pulled.batches] == [1, 1]
    assert [(one.code, one.subject) for one in pulled.findings] == [
        ("report_contradicted", "timestamp")
    ]


def test_all_pages_of_a_day_are_read() -> None:
    team = Team([event(conversationId=f"c{number}") for number in range(7)], page_size=3)

    pulled = pull(cursor.EVENTS, team, window=(DAY, DAY))

    assert days_of(pulled) == {DAY: (7, True)}
    assert [one.json["page"] for one in team.requests if one.path == EVENTS_PATH] == [1, 2, 3]


def test_a_day_that_shifts_while_it_is_read_is_read_again() -> None:
    team = Team([event(conversationId=f"c{number}") for number in range(4)], page_size=2)
    arrived: list[Request] = []

    def arrive(request: Request) -> Reply | None:
        if request.path == EVENTS_PATH and request.json["page"] == 2 and not arrived:
            arrived.append(request)
            # Newest first: what stood on page 1 moves on to page 2.
            team.events.insert(0, event(conversationId="late"))
        return None

    team.override = arrive

    pulled = pull(cursor.EVENTS, team, window=(DAY, DAY))

    assert arrived
    assert len({row["run_id"] for row in pulled.batches[0].rows}) == 5
    assert sum(int(str(row["events"])) for row in pulled.batches[0].rows) == 5


@pytest.mark.parametrize(
    "frame",
    [
        {"totalUsageEventsCount": 2, "pagination": {"numPages": 1}, "usageEvents": [event()]},
        {"totalUsageEventsCount": 0, "pagination": {"numPages": 1}, "usageEvents": [event()]},
        {"totalUsageEventsCount": 1, "pagination": {}, "usageEvents": [event()]},
        {"totalUsageEventsCount": 1, "pagination": {"numPages": 2}, "usageEvents": []},
        {"pagination": {"numPages": 1}, "usageEvents": []},
        {"totalUsageEventsCount": 0, "pagination": {"numPages": 0}, "events": []},
        {"error": "Unauthorized", "message": "Invalid API key"},
    ],
)
def test_an_answer_that_does_not_add_up_is_a_fault(frame: dict[str, object]) -> None:
    team = Team()
    team.override = lambda request: Reply(body=frame) if request.path == EVENTS_PATH else None

    with pytest.raises(SourceError):
        pull(cursor.EVENTS, team, window=(DAY, DAY))


def test_a_wrong_key_and_a_missing_plan_are_told_apart() -> None:
    for status, reason in ((401, "credential"), (403, "permission")):
        team = Team()
        team.override = lambda _, status=status: Reply(  # type: ignore[misc]
            status, body={"error": "Unauthorized", "message": "Invalid API key"}
        )
        with pytest.raises(StatusError) as caught:
            pull(cursor.SESSIONS, team)
        assert caught.value.reason == reason
        assert "POST /teams/filtered-usage-events" in str(caught.value)


@pytest.mark.parametrize("stream", [cursor.EVENTS, cursor.SESSIONS])
def test_a_day_is_complete_an_hour_after_its_end(stream: Stream) -> None:
    team = Team([*BUSY, event(TODAY, timestamp=moment(TODAY, 1))])
    early = datetime(2026, 11, 21, 0, 59, tzinfo=UTC)

    pulled = pull(stream, team, window=(DAYS[3], TODAY), now=early)

    assert days_of(pulled) == {DAYS[3]: (1, True), DAYS[4]: (1, False), TODAY: (1, False)}
    assert pulled.watermark
    assert pulled.watermark.read_to == midnight(DAYS[4])


def test_an_empty_day_says_nothing_within_the_lag_and_zero_after_it() -> None:
    pulled = pull(cursor.EVENTS, Team(), lag_days=2)

    assert days_of(pulled) == dict.fromkeys(DAYS[:3], (0, True)) | dict.fromkeys(
        DAYS[3:], (0, False)
    )


def test_an_empty_day_that_had_use_stays_unknown_and_is_told() -> None:
    pulled = pull(cursor.EVENTS, Team(daily={DAYS[1]: 12}))

    assert DAYS[1] not in days_of(pulled)
    assert [(one.code, one.subject) for one in pulled.findings] == [
        ("report_contradicted", f"cursor {DAYS[1]}")
    ]
    assert "daily usage" in pulled.findings[0].detail


def test_an_empty_day_is_zero_where_the_other_report_is_not_open() -> None:
    assert days_of(pull(cursor.EVENTS, Team(daily=None)))[DAYS[0]] == (0, True)


def test_a_bad_event_is_refused_once_and_the_rest_of_its_day_is_kept() -> None:
    team = Team([event(), event(chargedCents=None, chargedDollars=0.2)])

    pulled = pull(cursor.EVENTS, team, window=(DAY, DAY))
    runs = pull(cursor.SESSIONS, team, window=(DAY, DAY))

    assert days_of(pulled) == {DAY: (1, True)}
    assert codes(pulled) == [("chargedCents", "bad_amount")]
    assert codes(runs) == []


def test_kinds_and_charges_that_are_odd_are_told_in_counts() -> None:
    odd = [
        event(kind="Bonus round"),
        event(isChargeable=True, kind="Included in Pro"),
        event(chargedCents=99),
    ]

    pulled = pull(cursor.EVENTS, Team(odd), window=(DAY, DAY))

    assert [(one.code, one.subject) for one in pulled.findings] == [
        ("unknown_sku", "kind"),
        ("report_contradicted", "isChargeable"),
        ("charge_differs", "chargedCents"),
    ]
    assert "77.2500 cents" in pulled.findings[2].detail
    assert "Bonus" not in repr(pulled)


def test_the_cycle_s_events_tie_to_the_spend() -> None:
    team = Team(
        [
            event(timestamp=moment(date(2026, 11, 17), 15, minutes=19)),  # the cycle before
            event(timestamp=moment(date(2026, 11, 17), 15, minutes=20)),
            *[event(), included()],
            event(TODAY, timestamp=moment(TODAY, 3)),
        ],
        members=[member(43.5, 51.5), member(21.75, 21.75)],
    )

    assert pull(cursor.EVENTS, team).findings == ()


@pytest.mark.parametrize(
    ("members", "subjects"),
    [
        ([member(100, 21.75)], ["spendCents"]),
        ([member(21.75, 100)], ["overallSpendCents"]),
        ([member(0, 0)], ["spendCents", "overallSpendCents"]),
        ([member(26.75, 26.75)], []),  # five days, a cent each
        ([member(26.77, 21.75)], ["spendCents"]),
        # Older answers are rounded to whole cents, and need not tell the second figure.
        ([{"userId": 1, "spendCents": 27}], []),
        ([{"userId": 1, "spendCents": 28}], ["spendCents"]),
        # What is not told of somebody is not known of the team.
        ([member(None, 21.75)], []),
        ([member(None, 99), member(1, 1)], ["overallSpendCents"]),
        # One fraction shows that the zeros of all others are no rounded cents.
        ([member(26.77, 21.75), *[member()] * 100], ["spendCents"]),
        ([member()] * 100, ["spendCents", "overallSpendCents"]),
    ],
)
def test_a_spend_that_differs_by_more_than_a_cent_a_day_is_told(
    members: list[dict[str, object]], subjects: list[str]
) -> None:
    team = Team([event()], members=members)

    pulled = pull(cursor.EVENTS, team)

    assert [one.subject for one in pulled.findings] == subjects
    assert {one.code for one in pulled.findings} <= {"spend_differs"}


@pytest.mark.parametrize(
    ("since", "window"),
    [
        (datetime(2026, 11, 3, tzinfo=UTC), WINDOW),
        (datetime(2026, 11, 17, tzinfo=UTC), (date(2026, 9, 1), date(2026, 9, 2))),
    ],
)
def test_a_window_without_the_whole_cycle_is_not_held_against_the_spend(
    since: datetime, window: tuple[date, date]
) -> None:
    team = Team([event()], members=[member(9999, 9999)], since=since)

    assert pull(cursor.EVENTS, team, window=window).findings == ()


def test_cents_are_never_taken_for_dollars() -> None:
    (row,) = charges_of(pull(cursor.EVENTS, Team([event(chargedCents=123.456)]), window=(DAY, DAY)))

    assert row["billed_nano"] == 1_234_560_000


def test_the_account_of_the_team_is_that_of_the_configuration() -> None:
    pulled = pull(cursor.EVENTS, Team([event()]), window=(DAY, DAY), at=door())

    assert {row["account"] for row in charges_of(pulled)} == {"team"}


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["cursor_daily_usage_data.json", "cursor_daily_usage_data_paged.json"]
)
def test_the_documented_daily_usage_is_read(shared: Path, name: str) -> None:
    assert count_requests("cursor", recorded(shared, name)) == 185


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "reason"), [("cursor_error_401.json", "credential"), ("cursor_error_429.json", None)]
)
def test_the_documented_errors_are_understood(shared: Path, name: str, reason: str | None) -> None:
    status = int(name[-8:-5])
    answer = recorded(shared, name)
    team = Team(BUSY)
    refused: list[Request] = []

    def refuse(request: Request) -> Reply | None:
        if reason is None and refused:
            return None
        refused.append(request)
        return Reply(status, body=answer)

    team.override = refuse
    if reason is None:
        assert len(pull(cursor.SESSIONS, team).batches) == 5
    else:
        with pytest.raises(StatusError, match=reason):
            pull(cursor.SESSIONS, team)
