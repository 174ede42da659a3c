"""OpenAI: what it metered (completions usage) and what it billed (costs), by UTC day.

Costs are the vendor's source of truth; usage and costs may differ slightly. Seats of
ChatGPT and Codex plans are in neither.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial

from config.shapes.sources import Issuer, OpenAISource
from tasks.core.batches import Conformed, Pulled, RawRow, Stream, StreamKind, Watermark
from tasks.core.days import day_bounds
from tasks.sources.openai.payloads import parse_buckets, parse_cost, parse_usage
from tasks.sources.openai.rows import conform_charges, conform_usage
from tasks.sources.report_days import pull_days, with_known_keys
from tasks.sources.report_rows import default_account
from tasks.transport.client import Client

USAGE = Stream("usage", StreamKind.REPORT, "usage")
COSTS = Stream("costs", StreamKind.REPORT, "charges")
STREAMS: tuple[Stream, ...] = (USAGE, COSTS)

#: Raise it when the same raw rows would conform to other table rows.
PARSER = "openai-1"

_USAGE_PATH = "/v1/organization/usage/completions"
_COSTS_PATH = "/v1/organization/costs"
_GROUPS = {
    USAGE.name: ["project_id", "api_key_id", "model", "batch", "service_tier"],
    COSTS.name: ["project_id", "line_item"],
}
# Most daily buckets that one page of usage may hold; costs would allow 180.
_PAGE_DAYS = 31


def fetch(
    stream: Stream,
    client: Client,
    config: OpenAISource,
    window: tuple[date, date],
    watermark: Watermark | None,  # noqa: ARG001  # a report's window says it all
    now: datetime,
    keyed_digest: Callable[[str], str],
) -> Pulled:
    """Read one report for the days of the window, both bounds included.

    Raises:
        SourceError: The answer cannot be used; nothing of it is taken.
    """
    path = _USAGE_PATH if stream == USAGE else _COSTS_PATH
    params: dict[str, str | int | Sequence[str]] = {
        "start_time": _seconds(window[0]),
        "end_time": _seconds(window[1] + timedelta(days=1)),
        "bucket_width": "1d",
        "limit": _PAGE_DAYS,
        "group_by": _GROUPS[stream.name],
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
        empty_days=config.lag_days if stream == COSTS else 0,
    )


def conform(
    stream: Stream,
    config: OpenAISource,
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


def _seconds(day: date) -> int:
    return int(day_bounds(day)[0].timestamp())
