"""The candidate list says what to do now; nothing from outside is markup or a formula."""

import csv
import io
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tasks.core.findings import Finding
from tasks.core.promotion.candidates import OwnFigures
from tasks.core.promotion.cusum import THRESHOLD
from tasks.core.promotion.decisions import Code, Decision
from tasks.core.promotion.gate import judge_case
from tasks.core.promotion.gate_words import GATES, begun
from tasks.core.promotion.scorecard import LOG_UNIT, Stratum
from tasks.core.promotion.terms import DEFAULTS
from tasks.core.promotion.verdict import GateName, Kind, Projection, Status
from tasks.core.promotion.watch import Notice, Signal
from tasks.core.review.promotion_patch import Patch
from tasks.core.review.promotion_report import Asking, PromotionReport, TicketState
from tasks.core.review.ticket_case import TicketCase
from tasks.pages.candidates import (
    candidate_tasks,
    candidates,
    run_name,
    summary,
)
from tasks.pages.candidates_csv import HEAD, candidates_csv
from tasks.pages.missing_gates import projected_days, unmet_gates
from tasks.pages.scorecards import scorecards
from tasks.pages.sunset import sunset
from tasks.tickets.wanted import What
from tests.core.review.ticketed import AS_OF, BEGUN, card, case, gate, verdict, workflow
from tests.pages.shown import foreign_markup, html_of

HOSTILE = "<img src=x onerror=alert(1)>|`x`\n# [y](http://z) =cmd() @all"
MIXED = (Stratum("a", 25, 23), Stratum("b", 24, 23))


def judged(
    name: str,
    *,
    tier: int = 2,
    stage: str = "exploration",
    workflow_fields: dict[str, Any] | None = None,
    **fields: Any,
) -> TicketCase:
    """Judge a workflow with the product's own rule, on the evidence that a test gives."""
    spread = {"days": 20, "weeks": 8, "repositories": 3, "squads": 2, "top_squad": (20, 18)}
    used = {"first_at": BEGUN, "last_at": AS_OF - timedelta(days=2), "recent": 20, "strata": MIXED}
    found = case(
        card=card(workflow=name, tier=tier, stage=stage, **(spread | used | fields)),
        workflow=workflow(
            id=name,
            risk_tier=tier,
            stages=[{"from": "2026-09-01", "stage": stage}],
            **(workflow_fields or {}),
        ),
        terms=DEFAULTS[tier],
    )
    packet = found.packet
    return replace(found, packet=replace(packet, verdict=judge_case(packet.case)), digest=name)


GOOD = judged("good", tier=1)
SWARM = judged("swarm", successes=25, failures=2, unknown=0)
YOUNG = judged("young", successes=3, failures=1, unknown=0)
DUE = judged("due", stage_from=date(2026, 8, 1), successes=20, failures=4)
BAD = judged("bad", successes=10, failures=40)
UNUSED = judged(
    "unused",
    successes=0,
    failures=0,
    unknown=0,
    first_at=None,
    last_at=None,
    stage_from=date(2026, 5, 1),
)
GOLDEN = judged("golden", stage="golden", successes=930, failures=70, unknown=0)
EVERY = (YOUNG, GOLDEN, DUE, BAD, GOOD, UNUSED, SWARM)


def report(*cases: TicketCase, asking: Asking | None = None, **fields: Any) -> PromotionReport:
    return PromotionReport(asking=asking or Asking(AS_OF), cases=cases, **fields)


def ticket(what: str = "stands", **fields: Any) -> TicketState:
    values = {"workflow": "good", "kind": "review_ticket", "ticket": "PROMO-12"}
    return TicketState(**(values | fields), what=what)


def rows(page: str, title: str) -> list[list[str]]:
    """Read the rows of the first table below a title, without its head."""
    lines = page.partition(f"{title}\n")[2].splitlines()
    start = next(at for at, one in enumerate(lines) if one.startswith("|"))
    found = []
    for one in lines[start + 2 :]:
        if not one.startswith("|"):
            break
        found.append([cell.strip() for cell in one.strip("|").split(" | ")])
    return found


