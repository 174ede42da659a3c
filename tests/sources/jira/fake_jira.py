"""A Jira on loopback, Cloud or Data Center, with just enough behaviour."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.transport.loopback import Reply, Request

Payload = dict[str, Any]

#: Localised, as real sites have them: only the category can be relied on.
STATUSES = [
    {"id": "1", "name": "待办", "statusCategory": {"id": 2, "key": "new", "name": "新建"}},
    {"id": "3", "name": "En cours", "statusCategory": {"id": 4, "key": "indeterminate"}},
    {"id": "6", "name": "已完成", "statusCategory": {"id": 3, "key": "done", "name": "完成"}},
    {"id": "9", "name": "?", "statusCategory": {"id": 1, "key": "undefined"}},
]
_CATEGORY = {status["id"]: status["statusCategory"] for status in STATUSES}


def issue(number: int = 10001, key: str = "OPS-1", status: str = "1", **fields: object) -> Payload:
    return {
        "id": str(number),
        "key": key,
        "fields": {
            "status": {"id": status, "name": "x", "statusCategory": _CATEGORY.get(status)},
            "issuetype": {"id": "10002", "name": "Task"},
            "resolution": None,
            "resolutiondate": None,
            "statuscategorychangedate": None,
            "created": "2026-11-01T10:00:00.000+0100",
            "updated": "2026-11-02T10:00:00.000+0100",
            "labels": [],
            "issuelinks": [],
            "creator": {"accountId": "5b10a2844c20165700ede21g", "accountType": "atlassian"},
        }
        | fields,
    }


def change(created: str | int, old: str | None, new: str | None, name: str = "status") -> Payload:
    item = {"field": name, "fieldId": name, "from": old, "to": new}
    return {"id": "1", "created": created, "items": [item | {"fromString": None, "toString": "x"}]}


@dataclass
class FakeJira:
    issues: list[Payload] = field(default_factory=list)
    histories: dict[str, list[Any]] = field(default_factory=dict)
    is_cloud: bool = True
    projects: set[str] = field(default_factory=lambda: {"OPS", "PAY"})
    stop_after: int | None = None
    changelog_status: int = 200
    history_total: int | None = None
    answered: int = 0

    def __call__(self, request: Request) -> Reply:  # noqa: PLR0911 - a table of routes
        self.answered += 1
        if self.stop_after is not None and self.answered > self.stop_after:
            return Reply(429, {"retry-after": "86400", "ratelimit-reason": "jira-burst-based"})
        parts = urlsplit(request.path)
        version = "/rest/api/3" if self.is_cloud else "/rest/api/2"
        if not parts.path.startswith(version):
            return Reply(404, body={"errorMessages": ["dead link"]})
        match parts.path.removeprefix(version):
            case "/serverInfo":
                return Reply(body={"deploymentType": "Cloud" if self.is_cloud else "Server"})
            case "/status":
                return Reply(body=STATUSES)
            case "/search/jql" if self.is_cloud:
                return self._search_by_token(request.json)
            case "/search" if not self.is_cloud:
                return self._search_by_offset(dict(parse_qsl(parts.query)))
            case "/changelog/bulkfetch" if self.is_cloud:
                return self._changelog(request.json)
            case _:
                return Reply(404)

    def _found(self, jql: str) -> list[Payload] | None:
        match = re.fullmatch(
            r'project = "(\w+)" AND updated >= (\d+) ORDER BY updated ASC, key ASC', jql
        )
        assert match, jql
        if match[1] not in self.projects:
            return None
        since = int(match[2]) / 1000
        chosen = [
            one
            for one in self.issues
            if one["key"].startswith(f"{match[1]}-") and _updated(one) >= since
        ]
        return sorted(chosen, key=lambda one: (_updated(one), one["key"]))

    def _search_by_token(self, query: Payload) -> Reply:
        found = self._found(query["jql"])
        if found is None:
            return Reply(400, body={"errorMessages": ["no such project"]})
        start, size = int(query.get("nextPageToken", "0")), query["maxResults"]
        page = {"issues": found[start : start + size], "isLast": start + size >= len(found)}
        if not page["isLast"]:
            page["nextPageToken"] = str(start + size)
        return Reply(body=page)

    def _search_by_offset(self, query: dict[str, str]) -> Reply:
        found = self._found(query["jql"])
        if found is None:
            return Reply(400, body={"errorMessages": ["no such project"]})
        start, size = int(query["startAt"]), min(int(query["maxResults"]), 50)
        chosen = [
            one | {"changelog": self._embedded(one["id"])} for one in found[start : start + size]
        ]
        page = {"startAt": start, "maxResults": size, "total": len(found), "issues": chosen}
        return Reply(body=page)

    def _embedded(self, issue_id: str) -> Payload:
        histories = self.histories.get(issue_id, [])
        total = len(histories) if self.history_total is None else self.history_total
        return {"startAt": 0, "total": total, "histories": histories}

    def _changelog(self, query: Payload) -> Reply:
        if self.changelog_status != 200:
            return Reply(self.changelog_status)
        asked = query["issueIdsOrKeys"]
        # Two issues a page, so that every pull of more meets a second page.
        start = int(query.get("nextPageToken", "0"))
        logs = [
            {"issueId": issue_id, "changeHistories": self.histories[issue_id]}
            for issue_id in asked
            if issue_id in self.histories
        ]
        page: Payload = {"issueChangeLogs": logs[start : start + 2]}
        if start + 2 < len(logs):
            page["nextPageToken"] = str(start + 2)
        return Reply(body=page)


def _updated(one: Payload) -> float:
    return datetime.fromisoformat(one["fields"]["updated"]).timestamp()
