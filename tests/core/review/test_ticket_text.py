"""A ticket's first screen is what a person decides by; nothing from outside becomes a link."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.shapes.base import Stage
from tasks.core.budgeting.budget_offers import BudgetOffer
from tasks.core.budgeting.pool_days import PoolName
from tasks.core.promotion.decisions import Asked, Code, decision_by_labels
from tasks.core.promotion.gate_words import GATES, KINDS, REASONS, STATUSES, begun
from tasks.core.promotion.rates import zero_proves
from tasks.core.promotion.scorecard import CostTally
from tasks.core.promotion.verdict import GateName, Kind, Projection, Status
from tasks.core.review.budget_move import BudgetMove
from tasks.core.review.promotion_patch import promotion_patch, provisional_line
from tasks.core.review.ticket_comments import change_comment, escalation_notice
from tasks.core.review.ticket_content import (
    Block,
    Bullets,
    CodeBlock,
    Fold,
    Link,
    Paragraph,
    Spans,
    Style,
    TableBlock,
    TicketContent,
)
from tasks.core.review.ticket_text import demotion_ticket, review_ticket
from tasks.core.work.item_facts import Outcome, Reason
from tests.core.review.test_promotion_patch import PLAIN
from tests.core.review.ticketed import (
    AS_OF,
    DECIDE_BY,
    NANO,
    card,
    case,
    fact,
    first_screen,
    folded,
    gate,
    rate,
    verdict,
    words,
    workflow,
)

MOVE = BudgetMove(
    family="upgrades",
    currency="USD",
    spent_nano=5_786 * NANO,
    basis_days=28,
    through=date(2026, 11, 19),
    monthly_nano=5_786 * NANO * 30 // 28,
    budget_nano=12_000 * NANO,
    forecast_nano=3_000 * NANO,
)
PATCH = promotion_patch(PLAIN, "alpha", from_day=date(2026, 12, 5), stage=Stage.GOLDEN)
HOSTILE = "<img src=x>|`x`\n# [y](http://z) =cmd() @all {noformat} !http://a/b.png!"


def spans(content: TicketContent) -> Iterator[Spans]:
    """Walk over every piece of text that is made of spans."""
    stack: list[Block] = list(content.blocks)
    while stack:
        block = stack.pop()
        if isinstance(block, Fold):
            stack += block.blocks
        elif isinstance(block, Paragraph):
            yield block.spans
        elif isinstance(block, Bullets):
            yield from block.items
        elif isinstance(block, TableBlock):
            yield from (cell for row in block.rows for cell in row)
            assert {len(row) for row in block.rows} <= {len(block.head)}


# --- the first screen


def test_the_first_screen_says_the_sentence_who_is_paged_what_breaks_and_until_when() -> None:
    content = review_ticket(case(move=MOVE, patch=PATCH))

    shown = first_screen(content)
    assert content.title == "Decide: promote upgrade-swarm to golden (upgrades)"
    assert shown.startswith("46 of 49 good, floor 75 %; proven at least 81 %.\n")
    assert "Decide by 2026-12-04; after that `platform-oncall` decides." in shown
    assert "- Paged: `platform-oncall`; `platform-lead` owns it.\n" in shown
    assert "- What breaks: One service's build.\n" in shown
    assert "- Rollback: 15 minutes, last tested on 2026-09-18. Revert the merge.\n" in shown
    assert PATCH.diff in shown
    assert "no evidence of anybody's performance" in shown


def test_what_nobody_declared_is_told_and_not_left_out() -> None:
    bare = workflow(owner=None, escalation=None, blast_radius=None, rollback=None)

    shown = first_screen(review_ticket(case(workflow=bare)))

    assert "- Paged: nobody is declared.\n" in shown
    assert "- What breaks: nothing is declared.\n" in shown
    assert "- Rollback: nothing is declared.\n" in shown
    assert "Decide by 2026-12-04.\n" in shown


def test_a_rollback_that_was_never_rehearsed_says_so() -> None:
    untested = workflow(rollback={"plan": "Undo.", "minutes": 1500})

    assert "1,500 minutes, never tested. Undo." in words(review_ticket(case(workflow=untested)))


def test_the_workflow_stands_beside_golden_line_by_line() -> None:
    tally = CostTally(
        items=40,
        uncosted=9,
        total_nano=(tenth := 90 * NANO),
        successes=30,
        cap_nano=NANO,
        capped_nano=tenth // 2,
    )
    mine = card(
        cost=tally,
        escalated=4,
        escalation_told=40,
        rework_minutes=98,
        rework_items=49,
        incidents=2,
        review_rounds=1,
        merge_minutes=96,
        production_nano=7 * NANO,
    )

    content = review_ticket(case(card=mine))

    rows, further = (
        dict(line.split(" | ", 1) for line in shown.splitlines() if " | " in line)
        for shown in (first_screen(content), folded(content))
    )
    assert rows[""] == "upgrade-swarm | upgrade-guarded (golden)"
    assert rows["matured items"] == "49 | 1,000"
    assert rows["success"] == "46 of 49 | 930 of 1,000"
    assert rows["success rate"] == "93.8 % | 93 %"
    assert rows["proven"] == "81 % to 98 % | 90 % to 95 %"
    assert rows["cost per success, uncapped"] == "$3.00 | $5.00"
    assert rows["cost per success, dear items capped"] == "$1.50 | $4.00"
    assert further["items without a known cost"] == "9 | 1"
    assert rows["asked a human"] == "4 of 40 that tell | —"
    assert rows["rework per item"] == "2.0 minutes | —"
    assert rows["incidents caused"] == "2 | 0"
    assert rows["0 incidents prove at most"] == "— | 0.3 % of items"
    assert further["median review rounds"] == "1 | —"
    assert further["median time to merge"] == "1.6 hours | —"
    assert not rows.keys() & {"median review rounds", "median time to merge"}
    assert rows["spent from exploration"] == "$900.00 | $900.00"
    assert rows["spent from production"] == "$7.00 | $0.00"


def test_without_golden_there_is_one_column_and_without_items_nothing_is_divided() -> None:
    empty = card(successes=0, failures=0, unknown=0, cost=CostTally())
    lone = case(
        card=empty, golden=None, verdict=verdict(golden=None, rate=rate(0, 1)), succeeded=()
    )

    shown = first_screen(review_ticket(lone))

    assert "matured items | 0\n" in shown
    assert "cost per success" not in shown
    assert "No item failed, and none is unknown." in shown
    assert "Successes to look at" not in shown


@pytest.mark.parametrize(
    ("items", "shown"), [(20, "14 %"), (40, "7.3 %"), (60, "4.9 %"), (100, "3 %"), (300, "1 %")]
)
def test_no_incident_proves_no_more_than_its_items_do(items: int, shown: str) -> None:
    # The reference prints 13.9, 7.2, 4.9, 3.0 and 1.0 %; ours is rounded up, never down.
    assert zero_proves(items) == shown


def test_a_ticket_that_is_opened_before_the_proof_says_so() -> None:
    pending = verdict(kind=Kind.NOT_YET, projection=Projection(9, DECIDE_BY, None))

    shown = first_screen(review_ticket(case(verdict=pending)))

    assert "The proof is still pending" in shown
    assert "To all gates: 9 more items, 2026-12-04 at the earliest." in shown
    assert "proof is still pending" not in first_screen(review_ticket(case()))


# --- money


def test_what_moves_is_told_with_headroom_and_basis() -> None:
    shown = first_screen(review_ticket(case(move=MOVE)))

    assert "≈ $6,200 a month to production, headroom $9,000." in shown
    assert "It spent $5,786.00 from exploration in 28 days through 2026-11-19" in shown
    assert "forecast to spend $3,000.00 of $12,000.00 this month. Its budget stays." in shown
    assert "Exploration keeps its budget." in shown


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"budget_nano": None}, "Nobody has set a production budget for the family."),
        ({"budget_nano": 4_000 * NANO}, "a later budget line stands in the catalog: move it."),
        ({"monthly_nano": 0}, "No money moves: nothing was booked for it"),
        ({"apart": (("EUR", 5 * NANO),)}, "In no figure here: EUR 5.00."),
        (
            {
                "budget_nano": 4_000 * NANO,
                "offer": BudgetOffer(
                    PoolName("platform", "upgrades", "production"),
                    "USD",
                    DECIDE_BY,
                    9_200 * NANO,
                    0,
                    0,
                ),
            },
            "The patch raises its budget to $9,200.00 a month.",
        ),
    ],
)
def test_every_state_of_the_budget_has_its_words(fields: dict[str, object], told: str) -> None:
    assert told in first_screen(review_ticket(case(move=replace(MOVE, **fields))))  # type: ignore[arg-type]  # fields of a move, by name


# --- items


@given(
    numbers=st.dictionaries(
        st.sampled_from([Reason.REVERTED, Reason.CI_RED, Reason.UNTOLD]), st.integers(1, 90)
    ),
    kept=st.integers(0, 60),
)
def test_fifty_failures_are_named_and_every_one_is_counted(
    numbers: dict[Reason, int], kept: int
) -> None:
    every = [reason for reason, number in numbers.items() for _ in range(number)]
    items = [
        fact(number, Outcome.FAILURE, reason=reason) for number, reason in enumerate(every[:kept])
    ]
    counted = card(reasons=tuple((reason.value, number) for reason, number in numbers.items()))

    shown = first_screen(review_ticket(case(card=counted, items=tuple(items), succeeded=())))

    told = dict(re.findall(r"^- (.*) \((\d+)\): .*\.$", shown, re.MULTILINE))
    assert told == {begun(REASONS[reason]): str(number) for reason, number in numbers.items()}
    named = len(re.findall(r"`gh:7#\d+`", shown))
    assert named == min(len(items), 50)
    hidden = sum(map(int, re.findall(r"(\d+) more\.$", shown, re.MULTILINE)))
    assert hidden == len(every) - named


def test_five_of_the_successes_that_the_packet_keeps_are_named() -> None:
    shown = first_screen(review_ticket(case()))

    (line,) = [line for line in shown.splitlines() if line.startswith("Successes to look at")]
    assert re.findall(r"`gh:7#(\d+)`", line) == ["0", "1", "2", "3", "4"]


def test_items_are_called_what_people_call_them() -> None:
    items = (fact(5, Outcome.FAILURE), fact(6, Outcome.FAILURE, item="run ci 77"))
    names = {"gh:7#5": "freight/planner#5", "jira:10004": "OPS-4"}

    shown = first_screen(review_ticket(case(items=items, succeeded=("jira:10004",), names=names)))

    assert {"`freight/planner#5`", "`OPS-4`", "`run ci 77`"} <= set(re.findall(r"`[^`]*`", shown))


def test_names_from_outside_are_code_and_nothing_is_a_link() -> None:
    items = (fact(30, Outcome.FAILURE),)
    content = review_ticket(
        case(items=items, names={"gh:7#30": HOSTILE, "gh:7#2": HOSTILE}, move=MOVE, patch=PATCH)
    )

    found = [one for pieces in spans(content) for one in pieces]
    assert [one for one in found if isinstance(one, Link)] == []
    hostile = [one for one in found if HOSTILE in one.text]
    assert len(hostile) == 2
    assert all(one.style is Style.CODE for one in hostile if not isinstance(one, Link))


# --- how to decide


def test_the_labels_that_the_ticket_names_are_those_that_are_read_back() -> None:
    shown = first_screen(review_ticket(case(patch=PATCH)))

    labels = re.findall(r"`(graduand:[^`]+)`", shown)
    asked = Asked("upgrade-swarm", "2026-09-01", AS_OF, "")
    read = [decision_by_labels(asked, [one], workflow(), DECIDE_BY) for one in labels]
    assert [one and one.code for one in read] == [Code.DECLINED] * 3 + [Code.WITHDRAWN]
    assert [one and (one.until_items, one.until_day) for one in read[:3]] == [
        (None, None),
        (69, None),
        (None, date(2027, 1, 3)),
    ]


def test_approval_is_the_merge_and_binds_to_the_evidence() -> None:
    content = review_ticket(case(patch=PATCH))

    shown = first_screen(content)
    assert "- Approve: merge the patch below." in shown
    assert f"The merge is the approval, of the evidence `{'e' * 64}`" in shown
    assert content.digest == "e" * 64


def test_a_patch_that_could_not_be_written_leaves_the_line_to_add() -> None:
    refusal = "catalog.yaml is written in a way that a line cannot be added to: put {...} last"

    content = review_ticket(case(patch=None, patch_refusal=refusal))

    assert f"- Approve: change its stage in the catalog by hand. {refusal}" in first_screen(content)
    assert not any(isinstance(one, CodeBlock) for one in content.blocks)


def test_a_provisional_line_is_capped_at_the_next_hundred_and_stands_below_the_fold() -> None:
    line = provisional_line(MOVE, date(2026, 12, 5))
    instead = promotion_patch(
        PLAIN,
        "alpha",
        from_day=line.from_day,
        stage=line.stage,
        until=line.until,
        cap=line.cap,
    )

    content = review_ticket(case(patch=PATCH, others=(("Instead: provisional", instead),)))

    assert line.text() == (
        '{from: 2026-12-05, stage: provisional, until: 2027-03-06, cap: "6200.00"}'
    )
    assert line.text() in folded(content)
    assert line.text() not in first_screen(content)


# --- below the fold


def test_the_mathematics_and_the_digests_stand_below_the_fold() -> None:
    content = review_ticket(case())

    below = folded(content)
    assert "Proof of success | met | 46 of 49 | 75 %" in below
    assert "At a chance of 2.5 % of a wrong promotion" in below
    assert "ln of the e-value against the floor: 3.9000." in below
    for digest in ("e" * 64, "b" * 64, "c" * 64, "d" * 64):
        assert f"`{digest}`" in below
    assert "snapshot 812, bookings of night 77" in below
    assert "e-value" not in first_screen(content)


@pytest.mark.parametrize(
    ("projection", "shown"),
    [
        (Projection(40, None, None), "40 more items, not within a year at this pace."),
        (Projection(None, None, None), "Not at this rate."),
        (Projection(9, date(2026, 12, 9), None), "9 more items, 2026-12-09 at the earliest."),
        (
            Projection(9, date(2026, 12, 9), date(2027, 1, 20)),
            "9 more items, between 2026-12-09 and 2027-01-20.",
        ),
        (Projection(40, date(2026, 12, 9), date(2026, 12, 9)), "40 more items, on 2026-12-09."),
    ],
)
def test_a_projection_is_a_range_or_not_at_this_rate(projection: Projection, shown: str) -> None:
    assert shown in folded(review_ticket(case(verdict=verdict(projection=projection))))


# --- other tickets, and what is added to them


def test_taking_back_says_the_proposal_and_who_decides_first() -> None:
    content = demotion_ticket(
        case(patch=PATCH),
        proposal="It falls: 12 of 20 good.",
        authority="The lead signs.",
    )

    assert content.title == "Decide: take back upgrade-swarm (upgrades)"
    assert first_screen(content).startswith("It falls: 12 of 20 good. The lead signs.\n")
    assert "- Take it back: merge the patch below." in first_screen(content)


def test_what_is_golden_is_asked_to_gather_no_work() -> None:
    few = gate(GateName.ITEMS, status=Status.UNMET, have="8", need="at least 40")
    fallen = verdict(kind=Kind.REGRESSING, sentence="its rate is falling", gates=(few,))
    fallen = replace(fallen, weakest="items")

    content = demotion_ticket(
        case(card=card(stage="golden", successes=3, failures=5, unknown=0), verdict=fallen),
        proposal="It falls.",
        authority="",
    )

    shown = words(content)
    assert "at least 40" not in shown
    assert "-items" not in shown
    assert "Leave it: close this ticket" in shown
    assert "its rate is falling" not in shown.lower()


def test_a_later_change_says_what_was_what_is_and_which_gates_turned() -> None:
    before = verdict()
    turned = gate(GateName.SQUADS, status=Status.UNMET, have="1", need="2")
    after = verdict(kind=Kind.NOT_YET, sentence="46 of 60 good", gates=(before.gates[0], turned))

    content = change_comment(before, after, on=date(2026, 11, 27), digest="f" * 64)

    assert content.title == "2026-11-27: the evidence has changed"
    shown = words(content)
    assert f"46 of 60 good. Before: {before.sentence}." in shown
    assert "- Squads: 1, needed 2." in shown
    assert "Proof of success" not in shown
    assert content.digest == "f" * 64


@pytest.mark.parametrize(
    ("role", "told"),
    [("platform-oncall", "`platform-oncall`"), ("", "the owner of the portfolio")],
)
def test_an_overdue_decision_goes_to_the_escalation_role(role: str, told: str) -> None:
    content = escalation_notice(due_on=DECIDE_BY, role=role, on=date(2026, 12, 7), digest="e" * 64)

    assert content.title == "2026-12-07: the decision is overdue"
    assert f"was due by 2026-12-04. It is now for {told} to decide." in words(content)


def test_everything_that_has_to_be_told_has_a_name() -> None:
    assert GATES.keys() == set(GateName)
    assert KINDS.keys() == set(Kind)
    assert STATUSES.keys() == set(Status)
    assert REASONS.keys() == set(Reason)
