"""The whole review ticket, as each system gets it, with the worst names that items can have."""

from dataclasses import replace
from datetime import date
from itertools import cycle

import pytest

from config.shapes.base import Stage
from sandbox.adf import fault_of
from tasks.core.review.promotion_patch import promotion_patch
from tasks.core.review.ticket_content import TicketContent
from tasks.core.review.ticket_text import review_ticket
from tasks.core.work.item_facts import Outcome
from tasks.tickets import adf, gfm, wiki
from tests.core.review.test_promotion_patch import PLAIN
from tests.core.review.ticketed import case, fact, workflow
from tests.tickets.hostile import HOSTILE
from tests.tickets.test_gfm import MARKER, assert_inert, shown

PATCH = promotion_patch(PLAIN, "alpha", from_day=date(2026, 12, 5), stage=Stage.GOLDEN)
LONG = "owner/a-repository-with-quite-a-long-name#12345"


def ticket(*names: str, failed: int) -> TicketContent:
    items = tuple(fact(number, Outcome.FAILURE) for number in range(20, 20 + failed))
    named = {one.item: name for one, name in zip(items, cycle(names), strict=False)}
    text = " ".join(names)[:400]
    plan = {"plan": text, "minutes": 15, "tested_on": "2026-09-18"}
    risky = workflow(blast_radius=text, rollback=plan)
    return review_ticket(case(items=items, names=named, patch=PATCH, workflow=risky))


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_from_outside_is_more_than_text_in_any_system(name: str) -> None:
    content = ticket(name, failed=2)

    assert_inert(gfm.body(content, MARKER))
    assert fault_of(adf.description(content)) == ""
    code = wiki.description(content).split("{noformat}")[1::2]
    assert len(code) == 2
    assert PATCH.diff.strip("\n") in code[0]


def test_a_ticket_with_fifty_failures_fits_into_every_system_uncut() -> None:
    content = ticket(LONG, failed=50)

    for length, longest in (
        (len(gfm.body(content, MARKER)), gfm.LONGEST),
        (len(wiki.description(content)), wiki.LONGEST),
        (adf.length(adf.description(content)), adf.LONGEST),
    ):
        assert length < longest * 2 // 3


def test_what_is_cut_never_takes_the_sentence_or_the_patch() -> None:
    content = ticket(LONG, failed=50)
    bulky = replace(content, blocks=content.blocks + content.blocks[-3:] * 60)

    for text in (
        shown(gfm.body(bulky, MARKER)),
        wiki.description(bulky).replace("\\", ""),
        "\n".join(adf.texts(adf.description(bulky))),
    ):
        assert "46 of 49 good, floor 75 %" in text
        assert PATCH.diff.strip("\n") in text
        assert "parts are left out" in text
