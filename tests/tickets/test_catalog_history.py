"""How a line came into the catalog: its commit, and whether two people stood behind it."""

import base64
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.shapes.tickets import CatalogRepository
from sandbox.catalog_repository import CATALOG_PATH
from sandbox.tickets_board import BOT
from tasks.core.errors import SourceUnavailableError, WaitUntilError
from tasks.core.review.ticket_content import TicketContent
from tasks.tickets.catalog_history import Approval, approval_of
from tasks.tickets.catalog_line import MOST_CHANGES
from tasks.tickets.catalog_pulls import Became, Proposal, propose
from tasks.tickets.connect import connected
from tasks.transport.client import Client
from tasks.transport.credentials import GithubToken
from tasks.transport.limits import Vendor
from tasks.transport.waits import MemoryWaitStore
from tests.tickets.rig import GITHUB, TICKETS, Rig, settings_of
from tests.transport.loopback import NOW, UNPACED, FakeClock, Reply, Request, Server

PLACE = CatalogRepository(system="tickets-github", repository="acme/catalog", path="catalog.yaml")
DAY = date(2026, 11, 24)
OPENED = datetime(2026, 11, 20, 6, tzinfo=UTC)
AUTHOR: dict[str, Any] = {"id": 11, "login": "quill-author", "type": "User"}
OTHER: dict[str, Any] = {"id": 12, "login": "quill-other", "type": "User"}
BOTH = (AUTHOR, OTHER)
ROBOT: dict[str, Any] = {"id": 13, "login": "quill-merge[bot]", "type": "Bot"}
VERDICTS = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")


def catalog(*lines: str) -> str:
    head = "version: 1\nworkflows:\n  - id: bumps\n    stages:\n"
    return head + "".join(f"      - {{{line}}}\n" for line in ("from: 2026-09-01", *lines))


EMPTY = catalog()
HELD = catalog("from: 2026-11-24, stage: golden")


@dataclass
class Github:
    """The catalog's repository as it answers; `commits` newest first."""

    commits: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    pulls: dict[str, list[int]] = field(default_factory=dict)
    pull: dict[str, Any] = field(default_factory=dict)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    page: int = 100
    base: str = ""

    def commit(
        self, sha: str, text: str, *parents: str, author: dict[str, Any] | None = AUTHOR
    ) -> None:
        """Add the newest commit."""
        shown = {"sha": sha, "author": author, "parents": [{"sha": one} for one in parents]}
        self.commits.insert(0, shown)
        self.files[sha] = self.files["main"] = text

    def __call__(self, request: Request) -> Reply:
        """Answer."""
        parts = urlsplit(request.path)
        path = parts.path.removeprefix(self.base).removeprefix("/repos/acme/catalog/")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        for part, status in self.statuses.items():
            if part in path:
                return Reply(status, body={"message": "no, quill-author"})
        return self._answer(path.split("/"), query)

    def _answer(self, path: list[str], query: dict[str, str]) -> Reply:
        match path:
            case ["commits"]:
                assert query["path"] == PLACE.path
                return Reply(body=self.commits[: int(query["per_page"])])
            case ["contents", PLACE.path]:
                text = self.files.get(query.get("ref", "main"))
                if text is None:
                    return Reply(404, body={"message": "Not Found"})
                content = base64.encodebytes(text.encode()).decode()
                return Reply(body={"sha": "0", "encoding": "base64", "content": content})
            case ["commits", sha, "pulls"]:
                found = [self.pull | {"number": one} for one in self.pulls.get(sha, [])]
                return Reply(
                    body=[{k: v for k, v in one.items() if k != "merged_by"} for one in found]
                )
            case ["pulls", number]:
                return Reply(body=self.pull | {"number": int(number)})
            case ["pulls", _, "reviews"] | ["", "repositories", "1", "pulls", _, "reviews"]:
                return self._reviews(int(query.get("page", 1)))
        raise AssertionError(path)

    def _reviews(self, page: int) -> Reply:
        end = page * self.page
        link = f'<{self.base}/repositories/1/pulls/7/reviews?page={page + 1}>; rel="next"'
        headers = {"Link": link} if end < len(self.reviews) else {}
        shown = [one | {"id": number} for number, one in enumerate(self.reviews)]
        return Reply(headers=headers, body=shown[end - self.page : end])


