"""Real agents on real work items, as change logs, through the stages of a night.

What the night shows per agent must be what the leaderboard published: total cost, and the
rate of resolved items as far as it was printed. A rate that its own items contradict must be
a finding. Whatever agents stand in the folder are run; the one contradiction that is known is
named.
"""

import csv
import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path

import pytest

from tasks.core.claims import OutcomeCounts
from tasks.core.night_report import NightReport
from tasks.pages import night as pages
from tasks.pages.outcomes import outcomes
from tests.acceptance.conftest import Installation, family

pytestmark = pytest.mark.shared

START, END = date(2026, 10, 20), date(2026, 11, 18)
NOW = datetime(2026, 11, 19, 4, tzinfo=UTC)
#: One cost is off by at most half a nano dollar once quantised; the leaderboard's own sum is a
#: sum of binary floats, off by as little.
PER_ITEM_USD = Decimal("1e-9")
#: Digits after the point that configuration takes.
_NINE_DIGITS = Decimal("1e-9")


@dataclass(frozen=True)
class Agent:
    """What was published about an agent, and what its own runs add up to.

    Attributes:
        rate: Published share of resolved items, with the digits it was printed with.
    """

    name: str
    rate: Decimal
    cost_usd: Decimal
    runs: tuple[dict[str, str], ...]

    @property
    def workflow(self) -> str:
        return re.sub(r"[^a-z0-9_.-]+", "-", self.name.lower()).strip("-")

    @property
    def resolved(self) -> int:
        return sum(run["resolved"] == "1" for run in self.runs)

    @property
    def claimed(self) -> int:
        """The count of items whose rate is nearest to the published one.

        Llama 4 Maverick's 21.04 % would be 105.2 of 500 items: no count gives it, and the
        nearest possible rate is 105 of 500 = 21.00 %.
        """
        return round(self.rate * len(self.runs))

    @property
    def precision(self) -> Decimal:
        """How far a measured rate may be from the published one and still be meant by it.

        Half a unit of its last printed digit, from the nearest rate that a count can give.
        """
        half_a_digit = Decimal((0, (5,), int(self.rate.as_tuple().exponent) - 1))
        return half_a_digit + abs(self.rate - Decimal(self.claimed) / len(self.runs))

    @property
    def is_contradicted(self) -> bool:
        return abs(Decimal(self.resolved) / len(self.runs) - self.rate) > self.precision


