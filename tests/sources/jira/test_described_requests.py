"""Every request to Jira Cloud is one that its official descriptions allow.

No description of Data Center's v2 API is at hand: its one search is held against what its
manual says, parameter by parameter.
"""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.sources.described import description
from tests.sources.jira.conftest import Nights
from tests.sources.jira.fake_jira import FakeJira, change, issue
from tests.transport.loopback import Request

AT = "2026-11-02T10:00:00.000+0100"


def busy(*, is_cloud: bool = True) -> FakeJira:
    issues = [issue(10000 + number, f"OPS-{number}") for number in range(1, 131)]
    histories = {one["id"]: [change(AT, "1", "3")] for one in issues}
    return FakeJira(issues, histories, is_cloud)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["jira-trim-fixed.json", "jira-swagger-v3.json"])
def test_cloud_requests_are_described(
    nights: Callable[..., Nights], shared: Path, name: str
) -> None:
    described = description(shared / "data" / "recorded" / "specs" / name)
    night = nights(busy())
    night.pull()
    night.pull()

    requests = night.server.requests

    assert [fault for request in requests for fault in described.faults(request)] == []
    assert {described.template(urlsplit(request.path).path) for request in requests} == {
        "/rest/api/3/serverInfo",
        "/rest/api/3/status",
        "/rest/api/3/search/jql",
        "/rest/api/3/changelog/bulkfetch",
    }
    assert any("nextPageToken" in request.json for request in requests if request.body)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/rest/api/3/search/jql", b'{"jql": "project = A", "startAt": 0}'),
        ("POST", "/rest/api/3/changelog/bulkfetch", b'{"fieldIds": ["status"]}'),
        ("GET", "/rest/api/3/status?startAt=0", b""),
        ("GET", "/rest/api/3/search", b'{"jql": "project = A"}'),
    ],
)
def test_a_request_of_another_api_would_be_found_out(
    shared: Path, method: str, path: str, body: bytes
) -> None:
    described = description(shared / "data" / "recorded" / "specs" / "jira-trim-fixed.json")

    assert described.faults(Request(method, path, {}, body))


def test_data_center_is_searched_by_offset_with_the_history_inside(
    nights: Callable[..., Nights],
) -> None:
    night = nights(busy(is_cloud=False))
    night.pull()

    searches = [
        parse_qs(urlsplit(request.path).query)
        for request in night.server.requests
        if "/search" in request.path
    ]

    assert [search["startAt"] for search in searches] == [["0"], ["50"], ["100"]]
    for search in searches:
        assert set(search) == {"jql", "fields", "expand", "maxResults", "startAt"}
        assert search["expand"] == ["changelog"]
        assert search["jql"][0].endswith(" ORDER BY updated ASC, key ASC")
    assert {request.method for request in night.server.requests} == {"GET"}
