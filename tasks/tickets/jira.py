"""Review tickets as Jira issues, in Cloud (API 3, documents) and Data Center (API 2, wiki text).

The search index may be minutes behind; a single issue never is. So where a create may have
happened, the keys after the newest that the index knows are read one by one as well.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from config.shapes.tickets import JiraTickets
from tasks.core.errors import SourceUnavailableError
from tasks.core.review.delivery import Sighting
from tasks.core.review.ticket_content import TicketContent
from tasks.tickets import adf, wiki
from tasks.tickets.inert import title_of
from tasks.tickets.marker import PROPERTY, Marker
from tasks.tickets.payloads import JiraAccount, JiraComment, JiraIssue, JiraReference, decisions
from tasks.tickets.reading import items_of, read_as, written_as
from tasks.transport.pages import offset_pages
from tasks.transport.writer import Writer

_DONE = "done"
_READ = {"fields": "labels,status,creator", "properties": PROPERTY}
#: Nobody can copy a label before it exists, so ours is the first that carries it.
_FIRST = 20
#: Keys in a row that name no issue before the newest is taken to be found: issues are deleted.
_GAP = 10
_MOST_BEHIND = 200


class JiraPort:
    """A project that tickets are written to."""

    def __init__(self, writer: Writer, config: JiraTickets) -> None:
        self._writer = writer
        self._config = config
        self._is_cloud = config.deployment == "cloud"
        self._api = f"/rest/api/{3 if self._is_cloud else 2}"
        self._me = ""
        self.place = config.name

    def search(self, marker: Marker, *, since: datetime | None) -> Sequence[Sighting]:
        """Find the issues with the marker's label, open or closed, oldest first."""
        project = f'project = "{self._config.project}"'
        named = self._query(f'{project} AND labels = "{marker.label}" ORDER BY created ASC', _FIRST)
        issues = {one.id: one for name in named if (one := self._read(name.id)) is not None}
        if since is not None:
            for one in self._newest(self._query(f"{project} ORDER BY created DESC", 1)):
                if marker.label in (one.fields.labels or ()) or _is_marked(one, marker):
                    issues[one.id] = one
        return [self._seen(one, marker) for one in sorted(issues.values(), key=_age)]

    def read(self, ticket: str, marker: Marker) -> Sighting | None:
        """Read an issue by its id; None if it is gone."""
        issue = self._read(ticket)
        return None if issue is None else self._seen(issue, marker)

    def create(self, content: TicketContent, marker: Marker) -> Sighting:
        """Create an issue with label and property, in one request."""
        fields = {
            "project": {"key": self._config.project},
            "issuetype": {"name": self._config.issue_type},
            "summary": title_of(content),
            "description": adf.description(content)
            if self._is_cloud
            else wiki.description(content),
            "labels": [marker.label],
        }
        made = self._writer.write(
            "POST",
            f"{self._api}/issue",
            json={"fields": fields, "properties": [{"key": PROPERTY, "value": marker.value}]},
        )
        name = written_as(JiraReference, made.json, self._config.name, "a created issue")
        return Sighting(name.id, name.key, is_marked=True, is_own=True, is_open=True)

    def references(self, ticket: str, wanted: Collection[str]) -> frozenset[str]:
        """Tell which marks stand in our own comments."""
        found: set[str] = set()
        path = f"{self._api}/issue/{quote(ticket, safe='')}/comment"
        for page in offset_pages(self._writer, path, params={"maxResults": 100}, items="comments"):
            for item in items_of(page.json, "comments", self._config.name, "a list of comments"):
                comment = read_as(JiraComment, item, self._config.name, "a comment")
                if self._is_own(comment.author):
                    body = comment.body
                    text = body if isinstance(body, str) else "\n".join(adf.texts(body))
                    found |= {one for one in wanted if one in text}
        return frozenset(found)

    def comment(self, ticket: str, content: TicketContent, reference: str) -> None:
        """Add a comment that ends with its mark."""
        body = (adf if self._is_cloud else wiki).comment(content, reference)
        self._writer.write(
            "POST", f"{self._api}/issue/{quote(ticket, safe='')}/comment", json={"body": body}
        )

    def _query(self, jql: str, most: int) -> list[JiraReference]:
        query: dict[str, Any] = {"jql": jql, "maxResults": most, "fields": ["labels"]}
        path = f"{self._api}/search{'/jql' if self._is_cloud else ''}"
        answer = self._writer.post_read(path, json=query)
        items = items_of(answer.json, "issues", self._config.name, "a search")
        return [read_as(JiraReference, item, self._config.name, "a search") for item in items]

    def _read(self, name: str) -> JiraIssue | None:
        path = f"{self._api}/issue/{quote(name, safe='')}"
        answer = self._writer.get(path, params=_READ, accept=(404,))
        if answer.json is None:
            return None
        return read_as(JiraIssue, answer.json, self._config.name, "an issue")

    def _newest(self, known: list[JiraReference]) -> list[JiraIssue]:
        """Read the issues that came after what the index knows, by their keys."""
        last = int(known[0].key.rpartition("-")[2]) if known else 0
        found: list[JiraIssue] = []
        missing = 0
        for number in range(last + 1, last + 1 + _MOST_BEHIND):
            issue = self._read(f"{self._config.project}-{number}")
            if issue is not None:
                found.append(issue)
            missing = 0 if issue is not None else missing + 1
            if missing == _GAP:
                return found
        detail = f"its search is more than {_MOST_BEHIND} issues behind; try again later"
        raise SourceUnavailableError(self._config.name, detail)

    def _seen(self, issue: JiraIssue, marker: Marker) -> Sighting:
        return Sighting(
            issue.id,
            issue.key,
            is_marked=_is_marked(issue, marker),
            is_own=self._is_own(issue.fields.creator),
            is_open=not self._is_done(issue),
            labels=decisions(issue.fields.labels or ()),
        )

    def _is_done(self, issue: JiraIssue) -> bool:
        status = issue.fields.status
        if status is None:
            return False
        named = (status.name or "").casefold() in {
            name.casefold() for name in self._config.done_statuses
        }
        return named or (status.category is not None and status.category.key == _DONE)

    def _is_own(self, account: JiraAccount | None) -> bool:
        if not self._me:
            answer = self._writer.get(f"{self._api}/myself")
            self._me = read_as(JiraAccount, answer.json, self._config.name, "/myself").identity
        return account is not None and bool(self._me) and account.identity == self._me


def _is_marked(issue: JiraIssue, marker: Marker) -> bool:
    return marker.is_value((issue.properties or {}).get(PROPERTY))


def _age(issue: JiraIssue) -> tuple[int, str]:
    """Order by id, which grows."""
    return (len(issue.id), issue.id)
