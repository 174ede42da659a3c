"""The door knows squads by any spelling of a person, and shows nothing of what it knows."""

import pytest

from tasks.core.people import Door

DOOR = Door(
    "digest of {}".format,
    {"ada@acme.example": "claims", "ada-l": "claims", "bo": "search", "ren\xe9": "search"},
)


@pytest.mark.parametrize(
    ("identifiers", "squad"),
    [
        (("ada@acme.example",), "claims"),
        ((" ADA@Acme.Example ",), "claims"),
        (("Rene\u0301",), "search"),
        (("nobody", "ada-l"), "claims"),
        ((None, "", "bo"), "search"),
        (("bo", "ada-l"), "search"),
        (("nobody",), None),
        ((None,), None),
        ((), None),
    ],
)
def test_the_first_identifier_that_is_known_names_the_squad(
    identifiers: tuple[str | None, ...], squad: str | None
) -> None:
    assert DOOR.squad_of(*identifiers) == squad


def test_text_that_is_no_persons_gets_its_keyed_digest() -> None:
    assert DOOR("main") == "digest of main"


def test_without_a_directory_nobody_is_known() -> None:
    door = Door(str.upper)

    assert (door.has_directory, DOOR.has_directory) == (False, True)
    assert door.squad_of("ada-l") is None


def test_a_door_shows_nobody() -> None:
    assert repr(DOOR) == "Door()"
