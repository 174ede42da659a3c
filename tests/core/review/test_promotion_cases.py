"""From a verdict to what people decide about: the line that it proposes, its day, its money."""

from datetime import date, timedelta
from typing import Any

import pytest

from config.load import catalog_from_text
from tasks.core.promotion.packets import Packet
from tasks.core.promotion.scorecard import Scorecard
from tasks.core.promotion.verdict import Kind
from tasks.core.review.promotion_cases import (
    Surroundings,
    asks_for_promotion,
    production_pools,
    ticket_case,
    with_patch,
)
from tasks.core.review.ticket_case import TicketCase
from tests.core.pooled import NANO
from tests.core.review import ticketed

TEXT = """\
version: 1
portfolios:
  - {id: platform, title: Platform, owner: lead, currency: EUR, cost_centre: CC-1}
families:
  - id: upgrades
    portfolio: platform
    title: Upgrades
workflows:
  - id: upgrade-swarm
    family: upgrades
    title: Upgrade many dependencies
    stages:
      - {from: 2026-09-01, stage: exploration}
    risk_tier: 2
    capability: act
    owner: platform-lead
    escalation: platform-oncall
    blast_radius: One service's build.
    rollback: {plan: Revert the merge., minutes: 15, tested_on: 2026-09-18}
"""
#: Two weeks of business days after Friday, 20 November 2026.
DECIDE_BY = date(2026, 12, 4)
FROM_DAY = DECIDE_BY + timedelta(days=1)
THROUGH = date(2026, 11, 19)


def around(text: str = TEXT, **parts: Any) -> Surroundings:
    catalog = catalog_from_text(TEXT)
    return Surroundings(catalog=catalog, catalog_text=text, through=THROUGH, **parts)


def packet(kind: Kind, stage: str = "exploration", *, is_review_ready: bool = False) -> Packet:
    said = ticketed.verdict(kind=kind, is_review_ready=is_review_ready)
    card: Scorecard = ticketed.card(stage=stage)
    return ticketed.case(verdict=said, card=card).packet


def patched(one: Packet, surroundings: Surroundings) -> TicketCase:
    return with_patch(ticket_case(one, surroundings), surroundings)


@pytest.mark.parametrize(
    ("kind", "stage", "line"),
    [
        (Kind.QUALIFIED, "exploration", f"{{from: {FROM_DAY}, stage: golden}}"),
        (Kind.REGRESSING, "golden", f"{{from: {FROM_DAY}, stage: exploration}}"),
        (
            Kind.RETIRE,
            "exploration",
            f"{{from: {FROM_DAY}, stage: sunset, until: {FROM_DAY}}}",
        ),
        (
            Kind.RETIRE,
            "golden",
            f"{{from: {FROM_DAY}, stage: sunset, until: {FROM_DAY + timedelta(days=30)}}}",
        ),
        (
            Kind.DECISION_DUE,
            "exploration",
            f"{{from: {FROM_DAY}, stage: sunset, until: {FROM_DAY}}}",
        ),
    ],
)
def test_each_verdict_proposes_its_own_line(kind: Kind, stage: str, line: str) -> None:
    text = TEXT.replace("stage: exploration", f"stage: {stage}")

    found = patched(packet(kind, stage), around(text))

    assert (found.decide_by, found.patch_refusal) == (DECIDE_BY, "")
    assert found.patch is not None
    assert [one for one in found.patch.diff.splitlines()[2:] if one[0] in "+-"] == [
        f"+      - {line}"
    ]
    assert found.patch.text_before == text


@pytest.mark.parametrize(
    ("kind", "stage"),
    [
        (Kind.NOT_YET, "exploration"),
        (Kind.BLOCKED, "exploration"),
        (Kind.HOLDS, "golden"),
        (Kind.REGRESSING, "exploration"),
    ],
)
def test_a_verdict_that_moves_nothing_proposes_nothing(kind: Kind, stage: str) -> None:
    found = patched(packet(kind, stage), around())

    assert (found.patch, found.patch_refusal, found.others, found.move) == (None, "", (), None)


def test_who_only_lacks_the_proof_is_asked_about_like_who_qualifies() -> None:
    ready = packet(Kind.NOT_YET, is_review_ready=True)

    assert asks_for_promotion(ready.verdict)
    found = patched(ready, around())
    assert found.patch is not None
    assert "stage: golden" in found.patch.diff


def test_what_is_explored_may_be_made_provisional_instead() -> None:
    ((title, other),) = patched(packet(Kind.QUALIFIED), around()).others

    assert title.startswith("Or provisional until ")
    assert "stage: provisional, until: " in other.diff
    golden = around(TEXT.replace("stage: exploration", "stage: golden"))
    assert patched(packet(Kind.REGRESSING, "golden"), golden).others == ()


def test_the_past_has_no_patch() -> None:
    found = patched(packet(Kind.QUALIFIED), around(text=""))

    assert (found.patch, found.patch_refusal) == (None, "")
    assert found.move is not None


def test_a_file_that_no_longer_has_the_workflow_is_told_and_not_guessed_at() -> None:
    other = TEXT.replace("id: upgrade-swarm", "id: upgrade-flock")

    found = patched(packet(Kind.QUALIFIED), around(text=other))

    assert (found.patch, found.others) == (None, ())
    assert "upgrade-swarm" in found.patch_refusal


def test_money_is_of_the_familys_currency_and_of_its_own_production() -> None:
    spent = {"upgrade-swarm": {("EUR", THROUGH - timedelta(days=13)): 14 * NANO}}

    found = ticket_case(packet(Kind.QUALIFIED), around(spent=spent))

    assert found.currency == "EUR"
    assert found.move is not None
    # 14 in 14 days, taken as 30 days; nobody has set a production budget.
    assert (found.move.spent_nano, found.move.basis_days) == (14 * NANO, 14)
    assert found.move.monthly_nano == 30 * NANO
    assert (found.move.budget_nano, found.move.offer) == (None, None)
    assert production_pools(()) == {}


def test_only_items_of_the_case_are_named() -> None:
    item = ticketed.fact(4)
    names = {"gh:7#4": "acme/web#4", "gh:7#1": "acme/web#1", "gh:9#9": "acme/other#9"}

    found = ticket_case(
        packet(Kind.QUALIFIED), around(items={"upgrade-swarm": (item,)}, names=names)
    )

    # The failed one, and a success that the packet has picked.
    assert found.names == {"gh:7#4": "acme/web#4", "gh:7#1": "acme/web#1"}
    assert found.items == (item,)