@pytest.fixture(scope="module")
def agents(shared: Path) -> list[Agent]:
    folder = shared / "data" / "swebench"
    with (folder / "published.csv").open(encoding="utf-8", newline="") as file:
        published = {row["agent"]: row for row in csv.DictReader(file)}
    found = []
    for path in sorted(folder.glob("*.runs.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            runs = tuple(csv.DictReader(file))
        row = published[runs[0]["agent"]]
        rate = Decimal(row["resolved_percent"]).scaleb(-2)
        found.append(Agent(row["agent"], rate, Decimal(row["cost_usd"]), runs))
    assert len({agent.workflow for agent in found}) == len(found)
    return found


@pytest.fixture(scope="module")
def night(installation: Installation, agents: list[Agent]) -> NightReport:
    """Log every run, and reconcile the window they lie in."""
    for agent in agents:
        log = installation.logs / f"{agent.workflow}.ndjson"
        log.write_text("".join(f"{line}\n" for line in logged(agent)))
    installation.configure(
        family(*(workflow(agent) for agent in agents)),
        {
            "issuers": [{"id": "swebench"}],
            "sources": [
                {
                    "name": "agents",
                    "type": "agent_log",
                    "paths": ["logs/*.ndjson"],
                    "input_keys": ["instance"],
                    "work_item_key": "instance",
                }
            ],
        },
    )
    return installation.night(NOW, (START, END))


def logged(agent: Agent) -> Iterator[str]:
    """One line a run, all over the window; the cost stands in it digit by digit."""
    days = (END - START).days + 1
    for number, run in enumerate(agent.runs):
        at = datetime.combine(START, datetime.min.time(), UTC)
        at += timedelta(days=days) * number / len(agent.runs)
        said = {
            "process_id": agent.workflow,
            "timestamp": at.isoformat(timespec="seconds"),
            "model": f"swebench:{agent.workflow}",
            "run_id": f"{agent.workflow}/{run['instance_id']}",
            "inputs": {"instance": run["instance_id"]},
            "decision": "resolved" if run["resolved"] == "1" else "unresolved",
        }
        yield json.dumps(said)[:-1] + f', "cost_usd": {run["cost_usd"]}}}'


def workflow(agent: Agent) -> dict[str, object]:
    claim = {"from": str(START), "n": len(agent.runs)}
    relative = (agent.precision / agent.rate).quantize(_NINE_DIGITS, ROUND_CEILING)
    of_cost = PER_ITEM_USD * len(agent.runs) / agent.cost_usd
    return {
        "id": agent.workflow,
        "stages": [{"from": str(START), "stage": "exploration"}],
        "outcomes": {"success": ["resolved"], "failure": ["unresolved"]},
        "claims": [
            {
                "metric": "success_rate",
                "value": str(agent.rate),
                "tolerance": f"{relative:f}",
                **claim,
            },
            {
                "metric": "cost_usd",
                "value": f"{agent.cost_usd.quantize(_NINE_DIGITS):f}",
                "tolerance": f"{of_cost.quantize(_NINE_DIGITS, ROUND_FLOOR):f}",
                **claim,
            },
        ],
    }


def test_every_run_is_in_the_books_of_its_agent(night: NightReport, agents: list[Agent]) -> None:
    assert (night.status, night.failures, night.notices) == ("tied", (), ())
    assert {one.workflow: one.decided for one in night.outcomes.workflows} == {
        agent.workflow: OutcomeCounts(
            agent.workflow, agent.resolved, len(agent.runs) - agent.resolved, unknown=0
        )
        for agent in agents
    }


def test_every_agents_logged_cost_is_the_published_total(
    night: NightReport, agents: list[Agent]
) -> None:
    costs = {one.workflow: one.cost for one in night.outcomes.workflows}

    for agent in agents:
        cost = costs[agent.workflow]
        assert cost is not None
        off = abs(Decimal(cost.cost_nano).scaleb(-9) - agent.cost_usd)
        assert (agent.name, cost.items, cost.uncosted, off <= PER_ITEM_USD * cost.items) == (
            agent.name,
            len(agent.runs),
            0,
            True,
        )


def test_every_agents_rate_is_the_published_one_or_a_finding_of_the_night(
    night: NightReport, agents: list[Agent]
) -> None:
    contradicted = {agent.workflow: agent for agent in agents if agent.is_contradicted}

    found = {one.subject: one.detail for one in night.findings_of("claim_contradicted")}

    assert set(found) == set(contradicted)
    for name, detail in found.items():
        agent = contradicted[name]
        assert f"claimed success rate {100 * agent.rate:.2f} % of {len(agent.runs)}" in detail
        assert f"measured {agent.resolved} of {len(agent.runs)}" in detail


def test_of_the_known_agents_one_contradicts_its_published_rate(
    night: NightReport, agents: list[Agent]
) -> None:
    known = {
        agent.workflow: (agent.resolved, agent.claimed)
        for agent in agents
        if agent.name == "Claude 3.7 Sonnet (20250219)"
    }
    if not known:
        pytest.skip("the folder does not hold the agent that is known to be contradicted")

    assert known == {"claude-3.7-sonnet-20250219": (51, 264)}
    assert night.finding_codes() == ["claim_contradicted"]
    (one,) = night.findings_of("claim_contradicted")
    assert one.subject in known


def test_the_pages_tell_the_rates_the_costs_and_the_contradiction(
    night: NightReport, agents: list[Agent]
) -> None:
    page, todo = outcomes(night), pages.what_to_do(night)

    for agent in agents:
        share = f"{Decimal(100 * agent.resolved) / len(agent.runs):.2f}"
        assert f"{share} % ({agent.resolved} of {len(agent.runs)})" in page
        assert f"${agent.cost_usd:,.2f}" in page
        assert agent.is_contradicted == (f"{agent.resolved} of {len(agent.runs)}" in todo)
