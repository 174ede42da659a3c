"""What Copilot and Claude Enterprise tell passes the checks of the tables it is for."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from tasks.checks.run import check
from tasks.core.batches import Pulled, Stream
from tasks.core.people import Door
from tasks.core.tables import TABLES
from tasks.sources import anthropic_enterprise, copilot
from tests.sources.anthropic_enterprise import analytics
from tests.sources.copilot import fake_copilot

DAY = date(2026, 11, 16)
ONE_DAY = (DAY, DAY)
DOOR = Door(str.upper, fake_copilot.DIRECTORY | analytics.DIRECTORY)


def _copilot(stream: Stream) -> tuple[Pulled, Any]:
    fake = fake_copilot.Copilot(
        {DAY: [fake_copilot.spent(1), fake_copilot.spent(-1, model=None, sku="Some new thing")]},
        {DAY: [fake_copilot.seat(DAY)]},
        files={DAY: [[fake_copilot.user(number, DAY) for number in range(3)]]},
    )
    return fake_copilot.pull(stream, fake, window=ONE_DAY, door=DOOR), fake_copilot.source()


def _enterprise(stream: Stream) -> tuple[Pulled, Any]:
    row = analytics.usage() if stream == anthropic_enterprise.USAGE else analytics.cost("1")
    whole = row | {"output_tokens": 10**9, "amount": "2", "list_amount": "3"}
    people = [analytics.person(number, DAY) for number in range(3)]
    grouped: Sequence[object] = analytics.buckets({DAY: [row]}, [DAY])
    vendor = analytics.Analytics(
        people if stream == anthropic_enterprise.USE else grouped,
        analytics.buckets({DAY: [whole]}, [DAY]),
    )
    return analytics.pull(stream, vendor, window=ONE_DAY, door=DOOR), analytics.source()


PULLS: Mapping[Any, Any] = {copilot: _copilot, anthropic_enterprise: _enterprise}


@pytest.mark.parametrize(
    ("adapter", "stream"),
    [(adapter, stream) for adapter in PULLS for stream in adapter.STREAMS],
    ids=lambda one: getattr(one, "name", None) or one.__name__.rpartition(".")[2],
)
def test_every_row_of_a_report_passes_its_tables_checks(adapter: Any, stream: Stream) -> None:
    pulled, config = PULLS[adapter](stream)
    (batch,) = pulled.batches
    rows = adapter.conform(stream, config, batch.rows, batch.key, {}).rows

    result = check(TABLES[stream.table], config.name, {DAY: rows})[DAY]

    assert rows
    assert (result.is_critical, result.rejects) == (False, ())
    assert len(result.rows) == len(rows)
