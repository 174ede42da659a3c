"""Which tickets are asked for: what was decided is not asked again, what turns bad is."""

from dataclasses import replace
from datetime import date

import pytest

from tasks.core.decisions import Code, Decision
from tasks.core.ticket_wishes import DEMOTION, REVIEW, wishes_of
from tasks.core.verdict import Kind
from tasks.core.watch import Notice, Signal
from tests.core.ticketed import case, verdict

ASKED = case()
EPOCH = ASKED.verdict.epoch
FALLING = case(verdict=verdict(kind=Kind.REGRESSING, is_review_ready=False, opens_ticket=False))
FALL = Notice(
    workflow="upgrade-swarm",
    epoch=EPOCH,
    signal=Signal.ALARM,
    sentence="its success rate is falling",
    proposes_demotion=True,
    authority="a merged line of the catalog",
)


def decided(code: Code, epoch: str = EPOCH) -> Decision:
    return Decision("upgrade-swarm", epoch, code, "platform-lead", date(2026, 11, 10))


@pytest.mark.parametrize("code", Code)
def test_a_promotion_that_was_decided_is_not_asked_for_again_in_its_epoch(code: Code) -> None:
    assert [wish.kind for wish in wishes_of([ASKED], (), ())] == [REVIEW]
    assert wishes_of([ASKED], (), [decided(code)]) == []
    assert len(wishes_of([ASKED], (), [decided(code, "another epoch")])) == 1


@pytest.mark.parametrize("code", [Code.APPROVED, Code.PROVISIONAL])
def test_what_was_approved_and_falls_in_the_same_epoch_is_asked_about(code: Code) -> None:
    wishes = wishes_of([FALLING], [FALL], [decided(code)])

    assert [(wish.kind, wish.proposal) for wish in wishes] == [
        (DEMOTION, "Its success rate is falling.")
    ]


def test_what_only_asks_for_a_look_gets_no_ticket() -> None:
    assert wishes_of([FALLING], [replace(FALL, proposes_demotion=False)], ()) == []
