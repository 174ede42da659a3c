"""The week's lists, who shares alpha, and how well promotion itself works."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from config.shapes.gate import GateRules
from tasks.core.promotion.candidates import (
    OwnFigures,
    candidate_list,
    contenders_of,
    is_suspended,
    own_figures,
    sunset_list,
)
from tasks.core.promotion.controls import ControlState
from tasks.core.promotion.cusum import THRESHOLD
from tasks.core.promotion.packets import Cut, Packet, freeze
from tasks.core.promotion.scorecard import LOG_UNIT, Scorecard
from tasks.core.promotion.verdict import Kind, Status
from tests.core.factories import catalog
from tests.core.promotion.gate_cases import CARD, DAY, NOW, case

CUT = Cut(NOW, 1, 1, ())
MISSING = (ControlState("ci-gates", Status.UNMET, "", None, "nobody declares it"),)


def packet(name: str, card: Scorecard = CARD, **parts: Any) -> Packet:
    return freeze(case(replace(card, workflow=name), **parts), CUT)


READY = replace(CARD, successes=28, failures=5, top_squad=(18, 16))
DUE = replace(CARD, weeks=1, stage_from=DAY - timedelta(days=100))


def test_candidates_come_in_the_order_in_which_people_are_needed() -> None:
    packets = [
        packet("blocked", controls=MISSING),
        packet("not-yet", replace(CARD, weeks=1)),
        packet("due", DUE),
        packet("ready", READY),
        packet("qualified"),
    ]

    listed = [one.verdict.workflow for one in candidate_list(packets)]

    assert listed == ["qualified", "ready", "due", "not-yet", "blocked"]


def test_the_closest_comes_first_and_what_time_will_not_bring_comes_last() -> None:
    packets = [
        packet("lacks-a-repository", replace(CARD, repositories=1)),
        packet("in-three-weeks", replace(CARD, weeks=1)),
        packet("next-week", replace(CARD, weeks=3)),
        packet("never-at-this-pace", replace(CARD, weeks=3, recent=0)),
    ]

    listed = [one.verdict.workflow for one in candidate_list(packets)]

    assert listed == ["next-week", "in-three-weeks", "never-at-this-pace", "lacks-a-repository"]


def test_only_what_tries_is_a_candidate_and_only_what_ends_is_on_the_sunset_list() -> None:
    packets = [
        packet("golden", replace(CARD, stage="golden")),
        packet("golden-blocked", replace(CARD, stage="golden"), controls=MISSING),
        packet("golden-falling", replace(CARD, stage="golden", incidents=5)),
        packet("harmful", replace(CARD, incidents=5)),
        packet("bad", replace(CARD, successes=20, failures=20)),
        packet("over", replace(CARD, stage="sunset")),
        packet("none", replace(CARD, stage="", stage_from=None)),
    ]

    assert candidate_list(packets) == ()
    ending = [(one.verdict.workflow, one.verdict.kind) for one in sunset_list(packets)]
    assert ending == [
        ("bad", Kind.RETIRE),
        ("golden-falling", Kind.REGRESSING),
        ("harmful", Kind.REGRESSING),
    ]


def test_an_explored_workflow_that_falls_is_a_candidate_that_waits() -> None:
    falling = round(THRESHOLD / LOG_UNIT)
    packets = [
        packet("blocked", controls=MISSING),
        packet("falling", replace(CARD, drift=falling)),
        packet("harmful", replace(CARD, drift=falling, incidents=5)),
        packet("not-yet", replace(CARD, weeks=1)),
        packet("provisional", replace(CARD, stage="provisional", drift=falling)),
    ]

    listed = [one.verdict.workflow for one in candidate_list(packets)]

    assert listed == ["not-yet", "falling", "blocked"]
    assert [is_suspended(one) for one in packets] == [False, True, False, False, False]
    assert [one.verdict.workflow for one in sunset_list(packets)] == ["harmful", "provisional"]


@given(st.permutations(["qualified", "ready", "due", "not-yet"]))
def test_the_order_of_reading_changes_nothing(names: list[str]) -> None:
    cards = {"qualified": CARD, "ready": READY, "due": DUE, "not-yet": replace(CARD, weeks=1)}

    listed = candidate_list([packet(name, cards[name]) for name in names])

    assert [one.verdict.workflow for one in listed] == ["qualified", "ready", "due", "not-yet"]


def test_those_share_alpha_that_try_and_have_evidence() -> None:
    cards = [
        CARD,
        replace(CARD, workflow="b", stage="provisional"),
        replace(CARD, workflow="c", stage="golden"),
        replace(CARD, workflow="d", successes=0, failures=0),
        replace(CARD, workflow="e", family="triage"),
    ]

    assert contenders_of(cards) == {"upgrades": 2, "triage": 1}


def stages(*entries: tuple[str, str], **last: str) -> list[dict[str, str]]:
    found = [{"from": day, "stage": stage} for day, stage in entries]
    found[-1].update(last)
    return found


def test_the_products_own_figures_are_of_those_that_had_their_time() -> None:
    lives = {
        "graduated": stages(("2026-03-01", "exploration"), ("2026-04-10", "golden")),
        "provisional": stages(
            ("2026-05-01", "exploration"),
            ("2026-07-30", "provisional"),
            until="2027-01-01",
            cap="1.00",
        ),
        "retired": stages(
            ("2026-02-01", "exploration"), ("2026-06-01", "sunset"), until="2026-07-01"
        ),
        "trying": stages(("2026-08-22", "exploration")),
        "too-young": stages(("2026-08-23", "exploration")),
        "will-graduate": stages(("2026-04-01", "exploration"), ("2026-11-21", "golden")),
        "born-golden": stages(("2026-01-01", "golden")),
        "demoted": stages(("2026-01-01", "golden"), ("2026-04-02", "exploration")),
    }
    world = catalog(*({"id": name, "stages": life} for name, life in lives.items()))
    decided = [(date(2026, 10, 1), date(2026, 10, 4)), (date(2026, 10, 1), date(2026, 10, 13))]

    found = own_figures(world, decided, GateRules(), today=DAY)

    # 40 days from March 1st to April 10th, 90 from May 1st to July 30th: the lower of the two.
    assert found == OwnFigures(
        entered=6, graduated=2, days_to_graduate=40, decided=2, days_to_decide=3
    )


def test_without_any_history_there_are_no_medians() -> None:
    world = catalog({"id": "young", "stages": stages(("2026-11-01", "exploration"))})

    assert own_figures(world, [], GateRules(), today=DAY) == OwnFigures(0, 0, None, 0, None)
