"""What is told below a ticket is told once, whatever fails, and never below one that is closed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from threading import Barrier

import pytest

from tasks.core.review.ticket_content import Paragraph, Span, TicketContent
from tasks.ledger.ledger import Ledger
from tasks.ledger.outbox import Message
from tasks.tickets.connect import connected
from tasks.tickets.marker import reference_of
from tasks.tickets.notices import deliver_notices
from tasks.tickets.port import TicketPort
from tasks.tickets.wanted import Delivered, Outbox, What
from tests.databases import Database
from tests.tickets.rig import (
    BOARDS,
    CLOUD,
    DIGEST,
    GITHUB,
    KIND,
    TICKETS,
    Dying,
    DyingOutbox,
    DyingPort,
    Killed,
    Rig,
    settings_of,
)

NOTICE = "escalation_notice"
KEY = "bumps@2026-09-01"
_RUNS = count(1)


def queue(rig: Rig, *keys: str) -> None:
    messages = [Message(NOTICE, key, "overdue") for key in keys]
    rig.ledger.record_look([], decisions=[], messages=messages, recorded_at=rig.now())


def asked(rig: Rig, system: str, *keys: str) -> None:
    """Have review tickets stand, and their notices queued."""
    rig.queue(*keys)
    rig.run(system, *keys)
    queue(rig, *keys)


def tell(
    rig: Rig,
    *keys: str,
    evidence: str = "d1",
    outbox: Outbox | None = None,
    wrap: Callable[[TicketPort], TicketPort] | None = None,
) -> list[Delivered]:
    text = Paragraph((Span("It is now for platform-board to decide."),))
    content = TicketContent("2026-12-07: the decision is overdue", (text,), evidence)
    with connected(
        TICKETS,
        settings_of(rig.sandbox),
        waits=rig.waits,
        clock=rig,
        deadline=rig.now() + timedelta(hours=4),
    ) as systems:
        return deliver_notices(
            NOTICE,
            dict.fromkeys(keys, content),
            below=KIND,
            outbox=outbox or rig.ledger,
            ports={name: wrap(port) if wrap else port for name, port in systems.ports.items()},
            digest=DIGEST,
            now=rig.now,
            holder=f"teller-{next(_RUNS)}",
        )


def comments(rig: Rig, system: str) -> list[str]:
    return [comment for one in rig.listed(system) for comment in one["comments"]]


def test_a_notice_is_one_comment_and_told_no_more(rig: Rig, system: str) -> None:
    asked(rig, system, KEY)
    (ticket,) = rig.listed(system)

    (first,) = tell(rig, KEY)
    again = tell(rig, KEY)

    assert first.what is What.COMMENTED
    assert first.ticket.endswith(ticket["key"])
    assert again == []
    (comment,) = comments(rig, system)
    assert "the decision is overdue" in comment.replace("\\", "")
    assert rig.ledger.unsent(NOTICE) == []
    rig.assert_one_each(system, 1)


def test_a_comment_on_the_same_evidence_is_not_taken_for_the_notice(rig: Rig, system: str) -> None:
    asked(rig, system, KEY)
    rig.wait(7 * 24 * 60)
    assert rig.one(system, KEY, evidence="d2").what is What.COMMENTED

    (told,) = tell(rig, KEY, evidence="d2")

    assert told.what is What.COMMENTED
    assert len(comments(rig, system)) == 2


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
def test_killed_at_any_call_and_run_again_leaves_one_comment(
    rig: Rig, system: str, *, is_after: bool
) -> None:
    for at in range(30):
        key, dying = f"kill-{at}@1", Dying(at, is_after=is_after)
        asked(rig, system, key)
        try:
            tell(
                rig,
                key,
                outbox=DyingOutbox(rig.ledger, dying),
                wrap=lambda port, dying=dying: DyingPort(port, dying),  # type: ignore[misc]
            )
        except Killed:
            rig.wait(21)  # the dead run's lease
            tell(rig, key)
            assert rig.ledger.unsent(NOTICE) == [], dying.calls
        else:
            break

    assert {"rows", "lease", "read", "references", "keep", "comment"} <= set(dying.calls)
    assert at > 8
    assert [len(one["comments"]) for one in rig.listed(system)] == [1] * (at + 1)


@pytest.mark.parametrize("mode", ["timeout_after_create", "lost_response"])
def test_a_comment_that_happened_without_an_answer_is_found_at_once(
    rig: Rig, system: str, mode: str
) -> None:
    rig.sandbox.faults.close()  # silence ends in a gateway's timeout, at once
    asked(rig, system, KEY)
    rig.fail(system, mode, times=1)

    (told,) = tell(rig, KEY)

    assert told.what is What.COMMENTED
    assert len(comments(rig, system)) == 1
    assert tell(rig, KEY) == []


@pytest.mark.parametrize("mode", ["timeout_before_create", "lost_request"])
def test_a_comment_that_got_lost_is_sent_again_only_after_ten_minutes(
    rig: Rig, system: str, mode: str
) -> None:
    rig.sandbox.faults.close()
    asked(rig, system, KEY)
    rig.fail(system, mode, times=1)

    (lost,) = tell(rig, KEY)
    rig.wait(9)
    (early,) = tell(rig, KEY)

    assert (lost.what, early.what) == (What.PENDING, What.PENDING)
    assert early.until is not None
    assert early.until > rig.now()
    assert comments(rig, system) == []
    rig.wait(1.1)
    assert [one.what for one in tell(rig, KEY)] == [What.COMMENTED]
    assert len(comments(rig, system)) == 1


def test_a_comment_that_arrives_late_is_found_and_not_repeated(rig: Rig, system: str) -> None:
    rig.sandbox.faults.close()
    asked(rig, system, KEY)
    rig.fail(system, "lost_request", times=1)
    tell(rig, KEY)
    with connected(
        TICKETS,
        settings_of(rig.sandbox),
        waits=rig.waits,
        clock=rig,
        deadline=rig.now() + timedelta(hours=1),
    ) as systems:
        port = systems.ports[system]
        mark = reference_of(DIGEST, place=port.place, key=KEY, evidence=NOTICE)
        ticket = rig.ledger.outbox_rows(KIND)[0].progress.ticket
        port.comment(ticket, TicketContent("overdue", (), "d1"), mark)
    rig.wait(30)

    assert [one.what for one in tell(rig, KEY)] == [What.STANDS]
    assert len(comments(rig, system)) == 1
    assert rig.ledger.unsent(NOTICE) == []


def test_two_runs_at_once_comment_once_each(rig: Rig, system: str) -> None:
    keys = [f"wf-{n}@1" for n in range(4)]
    asked(rig, system, *keys)
    start = Barrier(2)

    def go(_: int) -> list[What]:
        start.wait(10)
        return [one.what for one in tell(rig, *keys)]

    with ThreadPoolExecutor(2) as pool:
        told = [what for one in pool.map(go, range(2)) for what in one]

    assert told.count(What.COMMENTED) == len(keys)
    assert set(told) <= {What.COMMENTED, What.TAKEN, What.STANDS}
    assert [len(one["comments"]) for one in rig.listed(system)] == [1] * len(keys)


def test_two_runs_at_once_on_either_database(rig: Rig, database: Database) -> None:
    keys = [f"wf-{n}@1" for n in range(3)]
    with Ledger.open(database.url, lake_id="lake-1") as ledger:
        asked(Rig(rig.sandbox, ledger), GITHUB, *keys)
    start = Barrier(2)

    def go(_: int) -> None:
        with Ledger.open(database.url, lake_id="lake-1") as ledger:
            start.wait(10)
            for _ in range(2):
                tell(Rig(rig.sandbox, ledger), *keys)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(go, range(2)))

    assert [len(one["comments"]) for one in rig.listed(GITHUB)] == [1] * len(keys)


@pytest.mark.parametrize(("act", "what"), [("close", What.CLOSED), ("delete", What.GONE)])
def test_a_ticket_that_is_over_gets_no_comment_and_settles_its_notice(
    rig: Rig, system: str, act: str, what: What
) -> None:
    asked(rig, system, KEY)
    (ticket,) = rig.listed(system)
    rig.act(act, system=BOARDS[system], key=ticket["key"])

    (told,) = tell(rig, KEY)

    assert told.what is what
    assert comments(rig, system) == []
    assert rig.ledger.unsent(NOTICE) == []
    (row,) = rig.ledger.outbox_rows(NOTICE)
    assert row.progress.name == what.value
    assert tell(rig, KEY) == []


def test_a_ticket_that_lost_its_marker_is_not_written_to(rig: Rig) -> None:
    asked(rig, GITHUB, KEY)
    (ticket,) = rig.listed(GITHUB)
    rig.act("edit", system="github", key=ticket["key"], text="all of it is mine")

    assert [one.what for one in tell(rig, KEY)] == [What.FOREIGN]
    assert comments(rig, GITHUB) == []


def test_a_notice_waits_for_its_ticket(rig: Rig, system: str) -> None:
    rig.queue(KEY)
    queue(rig, KEY)

    assert [one.what for one in tell(rig, KEY)] == [What.QUEUED]
    rig.run(system, KEY)
    assert [one.what for one in tell(rig, KEY)] == [What.COMMENTED]


def test_a_notice_that_nobody_asks_for_is_not_told(rig: Rig, system: str) -> None:
    asked(rig, system, KEY)

    assert [one.what for one in tell(rig)] == [What.QUEUED]
    assert comments(rig, system) == []


@pytest.mark.parametrize(
    ("mode", "what"), [("refuse_403", What.REFUSED), ("rate_limit", What.PENDING)]
)
def test_a_refusal_or_limit_tells_nothing_and_is_tried_again(
    rig: Rig, system: str, mode: str, what: What
) -> None:
    asked(rig, system, KEY, "second@1")
    rig.fail(system, mode)

    told = tell(rig, KEY, "second@1")

    assert [one.what for one in told] == [what, what]
    assert all(one.detail for one in told)
    assert comments(rig, system) == []
    rig.fail(system, "ok")
    rig.wait(61)  # whatever limit was learnt
    assert {one.what for one in tell(rig, KEY, "second@1")} == {What.COMMENTED}


def test_one_system_that_is_down_does_not_hold_the_other(rig: Rig) -> None:
    asked(rig, CLOUD, "a@1")
    asked(rig, GITHUB, "b@1")
    rig.fail(CLOUD, "down")

    told = {one.key: one.what for one in tell(rig, "a@1", "b@1")}

    assert told == {"a@1": What.PENDING, "b@1": What.COMMENTED}
    rig.fail(CLOUD, "ok")
    rig.wait(15)
    assert [(one.key, one.what) for one in tell(rig, "a@1", "b@1")] == [("a@1", What.COMMENTED)]
