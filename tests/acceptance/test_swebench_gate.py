"""Half a year of weekly looks at real agents: what the gate says, and what a hand finds.

Nine agents work on the same 500 items. One is taken as the family's golden workflow, the others
explore; the items come in an order that is the same for all, about 19 a week for 26 weeks. Every
item's cost and outcome are real; days are made up.
"""

import csv
import gzip
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from config.shapes.catalog import Workflow
from config.shapes.gate import GateRules
from tasks.core.money import to_nano
from tasks.core.promotion.candidates import candidate_list, contenders_of, sunset_list
from tasks.core.promotion.case import Case
from tasks.core.promotion.gate_window import CardAsking
from tasks.core.promotion.packets import Cut, Packet, freeze, packet_text, read_packet, verdict_of
from tasks.core.promotion.scorecard import Scorecard
from tasks.core.promotion.terms import DEFAULTS, WHOLE
from tasks.core.promotion.verdict import GateName, Kind, Status
from tasks.core.work.item_facts import ItemFact, Outcome, Reason
from tasks.lake.engine import Limits
from tasks.lake.item_facts import write_facts
from tasks.lake.scorecards import query_scorecards
from tasks.lake.store import Lake

pytestmark = pytest.mark.shared

START = date(2026, 5, 4)
WEEKS = 26
#: The incumbent: middling, and dear for what it resolves.
GOLDEN = "devstral-2512"
#: Tier 1 with a floor that a benchmark of hard items allows.
TERMS = replace(DEFAULTS[1], floor_ppm=450_000)
FAMILY, PORTFOLIO = "issue-repair", "platform"


@dataclass(frozen=True)
class Run:
    """One agent on one item."""

    item: str
    cost_nano: int
    is_resolved: bool


@dataclass(frozen=True)
class Look:
    """A weekly look: every workflow's packet."""

    as_of: datetime
    packets: Mapping[str, Packet]


