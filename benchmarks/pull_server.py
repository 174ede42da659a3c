"""A made-up GitHub and Jira with latency, for `benchmarks/pull.py`; one process of its own.

Answers the endpoints that the two sources ask for, out of a fixed set of records: nothing
ever changes here, so a second night finds nothing new.
"""

import asyncio
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
_PAGE = 100


@dataclass(frozen=True)
class Scale:
    """How much there is."""

    pulls: int = 5000
    repositories: int = 20
    open_percent: int = 3
    issues: int = 2000
    latency_ms: float = 50.0

    def is_open(self, number: int) -> bool:
        """Spread the open ones evenly; `number` counts from 1 over all repositories."""
        return number * self.open_percent % 100 < self.open_percent


class World:
    """Every record, built once."""

    def __init__(self, scale: Scale) -> None:
        self.scale = scale
        self.pulls: dict[int, list[dict[str, Any]]] = {}
        for number in range(1, scale.pulls + 1):
            repository = 1 + number % scale.repositories
            self.pulls.setdefault(repository, []).append(self._pull(repository, number))
        for pulls in self.pulls.values():
            pulls.sort(key=lambda one: one["updated_at"], reverse=True)
        self.issues = [self._issue(number) for number in range(1, scale.issues + 1)]

    def _pull(self, repository: int, number: int) -> dict[str, Any]:
        is_open = self.scale.is_open(number)
        # Open ones are young: old ones are no longer asked for their checks.
        days = 20 if is_open else 80
        opened = NOW - timedelta(days=days * number / self.scale.pulls + 2)
        closed = None if is_open else _text(opened + timedelta(hours=20))
        return {
            "id": number,
            "number": number,
            "state": "open" if is_open else "closed",
            "title": "Tidy up",
            "body": "",
            "user": {"id": 4000 + number % 50, "login": "someone", "type": "User"},
            "created_at": _text(opened),
            "updated_at": closed or _text(opened),
            "closed_at": closed,
            "merged_at": closed,
            "merge_commit_sha": f"{number:040x}",
            "labels": [],
            "head": {"ref": f"copilot/fix-{number}", "sha": _sha(number), "repo": None},
            "base": {"ref": "main", "sha": "b" * 40, "repo": {"id": repository}},
        }

    def _issue(self, number: int) -> dict[str, Any]:
        at = NOW - timedelta(days=80 * number / self.scale.issues + 1)
        done = {"id": "6", "statusCategory": {"key": "done"}}
        return {
            "id": str(10_000 + number),
            "key": f"OPS-{number}",
            "fields": {"status": done, "created": _text(at), "updated": _text(at)},
        }

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, Any, str]:
        """Give status, body and `Link` of one request."""
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if method == "POST":
            return self._jira_post(parts.path, json.loads(body))
        match parts.path.strip("/").split("/"):
            case ["repos", "acme", name, *rest]:
                return self._github(int(name.removeprefix("r")), rest, query, parts.path)
            case ["rest", "api", "3", "serverInfo"]:
                return 200, {"deploymentType": "Cloud"}, ""
            case ["rest", "api", "3", "status"]:
                return 200, [{"id": "6", "statusCategory": {"key": "done"}}], ""
            case _:
                return 404, {"message": "Not Found"}, ""

    def _github(  # noqa: C901, PLR0911 - a table of routes
        self, repository: int, rest: list[str], query: dict[str, str], path: str
    ) -> tuple[int, Any, str]:
        pulls = self.pulls.get(repository, [])
        match rest:
            case []:
                owner = {"id": 7, "type": "Organization"}
                found: Any = {"id": repository, "full_name": f"acme/r{repository}", "owner": owner}
                return 200, found, ""
            case ["pulls"]:
                return _paged(pulls, query, path)
            case ["pulls", number, "reviews"]:
                return 200, [_review(int(number))], ""
            case ["pulls", number, "commits"]:
                return 200, [_commit(int(number))], ""
            case ["commits", sha, "check-runs"]:
                return 200, self._check_runs(int(sha, 16)), ""
            case ["commits", _, "status"]:
                return 200, {"state": "pending", "statuses": []}, ""
            case ["issues", "events"]:
                return _paged([_event(one) for one in pulls if one["closed_at"]], query, path)
            case ["actions", "runs"]:
                return self._runs(pulls, query, path)
            case ["deployments"]:
                return _paged(
                    [_deployment(one) for one in pulls if one["merged_at"]][:20], query, path
                )
            case ["deployments", number, "statuses"]:
                at = _text(NOW - timedelta(days=3))
                return 200, [{"id": int(number), "state": "success", "created_at": at}], ""
            case _:
                return 200, [], ""

    def _check_runs(self, number: int) -> dict[str, Any]:
        # The hardest case: every open head still waits for a check.
        is_done = not self.scale.is_open(number)
        run = {
            "id": number,
            "head_sha": _sha(number),
            "status": "completed" if is_done else "in_progress",
            "conclusion": "success" if is_done else None,
            "started_at": "2026-11-01T10:00:00Z",
            "completed_at": "2026-11-01T10:10:00Z" if is_done else None,
        }
        return {"total_count": 1, "check_runs": [run]}

    def _runs(
        self, pulls: list[dict[str, Any]], query: dict[str, str], path: str
    ) -> tuple[int, Any, str]:
        start, _, end = query["created"].partition("..")
        chosen = [_run(one) for one in pulls if start <= one["created_at"] <= end]
        status, page, link = _paged(chosen, query, path)
        return status, {"total_count": len(chosen), "workflow_runs": page}, link

    def _jira_post(self, path: str, query: dict[str, Any]) -> tuple[int, Any, str]:
        if path.endswith("/changelog/bulkfetch"):
            change = {"created": 1762077600, "items": [{"fieldId": "status", "to": "6"}]}
            logs = [
                {"issueId": one, "changeHistories": [change]} for one in query["issueIdsOrKeys"]
            ]
            return 200, {"issueChangeLogs": logs}, ""
        match = re.search(r"updated >= (\d+)", query["jql"])
        since = int(match[1]) / 1000 if match else 0
        found = sorted(
            (
                one
                for one in self.issues
                if datetime.fromisoformat(one["fields"]["updated"]).timestamp() >= since
            ),
            key=lambda one: str(one["fields"]["updated"]),
        )
        start = int(query.get("nextPageToken", 0))
        end = start + int(query["maxResults"])
        page: dict[str, Any] = {"issues": found[start:end], "isLast": end >= len(found)}
        if not page["isLast"]:
            page["nextPageToken"] = str(end)
        return 200, page, ""


