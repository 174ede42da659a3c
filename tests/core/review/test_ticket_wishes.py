"""Which tickets a look asks for, which of them come first, and who is told of a change."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.promotion.decisions import Code, Decision
from tasks.core.promotion.verdict import GateName, Kind, Status
from tasks.core.promotion.watch import Notice, Signal
from tasks.core.review.delivery import OutboxRow, Progress, Standing
from tasks.core.review.ticket_case import TicketCase
from tasks.core.review.ticket_wishes import (
    DEMOTION,
    REVIEW,
    Wish,
    asked_before,
    change_of,
    key_of,
    next_to_open,
    wishes_of,
    workflow_and_epoch,
)
from tests.core.review.ticketed import AS_OF, card, case, gate, verdict, workflow

SWARM, EPOCH = "upgrade-swarm", "2026-09-01"
KEY = key_of(SWARM, EPOCH)
DAY = timedelta(days=1)
Rows = Mapping[tuple[str, str], OutboxRow]


def judged(kind: Kind = Kind.QUALIFIED, *, opens: bool = True, **fields: Any) -> TicketCase:
    said = verdict(kind=kind, is_review_ready=False, opens_ticket=opens, **fields)
    return case(verdict=said, card=card(workflow=said.workflow))


def notice(*, proposes: bool = True) -> Notice:
    sentence = "its success rate is falling"
    return Notice(SWARM, EPOCH, next(iter(Signal)), sentence, proposes, "platform-lead")


def decision(code: Code = Code.DECLINED, epoch: str = EPOCH) -> Decision:
    return Decision(SWARM, epoch, code, "platform-lead", date(2026, 11, 21))


def row(standing: Standing | None = Standing.OPEN, kind: str = REVIEW, key: str = KEY) -> Rows:
    progress = Progress("github", ticket="12" if standing else "", name="a/b#1", standing=standing)
    return {(kind, key): OutboxRow(key, "", AS_OF - 7 * DAY, progress)}


@given(st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True), st.text(max_size=20))
def test_a_key_names_workflow_and_epoch(name: str, epoch: str) -> None:
    assert workflow_and_epoch(key_of(name, epoch)) == (name, epoch)


def test_who_qualifies_is_wished_a_review_and_who_fails_a_demotion() -> None:
    fails = judged(Kind.REGRESSING, opens=False)
    other = judged(workflow="another")

    wishes = wishes_of([fails, other], [notice(), notice(proposes=False)], [])

    assert [(one.kind, one.key) for one in wishes] == [
        (REVIEW, key_of("another", EPOCH)),
        (DEMOTION, KEY),
    ]
    assert wishes[1].proposal == "Its success rate is falling."
    assert wishes[1].portfolio == "platform"


@pytest.mark.parametrize("code", Code)
def test_what_was_decided_in_an_epoch_is_not_asked_again_in_it(code: Code) -> None:
    assert wishes_of([judged()], [], [decision(code)]) == []
    assert wishes_of([judged()], [], [decision(code, "2026-01-01")]) != []


def test_a_tier_whose_tickets_wait_for_proof_opens_none_before() -> None:
    assert wishes_of([judged(opens=False)], [], []) == []
    assert wishes_of([judged()], [notice(proposes=False)], [])[0].kind == REVIEW


@given(st.permutations(range(6)), st.integers(0, 8))
def test_who_waits_longest_comes_first_and_a_run_opens_no_more_than_it_may(
    order: list[int], most: int
) -> None:
    wishes = [Wish(REVIEW, f"w{at}@1", judged()) for at in order]
    # Three were queued before, the last of them first; one has its ticket already.
    rows = {
        (REVIEW, f"w{at}@1"): OutboxRow(
            f"w{at}@1", "", AS_OF - at * DAY, Progress(ticket="9" if at == 1 else "")
        )
        for at in (1, 2, 3)
    }

    chosen = [one.key for one in next_to_open(wishes, rows, most)]

    assert chosen == ["w3@1", "w2@1", "w0@1", "w4@1", "w5@1"][:most]


def test_an_open_ticket_that_nobody_would_ask_for_now_is_still_told() -> None:
    faded = judged(Kind.NOT_YET, opens=False)

    assert [(one.kind, one.key) for one in asked_before([faded], row(), [], [])] == [(REVIEW, KEY)]
    recovered = asked_before([faded], row(kind=DEMOTION), [], [])
    assert [one.kind for one in recovered] == [DEMOTION]
    assert recovered[0].content().title


@pytest.mark.parametrize(
    "rows",
    [
        {},
        row(None),
        row(Standing.CLOSED),
        row(Standing.GONE),
        row(Standing.FOREIGN),
        row(key=key_of(SWARM, "2026-01-01")),
    ],
)
def test_a_ticket_that_is_not_open_or_of_another_epoch_is_left_alone(rows: Rows) -> None:
    assert asked_before([judged(Kind.NOT_YET, opens=False)], rows, [], []) == []


def test_who_is_wished_a_ticket_or_has_decided_is_not_told_besides() -> None:
    faded = judged(Kind.NOT_YET, opens=False)

    assert asked_before([faded], row(), [Wish(REVIEW, KEY, faded)], []) == []
    assert asked_before([faded], row(), [], [decision()]) == []
    stages = [{"from": "2026-09-01", "stage": "exploration"}]
    stages += [{"from": "2026-11-18", "stage": "golden"}]
    merged = case(verdict=faded.verdict, workflow=workflow(stages=stages))
    assert asked_before([merged], row(), [], []) == []


def test_only_what_decides_is_worth_a_comment() -> None:
    wish = Wish(REVIEW, KEY, judged())
    same = replace(wish.case.verdict, sentence="47 of 50 good", log_e=0)
    unmet = gate(GateName.SQUADS, status=Status.UNMET, have="1", need="2")
    other = replace(same, gates=(*same.gates[:-1], unmet))

    assert change_of(wish, None) is None
    assert change_of(wish, same) is None
    assert change_of(wish, replace(same, kind=Kind.NOT_YET)) is not None
    told = change_of(wish, other)
    assert told is not None
    assert f"{AS_OF:%Y-%m-%d}" in told.title
    assert told.digest == wish.case.digest
