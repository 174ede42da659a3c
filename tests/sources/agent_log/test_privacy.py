"""No made-up person comes through, whatever field their name stands in."""

import base64
import json
import urllib.parse
from pathlib import Path

import pytest

from tests.sources.agent_log.writing import conform, lines, pull_text, record, source

PEOPLE = (
    "Ottiline Farthingmoor",
    "Casimirus Wendlebright",
    "Perpetua Holloquist",
    "Ambrosius Tindlewick",
    "Seraphinus Glockenrood",
    "Euphemia Brackwater",
    "Valentinian Oxmoorsson",
    "Drusilda Penhallory",
    "Hyacintho Marrowfield",
    "Winifrieda Stolzenbeck",
    "Balthasario Quenchley",
    "Theodosia Lindwurmer",
)
FIELDS = (
    *("process_id", "timestamp", "model", "run_id", "started_at", "tokens", "cost_usd"),
    *("purpose", "account", "decision", "epoch", "failure_type", "human_escalation"),
    *("discarded", "tools_invoked", "policy_checks", "hooks", "layers", "inputs", "repo"),
    *("branch", "work_item", "owner", "reviewer"),
)


def spellings(person: str) -> list[str]:
    """Ways in which people are written down outside."""
    first, last = person.lower().split()
    return [
        person,
        f"{person} <{first}.{last}@example.com>",
        f"{first}.{last}@example.com",
        f"@{first}-{last}",
        urllib.parse.quote(person),
        f"Approved by {person}",
    ]


def traces(person: str) -> list[bytes]:
    """Byte patterns that would give a person away."""
    first, last = person.split()
    plain = [first, first.lower(), first.upper(), last, last.lower(), last.upper()]
    encoded = [base64.b64encode(person.encode()).rstrip(b"="), person.encode().hex().encode()]
    return [text.encode() for text in plain] + encoded


def stored(folder: Path, text: bytes) -> bytes:
    """Everything that a pull and its conforming would leave behind, as bytes."""
    changes: dict[str, object] = {
        "input_keys": ["lane", "ticket"],
        "work_item_key": "ticket",
        "repositories": ["acme/*"],
        "branch_prefixes": ["agent/"],
    }
    config = source(folder, **changes)
    # As many sound lines: a file that is mostly unreadable is refused as a whole.
    sound = lines(*(record(run_id=f"sound-{n}") for n in range(text.count(b"\n") + 1)))
    pulled = pull_text(folder, sound + text, **changes)
    rows = [[dict(row) for row in batch.rows] for batch in pulled.batches]
    rejects = [batch.rejects for batch in pulled.batches]
    return repr((rows, rejects, conform(config, pulled))).encode()


def people_in(kept: bytes) -> list[bytes]:
    """Every trace of a person that is found."""
    return [trace for person in PEOPLE for trace in traces(person) if trace in kept]


@pytest.mark.parametrize("field", FIELDS)
def test_no_seeded_person_is_kept_from_any_field(tmp_path: Path, field: str) -> None:
    records = [
        record(run_id=f"run-{number}-{position}") | {field: shape}
        for number, person in enumerate(PEOPLE)
        for spelling in spellings(person)
        for position, shape in enumerate(
            (
                spelling,
                [spelling],
                {spelling: 1},
                {"lane": spelling, "ticket": spelling, "scan": spelling, "input": spelling},
            )
        )
    ]

    assert people_in(stored(tmp_path, lines(*records))) == []


def test_no_seeded_person_is_kept_from_a_key_a_personal_branch_or_repository(
    tmp_path: Path,
) -> None:
    records = []
    for number, person in enumerate(PEOPLE):
        login = "-".join(person.lower().split())
        records.append(
            record(
                run_id=f"run-{number}",
                branch=f"{login}/tidy-up",
                repo=f"{login}/dotfiles",
                work_item=f"{login}/dotfiles#4",
            )
            | {person: person, f"owner_{login}": {person: [person]}}
        )

    assert people_in(stored(tmp_path, lines(*records))) == []


def test_the_search_finds_a_planted_person(tmp_path: Path) -> None:
    """Without this the other tests could pass by looking in the wrong place."""
    kept = stored(tmp_path, lines(record(run_id=PEOPLE[0].split()[0])))

    assert people_in(kept) == [PEOPLE[0].split()[0].encode()]


def test_a_broken_line_leaves_nothing_of_its_text(tmp_path: Path) -> None:
    broken = [json.dumps(record(owner=person))[:-4] + "\n" for person in PEOPLE]

    kept = stored(tmp_path, "".join(broken).encode())

    assert kept.count(b"bad_json") == len(PEOPLE)
    assert people_in(kept) == []
