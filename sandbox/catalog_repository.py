"""The repository in which the catalog is kept: branches, commits, files, and who may push."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from sandbox.organisation import Repository
from sandbox.people import Person, someone
from sandbox.pulls import sha_of

REPOSITORY = Repository(640_100_190, "agent-catalog")
MAIN = "main"
CATALOG_PATH = "config/catalog.yaml"
#: `protected`: nobody goes round it; `bypass`: the app may; `open`: none; `forbidden`: not told.
PROTECTIONS = ("protected", "bypass", "open", "forbidden")
_FIRST_COMMIT_AT = datetime(2026, 2, 2, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit with every file as it then was, by path."""

    sha: str
    parent: str
    message: str
    author: Person
    at: datetime
    files: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Review:
    """What somebody said of a pull request, and on which of its commits."""

    id: int
    author: Person
    state: str
    at: datetime
    commit: str


@dataclass(slots=True)
class PullState:
    """The git side of a pull request; its issue side stands on the board."""

    number: int
    head: str
    base: str
    is_draft: bool = False
    merged_at: datetime | None = None
    merge_sha: str = ""
    merged_by: Person | None = None
    reviews: list[Review] = field(default_factory=list)


@cache
def _first() -> Commit:
    """Start with the example catalog of this very repository, where it is at hand."""
    files = {"README.md": b"# Workflows of Meridian Freight\n"}
    kept = Path(__file__).parents[1] / CATALOG_PATH
    if kept.exists():
        files[CATALOG_PATH] = kept.read_bytes()
    return Commit(sha_of("first"), "", "Start", someone(0), _FIRST_COMMIT_AT, files)


@dataclass
class CatalogRepository:
    """All of it; whoever uses it holds the board's lock.

    Attributes:
        branches: Name -> id of its last commit.
        pulls: By number.
        protection: One of `PROTECTIONS`, of the default branch.
    """

    commits: dict[str, Commit] = field(default_factory=lambda: {_first().sha: _first()})
    branches: dict[str, str] = field(default_factory=lambda: {MAIN: _first().sha})
    pulls: dict[int, PullState] = field(default_factory=dict)
    protection: str = "protected"

    def at(self, ref: str) -> Commit | None:
        """Find the commit of a branch, a full ref or a commit id."""
        name = ref.removeprefix("refs/").removeprefix("heads/")
        return self.commits.get(self.branches.get(name, ref))

    def commit(
        self, branch: str, path: str, content: bytes, message: str, author: Person, now: datetime
    ) -> Commit:
        """Write a file on a branch."""
        parent = self.commits[self.branches[branch]]
        sha = sha_of(parent.sha, path, hashlib.sha256(content).hexdigest(), now, len(self.commits))
        made = Commit(sha, parent.sha, message, author, now, {**parent.files, path: content})
        self.commits[sha] = made
        self.branches[branch] = sha
        return made

    def merge(self, number: int, merger: Person, now: datetime) -> None:
        """Squash a pull request into one commit of its author's: its files win.

        Raises:
            KeyError: There is no such pull request.
        """
        pull = self.pulls[number]
        base, head = self.commits[self.branches[pull.base]], self.commits[self.branches[pull.head]]
        sha = sha_of("merge", number, base.sha, head.sha)
        self.commits[sha] = Commit(
            sha, base.sha, f"Merge #{number}", head.author, now, {**base.files, **head.files}
        )
        self.branches[pull.base] = sha
        pull.merged_at, pull.merge_sha, pull.merged_by = now, sha, merger

    def history(self, ref: str) -> list[Commit]:
        """List the commits that lead to a ref, newest first."""
        found = []
        step = self.at(ref)
        while step is not None:
            found.append(step)
            step = self.commits.get(step.parent)
        return found


def blob_sha(content: bytes) -> str:
    """Name the content of a file as git does."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
