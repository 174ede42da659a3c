"""The documented and observed examples of Copilot's reports, read exactly."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tasks.core.batches import Pulled
from tasks.core.errors import SourceError
from tasks.core.people import Door
from tasks.sources.copilot import BILLING, METRICS
from tests.sources.copilot.fake_copilot import Copilot, conformed, pull
from tests.sources.vendor_reports import codes, recorded
from tests.transport.loopback import Reply, Request

DAY = date(2026, 11, 10)
ONE_DAY = (DAY, DAY)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return float(value) if isinstance(value, Decimal) else value


def items_of(shared: Path, name: str) -> list[object]:
    page = _plain(recorded(shared, name))
    items: list[object] = page["usageItems"]
    return items


def billed(pulled: Pulled) -> list[tuple[Any, ...]]:
    return sorted(
        (row["sku"], row["category"], row["billed_nano"], row["list_nano"], row["quantity"])
        for row in conformed(BILLING, pulled)
    )


@pytest.mark.shared
def test_ai_credits_are_read_exactly(shared: Path) -> None:
    fake = Copilot({DAY: items_of(shared, "copilot_ai_credit_usage.json")})

    pulled = pull(BILLING, fake, window=ONE_DAY)

    assert billed(pulled) == [("gpt-5·ai_credits·-", "usage", 10**9, 10**9, 100_000_000)]
    assert (pulled.findings, codes(pulled)) == ((), [])


@pytest.mark.shared
def test_premium_requests_are_read_exactly(shared: Path) -> None:
    day = date(2025, 7, 1)
    fake = Copilot({day: items_of(shared, "copilot_premium_request_usage.json")})

    pulled = pull(BILLING, fake, window=(day, day))

    assert billed(pulled) == [
        ("gpt-5·premium_requests·-", "usage", 4 * 10**9, 4 * 10**9, 100_000_000)
    ]
    assert (pulled.findings, codes(pulled)) == ((), [])


@pytest.mark.shared
def test_observed_credits_beside_the_bill_of_all_products_differ_by_what_one_lacks(
    shared: Path,
) -> None:
    fake = Copilot(
        {DAY: items_of(shared, "copilot_ai_credit_usage_live_like.json")},
        {DAY: items_of(shared, "copilot_billing_usage_live_like.json")},
    )

    pulled = pull(BILLING, fake, window=ONE_DAY)

    assert billed(pulled) == [
        ("claude-haiku-4-5·ai_credits·-", "usage", 56_329_110, 56_329_110, 5_632_911),
        ("claude-sonnet-5·ai_credits·-", "usage", 0, 1_558_472_750, 155_847_275),
        ("copilot_for_business", "purchase", 190 * 10**9, 190 * 10**9, 10_000_000),
    ]
    assert [one.code for one in pulled.findings] == ["reports_differ"]
    assert "-$0.06 more" in pulled.findings[0].detail


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("copilot_billing_usage.json", date(2023, 8, 1)),
        ("copilot_usage_summary.json", date(2025, 7, 1)),
    ],
)
def test_bills_of_other_products_alone_bring_nothing(shared: Path, name: str, day: date) -> None:
    fake = Copilot({}, {day: items_of(shared, name)})

    pulled = pull(BILLING, fake, window=(day, day))

    assert (billed(pulled), codes(pulled), pulled.findings) == ([], [], ())


@pytest.mark.shared
def test_a_report_of_a_year_is_refused_where_a_day_was_asked_for(shared: Path) -> None:
    body = _plain(recorded(shared, "copilot_ai_credit_usage.json"))

    with pytest.raises(SourceError, match="answers for 2026;"):
        pull(BILLING, Copilot(override=lambda _: Reply(body=body)), window=ONE_DAY)


@pytest.mark.shared
def test_a_refused_filter_by_user_is_a_clear_fault(shared: Path) -> None:
    body = recorded(shared, "copilot_error_403_user_filter.json")

    with pytest.raises(SourceError, match="403: permission"):
        pull(BILLING, Copilot(override=lambda _: Reply(403, body=body)), window=ONE_DAY)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["copilot_metrics_report_links.json"])
def test_example_links_lead_to_an_origin_that_must_be_declared(shared: Path, name: str) -> None:
    body = _plain(recorded(shared, name))
    day = date.fromisoformat(body["report_day"])

    def answer(request: Request) -> Reply | None:
        return Reply(body=body) if "users-1-day" in request.path else None

    with pytest.raises(SourceError, match="answers for another day"):
        pull(METRICS, Copilot(override=answer), window=ONE_DAY, door=Door(str, {"a": "b"}))
    assert day < date(2026, 6, 1)


@pytest.mark.shared
def test_a_report_of_28_days_is_none_of_one_day(shared: Path) -> None:
    body = _plain(recorded(shared, "copilot_metrics_report_28_day_links.json"))
    fake = Copilot(override=lambda _: Reply(body=body))

    with pytest.raises(SourceError, match="report_day is missing"):
        pull(METRICS, fake, window=ONE_DAY, door=Door(str, {"a": "b"}))


@pytest.mark.shared
def test_the_records_of_people_are_read_exactly(shared: Path) -> None:
    file = (shared / "reference/payloads/copilot_users_1_day.ndjson").read_bytes()
    door = Door(str.upper, {"alice": "blue", "bob": "blue"})

    pulled = pull(METRICS, Copilot(files={DAY: [file]}), window=ONE_DAY, door=door)

    assert [(row["squad"], row["value"], row["actors"]) for row in conformed(METRICS, pulled)] == [
        ("others", 12_500_000, None)
    ]
    assert codes(pulled) == []
    assert "alice" not in repr(pulled).lower()