def merged(by: dict[str, Any] | None = AUTHOR, author: object = AUTHOR) -> dict[str, Any]:
    return {
        "user": author,
        "merged_at": "2026-11-23T09:00:00Z",
        "merged_by": by,
        "base": {"ref": "main", "repo": {"default_branch": "main"}},
    }


def review(user: dict[str, Any] | None, state: str, commit: str | None = "b1") -> dict[str, Any]:
    return {"user": user, "state": state, "commit_id": commit, "body": "quill-other"}


@pytest.fixture
def github() -> Github:
    """The line came by pull request 7, which its author merged."""
    made = Github(pulls={"b1": [7]}, pull=merged())
    made.commit("a1", EMPTY)
    made.commit("b1", HELD, "a1")
    return made


@pytest.fixture
def ask() -> Iterator[Callable[[Github], Approval]]:
    servers: list[Server] = []

    def asked(github: Github) -> Approval:
        servers.append(Server(github))
        base_url = servers[-1].url + github.base
        with Client(
            "tickets-github",
            base_url,
            credential=GithubToken("ghp_x", [servers[-1].netloc]),
            vendor=Vendor.GITHUB,
            waits=MemoryWaitStore(),
            clock=FakeClock(),
            deadline=NOW + timedelta(minutes=30),
            longest_wait=timedelta(minutes=1),
            pace=UNPACED,
        ) as client:
            told = approval_of(client, PLACE, workflow="bumps", from_day=DAY, since=OPENED)
        assert {one.method for one in servers[-1].requests} == {"GET"}
        assert "quill" not in repr(told)
        return told

    yield asked
    for server in servers:
        server.stop()


Ask = Callable[[Github], Approval]


def test_a_line_that_another_merged_has_two_people_behind_it(ask: Ask, github: Github) -> None:
    github.pull = merged(by=OTHER)

    assert ask(github) == Approval("b1", is_distinct=True)


@pytest.mark.parametrize(
    ("reviews", "is_distinct"),
    [
        ([], False),
        ([review(OTHER, "APPROVED")], True),
        ([review(AUTHOR, "APPROVED")], False),
        ([review(ROBOT, "APPROVED")], False),
        ([review(OTHER, "COMMENTED"), review(OTHER, "PENDING")], False),
        ([review(OTHER, "APPROVED"), review(OTHER, "COMMENTED")], True),
        ([review(OTHER, "APPROVED"), review(OTHER, "CHANGES_REQUESTED")], False),
        ([review(OTHER, "CHANGES_REQUESTED"), review(OTHER, "APPROVED")], True),
        ([review(OTHER, "DISMISSED")], False),
        ([review(OTHER, "APPROVED", commit="a1")], False),
        ([review(OTHER, "APPROVED", commit="lost")], False),
        ([review(OTHER, "APPROVED", commit=None)], None),
        ([review(None, "APPROVED")], None),
        ([review(None, "APPROVED"), review(OTHER, "APPROVED")], True),
    ],
)
def test_an_approval_counts_if_it_is_anothers_last_word_on_the_line(
    ask: Ask, github: Github, reviews: list[dict[str, Any]], is_distinct: bool | None
) -> None:
    github.reviews = reviews

    told = ask(github)

    assert (told.commit, told.is_distinct) == ("b1", is_distinct)
    assert bool(told.detail) is (is_distinct is None)


@settings(max_examples=30)  # each starts a server
@given(st.lists(st.tuples(st.sampled_from(BOTH), st.sampled_from((*VERDICTS, "COMMENTED")))))
def test_of_many_reviews_the_last_verdict_of_each_account_counts(
    said: list[tuple[dict[str, Any], str]],
) -> None:
    github = Github(pulls={"b1": [7]}, pull=merged(), page=3)
    github.commit("a1", EMPTY)
    github.commit("b1", HELD, "a1")
    github.reviews = [review(user, state) for user, state in said]
    others = [state for user, state in said if user is OTHER and state in VERDICTS]
    server = Server(github)
    try:
        with Client(
            "tickets-github",
            server.url,
            waits=MemoryWaitStore(),
            clock=FakeClock(),
            deadline=NOW + timedelta(minutes=30),
            pace=UNPACED,
        ) as client:
            told = approval_of(client, PLACE, workflow="bumps", from_day=DAY, since=OPENED)
    finally:
        server.stop()

    assert told == Approval("b1", is_distinct=others[-1:] == ["APPROVED"])