# --- the list


def test_the_first_sentence_counts_verdicts_and_the_tickets_they_ask_for() -> None:
    found = report(*EVERY, tickets=(ticket("would_open", ticket=""),))

    assert summary(found) == (
        "1 qualified, 1 due for a decision, 2 not yet, 2 to retire, 1 golden holding;"
        " 1 ticket would be opened (dry run)."
    )
    assert candidates(found).splitlines()[2] == f"**{summary(found)}**"


def test_a_workflow_that_lacks_the_proof_alone_is_ready_and_not_counted_twice() -> None:
    ready = judged("ready", successes=29, failures=2, unknown=0)
    assert ready.verdict.kind is Kind.NOT_YET
    assert ready.verdict.is_review_ready

    found = report(ready, YOUNG)

    assert summary(found).startswith("0 qualified, 1 ready for review, 1 not yet; ")
    assert run_name(found) == "2026-11-20 · 0 qualified · 1 ready · 1 not yet"


@pytest.mark.parametrize(
    ("whats", "told"),
    [
        ((), "no new ticket"),
        (("commented", "stands"), "no new ticket, 2 still open"),
        (("created", "adopted", "stands"), "2 tickets opened, 1 still open"),
        (("created", "pending", "queued", "unrouted"), "1 ticket opened, 3 waiting"),
    ],
)
def test_a_run_that_writes_says_what_it_opened_and_what_waits(
    whats: tuple[str, ...], told: str
) -> None:
    found = report(
        asking=Asking(AS_OF, opens_tickets=True), tickets=tuple(ticket(one) for one in whats)
    )

    assert summary(found).endswith(f"; {told}.")


def test_everything_that_becomes_of_a_ticket_is_told_in_words() -> None:
    page = candidates(report(*EVERY, tickets=tuple(ticket(one) for one in (*What, "would_open"))))

    stands = {row[-1] for row in rows(page, "## Review tickets")}
    assert len(stands) == len(What) + 1
    assert not stands & {one.value for one in What} - {"open"}


def test_the_list_begins_with_what_is_closest_to_a_decision() -> None:
    page = candidates(report(*EVERY))

    names = [row[0] for row in rows(page, "## How each stands")]
    assert names[:2] == ["good", "due"]
    assert sorted(names[2:]) == ["swarm", "young"]


def test_a_row_says_what_is_had_what_is_lacking_and_when_it_would_be_there() -> None:
    page = candidates(report(SWARM))

    ((name, kind, good, proven, lacks, missing, expected),) = rows(page, "## How each stands")
    assert (name, kind, good) == ("swarm", "not yet", "25 of 27")
    rate = SWARM.verdict.rate
    assert proven == f"{rate.lower // 1000 / 10:g} %"
    unmet = [one.name for one in unmet_gates(SWARM)]
    assert lacks == f"{GATES[GateName(SWARM.verdict.weakest)]} +{len(unmet) - 1}"
    projection = SWARM.verdict.projection
    assert projection is not None
    assert missing == f"{projection.items:,}"
    assert expected == projected_days(projection, is_missing=True)


def test_below_the_table_every_unmet_gate_is_told_with_have_and_need() -> None:
    page = candidates(report(SWARM, GOOD))

    told = page.partition("## What is missing\n")[2]
    assert "### good" not in told
    for one in unmet_gates(SWARM):
        assert one.have in told.replace("\\", "")
        assert f"needed {one.need}" in told.replace("\\", "")
    assert "Not measured, which is no fail: cost per success," in told


def test_what_people_have_to_do_stands_before_what_comes_with_more_work() -> None:
    thin = judged("thin", successes=20, failures=2, repositories=1)

    told = candidates(report(thin)).partition("## What is missing\n")[2]

    people, _, work = told.partition("**Comes with more work**")
    assert "**For people to do**" in people
    for one in unmet_gates(thin):
        where = people if one.projection is None else work
        assert f"- {begun(GATES[one.name])}\\: " in where
    assert {one.projection is None for one in unmet_gates(thin)} == {True, False}


