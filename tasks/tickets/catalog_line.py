"""A line of the catalog in its repository: as it stands now, and the commit that brought it."""

from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from config.shapes.tickets import CatalogRepository
from config.yaml_builder import Yaml
from config.yaml_lines import parse_document
from tasks.tickets.catalog_payloads import ContentFile
from tasks.tickets.reading import items_of, read_as
from tasks.transport.client import Client
from tasks.transport.errors import BodyError

#: Newest changes of the file that are looked at.
MOST_CHANGES = 20
#: GitHub filters by the date of a commit, and its branch may be older than the ticket.
_BEFORE = timedelta(days=30)


class Payload(BaseModel):
    """An answer of GitHub, tolerant of fields that are unknown."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class Account(Payload):
    """An account; GitHub also gives `null` or `{}` where there is none."""

    id: int | None = None
    type: str | None = None


class _Parent(Payload):
    sha: str


class Commit(Payload):
    """A commit as a list gives it."""

    sha: str
    author: Account | None = None
    parents: list[_Parent] = Field(default_factory=list)


class CatalogLine:
    """One entry of the catalog, and the file at the commits that were looked at."""

    def __init__(
        self, client: Client, place: CatalogRepository, workflow: str, from_day: date
    ) -> None:
        self._client = client
        self._repository = f"/repos/{place.repository}"
        self._path = place.path
        self._workflow = workflow
        self._from_day = from_day
        self._held: dict[str, bool] = {}

    @cached_property
    def present(self) -> list[Yaml]:
        """The entry on the default branch now; empty if there is none."""
        return self._entries(self._text(""))

    def brought_by(self, since: datetime) -> Commit | None:
        """Find the newest commit that holds the entry, and whose first parent does not."""
        after = (since.astimezone(UTC) - _BEFORE).strftime("%Y-%m-%dT%H:%M:%SZ")
        query = {"path": self._path, "since": after, "per_page": str(MOST_CHANGES)}
        answer = self._client.get(f"{self._repository}/commits", params=query)
        commits = [
            read_as(Commit, item, self._client.source, "a commit")
            for item in items_of(answer.json, "", self._client.source, "a list of commits")
        ][:MOST_CHANGES]
        for commit, older in zip(commits, [*commits[1:], None], strict=True):
            if not self.is_at(commit.sha) or (older is not None and self.is_at(older.sha)):
                continue
            # The next in the list may stand on another branch.
            if not commit.parents or not self.is_at(commit.parents[0].sha):
                return commit
        return None

    def is_at(self, sha: str) -> bool:
        """Tell whether the file of a commit holds the entry as it is now."""
        if sha not in self._held:
            self._held[sha] = self._entries(self._text(sha)) == self.present
        return self._held[sha]

    def _text(self, sha: str) -> str:
        """Read the file at a commit, where it need not exist, or on the default branch."""
        path = f"{self._repository}/contents/{quote(self._path)}"
        if sha:
            answer = self._client.get(path, params={"ref": sha}, accept=(404,))
            if answer.json is None:
                return ""
        else:
            answer = self._client.get(path)
        text = read_as(ContentFile, answer.json, self._client.source, "a file").text()
        if text is None:
            detail = "the catalog is no UTF-8, or too large (1 MB) for GitHub to send along"
            raise BodyError(self._client.source, detail)
        return text

    def _entries(self, text: str) -> list[Yaml]:
        """Read the workflow's entries of the day; empty also for what cannot be read."""
        if self._from_day.isoformat() not in text:
            return []  # most files, without reading all of them
        value = parse_document(self._path, text.encode()).value
        return [
            entry
            for one in _listed(value, "workflows")
            if isinstance(one, dict) and one.get("id") == self._workflow
            for entry in _listed(one, "stages")
            if isinstance(entry, dict) and entry.get("from") == self._from_day
        ]


def _listed(value: Yaml, key: str) -> list[Yaml]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []
