"""Incidents, events of items, workflow runs and deployments, night after night."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tasks.core.errors import SourceError
from tasks.core.work.work_items import EventKind
from tests.sources.github.conftest import NOW, Nights
from tests.sources.github.fake_github import FakeGithub, FakeRepo, issue, merged
from tests.transport.loopback import Reply

Begin = Callable[..., Nights]


def run(number: int, result: str | None = "success", **changes: object) -> dict[str, Any]:
    return {
        "id": number,
        "run_attempt": 1,
        "workflow_id": 3,
        "event": "push",
        "status": "completed" if result else "in_progress",
        "conclusion": result,
        "head_sha": "a" * 40,
        "created_at": "2026-11-20T10:00:00Z",
        "updated_at": "2026-11-20T10:20:00Z",
        "pull_requests": [],
    } | changes


def deployment(number: int, **changes: object) -> dict[str, Any]:
    return {
        "id": number,
        "sha": "a" * 40,
        "environment": "production",
        "created_at": "2026-11-10T10:00:00Z",
    } | changes


def state(number: int, name: str, at: str) -> dict[str, Any]:
    return {"id": number, "state": name, "created_at": at}


def facts(night: Nights, kind: EventKind) -> list[tuple[str, str | None, str | None]]:
    found = {one.event_id: one for one in night.events() if one.event is kind}
    return sorted((one.item, one.value, one.ref) for one in found.values())


def test_an_incident_keeps_its_severity_and_typed_links(nights: Begin) -> None:
    body = "It was late.\r\nCaused-by: acme/engine#12\r\nUsed-in: #13\r\nAlso OPS-4."
    labels = [{"name": "incident"}, {"name": "severity: high"}, {"name": "Caused-by: PAY-9"}]
    night = nights(FakeRepo(issues=[issue(3, body=body, labels=labels)]))

    night.pull("incidents")

    incident = night.states()["gh:900#3"]
    assert (incident.is_incident, incident.severity) == (True, "high")
    assert {(link.type.value, link.ref) for link in incident.links} == {
        ("caused_by", "gh:900#12"),
        ("caused_by", "jira-key:PAY-9"),
        ("used_in", "gh:900#13"),
        ("mentions", "jira-key:OPS-4"),
    }


def test_a_pull_request_among_the_issues_is_no_incident(nights: Begin) -> None:
    night = nights(FakeRepo(issues=[issue(3, pull_request={"url": "x"}), issue(4)]))

    night.pull("incidents")

    assert set(night.states()) == {"gh:900#4"}


def test_an_incident_closed_and_reopened_is_open_and_counted(nights: Begin) -> None:
    closed_at = "2026-11-05T10:00:00Z"
    repo = FakeRepo(
        issues=[issue(3, state="closed", state_reason="completed", closed_at=closed_at)]
    )
    entry = {"issue": {"number": 3, "labels": [{"name": "incident"}]}}
    repo.events = [
        {"id": 1, "event": "closed", "created_at": closed_at, "state_reason": "completed"} | entry,
        {"id": 2, "event": "reopened", "created_at": "2026-11-06T10:00:00Z"} | entry,
    ]
    night = nights(repo)

    night.pull("incidents")
    night.pull("item_events")

    incident = night.states()["gh:900#3"]
    assert (incident.closed_at, incident.reopened) == (None, 1)
    assert len(facts(night, EventKind.CLOSED)) == 1


def test_events_of_ordinary_issues_and_labels_are_left_out(nights: Begin) -> None:
    ordinary = {"number": 5, "labels": [{"name": "bug"}]}
    at = {"created_at": "2026-11-06T10:00:00Z"}
    repo = FakeRepo(
        events=[
            {"id": 1, "event": "closed", "issue": ordinary} | at,
            {"id": 2, "event": "labeled", "label": {"name": "bug"}}
            | at
            | {"issue": {"number": 6, "labels": [], "pull_request": {}}},
            {"id": 3, "event": "mentioned", "issue": ordinary} | at,
            {"id": 4, "event": "closed", "issue": None} | at,
        ]
    )

    assert nights(repo).pull("item_events").batches[0].rows == []


def test_the_feed_of_events_stops_at_what_is_known(nights: Begin) -> None:
    entry = {"event": "closed", "issue": {"number": 6, "labels": [], "pull_request": {}}}
    repo = FakeRepo(
        events=[
            {"id": number, "created_at": f"2026-11-{1 + number // 24:02d}T{number % 24:02d}:00:00Z"}
            | entry
            for number in range(1, 351)
        ]
    )
    night = nights(repo)
    night.pull("item_events")

    night.pull("item_events")

    assert night.requests("/issues/events") == 4 + 1
    assert len(night.conformed[0].rows) == 350


def test_workflow_runs_belong_to_their_pull_requests_or_else_to_the_commit(nights: Begin) -> None:
    home = {"number": 7, "base": {"ref": "main", "sha": "b" * 40, "repo": {"id": 900}}}
    fork = {"number": 8, "base": {"ref": "main", "sha": "b" * 40, "repo": {"id": 555}}}
    night = nights(
        FakeRepo(runs=[run(1, pull_requests=[home, fork]), run(2, "failure", run_attempt=2)])
    )

    night.pull("workflow_runs")

    assert facts(night, EventKind.CI_RUN) == [
        ("gh:900#7", "success", "run:1.1"),
        (f"gh:900@{'a' * 40}", "failure", "run:2.2"),
    ]


def test_more_runs_than_a_list_gives_are_read_in_halves(nights: Begin) -> None:
    start = NOW - timedelta(days=80)
    runs = [
        run(number, created_at=f"{start + timedelta(hours=number):%Y-%m-%dT%H:%M:%SZ}")
        for number in range(1, 1501)
    ]
    night = nights(FakeRepo(runs=runs))

    pulled = night.pull("workflow_runs")

    assert len({row["run_id"] for row in pulled.batches[0].rows}) == 1500
    assert pulled.batches[0].rejects == []


def test_an_unfinished_run_is_read_again_however_old(nights: Begin) -> None:
    repo = FakeRepo(runs=[run(1, None, created_at="2026-11-01T10:00:00Z")])
    night = nights(repo)
    night.pull("workflow_runs")
    repo.runs = [run(1, created_at="2026-11-01T10:00:00Z", updated_at="2026-11-22T01:00:00Z")]

    night.pull("workflow_runs")

    values = [value for _, value, _ in facts(night, EventKind.CI_RUN)]
    assert values == ["pending", "success"]


def test_a_rerun_within_three_days_is_another_attempt(nights: Begin) -> None:
    repo = FakeRepo(runs=[run(1, "failure")])
    night = nights(repo)
    night.pull("workflow_runs")
    repo.runs = [run(1, run_attempt=2, updated_at="2026-11-21T12:00:00Z")]

    night.pull("workflow_runs")

    assert [ref for _, _, ref in facts(night, EventKind.CI_RUN)] == ["run:1.1", "run:1.2"]


def test_a_deployment_is_asked_for_until_it_has_come_to_an_end(nights: Begin) -> None:
    repo = FakeRepo(pulls=[merged(5, merge_commit_sha="a" * 40)], deployments=[deployment(41)])
    repo.deployment_states = {41: [state(1, "in_progress", "2026-11-10T10:01:00Z")]}
    night = nights(repo)
    night.pull("pull_requests")
    night.pull("deployments")
    repo.deployment_states[41].insert(0, state(2, "success", "2026-11-22T03:00:00Z"))

    night.pull("deployments")
    night.pull("deployments")

    assert night.states()["gh:900#5"].deployments == ("production.success",)
    assert night.requests("/deployments/41/statuses") == 2


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"environment": "staging"}, "other.success"),
        ({"environment": "Prod"}, "production.success"),
        ({"environment": "eu-1", "production_environment": True}, "production.success"),
    ],
)
def test_production_is_what_the_deployment_says_or_its_environments_name(
    nights: Begin, changes: dict[str, Any], expected: str
) -> None:
    repo = FakeRepo(deployments=[deployment(41, **changes)])
    repo.deployment_states = {41: [state(1, "success", "2026-11-10T10:01:00Z")]}
    night = nights(repo)

    night.pull("deployments")

    assert facts(night, EventKind.DEPLOYED) == [(f"gh:900@{'a' * 40}", expected, "deployment:41")]


@pytest.mark.parametrize("stream", ["item_events", "incidents", "workflow_runs", "deployments"])
def test_a_list_that_is_refused_is_read_from_its_beginning_later(
    nights: Begin, stream: str
) -> None:
    repo = FakeRepo(
        issues=[issue(3)],
        events=[
            {
                "id": 1,
                "event": "closed",
                "created_at": "2026-11-06T10:00:00Z",
                "issue": {"number": 3, "labels": [{"name": "incident"}]},
            }
        ],
        runs=[run(1, created_at="2026-11-06T10:00:00Z")],
        deployments=[deployment(41)],
        refused={"issues": 410, "events": 404, "runs": 404, "deployments": 404},
    )
    night = nights(FakeGithub(repo))
    refused = night.pull(stream)
    repo.refused = {}

    read = night.pull(stream)

    assert [reject.code[:10] for reject in refused.batches[0].rejects] == ["unreadable"]
    assert refused.batches[0].rows == []
    assert len(read.batches[0].rows) == 1


@pytest.mark.parametrize(
    ("fault", "match"), [(Reply(403), "grant the credential"), (Reply(body=b"<html>"), "JSON")]
)
def test_a_list_that_no_repository_gives_is_an_error_that_says_what_to_do(
    nights: Begin, fault: Reply, match: str
) -> None:
    fake = FakeGithub(FakeRepo())
    night = nights(lambda one: fault if one.path.count("/") > 3 else fake(one))

    with pytest.raises(SourceError, match=match):
        night.pull("deployments")


def test_a_broken_list_of_one_repository_does_not_stop_the_others(nights: Begin) -> None:
    good, bad = FakeRepo(deployments=[deployment(41)]), FakeRepo(904, "acme/other")
    fake = FakeGithub(good, bad)
    broken = Reply(body=b"[{]")
    night = nights(
        lambda one: broken if "other/deployments" in one.path else fake(one),
        repositories=["acme/engine", "acme/other"],
    )

    pulled = night.pull("deployments")

    (reject,) = pulled.batches[0].rejects
    assert (reject.place, reject.code) == ("gh:904/deployments", "malformed_page")
    assert len(pulled.batches[0].rows) == 1


def test_more_runs_in_a_minute_than_a_list_gives_are_refused_by_name(nights: Begin) -> None:
    night = nights(FakeRepo(runs=[run(number) for number in range(1, 1102)]))

    pulled = night.pull("workflow_runs")

    assert [reject.code for reject in pulled.batches[0].rejects] == ["capped"]
    assert len(pulled.batches[0].rows) == 1000


def test_statuses_that_are_refused_leave_a_deployment_unknown_and_due(nights: Begin) -> None:
    repo = FakeRepo(deployments=[deployment(41)], refused={"statuses": 403})
    repo.deployment_states = {41: [state(1, "success", "2026-11-10T10:01:00Z")]}
    night = nights(repo)
    refused = night.pull("deployments")
    repo.refused = {}

    read = night.pull("deployments")

    assert refused.batches[0].rows[0]["states"] is None
    assert len(read.batches[0].rows) == 1


def test_a_record_without_a_date_is_refused_and_stops_no_list(nights: Begin) -> None:
    undated = deployment(42, created_at=None)
    del undated["created_at"]
    fake = FakeGithub(FakeRepo())
    answer = Reply(body=[undated, deployment(41)])
    night = nights(lambda one: answer if one.path.count("/deployments?") else fake(one))

    pulled = night.pull("deployments")

    assert [row["deployment_id"] for row in pulled.batches[0].rows] == [41]
    assert "created_at" in {reject.field_path for reject in pulled.batches[0].rejects}


def test_a_page_that_is_no_list_is_refused(nights: Begin) -> None:
    good, bad = FakeRepo(deployments=[deployment(41)]), FakeRepo(904, "acme/other")
    fake = FakeGithub(good, bad)
    night = nights(
        lambda one: Reply(body={}) if "other/deployments" in one.path else fake(one),
        repositories=["acme/engine", "acme/other"],
    )

    assert [one.code for one in night.pull("deployments").batches[0].rejects] == ["malformed_page"]