def test_a_workflow_without_a_matured_item_is_told_so_in_one_line() -> None:
    new = judged("new", successes=0, failures=0, unknown=0, strata=(), repositories=0, squads=0)

    page = candidates(report(new))

    ((_, _, good, proven, lacks, _, expected),) = rows(page, "## How each stands")
    assert (good, proven, lacks) == ("—", "—", "matured items")
    assert expected == "waits for its first items"
    told = page.partition("## What is missing\n")[2]
    assert told.count("\n- ") == 1
    assert "- No item has matured yet; needed at least 30." in told


def test_few_items_prove_nothing_that_is_worth_reading() -> None:
    few, enough = (judged(f"n{n}", successes=n - 1, failures=1, unknown=0) for n in (9, 10))

    page = candidates(report(few, enough))

    proven = {row[0]: row[3] for row in rows(page, "## How each stands")}
    assert proven["n9"] == "—"
    assert proven["n10"].endswith(" %")
    assert "proven at least" not in few.verdict.sentence
    assert "proven at least" in enough.verdict.sentence


def test_a_blocked_workflow_is_told_what_unblocks_it() -> None:
    bare = judged("bare", workflow_fields={"owner": None})

    (task,) = (one for one in candidate_tasks(report(bare)) if "bare" in one)

    assert task.startswith("Unblock **bare**: blocked\\: no owner; 46 of 49 good")
    assert task.endswith(". Add it to catalog.yaml.")


def test_unknown_outcomes_are_asked_for_with_what_they_would_settle() -> None:
    page = candidates(report(judged("hazy", successes=30, failures=1, unknown=9)))

    assert "Unknown outcomes to tag: 9. The rate lies between 75 % and 97.5 %." in page


@pytest.mark.parametrize(
    ("projection", "is_missing", "shown"),
    [
        (None, False, "—"),
        (None, True, "waits for no item"),
        (Projection(None, None, None), True, "not at this rate"),
        (Projection(99, None, None), True, "not within a year at this pace"),
        (Projection(3, date(2026, 12, 1), None), True, "2026-12-01 or later"),
        (
            Projection(3, date(2026, 12, 1), date(2026, 12, 24)),
            True,
            "2026-12-01 to 2026-12-24",
        ),
        (Projection(3, date(2026, 12, 1), date(2026, 12, 1)), True, "2026-12-01"),
    ],
)
def test_a_projection_is_a_day_a_range_or_not_at_this_rate(
    projection: Projection | None, is_missing: bool, shown: str
) -> None:
    assert projected_days(projection, is_missing=is_missing) == shown


def test_what_to_do_names_the_ticket_and_what_kept_others_from_being_opened() -> None:
    found = report(*EVERY, tickets=(ticket(),), problems=("jira answers 403: renew its token",))

    tasks = [one.replace("\\", "") for one in candidate_tasks(found)]

    assert tasks[0].startswith("Decide about **good**: 46 of 49 good, floor 70 %")
    assert tasks[0].endswith(". Ticket PROMO-12.")
    assert tasks[1].startswith("Extend, narrow or retire **due**: decision due")
    assert tasks[-1] == "jira answers 403: renew its token"


def test_findings_of_the_look_are_things_to_do() -> None:
    odd = tuple(
        Finding("malformed_tag", f"OPS-{number}", "2 labels say nothing", "jira")
        for number in range(3)
    )

    tasks = [one.replace("\\", "") for one in candidate_tasks(report(GOOD, findings=(*odd, *odd)))]

    assert tasks[-1].startswith("`malformed_tag`, 3 times: correct the label;")
    assert tasks[-1].count("2 labels say nothing") == 3


def test_nothing_to_decide_and_nothing_explored_are_said_so() -> None:
    page = candidates(report(GOLDEN))

    assert "Nothing is to be decided." in page
    assert "No workflow is explored." in page


