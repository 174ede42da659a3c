"""No person in Jira's answers reaches a row, a reject, an event, a label or a log."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from tests.sources.jira.conftest import Nights
from tests.sources.jira.fake_jira import FakeJira, change, issue
from tests.sources.people import NAMES, seeded, traces

AT = "2026-11-02T10:00:00.000+0100"


@pytest.mark.parametrize("is_cloud", [True, False], ids=["cloud", "data center"])
@pytest.mark.parametrize("name", NAMES)
def test_a_person_in_every_text_leaves_no_trace(
    nights: Callable[..., Nights], caplog: pytest.LogCaptureFixture, name: str, is_cloud: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    who = {"accountId": name, "displayName": name, "emailAddress": name, "accountType": "atlassian"}
    crowded: dict[str, Any] = {
        "summary": name,
        "description": {"type": "doc", "content": [{"type": "text", "text": name}]},
        "assignee": who,
        "reporter": who,
        "creator": who,
        "labels": [name, f"workflow:{name}!", f"caused-by:{name}/x#1", "used-in:PAY-3"],
        "customfield_10042": {"id": "10501", "value": name},
        "comment": {"comments": [{"author": who, "body": name}]},
        "issuetype": {"id": "10002", "name": name},
        "issuelinks": [
            {
                "type": {"name": name, "inward": name, "outward": name},
                "inwardIssue": {"id": "20", "key": "PAY-1", "fields": {"summary": name}},
            }
        ],
    }
    issues = [
        issue(10001, "OPS-1", **crowded),
        seeded(issue(10002, "OPS-2"), name),
        issue(10003, "OPS-3", **{**crowded, "created": name}),
        issue(10004, "OPS-4", name, **crowded),
        issue(10005, "OPS-5", **crowded),
    ]
    histories = {
        "10001": [
            {**change(AT, "1", name), "author": who},
            change(AT, name, name, "summary"),
            seeded(change(AT, "1", "3"), name),
        ],
        "10002": [change(name, "1", "3")],
        "10005": [seeded(change(AT, "1", "3"), name)],
    }
    night = nights(FakeJira(issues, histories, is_cloud))

    pulled = night.pull()

    assert len(pulled.batches[0].rejects) >= 2
    assert len(pulled.batches[0].rows) >= 1
    assert traces([pulled, night.conformed, caplog.text]) == []
