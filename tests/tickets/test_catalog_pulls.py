"""A patch becomes one pull request, if people stand between it and the default branch."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from config.shapes.tickets import CatalogRepository
from sandbox.catalog_repository import CATALOG_PATH
from tasks.core.errors import ConfigError
from tasks.core.review.ticket_content import CodeBlock, TicketContent
from tasks.tickets.catalog_pulls import Became, Proposal, Proposed, propose
from tasks.tickets.connect import connected
from tasks.transport.writer import Writer
from tests.tickets.rig import GITHUB, TICKETS, Rig, settings_of

REPOSITORY = CatalogRepository(system=GITHUB, repository="meridian-freight/agent-catalog")
BRANCH = "graduand/promote-upgrade-swarm-2026-09-01"
LINE = "      - {from: 2027-01-01, stage: golden}\n"

Propose = Callable[..., list[Proposed]]


@pytest.fixture
def before(rig: Rig) -> str:
    catalog = rig.sandbox.board.catalog
    head = catalog.at("main")
    assert head is not None
    return head.files[CATALOG_PATH].decode()


@pytest.fixture
def writer(rig: Rig) -> Iterator[Writer]:
    deadline = rig.now() + timedelta(hours=4)
    with connected(
        TICKETS, settings_of(rig.sandbox), waits=rig.waits, clock=rig, deadline=deadline
    ) as systems:
        yield systems.writers[GITHUB]


@pytest.fixture
def run(writer: Writer) -> Propose:
    def once(*proposals: Proposal, **changes: Any) -> list[Proposed]:
        options = {"app_id": None, "most": 3, "check": lambda _text: None} | changes
        return propose(writer, REPOSITORY, proposals, **options)

    return once


def proposal(before: str, workflow: str = "upgrade-swarm", line: str = LINE) -> Proposal:
    content = TicketContent(f"Promote {workflow}", (CodeBlock(f"+{line}", "diff"),), "d1")
    return Proposal(workflow, "2026-09-01 first", before, before + line, content)


def pulls(rig: Rig) -> list[dict[str, Any]]:
    return [one for one in rig.listed(GITHUB) if one["is_pull"]]


def test_a_patch_is_opened_once_as_one_file(rig: Rig, run: Propose, before: str) -> None:
    (first,), (second,) = run(proposal(before)), run(proposal(before))

    assert (first.became, second.became) == (Became.OPENED, Became.STANDS)
    assert first.pull == second.pull == "meridian-freight/agent-catalog#1"
    (pull,) = pulls(rig)
    assert pull["title"] == "Promote upgrade-swarm"
    catalog = rig.sandbox.board.catalog
    main, branch = catalog.at("main"), catalog.at(BRANCH)
    assert main is not None
    assert branch is not None
    changed = {path for path in branch.files if branch.files[path] != main.files.get(path)}
    assert changed == {CATALOG_PATH}
    assert branch.files[CATALOG_PATH].decode() == before + LINE


def test_one_that_people_closed_or_merged_is_not_opened_again(
    rig: Rig, run: Propose, before: str
) -> None:
    run(proposal(before))
    rig.act("close", system="github", key="1")

    (told,) = run(proposal(before))

    assert told.became is Became.STANDS
    assert len(pulls(rig)) == 1


@pytest.mark.parametrize("state", ["bypass", "open", "forbidden"])
def test_nothing_is_proposed_unless_people_are_shown_to_stand_between(
    rig: Rig, run: Propose, before: str, state: str
) -> None:
    rig.act("protect", state=state)

    (told,) = run(proposal(before), app_id="1020417")

    assert told.became is Became.REFUSED
    assert "not shown that the default branch is protected" in told.detail
    assert pulls(rig) == []
    assert rig.sandbox.board.catalog.at(BRANCH) is None


def test_a_catalog_that_moved_on_is_not_patched(rig: Rig, run: Propose, before: str) -> None:
    rig.act("put_file", path=CATALOG_PATH, text=before + "# by hand\n")

    (told,) = run(proposal(before))

    assert told.became is Became.REFUSED
    assert "not the one that the evidence was judged by" in told.detail


@pytest.mark.parametrize("lines", [0, 21])
def test_a_patch_of_no_or_too_many_lines_is_not_proposed(
    run: Propose, before: str, lines: int
) -> None:
    (told,) = run(proposal(before, line="# one more\n" * lines))

    assert told.became is Became.REFUSED
    assert f"changes {lines} lines" in told.detail


def test_a_file_that_would_not_be_read_is_not_proposed(rig: Rig, run: Propose, before: str) -> None:
    def check(text: str) -> None:
        assert text == before + LINE
        message = "catalog.yaml:400 is wrong"
        raise ConfigError(message)

    (told,) = run(proposal(before), check=check)

    assert told.became is Became.REFUSED
    assert "catalog.yaml:400 is wrong" in told.detail
    assert rig.sandbox.board.catalog.at(BRANCH) is None


def test_at_most_three_are_opened_in_a_run(rig: Rig, run: Propose, before: str) -> None:
    proposals = [proposal(before, f"wf-{n}") for n in range(5)]

    first, second = run(*proposals), run(*proposals)

    assert [one.became for one in first] == [*[Became.OPENED] * 3, *[Became.PENDING] * 2]
    assert [one.became for one in second] == [*[Became.STANDS] * 3, *[Became.OPENED] * 2]
    assert len(pulls(rig)) == 5


@pytest.mark.parametrize("mode", ["lost_response", "lost_request"])
@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_write_that_got_lost_is_taken_up_where_it_stopped(
    rig: Rig, run: Propose, before: str, mode: str, writes: int
) -> None:
    rig.fail(GITHUB, mode, after=writes, times=1)

    (first,) = run(proposal(before))
    (second,) = run(proposal(before))

    assert first.became is Became.PENDING
    assert second.became in {Became.OPENED, Became.STANDS}
    assert len(pulls(rig)) == 1


def test_a_branch_of_that_name_that_holds_something_else_is_left_alone(
    rig: Rig, run: Propose, before: str
) -> None:
    catalog = rig.sandbox.board.catalog
    catalog.branches[BRANCH] = catalog.branches["main"]
    other = f"{before}# mine\n".encode()
    head = catalog.at("main")
    assert head is not None
    catalog.commit(BRANCH, CATALOG_PATH, other, "Mine", head.author, rig.now())

    (told,) = run(proposal(before))

    assert told.became is Became.REFUSED
    assert "holds something else" in told.detail
    after = catalog.at(BRANCH)
    assert after is not None
    assert after.files[CATALOG_PATH] == other


@pytest.mark.parametrize(
    ("mode", "became"),
    [
        ("refuse_403", Became.REFUSED),
        ("rate_limit", Became.PENDING),
        ("down", Became.PENDING),
    ],
)
def test_a_refusal_or_outage_is_told(
    rig: Rig, run: Propose, before: str, mode: str, became: Became
) -> None:
    rig.fail(GITHUB, mode)

    (told,) = run(proposal(before))

    assert told.became is became
    assert told.detail
    assert pulls(rig) == []
