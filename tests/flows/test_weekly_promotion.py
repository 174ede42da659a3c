"""The weekly look, from evidence to the one ticket, and back from what people decided."""

import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from sandbox import ticket_acts
from tasks.core.books import Cause
from tasks.core.errors import ConfigError
from tasks.core.promotion.candidates import OwnFigures
from tasks.core.promotion.decisions import Code
from tasks.core.promotion.verdict import GateName, Kind, Status
from tasks.core.review.promotion_report import Asking, PromotionReport, TicketState
from tasks.report import promotion_state
from tests.databases import NewDatabase
from tests.flows.stores import Stores, Sums
from tests.flows.weekly import (
    FADES,
    MONDAY,
    NEXT_MONDAY,
    QUALIFIES,
    SOURCES,
    Week,
    case_of,
    digests_of,
    look_killed_once_a_ticket_stands,
    taken,
)

REVIEW = "review_ticket"
#: On SQLite alone: what the ledger does is shown by others on both.
ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


def state_of(report: PromotionReport, workflow: str = QUALIFIES) -> TicketState:
    """Find where the review ticket of a workflow stands."""
    (found,) = [one for one in report.tickets if (one.workflow, one.kind) == (workflow, REVIEW)]
    return found


# --- What a look records ---------------------------------------------------------------------


def test_one_qualifies_one_should_stop_and_a_look_records_it_once(week: Week) -> None:
    first = week.look()
    after = week.rows()
    again = week.look()

    kinds = {case.verdict.workflow: case.verdict.kind for case in first.cases}
    assert kinds[QUALIFIES] is Kind.QUALIFIED
    assert kinds[FADES] is Kind.RETIRE
    assert len(after["verdicts"]) == len(kinds)
    assert after["outbox"] == []
    assert digests_of(again) == digests_of(first)
    assert week.rows() == after
    assert week.stores.verified()


def test_a_dry_run_records_nothing_and_needs_no_secret_of_a_ticket_system(week: Week) -> None:
    before, asked = week.rows(), week.sandbox.faults.counts()

    report = week.look(is_dry_run=True, opens_tickets=True)

    assert state_of(report).what == "would_open"
    assert week.rows() == before
    assert week.sandbox.faults.counts() == asked


def test_a_past_look_finds_what_was_recorded_then_and_opens_nothing(week: Week) -> None:
    live = week.look()
    week.night(NEXT_MONDAY)
    later = week.look(NEXT_MONDAY)
    before, asked = week.rows(), week.sandbox.faults.counts()
    week.may_write()

    past = taken(Asking(MONDAY, is_past=True, opens_tickets=True))
    newer = taken(Asking(NEXT_MONDAY, is_past=True, opens_tickets=True))

    # Three merges of its work were taken back meanwhile.
    was, now = case_of(live).card, case_of(later).card
    assert (now.successes, now.failures) == (was.successes - 3, was.failures + 3)
    assert case_of(live).verdict.kind is Kind.QUALIFIED
    assert case_of(later).verdict.kind is Kind.NOT_YET
    assert digests_of(past) == digests_of(live)
    assert digests_of(newer) == digests_of(later)
    assert state_of(past).what == "would_open"
    assert week.rows() == before
    assert week.sandbox.faults.counts() == asked
    assert week.tickets() == []


@ONE_DATABASE
def test_only_the_workflows_that_were_asked_for_are_judged(week: Week) -> None:
    whole = digests_of(week.look(is_dry_run=True))

    report = week.look(workflows=(QUALIFIES,))

    # Its family is known all the same: golden stands beside it, and others share its alpha.
    assert digests_of(report) == {QUALIFIES: whole[QUALIFIES]}
    assert len(week.rows()["verdicts"]) == 1


@ONE_DATABASE
def test_the_list_says_what_was_said_last_time(week: Week) -> None:
    week.look()
    week.night(NEXT_MONDAY)

    report = week.look(NEXT_MONDAY)

    assert (QUALIFIES, "qualified") in report.since
    assert isinstance(report.own, OwnFigures)


# --- One ticket ------------------------------------------------------------------------------


