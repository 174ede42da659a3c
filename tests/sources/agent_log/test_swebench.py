"""Nine real agents on 500 real work items each, written as change logs and read back.

What the log source and the `runs` table give must equal what the leaderboard published:
costs and rates. One agent's own outcomes contradict its published rate, and one published
rate is none that 500 items can give; both are listed here by name, as the data has them.
"""

import csv
import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.sources.agent_log.writing import DAY, conform, pull, source

pytestmark = pytest.mark.shared

#: Half a nano dollar: the most that one cost can be off after it is quantised once.
HALF_NANO_USD = Decimal("5e-10")
#: The leaderboard added up binary floats; its own sum may be off by this much.
FLOAT_SUM_USD = Decimal("1e-9")


@dataclass(frozen=True)
class Published:
    agent: str
    resolved_percent: Decimal
    cost_usd: Decimal


@dataclass(frozen=True)
class Measured:
    items: int
    resolved: int
    cost_nano: int


@pytest.fixture(scope="module")
def published(shared: Path) -> list[Published]:
    with (shared / "data/swebench/published.csv").open() as file:
        return [
            Published(row["agent"], Decimal(row["resolved_percent"]), Decimal(row["cost_usd"]))
            for row in csv.DictReader(file)
        ]


@pytest.fixture(scope="module")
def measured(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Measured]:
    """Write each agent's runs as its own log file, pull and conform them, add them up."""
    folder = tmp_path_factory.mktemp("logs")
    agents = {}
    for path in sorted((shared / "data/swebench").glob("*.runs.csv.gz")):
        with gzip.open(path, "rt") as file:
            rows = list(csv.DictReader(file))
        agents[stamp(rows[0]["agent"])] = rows[0]["agent"]
        log = folder / f"{stamp(rows[0]['agent'])}.ndjson"
        log.write_text("".join(f"{line}\n" for line in written(rows)))
    config = source(folder, input_keys=["instance"], work_item_key="instance")
    pulled = pull(config, (DAY, DAY + timedelta(days=1)))
    assert [batch.rejects for batch in pulled.batches] == [(), ()]
    runs = [row for day in conform(config, pulled) for row in day.rows]
    return {name: add_up(runs, process_id) for process_id, name in agents.items()}


def stamp(agent: str) -> str:
    return re.sub(r"[^a-z0-9_.-]+", "-", agent.lower()).strip("-")


def written(rows: list[dict[str, str]]) -> Iterator[str]:
    """One line a run; the cost stands in it as the data has it, digit for digit."""
    for row in rows:
        said = {
            "process_id": stamp(row["agent"]),
            "timestamp": f"{DAY}T12:00:00Z",
            "model": f"swebench:{stamp(row['agent'])}",
            "run_id": f"{stamp(row['agent'])}/{row['instance_id']}",
            "inputs": {"instance": row["instance_id"]},
            "decision": "resolved" if row["resolved"] == "1" else "unresolved",
        }
        yield json.dumps(said)[:-1] + f', "cost_usd": {row["cost_usd"]}}}'


def add_up(runs: list[dict[str, object]], process_id: str) -> Measured:
    mine = [run for run in runs if run["stamp"] == process_id]
    assert all(run["day"] == DAY for run in mine)
    assert len({run["work_item"] for run in mine}) == len(mine)
    return Measured(
        items=len(mine),
        resolved=sum(run["decision"] == "resolved" for run in mine),
        cost_nano=sum(int(str(run["reported_cost_nano"])) for run in mine),
    )


def test_every_agent_with_runs_has_them_all(
    published: list[Published], measured: dict[str, Measured]
) -> None:
    assert {name: one.items for name, one in measured.items()} == {
        one.agent: 500 for one in published
    }


def test_every_agents_cost_is_the_published_one(
    published: list[Published], measured: dict[str, Measured]
) -> None:
    differences = {
        one.agent: abs(one.cost_usd - Decimal(measured[one.agent].cost_nano).scaleb(-9))
        for one in published
    }

    allowed = {name: one.items * HALF_NANO_USD + FLOAT_SUM_USD for name, one in measured.items()}
    assert {name for name, off in differences.items() if off > allowed[name]} == set()


def test_every_agents_rate_is_the_published_one_but_for_the_one_that_contradicts_it(
    published: list[Published], measured: dict[str, Measured]
) -> None:
    contradicted = {
        one.agent: (measured[one.agent].resolved, claimed_items(one, measured[one.agent].items))
        for one in published
        if measured[one.agent].resolved != claimed_items(one, measured[one.agent].items)
    }

    assert contradicted == {"Claude 3.7 Sonnet (20250219)": (51, 264)}


def test_the_published_rates_that_no_count_of_items_gives_are_known(
    published: list[Published], measured: dict[str, Measured]
) -> None:
    impossible = {
        one.agent: one.resolved_percent
        for one in published
        if (one.resolved_percent * measured[one.agent].items / 100) % 1
    }

    assert impossible == {"Llama 4 Maverick Instruct": Decimal("21.04")}


def claimed_items(one: Published, items: int) -> int:
    """How many items the published rate speaks of, to the nearest one."""
    return round(one.resolved_percent * items / 100)
