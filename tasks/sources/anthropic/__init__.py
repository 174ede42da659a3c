"""Anthropic: what it metered (messages usage) and what it billed (cost report), by UTC day.

What the reports do not say, stays unsaid: list prices, priority-tier money (billed by
commitment) and the usage behind code execution. The cost report knows no API key.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial

from config.shapes.sources import AnthropicSource, Issuer
from tasks.core.batches import Conformed, Pulled, RawRow, Stream, StreamKind, Watermark
from tasks.core.days import day_bounds, vendor_day
from tasks.sources.anthropic.payloads import parse_buckets, parse_cost, parse_usage
from tasks.sources.anthropic.rows import conform_charges, conform_usage
from tasks.sources.report_days import pull_days, with_known_keys
from tasks.sources.report_rows import default_account
from tasks.transport.client import Client

USAGE = Stream("usage", StreamKind.REPORT, "usage")
COST = Stream("cost", StreamKind.REPORT, "charges")
STREAMS: tuple[Stream, ...] = (USAGE, COST)

#: Raise it when the same raw rows would conform to other table rows.
PARSER = "anthropic-1"

_USAGE_PATH = "/v1/organizations/usage_report/messages"
_COST_PATH = "/v1/organizations/cost_report"
_GROUPS = {
    USAGE.name: ["api_key_id", "workspace_id", "model", "service_tier", "context_window"],
    COST.name: ["workspace_id", "description"],
}
# Most daily buckets that one page may hold.
_PAGE_DAYS = 31
# A window without a closed day is answered with 400: start at least this far back.
_REACH_BACK = timedelta(days=3)
# Whether a bucket that ends exactly at `ending_at` is included is not documented.
_ONE_PAST = timedelta(days=1)


def fetch(
    stream: Stream,
    client: Client,
    config: AnthropicSource,
    window: tuple[date, date],
    watermark: Watermark | None,  # noqa: ARG001  # a report's window says it all
    now: datetime,
    keyed_digest: Callable[[str], str],
) -> Pulled:
    """Read one report for the days of the window, both bounds included.

    Raises:
        SourceError: The answer cannot be used; nothing of it is taken.
    """
    start = min(window[0], vendor_day(now) - _REACH_BACK)
    path = _USAGE_PATH if stream == USAGE else _COST_PATH
    params: dict[str, str | int | Sequence[str]] = {
        "starting_at": _instant(start),
        "ending_at": _instant(window[1] + timedelta(days=1) + _ONE_PAST),
        "bucket_width": "1d",
        "limit": _PAGE_DAYS,
        "group_by[]": _GROUPS[stream.name],
    }
    parse_row = (
        partial(parse_usage, issuer=config.issuer)
        if stream == USAGE
        else partial(parse_cost, issuer=config.issuer, default_account=default_account(config.name))
    )
    return pull_days(
        client,
        path,
        params,
        partial(parse_buckets, config.name, path),
        with_known_keys(parse_row, config.api_keys, keyed_digest),
        source=config.name,
        window=window,
        now=now,
        empty_days=config.lag_days if stream == COST else 0,
    )


def conform(
    stream: Stream,
    config: AnthropicSource,
    rows: Sequence[RawRow],
    key: date,
    issuers: Mapping[str, Issuer],  # noqa: ARG001  # the vendor's day is the batch's key
) -> Conformed:
    """Give the raw rows of one UTC day the form of their table."""
    shape = conform_usage if stream == USAGE else conform_charges
    return shape(
        rows,
        source=config.name,
        issuer=config.issuer,
        day=key,
        default_account=default_account(config.name),
    )


def _instant(day: date) -> str:
    return day_bounds(day)[0].strftime("%Y-%m-%dT%H:%M:%SZ")
