"""A packet gives its verdict again, byte for byte, whatever the verdict was."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from config.shapes.gate import GateRules
from tasks.core.digests import text_digest
from tasks.core.plain import to_named
from tasks.core.promotion.case import Case
from tasks.core.promotion.gate import RULE_VERSION
from tasks.core.promotion.packets import (
    Cut,
    PacketError,
    freeze,
    packet_digest,
    packet_text,
    read_packet,
    verdict_of,
)
from tasks.core.promotion.terms import DEFAULTS
from tests.core.promotion.gate_cases import CARD, DAY, GOLDEN, NOW, case, workflow
from tests.core.promotion.gate_worlds import cases

CUT = Cut(NOW, 12, 7, (("catalog", "ab" * 32), ("policy", "cd" * 32)), facts="ef" * 32)


@given(cases())
def test_a_packet_read_back_gives_the_verdict_that_was_frozen_with_it(one: Case) -> None:
    packet = freeze(one, CUT, failed=("gh:1#2",), succeeded=("gh:1#3", "gh:1#4"))
    text = packet_text(packet)

    again = read_packet(text)

    assert again == packet
    assert json.dumps(to_named(verdict_of(again))) == json.dumps(to_named(packet.verdict))
    assert packet_text(again) == text


def test_a_packet_is_named_by_its_text() -> None:
    packet = freeze(case(), CUT)

    assert packet_digest(packet) == text_digest(packet_text(packet))


@pytest.mark.parametrize(
    "other",
    [
        {"cut": replace(CUT, seq=13)},
        {"case": case(replace(CARD, successes=59))},
        {"case": case(contenders=2)},
        {"case": case(golden=replace(GOLDEN, successes=181))},
        {"case": case(workflow=workflow(owner="other"))},
        {"case": case(terms=replace(DEFAULTS[2], floor_ppm=750_001))},
        {"case": case(rules=GateRules(exploration_days=91))},
        {"case": case(overdue_actions=1)},
        {"succeeded": ("gh:1#3",)},
    ],
)
def test_whatever_a_verdict_stands_on_moves_the_name(other: dict[str, Any]) -> None:
    packet = freeze(case(), CUT)

    assert packet_digest(replace(packet, **other)) != packet_digest(packet)


def test_rules_are_kept_whole_so_that_another_default_moves_no_past_verdict() -> None:
    kept = json.loads(packet_text(freeze(case(), CUT)))["case"]["rules"]

    assert set(kept) == set(GateRules.model_fields)


def test_a_field_that_was_added_since_takes_its_default() -> None:
    plain = json.loads(packet_text(freeze(case(), CUT)))
    del plain["case"]["card"]["handed_over"]
    del plain["verdict"]["gates"][0]["slack_ppm"]

    assert read_packet(json.dumps(plain)) == freeze(case(), CUT)


@pytest.mark.parametrize(
    "text",
    ["", "7", "[]", "{}", '{"cut": 1}', '{"case": {"unheard": 1}}', "null", '{"a": NaN}'],
)
def test_what_is_no_packet_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(PacketError, match="not a packet") as caught:
        read_packet(text)
    assert "unheard" not in str(caught.value)


def test_a_packet_of_another_rule_is_left_to_the_version_that_has_it() -> None:
    packet = replace(freeze(case(), CUT), rule_version="0")

    assert read_packet(packet_text(packet)) == packet
    with pytest.raises(PacketError, match=f"rule '0', and this is rule '{RULE_VERSION}'"):
        verdict_of(packet)


def test_a_look_on_another_day_is_another_packet() -> None:
    later = replace(CARD, as_of=NOW + timedelta(days=7), stage_from=DAY)

    assert packet_digest(freeze(case(later), CUT)) != packet_digest(freeze(case(), CUT))