def _paged(items: list[Any], query: dict[str, str], path: str) -> tuple[int, list[Any], str]:
    page = int(query.get("page", 1))
    link = ""
    if page * _PAGE < len(items):
        rest = "&".join(f"{name}={value}" for name, value in query.items() if name != "page")
        link = f'Link: <{path}?{rest}&page={page + 1}>; rel="next"\r\n'
    return 200, items[(page - 1) * _PAGE : page * _PAGE], link


def _text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def _sha(number: int) -> str:
    return f"{number:040x}"


def _review(number: int) -> dict[str, Any]:
    who = {"id": 4100, "type": "User"}
    return {"id": number, "state": "APPROVED", "user": who, "submitted_at": "2026-11-01T10:00:00Z"}


def _commit(number: int) -> dict[str, Any]:
    git = {"email": "someone@example.invalid", "date": "2026-11-01T09:00:00Z"}
    message = "Tidy up\n\nAgent-Workflow: upgrade-guarded"
    return {"sha": _sha(number), "commit": {"message": message, "author": git, "committer": git}}


def _event(pull: dict[str, Any]) -> dict[str, Any]:
    issue = {"number": pull["number"], "labels": [], "pull_request": {}}
    return {
        "id": pull["number"],
        "event": "closed",
        "created_at": pull["closed_at"],
        "issue": issue,
    }


def _run(pull: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": pull["number"],
        "status": "completed",
        "conclusion": "success",
        "event": "push",
        "head_sha": pull["head"]["sha"],
        "created_at": pull["created_at"],
        "updated_at": pull["created_at"],
    }


def _deployment(pull: dict[str, Any]) -> dict[str, Any]:
    number, sha, at = pull["number"], pull["merge_commit_sha"], pull["merged_at"]
    return {"id": number, "sha": sha, "environment": "production", "created_at": at}


def serve(scale: Scale, ready: Any) -> None:  # noqa: ANN401 - a multiprocessing queue
    """Answer on a free port of loopback until the process is ended; put the port into `ready`."""
    asyncio.run(_serve(scale, ready))


async def _serve(scale: Scale, ready: Any) -> None:  # noqa: ANN401  # a multiprocessing event has no public type
    world = World(scale)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            body = await reader.readexactly(int(length[1])) if length else b""
            await asyncio.sleep(scale.latency_ms / 1000)
            status, answer, link = world.answer(method, target, body)
            content = json.dumps(answer).encode()
            lines = f"HTTP/1.1 {status} x\r\n{link}Content-Type: application/json\r\n"
            writer.write(f"{lines}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    ready.put(server.sockets[0].getsockname()[1])
    async with server:
        await server.serve_forever()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return b""