def test_who_wrote_the_commit_does_not_approve_it_either(ask: Ask, github: Github) -> None:
    github.commits[0]["author"] = OTHER
    github.reviews = [review(OTHER, "APPROVED")]

    assert ask(github).is_distinct is False


@pytest.mark.parametrize("author", [None, {}])
def test_a_commit_of_no_account_is_its_pull_requests_authors(
    ask: Ask, github: Github, author: dict[str, Any] | None
) -> None:
    github.commits[0]["author"] = author
    github.reviews = [review(OTHER, "APPROVED")]

    assert ask(github).is_distinct is True


def test_who_merged_is_not_taken_for_who_wrote_a_merge(ask: Ask, github: Github) -> None:
    github.commits[0] |= {"author": OTHER, "parents": [{"sha": "a1"}, {"sha": "x9"}]}
    github.pull = merged(by=OTHER)

    assert ask(github) == Approval("b1", is_distinct=True)


def test_a_robot_that_merges_is_nobody(ask: Ask, github: Github) -> None:
    github.pull = merged(by=ROBOT)

    assert ask(github).is_distinct is False


def test_who_merges_what_a_robot_proposed_approves_it(ask: Ask, github: Github) -> None:
    github.commits[0]["author"] = ROBOT
    github.pull = merged(by=OTHER, author=ROBOT)

    assert ask(github).is_distinct is True


@pytest.mark.parametrize(
    "change",
    [
        {"merged_at": None},
        {"base": {"ref": "develop", "repo": {"default_branch": "main"}}},
        {"user": None},
    ],
    ids=["open", "into another branch", "of a deleted account"],
)
def test_without_a_merged_pull_request_of_somebody_nothing_is_told_of_people(
    ask: Ask, github: Github, change: dict[str, Any]
) -> None:
    github.pull = merged(by=OTHER) | change

    told = ask(github)

    assert (told.commit, told.is_distinct) == ("b1", None)
    assert told.detail


def test_a_push_is_told_without_its_people(ask: Ask, github: Github) -> None:
    github.pulls = {}

    assert ask(github) == Approval("b1", detail="the line came by no pull request")


@pytest.mark.parametrize("status", [403, 404, 422])
@pytest.mark.parametrize("part", ["b1/pulls", "pulls/7", "reviews"])
def test_what_may_not_be_read_leaves_the_commit(
    ask: Ask, github: Github, caplog: pytest.LogCaptureFixture, part: str, status: int
) -> None:
    caplog.set_level(logging.DEBUG)
    github.statuses = {part: status}

    told = ask(github)

    assert (told.commit, told.is_distinct) == ("b1", None)
    assert str(status) in told.detail
    assert "quill" not in caplog.text


@pytest.mark.parametrize("part", ["contents", "commits"])
def test_a_repository_that_may_not_be_read_tells_nothing(
    ask: Ask, github: Github, part: str
) -> None:
    github.statuses = {part: 404}

    told = ask(github)

    assert (told.commit, told.is_distinct) == ("", None)
    assert "404" in told.detail


def test_another_shape_than_documented_tells_nothing_and_quotes_nothing(
    ask: Ask, github: Github
) -> None:
    github.reviews = [{"user": {"login": "quill-other"}, "state": ["quill"]}]

    told = ask(github)

    assert told == Approval("b1", detail="a review has another shape than documented")


@pytest.mark.parametrize(
    ("status", "error"), [(502, SourceUnavailableError), (429, WaitUntilError)]
)
def test_what_passes_is_raised_so_that_nothing_is_recorded_yet(
    ask: Ask, github: Github, status: int, error: type[Exception]
) -> None:
    github.statuses = {"reviews": status}

    with pytest.raises(error):
        ask(github)


