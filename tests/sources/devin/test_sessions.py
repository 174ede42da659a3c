"""Devin's sessions as runs: whose they are, what came of them, and no person."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks.core.batches import RawRow, Reject
from tasks.core.people import Door
from tasks.sources import devin
from tasks.sources.devin.sessions import Session, parse_sessions
from tests.sources.devin_server import (
    DAY,
    WINDOW,
    Organisation,
    consumed,
    door,
    pull,
    seconds,
    session,
    source,
)
from tests.sources.vendor_reports import codes, days_of, recorded

PULL = "https://github.com/acme/api/pull/9"


def runs(*sessions: object, by_session: Any = None, **changes: Any) -> list[RawRow]:
    organisation = Organisation([], sessions, by_session)  # type: ignore[arg-type]
    pulled = pull(devin.SESSIONS, organisation, **changes)
    return [row for batch in pulled.batches for row in batch.rows]


def test_a_session_is_a_run_of_the_agent() -> None:
    (run,) = runs(
        session(
            tags=["team:payments", "workflow:upgrader", "OPS-12"],
            pull_requests=[{"pr_url": PULL, "pr_state": "merged"}],
            service_user_id="su-1",
        ),
        repositories=["acme/*"],
        api_keys=["su-1"],
    )

    assert run == {
        "run_id": "digest of devin-a",
        "session": "digest of devin-a",
        "started_at": f"{DAY}T09:00:00Z",
        "ended_at": f"{DAY}T11:00:00Z",
        "issuer": "devin",
        "model": "devin",
        "account": "org-1",
        "api_key": "su-1",
        "cost_usd": "8.50",
        "stamp": "upgrader",
        "repo": "acme/api",
        "work_item": "acme/api#9",
        "actor": "agent:devin",
        "purpose": "work",
    }


def test_every_charge_names_a_run_of_its_day() -> None:
    before = DAY - timedelta(days=1)
    long = session("long", acus=6, created_at=seconds(before, 20))
    organisation = Organisation(
        [consumed(before, 9), consumed(DAY, 9)],
        [long, session("b", acus=2)],
        {"devin-long": [consumed(before, 4), consumed(DAY, 2)]},
    )

    charged = {
        (batch.key, row["run_id"])
        for batch in pull(devin.CONSUMPTION, organisation).batches
        for row in batch.rows
        if row["run_id"] is not None
    }
    ran = {
        (batch.key, row["run_id"])
        for batch in pull(devin.SESSIONS, organisation).batches
        for row in batch.rows
    }

    assert charged == ran
    assert len(charged) == 3


def test_a_session_that_goes_on_is_not_lost_from_the_day_it_began_on() -> None:
    first = Organisation([], [session(acus=0, status="running")])
    later = Organisation(
        [],
        [session(acus=5, updated_at=seconds(DAY, 60))],
        {"devin-a": [consumed(DAY + timedelta(days=1), 5)]},
    )

    before = {one.key: len(one.rows) for one in pull(devin.SESSIONS, first).batches}
    after = {one.key: len(one.rows) for one in pull(devin.SESSIONS, later).batches}

    assert (before[DAY], after[DAY], after[DAY + timedelta(days=1)]) == (1, 1, 1)


def test_a_session_keeps_its_start_on_every_day() -> None:
    end = DAY + timedelta(days=1)
    rows = runs(
        session(updated_at=seconds(end, 20)),
        by_session={"devin-a": [consumed(DAY, 2), consumed(end, 2.25)]},
    )

    assert [(row["started_at"], row["ended_at"]) for row in rows] == [
        (f"{DAY}T09:00:00Z", f"{end}T07:59:59Z"),
        (f"{DAY}T09:00:00Z", f"{end}T20:00:00Z"),
    ]


@pytest.mark.parametrize(
    ("tags", "stamp"),
    [
        (["workflow:upgrader"], "upgrader"),
        (["workflow:Not A Word", "workflow:upgrader"], "upgrader"),
        (["team:payments", "JIRA-123"], None),
        ([], None),
        (None, None),
        ([None, 7, {"workflow": "x"}], None),
    ],
)
def test_a_tag_names_the_workflow(tags: object, stamp: str | None) -> None:
    (run,) = runs(session(tags=tags))

    assert run.get("stamp") == stamp
    assert "JIRA" not in repr(run)


def test_the_key_of_the_tag_is_that_of_the_configuration() -> None:
    (run,) = runs(session(tags=["agent:upgrader"]), stamp_keys=["agent"])

    assert run["stamp"] == "upgrader"


@pytest.mark.parametrize(
    ("links", "repo", "item"),
    [
        ([{"pr_url": PULL}], "acme/api", "acme/api#9"),
        ([{"pr_url": f"{PULL}/files?w=1"}], "acme/api", "acme/api#9"),
        (
            [{"pr_url": "https://ghe.example/other/tool/pull/3"}],
            "digest-of-other/tool",
            "digest-of-other/tool#3",
        ),
        # A declared repository goes first.
        (
            [{"pr_url": "https://github.com/other/tool/pull/3"}, {"pr_url": PULL}],
            "acme/api",
            "acme/api#9",
        ),
        ([{"pr_url": None, "pr_state": None}], None, None),
        ([{"pr_state": "open"}], None, None),
        ([None], None, None),
        ([{"pr_url": "https://gitlab.example/acme/api/-/merge_requests/4"}], None, None),
        ([{"pr_url": "javascript:alert(1)"}], None, None),
        (None, None, None),
    ],
)
def test_links_to_pull_requests_name_the_work_item(
    links: object, repo: str | None, item: str | None
) -> None:
    at = Door("digest-of-{}".format)
    (run,) = runs(session(pull_requests=links), repositories=["acme/*"], at=at)

    assert (run.get("repo"), run.get("work_item")) == (repo, item)


def test_hints_that_cannot_be_kept_are_told_in_counts() -> None:
    sessions = [
        session("a", pull_requests=[{"pr_url": None}], tags=["workflow:Not A Word"]),
        session("b", status="hibernating"),
    ]

    pulled = pull(devin.SESSIONS, Organisation([], sessions))

    assert [(one.code, one.subject) for one in pulled.findings] == [
        ("hint_dropped", "stamp"),
        ("hint_dropped", "pull_request"),
        ("hint_dropped", "status"),
    ]
    assert "Not A Word" not in repr(pulled)
    assert "hibernating" not in repr(pulled)


@pytest.mark.parametrize(
    ("status", "failure"), [("error", "error"), ("exit", None), ("running", None), (None, None)]
)
def test_a_session_that_ends_in_an_error_has_failed(status: str, failure: str | None) -> None:
    (run,) = runs(session(status=status))

    assert run.get("failure_type") == failure


def test_a_cost_in_another_currency_is_no_dollars() -> None:
    (run,) = runs(session(), currency="EUR")

    assert "cost_usd" not in run


def test_a_cost_before_the_first_price_is_unknown() -> None:
    (run,) = runs(session(), acu_prices=[{"from": "2026-12-01", "price": "2"}])

    assert "cost_usd" not in run


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"acus_consumed": "a lot"}, ("acus_consumed", "bad_amount")),
        ({"acus_consumed": -1}, ("acus_consumed", "greater_than_equal")),
        ({"created_at": "2026-11-18"}, ("created_at", "value_error")),
        ({"updated_at": None}, ("updated_at", "value_error")),
        ({"session_id": None}, ("session_id", "string_type")),
        ({"tags": "workflow:x"}, ("tags", "list_type")),
    ],
)
def test_a_session_that_cannot_be_read_is_refused_and_the_rest_is_kept(
    changes: dict[str, Any], fault: tuple[str, str]
) -> None:
    pulled = pull(devin.SESSIONS, Organisation([], [session(**changes), session("b")]))

    assert codes(pulled) == [fault]
    assert sum(len(batch.rows) for batch in pulled.batches) == 1
    filed = {batch.key for batch in pulled.batches if batch.rejects}
    assert filed == {WINDOW[1] if fault[0] == "created_at" else DAY}


def test_a_session_that_began_before_the_window_is_a_run_of_the_days_it_consumed_on() -> None:
    before = DAY - timedelta(days=1)

    (run,) = runs(
        session(created_at=seconds(before), updated_at=seconds(DAY, 31)),
        by_session={"devin-a": [consumed(before, 1), consumed(DAY, 3.25)]},
        window=(DAY, DAY),
    )

    assert (run["started_at"], run["cost_usd"]) == (f"{before}T08:00:00Z", "6.50")


def test_a_session_whose_days_are_not_told_is_a_run_of_the_day_it_began_on() -> None:
    (run,) = runs(session(updated_at=seconds(DAY, 40)))

    assert run["ended_at"] == f"{DAY + timedelta(days=1)}T07:59:59Z"
    assert "cost_usd" not in run


def test_sessions_outside_the_window_are_left_out() -> None:
    old = session(day=date(2026, 11, 1))

    assert runs(old) == []


def test_every_day_of_a_window_is_told_even_without_a_session() -> None:
    assert days_of(pull(devin.SESSIONS, Organisation([], [session()]))) == {
        WINDOW[0] + timedelta(days=at): (1 if at == 2 else 0, True) for at in range(5)
    }


@pytest.mark.shared
def test_the_documented_sessions_are_read(shared: Path) -> None:
    payload = recorded(shared, "devin_v3_sessions.json")
    config = source(repositories=["acme/api"])

    found = parse_sessions(config, "sessions", payload, 1, door())
    first, second = (one for one in found if isinstance(one, Session))

    assert first.work_item == "acme/api#9"
    assert (second.api_key, second.work_item) == ("digest of service-user-1", None)
    assert str(first.acus) == "4.25"
    assert not [one for one in found if isinstance(one, Reject)]
    assert "user-abc" not in repr(found)
    assert "Fix flaky" not in repr(found)