def test_who_qualifies_gets_one_ticket_however_often_one_looks(week: Week) -> None:
    week.may_write()

    first, second = (week.look(opens_tickets=True) for _ in range(2))

    (ticket,) = week.tickets()
    assert state_of(first).what == "created"
    assert state_of(second) == TicketState(
        QUALIFIES, REVIEW, "stands", f"meridian-freight/agent-catalog#{ticket['key']}"
    )
    assert ticket["comments"] == []
    # What is not asked about in this way has none.
    assert week.tickets(FADES) == []
    assert promotion_state(second).name == "Completed"


def test_changed_evidence_is_one_dated_comment_a_week(week: Week) -> None:
    week.may_write()
    week.look(opens_tickets=True)
    week.night(NEXT_MONDAY)

    told = [
        state_of(week.look(NEXT_MONDAY + timedelta(hours=hours), opens_tickets=True)).what
        for hours in (0, 1, 24 * 6)
    ]

    (ticket,) = week.tickets()
    assert told == ["commented", "stands", "stands"]
    (comment,) = ticket["comments"]
    assert "2026-11-23: the evidence has changed" in comment.replace("\\", "")


def test_two_looks_at_once_make_one_ticket(week: Week) -> None:
    week.may_write()
    start = Barrier(2)

    def go(_: int) -> PromotionReport:
        start.wait(30)
        return taken(Asking(MONDAY, opens_tickets=True))

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(go, range(2)))

    assert len(week.tickets()) == 1
    assert "created" in {state_of(one).what for one in reports}
    assert {state_of(one).what for one in reports} <= {"created", "taken", "stands"}
    rows = week.rows()
    assert len(rows["verdicts"]) == len(reports[0].cases)
    assert len(rows["outbox"]) == 1
    week.stores.verified()


def test_a_look_killed_between_create_and_record_finds_its_ticket_again(week: Week) -> None:
    week.may_write()
    look_killed_once_a_ticket_stands(week)

    early = week.look(opens_tickets=True)
    later = week.look(MONDAY + timedelta(minutes=21), opens_tickets=True)

    assert state_of(early).what == "taken"  # the dead one's lease
    assert state_of(later).what == "adopted"
    assert len(week.tickets()) == 1


@ONE_DATABASE
@pytest.mark.parametrize(
    ("mode", "minutes", "then"),
    [
        ("down", 1, "created"),
        ("refuse_403", 1, "created"),
        ("lost_request", 11, "created"),
        ("lost_response", 1, "stands"),
    ],
)
def test_a_system_that_fails_leaves_a_row_that_the_next_run_mends(
    week: Week, mode: str, minutes: int, then: str
) -> None:
    week.may_write()
    week.sandbox.faults.fail("github", mode)

    failed = week.look(opens_tickets=True)
    week.sandbox.faults.fail("github", "ok")
    mended = week.look(MONDAY + timedelta(minutes=minutes), opens_tickets=True)

    if mode == "lost_response":  # it was made, and is found at once
        assert (state_of(failed).what, failed.problems) == ("adopted", ())
    else:
        assert state_of(failed).what == ("refused" if mode == "refuse_403" else "pending")
        assert QUALIFIES in failed.problems[0]
        assert promotion_state(failed).name == "Partial"
    assert state_of(mended).what == then
    assert mended.problems == ()
    assert len(week.tickets()) == 1
    assert len(week.rows()["outbox"]) == 1


@ONE_DATABASE
@pytest.mark.parametrize("act", ["close", "delete"])
def test_a_ticket_that_a_person_closed_or_deleted_is_not_opened_again(week: Week, act: str) -> None:
    week.may_write()
    week.look(opens_tickets=True)
    (ticket,) = week.tickets()
    week.act(act, system="github", key=ticket["key"])

    told = [state_of(week.look(opens_tickets=True)).what for _ in range(2)]

    assert set(told) == {"closed" if act == "close" else "gone"}
    assert len(week.tickets()) == 1


