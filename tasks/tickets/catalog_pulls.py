"""Proposes a catalog patch as a pull request: one file, few lines, once, and never by force.

Every step looks before it acts, and the branch's name is the key: a run that died or got no answer
is simply taken up again.
"""

import base64
import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import quote

from config.shapes.tickets import CatalogRepository
from tasks.core.errors import ConfigError, SourceError, WaitUntilError
from tasks.core.review.ticket_content import TicketContent
from tasks.tickets import gfm
from tasks.tickets.branch_protection import is_bound
from tasks.tickets.catalog_payloads import ContentFile, PullRequest, Ref, Repository
from tasks.tickets.inert import title_of
from tasks.tickets.reading import items_of, read_as, written_as
from tasks.transport.calls import Params
from tasks.transport.writer import Writer

MOST_LINES = 20
_MARK = "<!-- graduand:v1 promotion -->"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A patch of the catalog.

    Attributes:
        workflow: Whose stage it changes.
        epoch: Of the evidence; its first day and the workflow name the branch.
        before: The whole file that the evidence was judged by.
        after: The whole file with the patch.
        content: Title and text of the pull request.
    """

    workflow: str
    epoch: str
    before: str
    after: str
    content: TicketContent

    @property
    def branch(self) -> str:
        """Name the branch."""
        return f"graduand/promote-{self.workflow}-{self.epoch.partition(' ')[0]}"


class Became(StrEnum):
    """What became of a proposal."""

    OPENED = "opened"
    STANDS = "stands"  # one of that branch is there already, open or closed
    REFUSED = "refused"  # by a check of ours, or by GitHub
    PENDING = "pending"  # a limit, an outage, a write without an answer, or the cap


@dataclass(frozen=True, slots=True)
class Proposed:
    """What became of one proposal; `pull` is `owner/name#5` where there is one."""

    workflow: str
    became: Became
    pull: str = ""
    detail: str = ""
    until: datetime | None = None


class _RefusedError(Exception):
    """A check of ours says no; the text is for people."""


def propose(
    writer: Writer,
    catalog: CatalogRepository,
    proposals: Iterable[Proposal],
    *,
    app_id: str | None,
    most: int,
    check: Callable[[str], object],
) -> list[Proposed]:
    """Open pull requests that are not there yet.

    Args:
        writer: Of the catalog's GitHub system.
        catalog: Repository and path.
        proposals: In the order they are to be opened.
        app_id: If the account is an app.
        most: Opened in this run.
        check: Reads the patched file as the configuration is read; raises what is wrong.

    Returns:
        One for each proposal, in order; faults are told, not raised.
    """
    told: list[Proposed] = []
    for proposal in proposals:
        opened = sum(one.became is Became.OPENED for one in told)
        one = _Pull(writer, catalog, proposal, app_id, check)
        told.append(one.told(may_open=opened < most))
    return told


@dataclass(frozen=True, slots=True)
class _Pull:
    writer: Writer
    catalog: CatalogRepository
    proposal: Proposal
    app_id: str | None
    check: Callable[[str], object]

    def told(self, *, may_open: bool) -> Proposed:
        workflow = self.proposal.workflow
        try:
            known = self._known()
            if known:
                return Proposed(workflow, Became.STANDS, known)
            if not may_open:
                detail = "this run has opened as many pull requests as it may"
                return Proposed(workflow, Became.PENDING, detail=detail)
            return Proposed(workflow, Became.OPENED, self._open())
        except _RefusedError as refused:
            return Proposed(workflow, Became.REFUSED, detail=str(refused))
        except WaitUntilError as error:
            detail, until = "the system is rate limited", error.wait_until
            return Proposed(workflow, Became.PENDING, detail=detail, until=until)
        except SourceError as error:
            became = Became.PENDING if error.is_transient else Became.REFUSED
            return Proposed(workflow, became, detail=error.detail)

    def _known(self) -> str:
        owner = self.catalog.repository.partition("/")[0]
        params: Params = {"head": f"{owner}:{self.proposal.branch}", "state": "all", "per_page": 1}
        found = items_of(
            self.writer.get(self._at("pulls"), params=params).json, "", self.writer.source, "pulls"
        )
        return self._name(found[0]) if found else ""

    def _open(self) -> str:
        self._check_patch()
        about = self.writer.get(f"/repos/{self.catalog.repository}").json
        base = read_as(Repository, about, self.writer.source, "a repository").default_branch
        if not is_bound(self.writer, self.catalog.repository, base, self.app_id):
            message = (
                "it is not shown that the default branch is protected and that this account cannot"
                " go round it; see docs/tickets.md"
            )
            raise _RefusedError(message)
        if self._file(base).text() != self.proposal.before:
            message = "the file there is not the one that the evidence was judged by"
            raise _RefusedError(message)
        self._branch_off(base)
        self._write_file()
        made = self.writer.write(
            "POST",
            self._at("pulls"),
            json={
                "title": title_of(self.proposal.content),
                "head": self.proposal.branch,
                "base": base,
                "body": gfm.body(self.proposal.content, _MARK),
            },
        )
        return self._name(made.json, is_written=True)

    def _check_patch(self) -> None:
        before, after = self.proposal.before.splitlines(), self.proposal.after.splitlines()
        blocks = difflib.SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
        changed = len(before) + len(after) - 2 * sum(block.size for block in blocks)
        if not 0 < changed <= MOST_LINES:
            message = f"the patch changes {changed} lines; 1 to {MOST_LINES} are proposed"
            raise _RefusedError(message)
        try:
            self.check(self.proposal.after)
        except ConfigError as error:
            message = f"the patched file would not be read: {error}"
            raise _RefusedError(message) from None

    def _branch_off(self, base: str) -> None:
        branch = f"git/ref/heads/{quote(self.proposal.branch)}"
        if self.writer.get(self._at(branch), accept=(404,)).json is not None:
            return
        ref = self.writer.get(self._at(f"git/ref/heads/{quote(base)}")).json
        sha = read_as(Ref, ref, self.writer.source, "a ref").object.sha
        body = {"ref": f"refs/heads/{self.proposal.branch}", "sha": sha}
        self.writer.write("POST", self._at("git/refs"), json=body)

    def _write_file(self) -> None:
        there = self._file(self.proposal.branch)
        if there.text() == self.proposal.after:
            return  # a run before this one came as far
        if there.text() != self.proposal.before:
            message = f"the branch {self.proposal.branch} is there and holds something else"
            raise _RefusedError(message)
        self.writer.write(
            "PUT",
            self._at(f"contents/{quote(self.catalog.path)}"),
            json={
                "message": title_of(self.proposal.content),
                "content": base64.b64encode(self.proposal.after.encode()).decode("ascii"),
                "sha": there.sha,
                "branch": self.proposal.branch,
            },
        )

    def _file(self, branch: str) -> ContentFile:
        path = self._at(f"contents/{quote(self.catalog.path)}")
        answer = self.writer.get(path, params={"ref": branch})
        return read_as(ContentFile, answer.json, self.writer.source, "a file")

    def _at(self, path: str) -> str:
        return f"/repos/{self.catalog.repository}/{path}"

    def _name(self, payload: object, *, is_written: bool = False) -> str:
        reader = written_as if is_written else read_as
        pull = reader(PullRequest, payload, self.writer.source, "a pull request")
        return f"{self.catalog.repository}#{pull.number}"
