"""The directory file: which squad each person is of, under every id that vendors know them by.

Two squads have fewer than three people, and one person stands in no directory.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from sandbox.estate import cursor, devin_api, enterprise_api
from sandbox.people import PEOPLE

FILE = "directory.csv"
#: Squad -> positions among the people.
SQUADS = {
    "routing": range(5),
    "portal": range(5, 9),
    "yard": range(9, 11),
    "payments": range(11, 14),
    "infrastructure": range(14, 15),
}


def squad_of(person: int) -> str | None:
    """Name the squad of a person; None for somebody who stands in no directory."""
    return next((squad for squad, people in SQUADS.items() if person in people), None)


def write_directory(folder: Path) -> None:
    """Write `directory.csv` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("person", "squad"))
        writer.writerows(_lines())


def _lines() -> Iterator[tuple[str, str]]:
    for index, person in enumerate(PEOPLE):
        squad = squad_of(index)
        if squad is not None:
            known_as = (
                person.email,
                person.login,
                cursor.user_id(index),
                devin_api.user_id(person),
                enterprise_api.user_id(person.login),
            )
            for name in known_as:
                yield name, squad