@ONE_DATABASE
@pytest.mark.parametrize(
    ("label", "until_items", "until_day"),
    [
        ("graduand:declined", None, None),
        ("graduand:declined:60-items", 60, None),
        ("graduand:declined:2026-12-01", None, date(2026, 12, 1)),
    ],
)
def test_a_refusal_is_read_back_with_its_role_and_is_not_asked_again(
    week: Week, label: str, until_items: int | None, until_day: date | None
) -> None:
    week.may_write()
    week.look(opens_tickets=True)
    (ticket,) = week.tickets()
    week.act("label", system="github", key=ticket["key"], add=label)
    week.act("close", system="github", key=ticket["key"])

    found = week.look(MONDAY + timedelta(hours=1), opens_tickets=True)
    week.look(MONDAY + timedelta(hours=2), opens_tickets=True)
    shown = week.look(MONDAY + timedelta(hours=3), is_dry_run=True)

    (decision,) = found.decisions
    assert (decision.workflow, decision.code) == (QUALIFIES, Code.DECLINED)
    assert (decision.role, decision.decided_on) == ("platform-lead", MONDAY.date())
    assert (decision.until_items, decision.until_day) == (until_items, until_day)
    assert decision.evidence == case_of(week.look(is_dry_run=True)).digest
    assert shown.decisions == (decision,)
    assert all(one.workflow != QUALIFIES for one in shown.tickets)
    assert len(week.tickets()) == 1


@ONE_DATABASE
def test_the_next_epoch_gets_a_ticket_of_its_own(week: Week) -> None:
    week.may_write()
    week.look(opens_tickets=True)
    (first,) = week.tickets()
    week.act("label", system="github", key=first["key"], add="graduand:declined")
    week.act("close", system="github", key=first["key"])
    week.look(opens_tickets=True)
    # A change that nobody had written down: it begins an epoch, and most evidence is younger.
    title = "    title: Propose tests for uncovered code\n"
    change = "    changes: [{from: 2026-09-20, kind: tools, note: May run the tests.}]\n"
    week.stores.edit("catalog.yaml", (title, title + change))

    report = week.look(MONDAY + timedelta(hours=1), opens_tickets=True)

    assert len(week.tickets()) == 2
    assert case_of(report).verdict.epoch.startswith("2026-09-20")
    assert report.decisions == ()
    assert {one.what for one in report.tickets if one.workflow == QUALIFIES} == {"created"}


@ONE_DATABASE
def test_a_decision_that_is_overdue_is_told_to_the_escalation_role_once(week: Week) -> None:
    week.may_write()
    week.look(opens_tickets=True)
    last_day = MONDAY + timedelta(days=14)  # ten business days

    for late in (timedelta(), timedelta(days=1), timedelta(days=2), timedelta(days=9)):
        week.look(last_day + late, opens_tickets=True)

    (ticket,) = week.tickets()
    (told,) = [one for one in ticket["comments"] if "decision is overdue" in one]
    assert "`platform-oncall`" in told
    assert f"{last_day.date()}" in told


@ONE_DATABASE
def test_the_patch_of_a_ticket_is_proposed_as_one_pull_request_where_that_is_wanted(
    week: Week,
) -> None:
    week.may_write()
    week.stores.edit("tickets.yaml", ("pull_requests: false", "pull_requests: true"))
    before = (week.stores.config / "catalog.yaml").read_text()
    week.act("put_file", path="config/catalog.yaml", text=before)

    looks = [week.look(opens_tickets=True) for _ in range(2)]

    every: Any = ticket_acts.listing(week.sandbox.board)
    (pull,) = [one for one in every["tickets"] if one["is_pull"]]
    assert pull["title"] == f"Promote {QUALIFIES} to golden"
    case = case_of(looks[0])
    assert case.patch is not None
    branch = f"graduand/promote-{QUALIFIES}-{case.verdict.epoch.partition(' ')[0]}"
    head = week.sandbox.board.catalog.at(branch)
    assert head is not None
    assert head.files["config/catalog.yaml"].decode() == case.patch.text_after
    whats = [one.what for look in looks for one in look.tickets if one.kind == "pull_request"]
    assert whats == ["created", "stands"]


# --- A merged patch --------------------------------------------------------------------------


MONEY = (*SOURCES, "openai")
#: The day that the ticket proposes if people have one business day.
FROM_DAY = date(2026, 11, 18)