def test_of_a_thousand_workflows_the_page_shows_what_a_person_reads() -> None:
    many = [
        replace(YOUNG, packet=replace(YOUNG.packet, verdict=replace(YOUNG.verdict, workflow=name)))
        for name in (f"young-{number:04}" for number in range(1000))
    ]

    page = candidates(report(*many))

    assert len(rows(page, "## How each stands")) == 100
    assert "900 more are in the CSV." in page
    assert "The gates of 975 more are in the CSV." in page
    assert len(page) < 100_000


def test_changes_decisions_and_waiting_tickets_are_told() -> None:
    decision = Decision(
        "due", "2026-09-01", Code.DECLINED, "lead", date(2026, 11, 3), until_items=60
    )
    waits = ticket("pending", ticket="", detail="rate limited until 06:10")

    page = candidates(
        report(*EVERY, decisions=(decision,), tickets=(waits,), since=(("good", "not_yet"),))
    )

    assert "- good: not yet, now qualified\n" in page
    assert rows(page, "## Decisions that stand") == [
        ["due", "declined", "lead", "2026-11-03", "60 items"]
    ]
    assert "- good: rate limited until 06:10" in page.replace("\\", "")


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        (OwnFigures(8, 3, 61, 2, 6), "3 of 8 workflows that have been tried for long enough"),
        (OwnFigures(8, 3, 61, 2, 6), "- Days to graduate: 61 (median)."),
        (OwnFigures(8, 3, 61, 2, 6), "- Days to a decision: 6 (median of 2 tickets)."),
        (OwnFigures(0, 0, None, 0, None), "No workflow has been tried for long enough"),
    ],
)
def test_the_products_own_figures_stand_at_the_end(figures: OwnFigures, told: str) -> None:
    assert told in candidates(report(GOOD, own=figures))
    assert "How promotion itself does" not in candidates(report(GOOD))


# --- sunset


def test_the_sunset_list_gives_the_evidence_and_no_lack_of_work() -> None:
    page = sunset(report(*EVERY))

    assert page.splitlines()[2] == "**2 to retire.**"
    assert [row[0] for row in rows(page, "## To retire")] == ["bad", "unused"]
    told = page.replace("\\", "")
    assert "- **bad**: proven below the floor: at most" in told
    assert "- **unused**: no work at all" in told
    assert "  - Success beside golden: 19.6 %" in told
    assert "Matured items" not in told


def test_an_explored_workflow_that_falls_waits_among_the_candidates() -> None:
    falling = judged("falling", tier=1, drift=round(THRESHOLD / LOG_UNIT))
    found = report(GOOD, falling)

    assert sunset(found).splitlines()[2] == "**Nothing should stop.**"
    page = candidates(found).replace("\\", "")
    assert [row[:2] for row in rows(page, "## How each stands")] == [
        ["good", "qualified"],
        ["falling", "regressing"],
    ]
    assert "Its success rate is falling: the watch on its outcomes alarms, and promotion is" in page
    assert candidate_tasks(report(falling)) == []


def test_the_sunset_list_offers_the_line_that_would_do_it() -> None:
    patch = Patch("", "", f"--- a\n+++ b\n ```\n+# {HOSTILE}\n", 1)
    stuck = replace(UNUSED, patch_refusal="put {from: 2027-01-01} last")

    page = sunset(report(replace(BAD, patch=patch), stuck))

    assert "````diff\n--- a\n+++ b\n ```\n" in page
    assert "put {from: 2027-01-01} last." in page.replace("\\", "")
    assert foreign_markup(page) == []
    assert "Lines on offer" not in sunset(report(BAD))


def test_nothing_to_stop_is_said_so() -> None:
    assert "**Nothing should stop.**" in sunset(report(GOOD, GOLDEN))


def test_what_is_watched_says_who_decides_if_a_demotion_is_proposed() -> None:
    seen = Notice("golden", "e", Signal.ALARM, "its success rate is falling", True, "lead signs")
    look = replace(seen, signal=Signal.WATCH, sentence="a small change", proposes_demotion=False)

    page = sunset(report(GOLDEN, notices=(seen, look)))

    assert "- **golden**: its success rate is falling. Who decides: lead signs." in page
    assert "- **golden**: a small change.\n" in f"{page}\n"