def test_changes_after_the_line_are_not_what_brought_it(ask: Ask, github: Github) -> None:
    github.commit("c1", HELD.replace("version: 1", "version: 1  # later"), "b1", author=OTHER)
    github.commit("d1", HELD + "  - id: other\n", "c1", author=OTHER)

    assert ask(github).commit == "b1"


def test_whoever_changes_the_line_again_is_who_brought_it(ask: Ask, github: Github) -> None:
    github.pulls["c1"] = [7]
    github.reviews = [review(OTHER, "APPROVED")]
    github.commit("c1", catalog("from: 2026-11-24, stage: golden, note: wider"), "b1")

    assert ask(github) == Approval("c1", is_distinct=False)


def test_of_a_line_that_was_taken_out_and_put_back_the_last_time_counts(
    ask: Ask, github: Github
) -> None:
    github.commit("c1", EMPTY, "b1")
    github.commit("d1", HELD, "c1")

    assert ask(github).commit == "d1"


def test_a_commit_of_another_branch_in_between_changes_nothing(ask: Ask, github: Github) -> None:
    github.commit("c1", EMPTY, "a1")  # of a branch from before the line
    github.commit("d1", HELD, "b1", "c1")

    assert ask(github).commit == "b1"


def test_a_catalog_that_could_not_be_read_holds_no_line(ask: Ask, github: Github) -> None:
    github.files["a1"] = "workflows: [2026-11-24\n"

    assert ask(github).commit == "b1"


@pytest.mark.parametrize(
    "text", [EMPTY, catalog("from: 2026-11-25, stage: golden"), HELD.replace("bumps", "others")]
)
def test_a_line_that_is_not_on_the_default_branch_is_not_looked_for(
    ask: Ask, github: Github, text: str
) -> None:
    github.files["main"] = text

    assert ask(github) == Approval(
        detail="the default branch of the catalog does not hold the line"
    )


def test_a_line_from_before_the_last_changes_is_not_told(ask: Ask, github: Github) -> None:
    for number in range(MOST_CHANGES):
        github.commit(f"e{number}", f"{HELD}# {number}\n", f"e{number - 1}" if number else "b1")

    told = ask(github)

    assert (told.commit, told.is_distinct) == ("", None)
    assert str(MOST_CHANGES) in told.detail


def test_an_enterprise_server_and_pages_of_reviews_are_read_alike(ask: Ask, github: Github) -> None:
    github.base, github.page = "/api/v3", 2
    github.reviews = [review(AUTHOR, "COMMENTED")] * 5 + [review(OTHER, "APPROVED")]

    assert ask(github) == Approval("b1", is_distinct=True)


@pytest.mark.parametrize("is_self_merged", [True, False], ids=["by itself", "by a person"])
def test_the_sandbox_tells_who_merged_what_was_proposed(rig: Rig, *, is_self_merged: bool) -> None:
    board = rig.sandbox.board
    head = board.catalog.at("main")
    assert head is not None
    before = head.files[CATALOG_PATH].decode()
    first = "      - {from: 2026-03-01, stage: exploration}\n"
    after = before.replace(first, f"{first}      - {{from: 2026-03-15, stage: golden}}\n", 1)
    place = CatalogRepository(system=GITHUB, repository="meridian-freight/agent-catalog")
    proposal = Proposal(
        "upgrade-guarded", "2026-03-01 first", before, after, TicketContent("Promote", (), "d1")
    )
    deadline = rig.now() + timedelta(hours=4)

    with connected(
        TICKETS, settings_of(rig.sandbox), waits=rig.waits, clock=rig, deadline=deadline
    ) as systems:
        writer = systems.writers[GITHUB]
        (told,) = propose(writer, place, [proposal], app_id=None, most=1, check=lambda _text: None)
        assert told.became is Became.OPENED
        rig.act("review", system="github", key="1", state="commented", by=4)
        if is_self_merged:
            board.catalog.merge(1, BOT, rig.now())
        else:
            rig.act("merge", system="github", key="1", by=5)
        found = approval_of(
            writer, place, workflow="upgrade-guarded", from_day=date(2026, 3, 15), since=rig.now()
        )

    merge = board.catalog.at("main")
    assert merge is not None
    assert found == Approval(merge.sha, is_distinct=not is_self_merged)
