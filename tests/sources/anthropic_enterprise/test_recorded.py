"""The documented examples of Claude Enterprise analytics, read exactly."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tasks.core.errors import SourceError
from tasks.core.people import Door
from tasks.sources.anthropic_enterprise import COST, USE
from tests.sources.anthropic_enterprise.analytics import Analytics, charges, cost, pull
from tests.sources.vendor_reports import days_of, recorded

DAY = date(2026, 11, 10)
WINDOW = (DAY, date(2026, 11, 11))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Decimal) else value


@pytest.mark.shared
def test_the_cost_report_is_read_exactly(shared: Path) -> None:
    page = _plain(recorded(shared, "anthropic_enterprise_cost_report.json"))
    whole = [cost("42160.000000", list_amount="49445.000000", model=None, product=None)]
    totals = [one | {"results": whole if one["results"] else []} for one in page["data"]]
    analytics = Analytics(page["data"], totals, refreshed=[page["data_refreshed_at"]])

    pulled = pull(COST, analytics, window=WINDOW)

    assert days_of(pulled) == {DAY: (2, True), WINDOW[1]: (0, True)}
    assert pulled.findings == ()
    assert {
        (row["account"], row["sku"]): (row["billed_nano"], row["list_nano"])
        for row in charges(pulled)
    } == {
        ("enterprise:claude_code", "claude-opus-5·-·-"): (412_800_000_000, 485_650_000_000),
        ("enterprise:default", "other"): (8_800_000_000, 8_800_000_000),
    }


@pytest.mark.shared
def test_the_report_by_person_is_read_exactly(shared: Path) -> None:
    page = _plain(recorded(shared, "anthropic_enterprise_user_cost_report.json"))
    analytics = Analytics(page["data"], refreshed=[page["data_refreshed_at"]])
    door = Door(str.upper, {"alice@example.com": "blue", "bob@example.com": "blue"})

    pulled = pull(USE, analytics, window=(DAY, DAY), door=door)

    assert [dict(row) for batch in pulled.batches for row in batch.rows] == [
        {
            "account": "enterprise:default",
            "squad": "others",
            "measure": "spend_nano",
            "value": 412_800_000_000 + 12_504_375_000 + 125_000_000,
            "actors": 3,
        }
    ]
    assert "alice" not in repr(pulled).lower()


@pytest.mark.shared
def test_the_successor_in_beta_is_refused_clearly(shared: Path) -> None:
    page = _plain(recorded(shared, "anthropic_analytics_cost_beta.json"))

    with pytest.raises(SourceError, match=r"data\.0\.results is missing"):
        pull(COST, Analytics(page["data"], page["data"]), window=WINDOW)