def test_a_merged_patch_moves_the_workflow_from_its_day_on_and_nothing_before(
    week: Week, tmp_path: Path
) -> None:
    week.may_write()
    week.stores.edit("policy.yaml", ("decide_within_days: 10", "decide_within_days: 1"))
    # A family without golden: what is promoted becomes it.
    week.stores.edit("catalog.yaml", ("      - {from: 2026-11-10, stage: golden}\n", ""))
    week.night(MONDAY, MONEY)
    asked = week.look(opens_tickets=True)
    week.night(NEXT_MONDAY, MONEY)
    unmerged, postings = week.stores.costs(), week.stores.rows()["postings"]

    (ticket,) = week.tickets()
    merge(week, str(ticket["text"]), tmp_path)
    night = week.night(NEXT_MONDAY + timedelta(hours=1), MONEY)
    found = week.look(NEXT_MONDAY + timedelta(hours=2), opens_tickets=True)

    assert dict(night.causes).keys() == {Cause.RECLASS.value}
    after = week.stores.costs()
    assert of_days(after, lambda day: day < FROM_DAY) == of_days(
        unmerged, lambda day: day < FROM_DAY
    )
    # What was posted stays as it is; entries are of new days alone.
    assert set(postings) <= set(week.stores.rows()["postings"])
    pools = {
        (key.day >= FROM_DAY, to.pool) for (key, to), _ in after.items() if to.workflow == QUALIFIES
    }
    assert pools == {(False, "exploration"), (True, "production")}
    assert week.stores.verified()

    (decision,) = found.decisions
    assert (decision.workflow, decision.code) == (QUALIFIES, Code.APPROVED)
    assert (decision.role, decision.decided_on) == ("platform-lead", FROM_DAY)
    assert decision.evidence == case_of(asked).digest
    assert decision.commit
    assert case_of(found).card.stage == "golden"
    assert case_of(asked, "flaky-test-fixer").packet.case.golden is None
    golden = case_of(found, "flaky-test-fixer").packet.case.golden
    assert golden == case_of(found).card


def merge(week: Week, ticket: str, tmp_path: Path) -> None:
    """Apply the diff of a ticket as people would, and have the catalog's repository show it."""
    repository = tmp_path / "repository"
    (repository / "config").mkdir(parents=True)
    before = (week.stores.config / "catalog.yaml").read_bytes()
    merged = repository / "config" / "catalog.yaml"
    merged.write_bytes(before)
    diff = ticket.partition("```diff\n")[2].partition("```")[0]
    git = shutil.which("git") or "git"
    subprocess.run([git, "apply", "-"], cwd=repository, input=diff.encode(), check=True)
    (week.stores.config / "catalog.yaml").write_bytes(merged.read_bytes())
    week.act("put_file", path="config/catalog.yaml", text=before.decode())
    week.act("wait", minutes=1)
    week.act("put_file", path="config/catalog.yaml", text=merged.read_text(encoding="utf-8"))


def of_days(sums: Sums, is_meant: Callable[[date], bool]) -> Sums:
    """Pick the sums of some days."""
    return {place: nano for place, nano in sums.items() if is_meant(place[0].day)}


# --- Bad input -------------------------------------------------------------------------------


@ONE_DATABASE
def test_a_family_without_golden_has_a_verdict_and_what_needs_golden_is_not_asked(
    week: Week,
) -> None:
    week.stores.edit("catalog.yaml", ("      - {from: 2026-11-10, stage: golden}\n", ""))

    found = case_of(week.look())

    assert found.packet.case.golden is None
    assert found.verdict.kind is Kind.QUALIFIED
    asked = {gate.name: gate.status for gate in found.verdict.gates}
    assert {asked[name] for name in (GateName.GOLDEN, GateName.COST)} == {Status.NOT_ASKED}


@ONE_DATABASE
def test_a_store_without_any_item_has_a_verdict_for_everybody(
    week: Week, new_database: NewDatabase, tmp_path: Path
) -> None:
    empty = Stores(tmp_path / "empty", new_database())
    shutil.copytree(week.stores.config, empty.config)
    bare = Week(week.sandbox, empty, week.patch)
    bare.begin()

    report = bare.look()

    assert len(report.cases) == len(week.look(is_dry_run=True).cases)
    assert not {case.verdict.kind for case in report.cases} & {Kind.QUALIFIED, Kind.RETIRE}
    assert all(case.verdict.rate.items == 0 for case in report.cases)
    assert case_of(report).verdict.sentence


@ONE_DATABASE
def test_a_tier_that_the_policy_leaves_out_is_refused_before_any_look(week: Week) -> None:
    tier = "  - tier: 1\n    required_controls: [human-review]\n    review_cadence_days: 90\n"
    week.stores.edit("policy.yaml", (tier, ""))
    before = week.rows()

    with pytest.raises(ConfigError, match=r"tier"):
        week.look()

    assert week.rows() == before