@pytest.fixture(scope="module")
def agents(shared: Path) -> dict[str, list[Run]]:
    """Read each agent's runs by the name of its workflow, in the common order of items."""
    found = {}
    for path in sorted((shared / "data" / "swebench").glob("*.runs.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        rows.sort(key=lambda row: hashlib.sha256(row["instance_id"].encode()).digest())
        name = re.sub(r"[^a-z0-9_.-]+", "-", rows[0]["agent"].lower()).strip("-")
        found[name] = [
            Run(row["instance_id"], to_nano(row["cost_usd"]), row["resolved"] == "1")
            for row in rows
        ]
    if GOLDEN not in found:
        pytest.skip(f"{GOLDEN}, which these looks take for the incumbent, is not in the folder")
    return found


@pytest.fixture(scope="module")
def looks(agents: dict[str, list[Run]], tmp_path_factory: pytest.TempPathFactory) -> list[Look]:
    lake = Lake.open(str(tmp_path_factory.mktemp("lake")))
    facts = write_facts(
        lake, "swebench", (one for name, runs in agents.items() for one in _facts(name, runs))
    )
    found = []
    for week in range(1, WEEKS + 1):
        as_of = datetime.combine(START + timedelta(weeks=week), datetime.min.time(), UTC)
        asked = [CardAsking(_blank(name, as_of), TERMS, GOLDEN) for name in agents]
        cards = query_scorecards(lake.files, facts, asked, Limits())
        # The runs are all that was spent, so logs evidence all of it.
        cards = {
            name: replace(card, cost=replace(card.cost, evidenced_ppm=WHOLE))
            for name, card in cards.items()
        }
        found.append(Look(as_of, _judged(cards, as_of)))
    return found


def _closed_on(position: int, items: int) -> date:
    return START + timedelta(days=position * WEEKS * 7 // items)


def _facts(name: str, runs: Sequence[Run]) -> list[ItemFact]:
    made = []
    for position, run in enumerate(runs):
        day = _closed_on(position, len(runs))
        closed_at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        repository = run.item.rpartition("-")[0].replace("__", "/")
        made.append(
            ItemFact(
                workflow=name,
                item=run.item,
                first_at=closed_at - timedelta(hours=1),
                closed_at=closed_at,
                known_at=closed_at,
                outcome=Outcome.SUCCESS if run.is_resolved else Outcome.FAILURE,
                reason=Reason.MERGED if run.is_resolved else Reason.ABANDONED,
                repository=repository,
                squad=None,
                stratum=repository,
                runs=1,
                cost_nano=run.cost_nano,
                is_escalated=None,
                review_rounds=None,
                merge_minutes=None,
                incidents=0,
                is_handed_over=False,
            )
        )
    return made


def _blank(name: str, as_of: datetime) -> Scorecard:
    return Scorecard(
        workflow=name,
        family=FAMILY,
        portfolio=PORTFOLIO,
        tier=TERMS.tier,
        stage="golden" if name == GOLDEN else "exploration",
        stage_from=START,
        epoch=f"{START} first",
        epoch_from=datetime.combine(START, datetime.min.time(), UTC),
        as_of=as_of,
    )


def _judged(cards: Mapping[str, Scorecard], as_of: datetime) -> dict[str, Packet]:
    contenders = contenders_of(cards.values())[FAMILY]
    return {
        name: freeze(
            Case(
                card=card,
                golden=None if name == GOLDEN else cards[GOLDEN],
                terms=TERMS,
                rules=GateRules(),
                workflow=_workflow(name, card.stage),
                controls=(),
                contenders=contenders,
                overdue_actions=0,
                has_squads=False,
            ),
            Cut(as_of, 0, 0, ()),
        )
        for name, card in cards.items()
    }


def _workflow(name: str, stage: str) -> Workflow:
    return Workflow.model_validate(
        {
            "id": name,
            "family": FAMILY,
            "title": name,
            "stages": [{"from": START, "stage": stage}],
            "risk_tier": TERMS.tier,
            "capability": "draft",
            "owner": "lead",
            "escalation": "oncall",
            "rollback": {"plan": "revert", "minutes": 5, "tested_on": START},
        }
    )


def _matured(runs: Sequence[Run], as_of: datetime) -> list[Run]:
    latest = (as_of - timedelta(days=TERMS.maturation_days)).date()
    return [run for at, run in enumerate(runs) if _closed_on(at, len(runs)) < latest]


def test_every_look_counts_what_a_hand_counts(
    agents: dict[str, list[Run]], looks: list[Look]
) -> None:
    for look in looks:
        for name, runs in agents.items():
            card = look.packets[name].case.card
            matured = _matured(runs, look.as_of)
            good = sum(run.is_resolved for run in matured)

            assert (card.successes, card.failures) == (good, len(matured) - good)
            assert card.cost.total_nano == sum(run.cost_nano for run in matured)


def test_who_lies_below_the_floor_is_never_promoted_and_far_below_it_retires(
    agents: dict[str, list[Run]], looks: list[Look]
) -> None:
    floor = TERMS.floor_ppm / WHOLE
    rates = {
        name: sum(run.is_resolved for run in runs) / len(runs) for name, runs in agents.items()
    }

    for name in {name for name, rate in rates.items() if rate <= floor and name != GOLDEN}:
        assert {look.packets[name].verdict.kind for look in looks}.isdisjoint({Kind.QUALIFIED})
    for name in {name for name, rate in rates.items() if rate < floor - 0.1}:
        last = looks[-1].packets[name].verdict
        assert last.kind is Kind.RETIRE
        assert "proven below the floor" in last.sentence


def test_the_list_after_half_a_year_is_what_the_figures_say(looks: list[Look]) -> None:
    last = looks[-1].packets
    limit = 1.5 * _cost_of_a_success(last[GOLDEN])

    qualified = {one.verdict.workflow for one in candidate_list(last.values())} & {
        name for name, one in last.items() if one.verdict.kind is Kind.QUALIFIED
    }

    assert qualified
    for name in qualified:
        assert last[name].verdict.rate.lower >= TERMS.floor_ppm
        assert _cost_of_a_success(last[name]) < limit
    ending = {one.verdict.workflow for one in sunset_list(last.values())}
    assert ending.isdisjoint(qualified)
    for name, packet in last.items():
        unmet = [one for one in packet.verdict.gates if one.status is Status.UNMET]
        assert name == GOLDEN or name in qualified or all(one.have and one.need for one in unmet)


def test_alpha_is_shared_by_all_that_explore(
    agents: dict[str, list[Run]], looks: list[Look]
) -> None:
    verdict = looks[-1].packets[next(name for name in agents if name != GOLDEN)].verdict

    assert verdict.alpha_ppm == TERMS.alpha_ppm // (len(agents) - 1)


def test_the_incumbent_holds_while_it_does_as_well_as_it_did(looks: list[Look]) -> None:
    kinds = {look.packets[GOLDEN].verdict.kind for look in looks}

    assert kinds <= {Kind.HOLDS, Kind.REGRESSING}
    assert looks[-1].packets[GOLDEN].verdict.golden is None


def test_cost_waits_for_golden_to_be_a_baseline(looks: list[Look]) -> None:
    for look in looks:
        items = look.packets[GOLDEN].case.card.items()
        for name, packet in look.packets.items():
            gates = {one.name: one.status for one in packet.verdict.gates}
            if name != GOLDEN:
                assert (gates[GateName.COST] is Status.NOT_ASKED) is (items < 100)


def test_every_look_is_reproduced_from_its_packets(looks: list[Look]) -> None:
    for look in looks[::5]:
        for packet in look.packets.values():
            assert verdict_of(read_packet(packet_text(packet))) == packet.verdict


def _cost_of_a_success(packet: Packet) -> float:
    cost = packet.case.card.cost
    return cost.capped_nano / cost.successes
