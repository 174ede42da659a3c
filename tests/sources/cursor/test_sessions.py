"""Cursor's conversations as runs, and what their commits tell about where they went."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tasks.core.batches import RawRow
from tasks.core.people import Door
from tasks.sources import cursor
from tasks.sources.cursor.commits import parse_details
from tasks.sources.cursor.spend import parse_spend
from tests.sources.cursor_team import (
    CONVERSATION,
    DAY,
    Team,
    event,
    moment,
    pull,
)
from tests.sources.vendor_reports import recorded
from tests.transport.loopback import NOW, Reply

SHA = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
ONE_DAY = (DAY, DAY)


def runs(team: Team, window: tuple[date, date] = ONE_DAY, **changes: Any) -> list[RawRow]:
    pulled = pull(cursor.SESSIONS, team, window=window, **changes)
    return [row for batch in pulled.batches for row in batch.rows]


def commit(sha: str = SHA, **changes: object) -> dict[str, object]:
    return {
        "commitHash": sha,
        "userEmail": "someone@example.com",
        "repoName": "acme/router",
        "branchName": "cursor/PAY-12-upgrade",
        "isPrimaryBranch": False,
        "message": "Secret words",
    } | changes


def test_a_conversation_s_day_with_a_model_is_one_run() -> None:
    later = event(timestamp=moment(DAY, 13), tokenUsage={"inputTokens": 7})
    other = event(model="gpt-5")

    two, one = runs(Team([event(), later, other]))

    assert two == {
        "run_id": f"digest of digest of {CONVERSATION} claude-4.5-sonnet {DAY}",
        "started_at": f"{DAY}T12:00:00Z",
        "ended_at": f"{DAY}T13:00:00Z",
        "issuer": "cursor",
        "model": "claude-4.5-sonnet",
        "account": "team",
        "input_tokens": 107,
        "cache_read_tokens": 20,
        "cache_write_5m_tokens": 30,
        "output_tokens": 40,
        "cost_usd": "0.435",
        "session": f"digest of {CONVERSATION}",
        "purpose": "work",
    }
    assert one["model"] == "gpt-5"


def test_every_run_is_one_that_a_charge_names() -> None:
    next_day = event(DAY + timedelta(days=1))
    team = Team([event(), event(model="gpt-5"), next_day, event(conversationId="b")])
    window = (DAY, DAY + timedelta(days=1))

    charged = {
        (row["run_id"], batch.key)
        for batch in pull(cursor.EVENTS, team, window=window).batches
        for row in batch.rows
    }
    ran = {
        (row["run_id"], batch.key)
        for batch in pull(cursor.SESSIONS, team, window=window).batches
        for row in batch.rows
    }

    assert ran == charged
    assert len({run for run, _ in ran}) == 4


def test_what_a_person_did_without_a_conversation_is_no_run() -> None:
    assert runs(Team([event(conversationId=None), event(conversationId="")])) == []


def test_a_service_account_without_a_conversation_is_one_run_a_day_and_model() -> None:
    nightly = [event(conversationId=None, serviceAccountId="sa_1", isHeadless=True)] * 2
    team = Team([*nightly, event(conversationId=None, serviceAccountId="sa_1", model="gpt-5")])

    (first, second) = runs(team, api_keys=["sa_1"])
    charged = {row["run_id"] for row in pull(cursor.EVENTS, team, window=ONE_DAY).batches[0].rows}

    assert (first["api_key"], first["input_tokens"], first["model"]) == (
        "sa_1",
        200,
        "claude-4.5-sonnet",
    )
    assert "session" not in first
    assert first["run_id"] != second["run_id"]
    # Whether the account is declared changes how it is named, in charges and runs alike.
    assert charged == {row["run_id"] for row in runs(team)}


def test_tokens_that_no_event_reports_are_unknown() -> None:
    (run,) = runs(Team([event(tokenUsage=None), event(tokenUsage=None)]))

    assert not [name for name in run if name.endswith("_tokens")]


@pytest.mark.parametrize(
    "changes",
    [{"isHeadless": True}, {"serviceAccountId": "sa_1"}, {"cloudAgentId": "bc_1"}],
)
def test_what_runs_without_a_person_is_the_agent_s(changes: dict[str, Any]) -> None:
    (run,) = runs(Team([event(**changes)]))

    assert run["actor"] == "agent:cursor"


def test_a_session_of_errors_only_has_failed() -> None:
    errors = [event(kind="Errored, Not Charged", isChargeable=False)] * 2

    assert runs(Team(errors))[0]["failure_type"] == "error"
    assert "failure_type" not in runs(Team([*errors, event()]))[0]


def test_commits_lend_a_session_its_repository_and_branch() -> None:
    team = Team([event()], commits=[commit()], conversations={SHA: [CONVERSATION]})

    (run,) = runs(team, code_tracking=True, repositories=["acme/*"])

    assert {
        "repo": "acme/router",
        "branch_prefix": "cursor/",
        "branch_item": "PAY-12",
        "branch_digest": "digest of cursor/PAY-12-upgrade",
    }.items() <= run.items()
    assert "Secret" not in repr(run)


def test_commits_are_asked_for_from_the_window_to_a_week_after_it() -> None:
    team = Team([event()], commits=[commit()], conversations={SHA: []})

    runs(team, code_tracking=True)

    listing, details = (one for one in team.requests if one.method == "GET")
    assert listing.query["startDate"] == [f"{DAY}T00:00:00Z"]
    assert listing.query["endDate"] == [NOW.strftime("%Y-%m-%dT%H:%M:%SZ")]
    assert details.path.endswith(f"/commits/{SHA}")


def test_an_undeclared_repository_is_a_digest_and_the_primary_branch_no_hint() -> None:
    primary = commit(isPrimaryBranch=True, branchName="main")
    team = Team([event()], commits=[primary], conversations={SHA: [CONVERSATION]})

    (run,) = runs(team, code_tracking=True, at=Door("digest-of-{}".format))

    assert run["repo"] == "digest-of-acme/router"
    assert not [name for name in run if name.startswith("branch")]


@pytest.mark.parametrize(
    ("other", "repo"),
    [
        ({"branchName": "cursor/other"}, "acme/router"),
        ({"repoName": "acme/elsewhere"}, None),
        ({"repoName": None, "branchName": None}, None),
    ],
)
def test_commits_that_went_to_several_places_tell_none(
    other: dict[str, object], repo: str | None
) -> None:
    second = "f" * 40
    team = Team(
        [event()],
        commits=[commit(), commit(second, **other)],
        conversations={SHA: [CONVERSATION], second: [CONVERSATION]},
    )

    (run,) = runs(team, code_tracking=True, repositories=["acme/*"])

    assert run.get("repo") == repo
    assert "branch_digest" not in run


@pytest.mark.parametrize("is_listed", [True, False])
def test_commits_that_are_not_open_are_told_and_cost_no_run(is_listed: bool) -> None:
    team = Team([event()], commits=[commit()], conversations=None)
    if not is_listed:
        refusal = Reply(403, body={"error": "Forbidden", "message": "Enterprise required"})
        team.override = lambda one: refusal if one.method == "GET" else None

    pulled = pull(cursor.SESSIONS, team, window=ONE_DAY, code_tracking=True)

    assert [one.code for one in pulled.findings] == ["report_unavailable"]
    assert len(pulled.batches[0].rows) == 1


def test_without_code_tracking_nobody_asks_for_commits() -> None:
    team = Team([event()], commits=[commit()])

    runs(team)

    assert [one for one in team.requests if one.method == "GET"] == []


def test_lines_that_no_conversation_wrote_are_nobody_s() -> None:
    payload = {
        "commits": [
            {
                "commitHash": SHA,
                "rangeAnnotations": [
                    {"groups": [{"conversationId": None}, {"conversationId": "c"}]},
                    {"groups": []},
                ],
            }
        ]
    }

    assert parse_details("cursor", payload) == {"c": {SHA}}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "rounding"), [("cursor_spend.json", "0"), ("cursor_spend_legacy.json", "1")]
)
def test_the_documented_spend_is_read_in_cents(shared: Path, name: str, rounding: str) -> None:
    spend = parse_spend("cursor", recorded(shared, name))

    whole = name.endswith("legacy.json")
    assert spend.cents == (Decimal(4325) if whole else Decimal("4325.62561"))
    assert spend.overall_cents == (Decimal(5650) if whole else Decimal("5650.875943"))
    assert spend.rounding_cents == Decimal(rounding)
    assert spend.since.isoformat() == "2024-02-27T00:00:00+00:00"
