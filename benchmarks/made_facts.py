"""Facts of made-up work items: heavy-tailed costs, kinds of work, squads, late failures."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa

from config.shapes.catalog import Workflow
from tasks.core.promotion.gate_window import CardAsking
from tasks.core.promotion.scorecard import Scorecard
from tasks.core.promotion.terms import DEFAULTS
from tasks.lake.item_facts import ITEM_FACTS, FactsFile, facts_file
from tasks.lake.parquet import arrow_schema
from tasks.lake.store import Lake

AS_OF = datetime(2026, 11, 20, 6, tzinfo=UTC)
_FAMILY = 10  # workflows, the first of them golden
_DAYS = 180
_DAY_US = 86_400_000_000
_OUTCOMES = ("success", "failure", "unknown", "cancelled")
_REASONS = ("merged", "abandoned", "untold", "cancelled")
_STRATA = tuple(f"acme/service-{number:02}" for number in range(12))
_SQUADS = ("north", "south", "east", "west", None)


@dataclass(frozen=True)
class Size:
    """How many workflows, and items of each."""

    workflows: int
    items: int


def workflow_name(number: int) -> str:
    """Name a workflow."""
    return f"workflow-{number:05}"


def write_made_facts(lake: Lake, size: Size, seed: int = 20_261_120) -> FactsFile:
    """Write the facts of every workflow as the product would."""
    chance = np.random.default_rng(seed)
    rows = size.workflows * size.items
    workflow = np.repeat(np.arange(size.workflows), size.items)
    quality = chance.uniform(0.7, 0.97, size.workflows)[workflow]
    outcome = np.where(chance.random(rows) < quality, 0, chance.choice([1, 1, 1, 2, 3], rows))
    first_us = np.sort(chance.integers(0, _DAYS * _DAY_US, (size.workflows, size.items)), axis=1)
    first_us = first_us.reshape(-1) + _us(AS_OF - timedelta(days=_DAYS))
    closed_us = first_us + (chance.exponential(2 * _DAY_US, rows)).astype(np.int64)
    is_open = closed_us > _us(AS_OF)
    outcome_text = np.where(is_open, "open", np.array(_OUTCOMES)[outcome])
    reason = np.where(is_open, "open", np.array(_REASONS)[outcome])
    known_us = np.where(outcome == 1, (first_us + closed_us) // 2, closed_us)
    # The median of an item lies near half a dollar; one in a hundred costs over twenty times that.
    dear = np.exp(chance.normal(0, 0.3, size.workflows))[workflow]
    cost = (5e8 * dear * np.exp(chance.normal(0, 1.3, rows))).astype(np.int64)
    place = np.minimum(chance.geometric(0.3, rows) - 1, len(_STRATA) - 1)
    stratum = np.array(_STRATA)[place]
    columns = {
        "workflow": np.array([workflow_name(n) for n in range(size.workflows)])[workflow],
        "item": np.char.add("gh:900#", np.arange(rows).astype(str)),
        "first_at": pa.array(first_us, pa.timestamp("us", tz="UTC")),
        "closed_at": pa.array(closed_us, pa.timestamp("us", tz="UTC"), mask=is_open),
        "known_at": pa.array(known_us, pa.timestamp("us", tz="UTC"), mask=is_open),
        "outcome": outcome_text,
        "reason": reason,
        "repository": stratum,
        "squad": np.array(_SQUADS, dtype=object)[chance.integers(0, len(_SQUADS), rows)],
        "stratum": stratum,
        "runs": chance.geometric(0.6, rows),
        "cost_nano": pa.array(cost, pa.int64(), mask=chance.random(rows) < 0.02),
        "is_escalated": pa.array(chance.random(rows) < 0.1, pa.bool_()),
        "review_rounds": chance.poisson(0.7, rows),
        "merge_minutes": pa.array(
            (closed_us - first_us) // 60_000_000, pa.int64(), mask=outcome_text != "success"
        ),
        "incidents": (chance.random(rows) < 0.002).astype(np.int64),
        "is_handed_over": chance.random(rows) < 0.01,
    }
    schema = arrow_schema(ITEM_FACTS)
    arrays = [pa.array(columns[field.name], field.type) for field in schema]
    return facts_file(lake, "made", pa.table(arrays, schema=schema))


def made_asking(size: Size) -> list[CardAsking]:
    """Ask for the scorecard of every workflow, over different epochs and tiers."""
    asked = []
    for number in range(size.workflows):
        golden = number - number % _FAMILY
        card = Scorecard(
            workflow=workflow_name(number),
            family=f"family-{number // _FAMILY:04}",
            portfolio=f"portfolio-{number // (5 * _FAMILY):03}",
            tier=number % 4,
            stage="golden" if number == golden else "exploration",
            stage_from=date(2026, 7, 1),
            epoch="2026-06-01 first",
            epoch_from=AS_OF - timedelta(days=_DAYS - number % 60),
            as_of=AS_OF,
        )
        asked.append(CardAsking(card, DEFAULTS[card.tier], workflow_name(golden)))
    return asked


def made_workflows(size: Size) -> dict[str, Workflow]:
    """Give every workflow as a catalog would have it, with all that the gate asks of a catalog."""
    return {
        one.card.workflow: Workflow.model_validate(
            {
                "id": one.card.workflow,
                "family": one.card.family,
                "title": "Made up",
                "risk_tier": one.card.tier,
                "stages": [{"from": one.card.stage_from, "stage": one.card.stage}],
                "owner": "lead",
                "escalation": "head",
                "capability": "act",
                "raci": {"responsible": "team", "accountable": "lead"},
                "blast_radius": "nothing that anybody would miss",
                "rollback": {"plan": "revert", "minutes": 5, "tested_on": "2026-10-01"},
            }
        )
        for one in made_asking(size)
    }


def _us(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000
