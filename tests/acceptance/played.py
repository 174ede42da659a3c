"""Real agents as an organisation would see them: change logs and bills, week after week.

Nine agents work on the same 500 items, each on its own copy of them, spread evenly over 26 weeks
in the order of the file. Outcome, repository and cost of every item are real; days are made up.
"""

import csv
import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from zlib import crc32

from tests.acceptance.conftest import Installation
from tests.sources.files.writing import csv_text

#: A Monday.
START = date(2026, 5, 4)
WEEKS = 26
DAYS = 7 * WEEKS
ISSUER = ACCOUNT = "swebench"
#: A million tokens cost a dollar, so that a run's tokens are its cost in millionths of one.
PER_MILLION = "1"
#: Its vendor bills what it costs and does not say for which model.
UNNAMED = "glm-4.6-t-1"


@dataclass(frozen=True)
class Run:
    """One agent on one item.

    Attributes:
        ended_at: Aware UTC.
        micro: Cost in millionths of a dollar, half-even: off by half a millionth at most.
    """

    agent: str
    item: str
    repository: str
    ended_at: datetime
    micro: int
    is_resolved: bool


def read_agents(folder: Path) -> dict[str, list[Run]]:
    """Read every agent's runs by the name of its workflow, in the order of the file."""
    found = {}
    for path in sorted(folder.glob("*.runs.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        name = slug(rows[0]["agent"])
        found[name] = [
            _run(
                name, row, datetime.combine(START, datetime.min.time(), UTC) + _after(number, rows)
            )
            for number, row in enumerate(rows)
        ]
    return found


def read_rates(folder: Path) -> dict[str, Decimal]:
    """Read the published share of resolved items by workflow."""
    with (folder / "published.csv").open(encoding="utf-8", newline="") as file:
        return {
            slug(row["agent"]): Decimal(row["resolved_percent"]).scaleb(-2)
            for row in csv.DictReader(file)
        }


def slug(agent: str) -> str:
    """Give the id of an agent's workflow."""
    return re.sub(r"[^a-z0-9_.-]+", "-", agent.lower()).strip("-")


def write_log(installation: Installation, agents: dict[str, list[Run]], week: int) -> None:
    """Write what the agents log in a week; the first is week 1."""
    lines = "".join(f"{_line(run)}\n" for run in _between(agents, week - 1, week))
    (installation.logs / f"week-{week:02}.ndjson").write_text(lines)


def write_bill(
    installation: Installation, agents: dict[str, list[Run]], after: int, through: int
) -> None:
    """Write the bill of the weeks after one week, through another."""
    folder = installation.folder / "bills"
    folder.mkdir(exist_ok=True)
    charges = csv_text(_charges(_between(agents, after, through)))
    (folder / f"through-week-{through:02}.csv").write_text(charges)


def moment_of(week: int) -> datetime:
    """Give the moment of a week's look."""
    return read_until(week) + timedelta(hours=6)


def read_until(week: int) -> datetime:
    """Give the end of the last day that a night has read: the midnight before the look."""
    return datetime.combine(START, datetime.min.time(), UTC) + timedelta(weeks=week)


def skus(agents: Iterable[str]) -> list[dict[str, str]]:
    """Say which model each sku of the bills is about, as far as they tell."""
    return [
        {"sku": f"{_sku(agent)} input", "model": agent, "kind": "input"}
        for agent in agents
        if agent != UNNAMED
    ]


def _between(agents: dict[str, list[Run]], after: int, through: int) -> list[Run]:
    first, end = (START + timedelta(weeks=week) for week in (after, through))
    return [run for runs in agents.values() for run in runs if first <= run.ended_at.date() < end]


def _sku(agent: str) -> str:
    return f"model {crc32(agent.encode()):08x}"


def _run(agent: str, row: dict[str, str], ended_at: datetime) -> Run:
    micro = Decimal(row["cost_usd"]).scaleb(6).to_integral_value(ROUND_HALF_EVEN)
    return Run(
        agent=agent,
        item=row["instance_id"],
        repository=row["instance_id"].rpartition("-")[0].replace("__", "/"),
        ended_at=ended_at,
        micro=int(micro),
        is_resolved=row["resolved"] == "1",
    )


def _after(number: int, rows: list[dict[str, str]]) -> timedelta:
    seconds = 86_400 * DAYS * number // len(rows)
    return timedelta(seconds=seconds)


def _line(run: Run) -> str:
    return json.dumps(
        {
            "process_id": run.agent,
            "timestamp": run.ended_at.isoformat(),
            "model": f"{ISSUER}:{run.agent}",
            "run_id": f"{run.agent}/{run.item}",
            "work_item": f"{run.agent}:{run.item}",
            "repo": run.repository,
            "tokens": {"input": run.micro, "output": 0},
            "decision": "resolved" if run.is_resolved else "unresolved",
        }
    )


def _charges(runs: list[Run]) -> Iterator[dict[str, str]]:
    """Bill what the runs cost by day and model."""
    sums: dict[tuple[date, str], int] = defaultdict(int)
    for run in runs:
        sums[run.ended_at.date(), run.agent] += run.micro
    for (day, agent), micro in sorted(sums.items()):
        month = day.replace(day=1)
        after = (month + timedelta(days=31)).replace(day=1)
        yield {
            "BilledCost": f"{Decimal(micro).scaleb(-6):f}",
            "BillingAccountId": ACCOUNT,
            "BillingCurrency": "USD",
            "BillingPeriodStart": f"{month}T00:00:00Z",
            "BillingPeriodEnd": f"{after}T00:00:00Z",
            "ChargeCategory": "Usage",
            "ChargeClass": "",
            "ChargePeriodStart": f"{day}T00:00:00Z",
            "ChargePeriodEnd": f"{day + timedelta(days=1)}T00:00:00Z",
            "ServiceName": "Model tokens",
            "SkuId": "tokens" if agent == UNNAMED else f"{_sku(agent)} input",
            "SubAccountId": ACCOUNT,
        }
