"""One ticket each, whatever happens: on the sandbox's two Jiras and GitHub."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from tasks.core.review import delivery
from tasks.ledger.ledger import Ledger
from tasks.tickets.deliver import What
from tests.databases import Database
from tests.tickets.rig import (
    BOARDS,
    CLOUD,
    DATA_CENTER,
    GITHUB,
    Dying,
    DyingOutbox,
    DyingPort,
    Killed,
    Rig,
)

KEY = "bumps@2026-09-01"
WEEK = 7 * 24 * 60


def test_a_queued_ticket_is_created_once_and_then_stands(rig: Rig, system: str) -> None:
    rig.queue(KEY)

    first, second = rig.one(system, KEY), rig.one(system, KEY)

    assert (first.what, second.what) == (What.CREATED, What.STANDS)
    assert first.ticket == second.ticket
    assert first.told == "d1"
    (ticket,) = rig.listed(system)
    assert ticket["title"] == f"Review {KEY}"
    assert "46 of 49 good" in ticket["text"].replace("\\", "")
    rig.assert_one_each(system, 1)


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
def test_killed_at_any_call_and_run_again_leaves_one_ticket(
    rig: Rig, system: str, *, is_after: bool
) -> None:
    for at in range(30):
        key, dying = f"kill-{at}@1", Dying(at, is_after=is_after)
        rig.queue(key)
        try:
            rig.run(
                system,
                key,
                outbox=DyingOutbox(rig.ledger, dying),
                wrap=lambda port, dying=dying: DyingPort(port, dying),  # type: ignore[misc]
            )
        except Killed:
            rig.wait(21)  # the dead run's lease
            assert rig.until_told(system, key).ticket, dying.calls
            # A closed one is not looked at again, so that each run makes the same calls.
            rig.act("close", system=BOARDS[system], key=rig.listed(system)[-1]["key"])
            rig.run(system)
        else:
            break

    assert {"rows", "lease", "search", "keep", "create"} <= set(dying.calls)
    rig.assert_one_each(system, at + 1)


@pytest.mark.parametrize("mode", ["timeout_after_create", "lost_response"])
def test_a_create_that_happened_without_an_answer_is_found_at_once(
    rig: Rig, system: str, mode: str
) -> None:
    rig.sandbox.faults.close()  # silence ends in a gateway's timeout, at once
    rig.queue(KEY)
    rig.fail(system, mode, times=1)

    told = rig.one(system, KEY)

    assert told.what is What.ADOPTED
    rig.assert_one_each(system, 1)


@pytest.mark.parametrize("mode", ["timeout_before_create", "lost_request"])
def test_a_create_that_got_lost_is_repeated_only_after_ten_minutes_and_two_searches(
    rig: Rig, system: str, mode: str
) -> None:
    rig.sandbox.faults.close()
    rig.queue(KEY)
    rig.fail(system, mode, times=1)

    assert rig.one(system, KEY).what is What.PENDING
    rig.wait(9)
    early = rig.one(system, KEY)
    assert early.what is What.PENDING
    assert early.until is not None
    assert rig.listed(system) == []
    rig.wait(1.1)
    assert rig.one(system, KEY).what is What.CREATED
    rig.assert_one_each(system, 1)


@pytest.mark.parametrize("system", [CLOUD, DATA_CENTER])
def test_half_an_hour_of_search_lag_makes_no_second_ticket(rig: Rig, system: str) -> None:
    rig.act("search_lag", minutes=30)
    rig.queue(KEY)
    rig.killed_after_create(system, KEY)

    assert rig.one(system, KEY).what is What.ADOPTED
    rig.assert_one_each(system, 1)


def test_two_runs_at_once_make_one_ticket_each(rig: Rig, system: str) -> None:
    keys = [f"wf-{n}@1" for n in range(4)]
    rig.queue(*keys)
    start = Barrier(2)

    def go(_: int) -> list[What]:
        start.wait(10)
        return [one.what for one in rig.run(system, *keys)]

    with ThreadPoolExecutor(2) as pool:
        told = [what for one in pool.map(go, range(2)) for what in one]

    assert told.count(What.CREATED) == len(keys)
    assert set(told) <= {What.CREATED, What.TAKEN, What.STANDS}
    rig.assert_one_each(system, len(keys))


def test_two_runs_at_once_on_either_database(rig: Rig, database: Database) -> None:
    keys = [f"wf-{n}@1" for n in range(3)]
    start = Barrier(2)

    def go(_: int) -> None:
        with Ledger.open(database.url, lake_id="lake-1") as ledger:
            one = Rig(rig.sandbox, ledger)
            one.queue(*keys)
            start.wait(10)
            for _ in range(2):
                one.run(GITHUB, *keys)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(go, range(2)))

    rig.assert_one_each(GITHUB, len(keys))


def test_what_people_closed_stays_closed_and_untouched(rig: Rig, system: str) -> None:
    rig.queue(KEY)
    rig.one(system, KEY)
    (ticket,) = rig.listed(system)
    rig.act("close", system=BOARDS[system], key=ticket["key"])
    rig.wait(2 * WEEK)

    told = rig.one(system, KEY, evidence="d2")

    assert told.what is What.CLOSED
    (after,) = rig.listed(system)
    assert after["is_done"]
    assert after["comments"] == []
    rig.act("reopen", system=BOARDS[system], key=ticket["key"])
    assert rig.one(system, KEY, evidence="d2").what is What.COMMENTED


def test_what_people_deleted_is_not_created_again(rig: Rig, system: str) -> None:
    rig.queue(KEY)
    rig.one(system, KEY)
    (ticket,) = rig.listed(system)
    rig.act("delete", system=BOARDS[system], key=ticket["key"])

    for _ in range(3):
        rig.wait(WEEK)
        assert rig.one(system, KEY).what is What.GONE

    assert len(rig.listed(system)) == 1


@pytest.mark.parametrize("has_properties", [False, True])
def test_a_clone_is_not_ours_even_before_the_original_is_recorded(
    rig: Rig, system: str, *, has_properties: bool
) -> None:
    rig.queue(KEY)
    ticket = rig.killed_after_create(system, KEY)
    rig.act("clone", system=BOARDS[system], key=ticket["key"], properties=has_properties)

    told = rig.one(system, KEY)

    assert (told.what, told.strangers) == (What.ADOPTED, 1)
    assert told.ticket.endswith(ticket["key"])
    assert len(rig.listed(system, ours=False)) == 2


def test_a_forged_marker_is_refused_and_told(rig: Rig, system: str) -> None:
    rig.queue(KEY, "other@1")
    rig.one(system, KEY)
    (ticket,) = rig.listed(system)
    rig.act("forge", system=BOARDS[system], key=ticket["key"])
    rig.act("delete", system=BOARDS[system], key=ticket["key"])

    assert rig.one(system, KEY).what is What.GONE  # the forgery is no substitute

    (forged,) = [one for one in rig.listed(system, ours=False) if not one["is_ours"]]
    assert forged["comments"] == []


def test_an_edited_text_is_left_as_it_is_and_the_ticket_followed_on(rig: Rig, system: str) -> None:
    rig.queue(KEY)
    rig.one(system, KEY)
    (ticket,) = rig.listed(system)
    text = "Mine now. " + (ticket["text"] if system == GITHUB else "")
    rig.act("edit", system=BOARDS[system], key=ticket["key"], text=text)
    rig.wait(WEEK)

    assert rig.one(system, KEY, evidence="d2").what is What.COMMENTED
    (after,) = rig.listed(system)
    assert after["text"] == text


def test_a_ticket_that_lost_its_marker_is_written_to_no_more(rig: Rig) -> None:
    rig.queue(KEY)
    rig.one(GITHUB, KEY)
    (ticket,) = rig.listed(GITHUB)
    rig.act("edit", system="github", key=ticket["key"], text="all of it is mine")
    rig.wait(WEEK)

    assert rig.one(GITHUB, KEY, evidence="d2").what is What.FOREIGN
    (after,) = rig.listed(GITHUB)
    assert after["comments"] == []


def test_changed_evidence_is_one_comment_a_week_each_once(rig: Rig, system: str) -> None:
    rig.queue(KEY)
    told = [rig.one(system, KEY, "d1").what]
    for evidence in ("d1", "d2", "d2", "d3"):
        rig.wait(WEEK)
        told.append(rig.one(system, KEY, evidence).what)
    told.append(rig.one(system, KEY, "d4").what)  # within the week

    assert told == [
        *(What.CREATED, What.STANDS, What.COMMENTED, What.STANDS, What.COMMENTED, What.STANDS)
    ]
    (ticket,) = rig.listed(system)
    first, second = ticket["comments"]
    assert "d2" in first
    assert "d3" in second


@pytest.mark.parametrize("mode", ["lost_response", "lost_request"])
def test_a_comment_without_an_answer_is_looked_for_before_it_is_repeated(
    rig: Rig, system: str, mode: str
) -> None:
    rig.queue(KEY)
    rig.one(system, KEY)
    rig.wait(WEEK)
    rig.fail(system, mode, times=1)
    assert rig.one(system, KEY, "d2").what is What.PENDING

    rig.wait(WEEK)
    rig.one(system, KEY, "d2")

    (ticket,) = rig.listed(system)
    assert len(ticket["comments"]) == 1


@pytest.mark.parametrize(
    ("mode", "what"), [("refuse_403", What.REFUSED), ("rate_limit", What.PENDING)]
)
def test_a_refusal_or_limit_creates_nothing_and_is_tried_again(
    rig: Rig, system: str, mode: str, what: What
) -> None:
    rig.queue(KEY, "second@1")
    rig.fail(system, mode)

    told = rig.run(system, KEY, "second@1")

    assert [one.what for one in told] == [what, What.PENDING]
    assert all(one.detail for one in told)
    assert rig.listed(system) == []
    rig.fail(system, "ok")
    rig.wait(61)  # whatever limit was learnt
    assert {one.what for one in rig.run(system, KEY, "second@1")} == {What.CREATED}
    rig.assert_one_each(system, 2)


def test_a_system_that_is_down_leaves_every_row_pending(rig: Rig, system: str) -> None:
    keys = [f"wf-{n}@1" for n in range(5)]
    rig.queue(*keys)
    rig.fail(system, "down")

    told = rig.run(system, *keys)

    assert {one.what for one in told} == {What.PENDING}
    rig.fail(system, "ok")
    rig.wait(15)
    assert {one.what for one in rig.run(system, *keys)} == {What.CREATED}
    rig.assert_one_each(system, len(keys))


def test_one_system_that_is_down_does_not_hold_the_other(rig: Rig) -> None:
    rig.queue("a@1", "b@1")
    rig.fail(CLOUD, "down")
    wanted = dict(zip(("a@1", "b@1"), (CLOUD, GITHUB), strict=True))

    told = {
        one.key: one.what
        for one in rig.deliver({key: rig.wanted(to, key) for key, to in wanted.items()})
    }

    assert told == {"a@1": What.PENDING, "b@1": What.CREATED}


def test_five_hundred_at_once_keep_the_cap_in_every_run(rig: Rig) -> None:
    keys = [f"wf-{n:03}@1" for n in range(500)]
    rig.queue(*keys)

    for run in range(1, 4):
        told = [one.what for one in rig.run(GITHUB, *keys)]
        assert told.count(What.CREATED) == 10
        assert told.count(What.QUEUED) == 500 - 10 * run
        rig.assert_one_each(GITHUB, 10 * run)

    titles = [one["title"] for one in rig.listed(GITHUB)]
    assert titles == [f"Review {key}" for key in keys[:30]]


def test_losses_count_towards_the_cap(rig: Rig) -> None:
    keys = [f"wf-{n}@1" for n in range(6)]
    rig.queue(*keys)
    rig.fail(GITHUB, "lost_response", times=2)

    told = [one.what for one in rig.run(GITHUB, *keys, most=3)]

    assert told == [*[What.ADOPTED] * 2, What.CREATED, *[What.QUEUED] * 3]


def test_nothing_is_created_that_nobody_asks_for_any_more(rig: Rig, system: str) -> None:
    rig.queue(KEY)

    (told,) = rig.run(system)

    assert told.what is What.QUEUED
    assert rig.listed(system) == []


def test_an_open_ticket_is_read_for_decisions_though_nothing_is_wanted(
    rig: Rig, system: str
) -> None:
    rig.queue(KEY)
    rig.one(system, KEY)
    (ticket,) = rig.listed(system)
    rig.act("decide", system=BOARDS[system], key=ticket["key"], decision="declined")
    rig.act("edit", system=BOARDS[system], key=ticket["key"], text=ticket["text"])

    (told,) = rig.run(system)

    assert told.labels == ("graduand:declined",)


def test_a_ticket_that_was_begun_stays_in_its_system(rig: Rig) -> None:
    rig.queue(KEY)
    rig.one(CLOUD, KEY)

    assert rig.one(GITHUB, KEY).what is What.STANDS
    assert rig.listed(GITHUB) == []


def test_a_row_without_a_route_is_told(rig: Rig) -> None:
    rig.queue(KEY, "b@1")

    told = rig.deliver({KEY: rig.wanted("", KEY), "b@1": rig.wanted("elsewhere", "b@1")})

    assert [one.what for one in told] == [What.UNROUTED, What.UNROUTED]


@pytest.mark.parametrize("mode", ["lost_request", "lost_response", "rate_limit"])
def test_a_patient_run_waits_and_brings_every_ticket_out(rig: Rig, system: str, mode: str) -> None:
    keys = [f"wf-{n}@1" for n in range(3)]
    rig.queue(*keys)
    rig.fail(system, mode, after=1, times=1)
    began_at = rig.now()

    told = rig.deliver({key: rig.wanted(system, key) for key in keys}, is_patient=True)

    assert {one.what for one in told} <= {What.CREATED, What.ADOPTED}
    rig.assert_one_each(system, len(keys))
    assert (rig.now() - began_at >= delivery.RETRY_AFTER) is (mode == "lost_request")


def test_a_patient_run_gives_up_at_its_deadline(rig: Rig) -> None:
    rig.queue(KEY)
    rig.fail(CLOUD, "rate_limit")
    began_at = rig.now()

    (told,) = rig.deliver({KEY: rig.wanted(CLOUD, KEY)}, is_patient=True)

    assert told.what is What.PENDING
    assert told.until is not None
    assert rig.now() - began_at < timedelta(hours=4)
    assert rig.listed(CLOUD) == []
