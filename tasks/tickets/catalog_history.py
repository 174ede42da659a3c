"""Who approved a line of the catalog: read from its repository, told without naming anybody.

Accounts are compared in memory and forgotten. Fields that are unknown or null are tolerated.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from config.shapes.tickets import CatalogRepository
from tasks.core.errors import SourceError
from tasks.tickets.catalog_line import MOST_CHANGES, Account, CatalogLine, Commit, Payload
from tasks.tickets.reading import items_of, read_as
from tasks.transport.client import Client
from tasks.transport.pages import link_pages

_MOST_PAGES = 10
_VERDICTS = frozenset({"APPROVED", "CHANGES_REQUESTED", "DISMISSED"})

_NOT_THERE = "the default branch of the catalog does not hold the line"
_NOT_FOUND = f"none of the last {MOST_CHANGES} changes of the catalog brought the line"
_NO_PULL = "the line came by no pull request"
_NO_AUTHOR = "the account of who proposed the line is gone"
_NO_REVIEWER = "the account or the commit of an approval is gone"


@dataclass(frozen=True, slots=True)
class Approval:
    """What the history of the catalog tells of one of its lines.

    Attributes:
        commit: That brought the line as it is now; empty where that cannot be told.
        is_distinct: Somebody else than who wrote it approved or merged it; None: cannot be told.
        detail: Why something cannot be told, for people; holds nothing from outside.
    """

    commit: str = ""
    is_distinct: bool | None = None
    detail: str = ""


class _BaseRepository(Payload):
    default_branch: str | None = None


class _Base(Payload):
    ref: str
    repo: _BaseRepository | None = None

    @property
    def is_default(self) -> bool:
        return self.repo is None or self.repo.default_branch in (None, self.ref)


class _Pull(Payload):
    number: int
    user: Account | None = None
    merged_at: datetime | None = None
    merged_by: Account | None = None
    base: _Base


class _Review(Payload):
    user: Account | None = None
    state: str
    commit_id: str | None = None


def approval_of(
    client: Client,
    place: CatalogRepository,
    *,
    workflow: str,
    from_day: date,
    since: datetime,
) -> Approval:
    """Find out how a stage of a workflow came into the catalog; it only reads.

    Looked for is the newest commit of the default branch that brought the entry as it stands
    there now, and the merged pull request that it belongs to. An approval counts if it is the
    last word of its account, a person's, and was given when the branch held that entry.

    Args:
        client: Of the system that holds the repository.
        place: Repository and path of the catalog.
        workflow: Its id.
        from_day: First UTC day of its entry.
        since: Aware UTC; the entry is not older: when its review ticket was opened.

    Raises:
        SourceError: The system fails or limits for now (`is_transient`); ask again later. What
            it refuses for good is told as a detail instead.
    """
    commit = ""
    try:
        line = CatalogLine(client, place, workflow, from_day)
        if not line.present:
            return Approval(detail=_NOT_THERE)
        found = line.brought_by(since)
        if found is None:
            return Approval(detail=_NOT_FOUND)
        commit = found.sha
        return _Pulls(client, place.repository).approval(found, line)
    except SourceError as error:
        if error.is_transient:
            raise
        return Approval(commit, detail=error.detail)


class _Pulls:
    """The pull requests of the catalog's repository."""

    def __init__(self, client: Client, repository: str) -> None:
        self._client = client
        self._path = f"/repos/{repository}"

    def approval(self, commit: Commit, line: CatalogLine) -> Approval:
        """Tell whether two people stand behind a commit that brought a line."""
        pull = self._of(commit.sha)
        if pull is None:
            return Approval(commit.sha, detail=_NO_PULL)
        if pull.user is None or pull.user.id is None:
            return Approval(commit.sha, detail=_NO_AUTHOR)
        authors = {pull.user.id}
        # Who merges is the author of a merge's own commit.
        if len(commit.parents) < 2 and commit.author is not None:  # noqa: PLR2004 - a merge has two
            authors.add(commit.author.id or pull.user.id)
        if _is_other(pull.merged_by, authors):
            return Approval(commit.sha, is_distinct=True)
        words = {_word(one, authors, line) for one in _last_words(self._reviews(pull.number))}
        if None in words and True not in words:
            return Approval(commit.sha, detail=_NO_REVIEWER)
        return Approval(commit.sha, is_distinct=True in words)

    def _of(self, sha: str) -> _Pull | None:
        """Find the pull request that brought a commit to the default branch; of many the first."""
        answer = self._client.get(f"{self._path}/commits/{sha}/pulls", params={"per_page": "100"})
        merged = [
            (pull.merged_at, pull.number)
            for item in items_of(answer.json, "", self._client.source, "a list of pull requests")
            if (pull := self._read(item)).merged_at is not None and pull.base.is_default
        ]
        if not merged:
            return None
        # A list does not tell who merged.
        return self._read(self._client.get(f"{self._path}/pulls/{min(merged)[1]}").json)

    def _read(self, value: object) -> _Pull:
        return read_as(_Pull, value, self._client.source, "a pull request")

    def _reviews(self, number: int) -> Iterator[_Review]:
        path = f"{self._path}/pulls/{number}/reviews"
        params = {"per_page": "100"}
        for page in link_pages(self._client, path, params=params, max_pages=_MOST_PAGES):
            for item in items_of(page.json, "", self._client.source, "a list of reviews"):
                yield read_as(_Review, item, self._client.source, "a review")


def _last_words(reviews: Iterable[_Review]) -> Iterable[_Review]:
    """Keep the last verdict of each account; a comment after an approval leaves it standing."""
    last = {one.user.id if one.user else None: one for one in reviews if one.state in _VERDICTS}
    return last.values()


def _word(review: _Review, authors: set[int], line: CatalogLine) -> bool | None:
    """Tell whether a review is another's approval of the line; None: its traces are gone."""
    if review.state != "APPROVED":
        return False
    if review.user is None or review.user.id is None:
        return None
    if not _is_other(review.user, authors):
        return False
    return None if review.commit_id is None else line.is_at(review.commit_id)


def _is_other(account: Account | None, authors: set[int]) -> bool:
    """Tell whether an account is a person's, and none of these."""
    if account is None or account.id is None or account.type == "Bot":
        return False
    return account.id not in authors
