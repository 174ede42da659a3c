"""What Cursor charged squads: sums and counts, of three people or more, and of nobody by name."""

from datetime import timedelta

from tasks.core.tables import SQUAD_USE
from tasks.sources import cursor
from tests.sources.cursor_team import DAY, WINDOW, Team, door, event, included, pull, source

NANO = 217_500_000
SQUADS = {"ada": "payments", "bea": "payments", "cid": "payments", "dora": "search"}
PEOPLE = [event(userEmail=f"{name}@example.com") for name in SQUADS]


def test_without_a_directory_nothing_is_asked_and_every_ended_day_is_complete() -> None:
    team = Team(PEOPLE)

    pulled = pull(cursor.USE, team, window=(WINDOW[0], WINDOW[1] + timedelta(days=1)))

    assert team.requests == []
    assert [batch.key for batch in pulled.batches] == [
        WINDOW[0] + timedelta(days=at) for at in range(5)
    ]
    assert all(batch.is_complete and not batch.rows for batch in pulled.batches)


def test_a_squad_s_spend_is_what_its_people_were_billed() -> None:
    team = Team([*PEOPLE, PEOPLE[0], included(userEmail="ada@example.com")])

    (batch,) = pull(cursor.USE, team, window=(DAY, DAY), at=door(**SQUADS)).batches

    # One searcher alone would be told of by name: `others` takes the other squad along.
    assert batch.rows == [
        {
            "account": "team",
            "squad": "others",
            "measure": "spend_nano",
            "value": 5 * NANO,
            "actors": 4,
        }
    ]


def test_squads_of_enough_people_are_told_apart() -> None:
    names = {**SQUADS, "eva": "search", "fay": "search"}
    team = Team([event(userEmail=f"{name}@example.com") for name in names])

    (batch,) = pull(cursor.USE, team, window=(DAY, DAY), at=door(**names)).batches
    (first, second) = cursor.conform(cursor.USE, source(), batch.rows, DAY, {}).rows

    assert set(first) == set(SQUAD_USE.column_names())
    assert (first["squad"], first["value"], first["actors"]) == ("payments", 3 * NANO, 3)
    assert (second["squad"], second["value"], second["actors"]) == ("search", 3 * NANO, 3)


def test_a_service_account_is_no_person_of_any_squad() -> None:
    machine = event(userEmail="ada@example.com", serviceAccountId="sa_1", chargedCents=5000)
    team = Team([*PEOPLE, machine])

    pulled = pull(cursor.USE, team, window=(DAY, DAY), at=door(**SQUADS))

    assert [row["value"] for row in pulled.batches[0].rows] == [4 * NANO]
    assert pulled.findings == ()


def test_no_one_s_name_is_in_what_is_stored() -> None:
    pulled = pull(cursor.USE, Team(PEOPLE), window=(DAY, DAY), at=door(**SQUADS))

    assert [name for name in SQUADS if name in repr(pulled)] == []


def test_a_billed_event_that_names_nobody_is_told() -> None:
    nameless = [event(userEmail=None), event(userEmail=" "), included(userEmail=None)]

    pulled = pull(cursor.USE, Team([*PEOPLE, *nameless]), window=(DAY, DAY), at=door(**SQUADS))

    assert [(one.code, one.subject) for one in pulled.findings] == [("hint_dropped", "userEmail")]
    assert pulled.findings[0].detail.startswith("2 billed events")
    assert [row["value"] for row in pulled.batches[0].rows] == [4 * NANO]
