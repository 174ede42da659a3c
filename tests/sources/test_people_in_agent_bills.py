"""No made-up person comes through what Cursor and Devin tell, whatever field names them."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from tasks.core.batches import Reject
from tasks.core.digests import keyed_digest
from tasks.core.people import Door
from tasks.sources.anthropic_enterprise import use as enterprise_use
from tasks.sources.copilot import metrics as copilot_metrics
from tasks.sources.cursor import payloads as cursor_payloads
from tasks.sources.cursor.commits import hints_of
from tasks.sources.cursor.payloads import Event, parse_event
from tasks.sources.cursor.rows import charge_rows, conform_charges, session_rows, use_rows
from tasks.sources.devin import listing as devin_listing
from tasks.sources.devin import sessions as devin_sessions
from tasks.sources.devin.payloads import parse_consumption
from tasks.sources.devin.rows import conform_consumption, day_rows, run_rows
from tasks.sources.devin.rows import use_rows as devin_use_rows
from tasks.sources.devin.sessions import Session, parse_sessions
from tests.sources import cursor_team, devin_server
from tests.sources.test_people_in_reports import PEOPLE, seeded

DIRECTORY = {
    f"{person.lower().replace(' ', '.')}@example.com": f"squad-{number % 3}"
    for number, person in enumerate(PEOPLE)
}
DOOR = Door(keyed_digest("k" * 32), DIRECTORY)
DAY = cursor_team.DAY


def decimals(row: object) -> Any:
    """The row as transport gives it."""
    return json.loads(json.dumps(row, default=str), parse_float=Decimal)


def cursor_kept(row: object) -> object:
    parsed = parse_event(decimals(row), "page 1", 0, door=DOOR, issuer="i", account="a")
    if isinstance(parsed, Reject):
        return parsed
    raw = charge_rows([parsed], DAY, DOOR)
    runs = session_rows([parsed], DAY, DOOR, issuer="i", account="a", hints={})
    use = use_rows([parsed], DAY, "a")
    lines = conform_charges(raw, source="s", issuer="i", account="a", day=DAY)
    return parsed, raw, runs, use, lines


def devin_session_kept(row: object) -> object:
    config = devin_server.source()
    (one,) = parse_sessions(config, "sessions", decimals({"items": [row]}), 1, DOOR)
    if not isinstance(one, Session):
        return one
    # The vendor's id of a session is asked with, and kept as its digest only.
    runs = run_rows(one, {DAY: Decimal(1)}, config, devin_server.WINDOW)
    use = devin_use_rows([(one, Decimal(1))], DAY, "a", DOOR, {one.person or "": "a@b.example"})
    return runs, one.stamp, one.repo, one.work_item, one.dropped, use


def devin_day_kept(row: object) -> object:
    config = devin_server.source()
    (use,) = parse_consumption(config, "daily", decimals({"consumption_by_date": [row]}))
    if use.acus is None:
        return use
    rows, problem = day_rows(use, use.acus, ())
    return use, rows, problem, conform_consumption(rows, config, DAY)


KEPT: dict[str, tuple[dict[str, object], Callable[[object], object]]] = {
    "cursor event": (
        cursor_team.event(serviceAccountName="Nightly", cloudAgentId=None),
        cursor_kept,
    ),
    "cursor event of a service account": (
        cursor_team.event(serviceAccountId="sa_1", automationId="au_1"),
        cursor_kept,
    ),
    "devin session": (
        devin_server.session(
            tags=["workflow:upgrader"],
            pull_requests=[{"pr_url": "https://github.com/acme/api/pull/9"}],
        ),
        devin_session_kept,
    ),
    "devin day": (devin_server.consumed(), devin_day_kept),
}


def planted(row: dict[str, object]) -> Iterator[dict[str, object]]:
    """Every seeded row whose day can still be told: without one there is nothing to keep."""
    return (one for one in seeded(row) if one.get("date") == row.get("date"))


@pytest.mark.parametrize("name", KEPT)
def test_no_seeded_person_is_kept_from_any_field(name: str) -> None:
    row, kept = KEPT[name]

    everything = repr([kept(one) for one in planted(row)]).lower()

    assert len(everything) > 10_000
    assert [
        part for person in PEOPLE for part in person.lower().split() if part in everything
    ] == []


@pytest.mark.parametrize(("name", "field"), [("cursor event", "model"), ("devin session", "tags")])
def test_the_search_finds_a_planted_person(name: str, field: str) -> None:
    row, kept = KEPT[name]
    value = "ottiline" if field == "model" else ["workflow:ottiline"]

    assert "ottiline" in repr(kept(row | {field: value}))


def test_a_person_counts_for_a_squad_and_is_forgotten() -> None:
    events = [
        parse_event(
            decimals(cursor_team.event(userEmail=address)),
            "p",
            0,
            door=DOOR,
            issuer="i",
            account="a",
        )
        for address in DIRECTORY
    ]

    rows = use_rows([one for one in events if isinstance(one, Event)], DAY, "a")

    assert [(row["squad"], row["actors"]) for row in rows] == [
        ("squad-0", 4),
        ("squad-1", 4),
        ("squad-2", 4),
    ]
    assert [address for address in DIRECTORY if address in repr((events, rows))] == []


def test_a_branch_or_repository_of_a_person_is_a_digest() -> None:
    hints = hints_of("ottiline/dotfiles", "ottiline/try-PAY-1", cursor_team.source(), DOOR)

    assert "ottiline" not in repr(hints)
    assert hints.branch_item == "PAY-1"


@pytest.mark.parametrize(
    ("module", "model", "said"),
    [
        (cursor_payloads, "_Who", {"userEmail": "ada@x.example", "userId": "user_ada"}),
        (devin_sessions, "_Who", {"user_id": "user-ada"}),
        (devin_listing, "_Member", {"user_id": "user-ada", "email": "ada@x.example"}),
        (enterprise_use, "_Actor", {"user_id": "user_ada", "email": "ada@x.example"}),
        (
            copilot_metrics,
            "_Record",
            {"day": "2026-11-18", "user_id": "ada", "user_login": "ada", "ai_credits_used": 1},
        ),
    ],
)
def test_what_asks_the_directory_shows_nobody(
    module: ModuleType, model: str, said: dict[str, object]
) -> None:
    assert "ada" not in repr(getattr(module, model).model_validate(said))
