from functools import partial
from typing import Any

import pytest

from tasks.core.batches import Reject
from tasks.sources.anthropic_enterprise import payloads, rows
from tasks.sources.anthropic_enterprise.payloads import Accounts
from tests.sources.anthropic_enterprise.analytics import DAYS, cost, usage
from tests.sources.test_people_in_reports import PEOPLE, seeded

ACCOUNTS = Accounts("enterprise", None)
REPORTS: dict[str, tuple[dict[str, object], Any, Any]] = {
    "cost": (
        cost(),
        partial(payloads.parse_cost, issuer="i", accounts=ACCOUNTS),
        rows.conform_charges,
    ),
    "usage": (usage(), partial(payloads.parse_usage, issuer="i"), rows.conform_usage),
}


@pytest.mark.parametrize("name", REPORTS)
def test_no_seeded_person_is_kept_from_any_field(name: str) -> None:
    row, parse, conform = REPORTS[name]

    parsed = [parse(one, "page 1", 0) for one in seeded(row)]
    raw = [one for one in parsed if not isinstance(one, Reject)]
    kept = repr((parsed, conform(raw, issuer="i", day=DAYS[0], accounts=ACCOUNTS))).lower()

    assert raw
    assert [part for person in PEOPLE for part in person.lower().split() if part in kept] == []


@pytest.mark.parametrize("name", REPORTS)
def test_the_search_finds_a_planted_person(name: str) -> None:
    row, parse, _ = REPORTS[name]

    assert "ottiline" in repr(parse(row | {"model": "ottiline"}, "page 1", 0))
