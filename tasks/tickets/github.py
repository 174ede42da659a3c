"""Review tickets as issues of a GitHub repository; its list of issues is never behind."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from config.shapes.tickets import GithubTickets
from tasks.core.review.delivery import Sighting
from tasks.core.review.ticket_content import TicketContent
from tasks.tickets import gfm
from tasks.tickets.inert import title_of
from tasks.tickets.marker import Marker
from tasks.tickets.payloads import GithubAccount, GithubComment, GithubIssue, decisions
from tasks.tickets.reading import items_of, read_as, written_as
from tasks.transport.calls import Params
from tasks.transport.pages import link_pages
from tasks.transport.writer import Writer

#: For the client: sent with every request.
HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
}
_PAGE = 100
#: Pages of what was changed since a create that may have happened.
_MOST_PAGES = 10
_SKEW = timedelta(hours=1)


class GithubPort:
    """A repository that tickets are written to."""

    def __init__(self, writer: Writer, config: GithubTickets) -> None:
        self._writer = writer
        self._config = config
        self._path = f"/repos/{config.repository}/issues"
        self._me: GithubAccount | None = None
        self.place = config.name

    def search(self, marker: Marker, *, since: datetime | None) -> Sequence[Sighting]:
        """Find the issues with the marker's label, open or closed, oldest first.

        Where a create may have happened, issues without the label count, too: GitHub drops
        labels silently where the account may not set them.
        """
        query: Params = {"state": "all", "sort": "created", "per_page": _PAGE}
        params = {**query, "direction": "asc", "labels": marker.label}
        issues = {
            one.number: one
            for one in self._listed(self._writer.get(self._path, params=params).json)
        }
        if since is not None:
            changed = (since.astimezone(UTC) - _SKEW).strftime("%Y-%m-%dT%H:%M:%SZ")
            pages = link_pages(
                self._writer, self._path, params={**query, "direction": "desc", "since": changed}
            )
            for page in islice(pages, _MOST_PAGES):
                issues |= {
                    one.number: one for one in self._listed(page.json) if marker.is_in(one.body)
                }
        return [self._seen(issues[number], marker) for number in sorted(issues)]

    def read(self, ticket: str, marker: Marker) -> Sighting | None:
        """Read an issue by its number; None if it is gone."""
        answer = self._writer.get(f"{self._path}/{int(ticket)}", accept=(404, 410))
        if answer.json is None:
            return None
        issue = read_as(GithubIssue, answer.json, self._config.name, "an issue")
        return self._seen(issue, marker)

    def create(self, content: TicketContent, marker: Marker) -> Sighting:
        """Create an issue with label and hidden marker, in one request."""
        made = self._writer.write(
            "POST",
            self._path,
            json={
                "title": title_of(content),
                "body": gfm.body(content, marker.comment),
                "labels": [marker.label],
            },
        )
        issue = written_as(GithubIssue, made.json, self._config.name, "a created issue")
        name = self._name(issue)
        return Sighting(str(issue.number), name, is_marked=True, is_own=True, is_open=True)

    def references(self, ticket: str, wanted: Collection[str]) -> frozenset[str]:
        """Tell which marks stand in our own comments."""
        found: set[str] = set()
        path = f"{self._path}/{int(ticket)}/comments"
        for page in link_pages(self._writer, path, params={"per_page": _PAGE}):
            for item in items_of(page.json, "", self._config.name, "a list of comments"):
                comment = read_as(GithubComment, item, self._config.name, "a comment")
                if self._is_own(comment):
                    found |= {one for one in wanted if one in (comment.body or "")}
        return frozenset(found)

    def comment(self, ticket: str, content: TicketContent, reference: str) -> None:
        """Add a comment that ends with its hidden mark."""
        self._writer.write(
            "POST",
            f"{self._path}/{int(ticket)}/comments",
            json={"body": gfm.comment(content, reference)},
        )

    def _listed(self, answer: object) -> Iterator[GithubIssue]:
        for item in items_of(answer, "", self._config.name, "a list of issues"):
            issue = read_as(GithubIssue, item, self._config.name, "an issue")
            if issue.pull_request is None:
                yield issue

    def _seen(self, issue: GithubIssue, marker: Marker) -> Sighting:
        return Sighting(
            str(issue.number),
            self._name(issue),
            is_marked=marker.is_in(issue.body),
            is_own=self._is_own(issue),
            is_open=issue.state == "open",
            labels=decisions(issue.label_names),
        )

    def _name(self, issue: GithubIssue) -> str:
        return f"{self._config.repository}#{issue.number}"

    def _is_own(self, made: GithubIssue | GithubComment) -> bool:
        """Tell whether our account, or our app as itself, made something."""
        if self._config.auth == "app":
            is_bot = made.user is not None and made.user.type == "Bot"
            return is_bot and made.app is not None and str(made.app.id) == self._config.app_id
        if self._me is None:
            answer = self._writer.get("/user")
            self._me = read_as(GithubAccount, answer.json, self._config.name, "/user")
        return made.user is not None and made.user.id == self._me.id
