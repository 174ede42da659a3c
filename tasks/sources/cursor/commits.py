"""Where Cursor's conversations went: the repository and branch of the commits they wrote.

Source: AI Code Tracking API, `GET /analytics/ai-code/commits` and `/commits/{hashes}`, read
2026-11: alpha, of the Enterprise plan, and the second one not for everybody. Authors, messages,
titles, summaries and paths are never read.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import Field

from config.shapes.sources import CursorSource
from tasks.core.days import day_bounds
from tasks.core.findings import Finding
from tasks.core.people import Door
from tasks.core.request_hints import repository_hint
from tasks.core.work.branches import branch_hint
from tasks.sources.cursor.listing import NOT_OPEN
from tasks.sources.cursor.payloads import Whole
from tasks.sources.cursor.rows import Hints
from tasks.sources.report_fields import Payload, read_page
from tasks.transport.client import Client
from tasks.transport.errors import StatusError
from tasks.transport.numbered_pages import numbered_pages

_PATH = "/analytics/ai-code/commits"
_PAGE_SIZE = 1000
# Their hashes stand in the address, which servers cut at some kilobytes.
_AT_ONCE = 40
# What is written today may be committed some days later.
_LATER = timedelta(days=7)

_Hash = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{4,64}$")]


class _Commit(Payload):
    commitHash: _Hash  # noqa: N815  # the vendor's spelling, here and below
    repoName: str | None = None  # noqa: N815
    branchName: str | None = None  # noqa: N815
    isPrimaryBranch: bool | None = None  # noqa: N815


class _Page(Payload):
    items: list[_Commit]
    totalCount: Whole  # noqa: N815


class _Group(Payload):
    conversationId: str | None = None  # noqa: N815


class _Annotation(Payload):
    groups: list[_Group] = Field(default_factory=list)


class _Blamed(Payload):
    commitHash: _Hash  # noqa: N815
    rangeAnnotations: list[_Annotation] = Field(default_factory=list)  # noqa: N815


class _Details(Payload):
    commits: list[_Blamed]


def read_hints(
    client: Client, config: CursorSource, window: tuple[date, date], now: datetime, door: Door
) -> tuple[dict[str, Hints], tuple[Finding, ...]]:
    """Read where conversations went, by the keyed digest of the conversation.

    A conversation whose commits went to several repositories or branches keeps none of them.

    Raises:
        SourceError: An answer cannot be used.
    """
    end = min(now, day_bounds(window[1])[1] + _LATER)
    pages = numbered_pages(
        client,
        _PATH,
        {
            "startDate": _text(day_bounds(window[0])[0]),
            "endDate": _text(end),
            "pageSize": _PAGE_SIZE,
        },
        items="items",
        page_count=_page_count,
    )
    try:
        places = {
            one.commitHash: hints_of(one.repoName, _branch(one), config, door)
            for page in pages
            for one in read_page(_Page, config.name, _PATH, page.json).items
        }
    except StatusError as error:
        if error.status in NOT_OPEN:
            return {}, (_unavailable(config.name),)
        raise
    conversations: dict[str, set[str]] = {}
    hashes = sorted(places)
    for first in range(0, len(hashes), _AT_ONCE):
        asked = ",".join(hashes[first : first + _AT_ONCE])
        answer = client.get(f"{_PATH}/{asked}", accept=NOT_OPEN)
        if answer.status in NOT_OPEN:
            return {}, (_unavailable(config.name),)
        for conversation, commits in parse_details(config.name, answer.json).items():
            conversations.setdefault(door(conversation), set()).update(commits)
    return {
        session: told
        for session, commits in conversations.items()
        if (told := _agreed([places[one] for one in sorted(commits) if one in places]))
    }, ()


def parse_details(source: str, payload: object) -> dict[str, set[str]]:
    """Read which commits each conversation wrote, by its id.

    Raises:
        SourceError: The answer has another shape.
    """
    commits = read_page(_Details, source, f"{_PATH}/*", payload).commits
    found: dict[str, set[str]] = {}
    for commit in commits:
        for annotation in commit.rangeAnnotations:
            for group in annotation.groups:
                if group.conversationId:
                    found.setdefault(group.conversationId, set()).add(commit.commitHash)
    return found


def hints_of(repository: str | None, branch: str | None, config: CursorSource, door: Door) -> Hints:
    """Reduce a repository and a branch to what may be kept of them."""
    repo = repository_hint(repository, config.repositories, door) if repository else None
    if not branch:
        return Hints(repo)
    hint = branch_hint(branch, config.branch_prefixes, door)
    return Hints(repo, hint.prefix, hint.ticket, hint.digest)


def _agreed(places: Sequence[Hints]) -> Hints | None:
    if len(set(places)) == 1:
        return places[0]
    repositories = {one.repo for one in places}
    return Hints(repositories.pop()) if len(repositories) == 1 else None


def _branch(commit: _Commit) -> str | None:
    """Name the branch; that of all work says nothing about this work."""
    return None if commit.isPrimaryBranch else commit.branchName


def _page_count(body: Mapping[str, object]) -> object:
    total = body.get("totalCount")
    is_count = isinstance(total, int) and not isinstance(total, bool)
    return -(-total // _PAGE_SIZE) if is_count else None  # type: ignore[operator]


def _text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def _unavailable(source: str) -> Finding:
    detail = "AI Code Tracking is not open to this key: no session is tied to a branch"
    return Finding("report_unavailable", _PATH, detail, source)
