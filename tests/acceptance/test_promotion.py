"""Half a year of real agents through the stages of nights and weekly looks, and by hand.

Nine agents, each in its own workflow of one family: Claude 4.5 Opus is golden, the others explore.
Each week has a log, a night and a look; bills come with some of the weeks. What a look says is held
against the same figures made from the file alone (`by_hand`). `test_swebench_gate` holds the rule
on other terms, without nights.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.core.night_report import NightReport
from tasks.core.promotion.packets import packet_digest, packet_text, read_packet, verdict_of
from tasks.core.promotion.verdict import GateName, GateResult, Kind, Status
from tasks.core.review.promotion_report import Asking, PromotionReport
from tasks.core.review.ticket_case import TicketCase
from tasks.pages.candidates import candidates
from tasks.pages.sunset import sunset
from tasks.promote import judge_workflows
from tests.acceptance import by_hand
from tests.acceptance.conftest import Installation
from tests.acceptance.hand_verdicts import Hand
from tests.acceptance.played import (
    START,
    UNNAMED,
    WEEKS,
    Run,
    moment_of,
    read_agents,
    read_rates,
    read_until,
    write_bill,
    write_log,
)
from tests.acceptance.played_config import (
    CONTRADICTED,
    DRAFTING,
    GOLDEN,
    LAPSING,
    TERMS,
    catalog_of,
    policy,
    sources_of,
    tier_of,
)
from tests.flows.nights import EVERY, Night, run

pytestmark = [pytest.mark.shared, pytest.mark.slow]

#: Weeks with which a bill comes.
BILLED = (8, 17, WEEKS)
#: The source of the other weeks.
_LOGS: tuple[str, ...] = ("agents",)
#: Looked at once more in the end, as of then.
PAST = (4, 8, 13)
#: Whose pages are read.
SHOWN = (*PAST, WEEKS)


@dataclass(frozen=True)
class Played:
    """What the half year came to.

    Attributes:
        night: The last one, which read everything again.
        looks: By week.
        past: Looks back at them, by week.
    """

    night: NightReport
    looks: Mapping[int, PromotionReport]
    past: Mapping[int, PromotionReport]


@pytest.fixture(scope="module")
def agents(shared: Path) -> dict[str, list[Run]]:
    found = read_agents(shared / "data" / "swebench")
    lacking = {GOLDEN, CONTRADICTED, LAPSING, UNNAMED, *DRAFTING} - set(found)
    if lacking:
        pytest.skip(f"not in the folder: {', '.join(sorted(lacking))}")
    return found


@pytest.fixture(scope="module")
def played(installation: Installation, agents: dict[str, list[Run]], shared: Path) -> Played:
    rates = read_rates(shared / "data" / "swebench")
    installation.configure(catalog_of(rates), sources_of(agents))
    (installation.folder / "config" / "policy.yaml").write_text(json.dumps(policy()))
    looks, billed = {}, 0
    for week in range(1, WEEKS + 1):
        write_log(installation, agents, week)
        after, only = week - 1, _LOGS
        if week in BILLED:
            write_bill(installation, agents, billed, week)
            after, only, billed = billed, EVERY, week
        if week == WEEKS:
            after = 0
        night = _night(week, after, only)
        looks[week] = judge_workflows.fn(Asking(moment_of(week)))
    past = {week: judge_workflows.fn(Asking(moment_of(week), is_past=True)) for week in PAST}
    return Played(night, looks, past)


def _night(week: int, after: int, only: tuple[str, ...]) -> NightReport:
    """Read the weeks after one week, two hours before the look."""
    at = moment_of(week) - timedelta(hours=2)
    window = START + timedelta(weeks=after), at.date() - timedelta(days=1)
    return run(Night(at, window, only=only))


@pytest.fixture(scope="module")
def hands(agents: dict[str, list[Run]]) -> dict[tuple[int, str], Hand]:
    found = {}
    for week in range(1, WEEKS + 1):
        runs = {name: by_hand.matured(all_of, moment_of(week)) for name, all_of in agents.items()}
        contenders = sum(bool(some) for name, some in runs.items() if name != GOLDEN)
        for name, some in runs.items():
            ended = [run for run in agents[name] if run.ended_at < read_until(week)]
            found[week, name] = Hand(name, moment_of(week), some, ended, runs[GOLDEN], contenders)
    return found


def cases(looks: Mapping[int, PromotionReport]) -> Iterator[tuple[int, str, TicketCase]]:
    for week, look in looks.items():
        for case in look.cases:
            yield week, case.verdict.workflow, case


def gate_of(case: TicketCase, name: GateName) -> GateResult:
    return next(one for one in case.verdict.gates if one.name is name)


def test_every_look_counts_what_a_hand_counts(
    played: Played, hands: Mapping[tuple[int, str], Hand], agents: dict[str, list[Run]]
) -> None:
    assert all(not look.findings for look in played.looks.values())
    for week, name, case in cases(played.looks):
        runs = hands[week, name].runs
        card = case.card

        assert (card.successes, card.items()) == by_hand.good_of(runs)
        assert card.maturing + card.items() == sum(
            run.ended_at < read_until(week) for run in agents[name]
        )
        assert {one.name: one.items for one in card.strata} == Counter(
            run.repository for run in runs
        )
        assert (card.cost.items, card.cost.uncosted) == (len(runs), 0)
        assert card.cost.total_nano == 1_000 * sum(run.micro for run in runs)


def test_a_bill_and_a_log_evidence_all_spend_unless_the_bill_names_no_model(
    played: Played,
) -> None:
    last = {name: case for week, name, case in cases(played.looks) if week == WEEKS}
    shares = {name: case.card.cost.evidenced_ppm for name, case in last.items()}
    unnamed = gate_of(last[UNNAMED], GateName.COST)

    assert {name for name, share in shares.items() if share != 1_000_000} == {UNNAMED}
    assert unnamed.status is Status.UNKNOWN
    assert "no run logs for enough spend" in unnamed.detail


def test_every_proof_is_the_one_that_a_hand_finds(
    played: Played, hands: Mapping[tuple[int, str], Hand]
) -> None:
    for week, name, case in cases(played.looks):
        hand = hands[week, name]
        if name != GOLDEN and hand.runs:
            gate = gate_of(case, GateName.SUCCESS)
            good, items = hand.good
            assert (gate.status is Status.MET) is hand.is_proven()
            assert gate.have.startswith(f"{good} of {items}")
            worse = gate_of(case, GateName.GOLDEN).status
            if hand.has_baseline:
                assert (worse is Status.UNMET) is hand.is_worse_than_golden()
            else:
                assert worse is Status.NOT_ASKED


def test_every_gate_of_cost_is_the_one_that_a_hand_finds(
    played: Played, hands: Mapping[tuple[int, str], Hand]
) -> None:
    seen = Counter[Status]()
    for week, name, case in cases(played.looks):
        hand, gate = hands[week, name], gate_of(case, GateName.COST)
        costs = hand.costs()
        if name != GOLDEN and costs is not None:
            tally = case.card.cost
            assert tally.cap_nano == 1_000 * costs.cap
            assert abs((tally.threshold_nano or 0) - 1_000 * costs.limit) <= 1
            assert tally.capped_nano == pytest.approx(1_000 * costs.each * tally.successes)
            assert (gate.status is Status.MET) is costs.is_cheaper(hand.alpha)
            assert (gate.detail == "proven to cost more") is costs.is_dearer(hand.alpha)
            seen[gate.status] += 1
    assert min(seen[Status.MET], seen[Status.UNMET]) > 0


def test_every_verdict_is_the_one_that_a_hand_finds(
    played: Played, hands: Mapping[tuple[int, str], Hand]
) -> None:
    found = {(week, name): case.verdict.kind for week, name, case in cases(played.looks)}

    assert found == {place: hand.kind() for place, hand in hands.items()}
    assert set(found.values()) == {*Kind} - {Kind.OUTSIDE}


def test_what_looks_naively_good_early_is_promoted_late_or_never(
    played: Played, hands: Mapping[tuple[int, str], Hand], agents: dict[str, list[Run]]
) -> None:
    naive: dict[str, int] = {}
    for (week, name), hand in hands.items():
        if name != GOLDEN and by_hand.is_naively_good(*hand.good, hand.terms.floor):
            naive.setdefault(name, week)
    qualified: dict[str, int] = {}
    for week, name, case in cases(played.looks):
        if case.verdict.kind is Kind.QUALIFIED:
            qualified.setdefault(name, week)
    wrong = {
        name
        for name in naive
        if sum(run.is_resolved for run in agents[name])
        <= TERMS[tier_of(name)].floor * len(agents[name])
    }

    assert wrong
    assert wrong.isdisjoint(qualified)
    assert qualified
    assert all(naive[name] <= week for name, week in qualified.items())


def test_the_one_whose_items_contradict_its_published_rate_retires_on_its_items(
    played: Played, agents: dict[str, list[Run]]
) -> None:
    told = {one.subject: one.detail for one in played.night.findings_of("claim_contradicted")}
    kinds = [case.verdict.kind for _, name, case in cases(played.looks) if name == CONTRADICTED]

    assert (sum(run.is_resolved for run in agents[CONTRADICTED]), len(agents[CONTRADICTED])) == (
        51,
        500,
    )
    assert set(told) == {CONTRADICTED}
    assert "measured 51 of 500" in told[CONTRADICTED]
    assert kinds == [Kind.NOT_YET] * 3 + [Kind.RETIRE] * (WEEKS - 3)


def test_a_look_back_is_the_look_that_was_taken_then(played: Played) -> None:
    for week in PAST:
        live, past = ([one.packet for one in by[week].cases] for by in (played.looks, played.past))

        assert [packet_digest(one) for one in past] == [packet_digest(one) for one in live]


def test_every_verdict_is_reproduced_from_its_packet(played: Played) -> None:
    for _, _, case in cases(played.looks):
        assert verdict_of(read_packet(packet_text(case.packet))) == case.verdict


def test_the_lists_say_figures_that_a_reader_can_count(
    played: Played, hands: Mapping[tuple[int, str], Hand]
) -> None:
    for week in SHOWN:
        look = played.looks[week]
        page, ending = candidates(look), sunset(look)
        for case in look.cases:
            hand = hands[week, case.verdict.workflow]
            good, items = hand.good
            row = f" {good:,} of {items:,} |"
            kind = case.verdict.kind
            assert kind is Kind.HOLDS or row in (ending if kind is Kind.RETIRE else page)
            assert f"{good} of {items} good, floor {100 * hand.terms.floor:.0f} %" in (
                case.verdict.sentence
            )
