from datetime import date
from typing import Any

import pytest

from tasks.core.batches import Pulled
from tasks.core.people import Door, normal
from tasks.core.tables import SQUAD_USE
from tasks.sources import anthropic_enterprise
from tasks.sources.anthropic_enterprise import USE
from tests.sources.anthropic_enterprise.analytics import (
    DAYS,
    DIRECTORY,
    Analytics,
    person,
    pull,
    source,
)
from tests.sources.people import NAMES, traces
from tests.sources.vendor_reports import codes, days_of

DOOR = Door(str.upper, DIRECTORY)
BLUE = [person(at, DAYS[0], str(100 * (at + 1))) for at in range(3)]
STRANGERS = [person(at, DAYS[0], "7") for at in range(10, 13)]


def used(pulled: Pulled) -> list[dict[str, Any]]:
    return [
        row
        for batch in pulled.batches
        for row in anthropic_enterprise.conform(USE, source(), batch.rows, batch.key, {}).rows
    ]


def test_people_are_asked_for_by_day_and_page() -> None:
    analytics = Analytics(BLUE, page=2)

    pull(USE, analytics, door=DOOR)

    first, second = analytics.requests
    assert first.path.partition("?")[0] == "/v1/organizations/analytics/user_cost_report"
    asked = {
        "starting_at": ["2026-11-16T00:00:00Z"],
        "ending_at": ["2026-11-21T00:00:00Z"],
        "bucket_width": ["1d"],
        "limit": ["1000"],
    }
    assert first.query == asked
    assert second.query == asked | {"page": [f"2|{asked}"]}


def test_what_people_spent_becomes_sums_of_squads() -> None:
    pulled = pull(USE, Analytics([*BLUE, *STRANGERS]), door=DOOR)

    rows = used(pulled)

    assert rows == [
        {
            "source": "enterprise",
            "issuer": "anthropic",
            "account": "enterprise:default",
            "day": DAYS[0],
            "squad": squad,
            "measure": "spend_nano",
            "value": value,
            "actors": 3,
        }
        for squad, value in (("blue", 6_000_000_000), ("others", 210_000_000))
    ]
    assert set(rows[0]) == set(SQUAD_USE.column_names())


def test_a_squad_of_too_few_people_is_not_told_apart() -> None:
    pulled = pull(USE, Analytics([*BLUE[:2], *STRANGERS]), door=DOOR)

    assert [(row["squad"], row["value"], row["actors"]) for row in used(pulled)] == [
        ("others", 3_210_000_000, 5)
    ]


def test_deleted_people_count_among_the_others_with_what_they_spent() -> None:
    gone = {"type": "user_actor", "user_id": "user_2", "email": None, "deleted": True}

    pulled = pull(USE, Analytics([*BLUE[:2], person(2, DAYS[0], "300", actor=gone)]), door=DOOR)

    assert [(row["squad"], row["value"]) for row in used(pulled)] == [("others", 6_000_000_000)]


def test_a_directory_may_name_people_by_id() -> None:
    door = Door(str.upper, {f"user_{at}": "red" for at in range(3)})

    pulled = pull(USE, Analytics(BLUE), door=door)

    assert [row["squad"] for row in used(pulled)] == ["red"]


def test_nobody_is_asked_for_without_a_directory() -> None:
    analytics = Analytics(BLUE)

    pulled = pull(USE, analytics)

    assert analytics.requests == []
    assert days_of(pulled) == dict.fromkeys(DAYS, (0, True))


def test_days_past_the_refresh_or_empty_within_the_lag_are_incomplete() -> None:
    rows = [person(1, day) for day in (DAYS[0], DAYS[3])]

    pulled = pull(USE, Analytics(rows, refreshed=["2026-11-19T12:00:00Z"]), door=DOOR)

    assert [is_complete for _, is_complete in days_of(pulled).values()] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_an_empty_day_is_zero_only_after_the_lag() -> None:
    pulled = pull(USE, Analytics([]), door=DOOR, lag_days=2)

    assert [is_complete for _, is_complete in days_of(pulled).values()] == [
        True,
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (person(1, DAYS[0], amount="x"), ("amount", "bad_amount")),
        (person(1, DAYS[0], actor=None), ("actor", "model_type")),
        (person(1, None), ("starting_at", "out_of_range")),
        (person(1, date(2026, 11, 15)), ("starting_at", "out_of_range")),
        (
            person(1, DAYS[0], ending_at="2026-11-16T01:00:00Z"),
            ("starting_at", "out_of_range"),
        ),
        (person(1, DAYS[0], starting_at="today"), ("starting_at", "value_error")),
        ("a person", ("", "model_type")),
    ],
)
def test_a_row_that_cannot_count_is_refused(row: object, fault: tuple[str, str]) -> None:
    pulled = pull(USE, Analytics([row, *BLUE]), door=DOOR)

    assert codes(pulled) == [fault]


def test_a_person_told_twice_for_a_day_counts_once() -> None:
    pulled = pull(USE, Analytics([*BLUE, BLUE[0] | {"amount": "5"}]), door=DOOR)

    assert codes(pulled) == [("actor", "duplicate")]
    assert [row["value"] for row in used(pulled)] == [6_000_000_000]


def test_one_day_may_be_told_without_bounds() -> None:
    rows = [person(at, None) for at in range(3)]

    pulled = pull(USE, Analytics(rows), door=DOOR, window=(DAYS[0], DAYS[0]))

    assert [(row["day"], row["squad"]) for row in used(pulled)] == [(DAYS[0], "blue")]


@pytest.mark.parametrize("name", NAMES)
def test_no_person_leaves_the_report(name: str) -> None:
    rows: list[object] = []
    for number in range(3):
        actor = {"type": name, "user_id": f"{name} {number}", "email": name, "name": name}
        said = person(number, DAYS[0], actor=actor) | {name: name, "product": name}
        rows += [said, said | {"amount": name}, said | {"starting_at": name}, name]
    door = Door(str.upper, {normal(name): "blue"})

    pulled = pull(USE, Analytics(rows), door=door)

    assert [row["squad"] for row in used(pulled)] == ["blue"]
    assert traces((pulled, repr(pulled), used(pulled))) == []
