"""Asks GitHub for Copilot's bill, day by day and cost centre by cost centre."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial

from config.shapes.sources import CopilotSource
from tasks.core.batches import Batch, Pulled
from tasks.core.days import vendor_day, window_days
from tasks.core.errors import SourceError
from tasks.sources.copilot.billing import Answers, DayBill, day_bill
from tasks.sources.copilot.payloads import Told, parse_lines, parse_metered
from tasks.sources.copilot.rows import raw_row
from tasks.sources.copilot.told import findings_of
from tasks.sources.report_days import read_to
from tasks.transport.client import Client
from tasks.transport.errors import StatusError

#: Copilot is billed in AI credits from this day on, in premium requests before it.
CREDITS_FROM = date(2026, 6, 1)

_NOT_FOUND = 404
#: Of an answer, into what it tells of a day.
_Parse = Callable[..., Told]


def pull_bills(
    client: Client, config: CopilotSource, window: tuple[date, date], now: datetime
) -> Pulled:
    """Read the bills of the ended days of a window.

    A day without AI credits is taken for one without use only when it is older than the
    vendor's lag; one whose reports contradict each other is not taken at all, and told. A bill
    of all products without a line of Copilot contradicts AI credits after that lag.

    Raises:
        SourceError: The answer cannot be used; nothing of it is taken.
    """
    before = client.requests
    today = vendor_day(now)
    asked = [day for day in window_days(*window) if day < today]
    settled_before = today - timedelta(days=config.lag_days)
    bills = [_checked(_bill(client, config, day), settled_before) for day in asked]
    batches = [_batch(bill, settled_before) for bill in bills]
    findings = findings_of(bills, config.name)
    return Pulled(batches, read_to(batches, window), client.requests - before, findings)


def account_of(config: CopilotSource) -> str:
    """Name the account of what no cost centre was billed: the organisation or enterprise."""
    return str(config.enterprise or config.organization)


def _bill(client: Client, config: CopilotSource, day: date) -> DayBill:
    total = _answers(client, config, day, account_of(config), None)
    centers = [_answers(client, config, day, one.account, one.id) for one in config.cost_centers]
    return day_bill(day, total, centers)


def _answers(
    client: Client, config: CopilotSource, day: date, account: str, cost_center: str | None
) -> Answers:
    metered = "ai_credit/usage" if day >= CREDITS_FROM else "premium_request/usage"
    ask = partial(_ask, client, config, day, account, cost_center)
    return Answers(account, ask(metered, parse_metered), ask("usage", parse_lines))


def _ask(
    client: Client,
    config: CopilotSource,
    day: date,
    account: str,
    cost_center: str | None,
    report: str,
    parse: _Parse,
) -> Told:
    owner = (
        f"enterprises/{config.enterprise}"
        if config.enterprise
        else f"organizations/{config.organization}"
    )
    params: dict[str, str | int] = {"year": day.year, "month": day.month, "day": day.day}
    if cost_center is not None:
        params["cost_center_id"] = cost_center
    try:
        answer = client.get(f"/{owner}/settings/billing/{report}", params=params)
    except StatusError as error:
        if error.status != _NOT_FOUND:
            raise
        detail = (
            f"{error.endpoint} answered 404: check the name; the account must be on GitHub's "
            "enhanced billing platform, and the credential's owner may see its bills"
        )
        raise SourceError(config.name, detail) from None
    return parse(
        answer.json,
        day,
        source=config.name,
        endpoint=f"billing {report}",
        issuer=config.issuer,
        account=account,
    )


def _checked(bill: DayBill, settled_before: date) -> DayBill:
    """Hold a settled day whose bill of all products is empty: its seats would be zero."""
    if bill.has_lines or bill.contradiction or bill.day >= settled_before:
        return bill
    contradiction = "the bill of all products is empty, the report of AI credits is not"
    return replace(bill, contradiction=contradiction)


def _batch(bill: DayBill, settled_before: date) -> Batch:
    is_told = (bill.has_metered and bill.has_lines) or bill.day < settled_before
    rows = [raw_row(item, account) for account, item in bill.items]
    return Batch(bill.day, rows, tuple(bill.rejects), is_told and not bill.contradiction)