# --- scorecards


def test_golden_is_the_last_column_beside_every_workflow_that_is_explored() -> None:
    page = scorecards(report(*EVERY))

    heads = [line for line in page.splitlines() if line.startswith("|  | ")]
    names = [re.findall(r"([a-z]+) · ", line) for line in heads]
    assert names == [["bad", "due", "golden"], ["good", "swarm", "golden"], ["young", "golden"]]
    assert "No work is known of" not in scorecards(report(GOOD))


def test_every_family_has_its_own_tables_and_unused_workflows_are_named() -> None:
    other = judged("other", family="triage")
    unused = judged("idle", successes=0, failures=0, unknown=0, first_at=None, exploration_nano=0)

    page = scorecards(report(GOOD, other, unused))

    assert page.count("\n## ") == 2
    assert "No work is known of: idle." in page


# --- CSV


def test_every_gate_of_every_workflow_is_a_line_of_the_csv() -> None:
    read = list(csv.DictReader(io.StringIO(candidates_csv(EVERY), newline="")))

    assert tuple(read[0]) == HEAD
    assert len(read) == sum(len(one.verdict.gates) for one in EVERY)
    line = next(one for one in read if (one["workflow"], one["gate"]) == ("swarm", "success"))
    gate_ = next(one for one in SWARM.verdict.gates if one.name is GateName.SUCCESS)
    assert (line["status"], line["have"], line["need"]) == ("unmet", gate_.have, gate_.need)
    assert gate_.projection is not None
    assert line["earliest"] == str(gate_.projection.earliest)
    assert line["evidence"] == "swarm"


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t"])
def test_no_cell_of_the_csv_runs_as_a_formula(first: str) -> None:
    odd = gate(GateName.CONTROLS, status=Status.UNMET, have=f"{first}1+1", detail=f"{first}cmd()")
    hostile = case(verdict=verdict(gates=(odd,), workflow=f"{first}x"))

    (line,) = csv.DictReader(io.StringIO(candidates_csv([hostile]), newline=""))

    assert line["have"] == f"'{first}1+1"
    assert line["detail"] == f"'{first}cmd()"
    assert line["workflow"] == f"'{first}x"


# --- hostile text


def test_nothing_from_outside_is_markup_on_any_page() -> None:
    odd = gate(GateName.SUCCESS, status=Status.UNMET, have=HOSTILE, need=HOSTILE, detail=HOSTILE)
    cases = []
    for kind in (Kind.NOT_YET, Kind.QUALIFIED, Kind.RETIRE, Kind.BLOCKED, Kind.DECISION_DUE):
        found = verdict(
            kind=kind,
            workflow=f"{HOSTILE}{kind}",
            sentence=HOSTILE,
            gates=(odd,),
            weakest=HOSTILE,
            is_review_ready=False,
        )
        own = card(workflow=HOSTILE, family=HOSTILE, portfolio=HOSTILE, first_at=BEGUN)
        cases.append(case(verdict=found, card=own))
    hostile = report(
        *cases,
        tickets=(ticket("refused", workflow=HOSTILE, ticket=HOSTILE, detail=HOSTILE),),
        decisions=(Decision(HOSTILE, "e", Code.DECLINED, HOSTILE, date(2026, 11, 3)),),
        problems=(HOSTILE,),
        findings=(Finding("malformed_tag", HOSTILE, HOSTILE),),
        since=((f"{HOSTILE}not_yet", HOSTILE),),
        notices=(Notice(HOSTILE, "e", Signal.ALARM, HOSTILE, True, HOSTILE),),
    )

    for page in (candidates(hostile), sunset(hostile), scorecards(hostile)):
        assert foreign_markup(page) == []
        assert html_of(page).count("<h1>") == 1
        assert not re.search(r"(?<!\\)@all", page)
