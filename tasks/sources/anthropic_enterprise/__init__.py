"""Claude Enterprise analytics: what it billed and metered by UTC day, and what squads spent.

Cost and usage come by product, model and context window. Groups of people overlap, so none
is asked for. The cost is after discounts and before credits; on plans with seats it is
what goes beyond them, and the seats themselves are in none of the reports.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial

from config.shapes.sources import AnthropicEnterpriseSource, Issuer
from tasks.core.batches import Conformed, Pulled, RawRow, Stream, StreamKind, Watermark
from tasks.core.people import Door
from tasks.sources.anthropic_enterprise.payloads import (
    Accounts,
    parse_cost,
    parse_usage,
    parse_usage_total,
)
from tasks.sources.anthropic_enterprise.reports import Report, dollars, pull_report, tokens
from tasks.sources.anthropic_enterprise.rest import cost_rest, usage_rest
from tasks.sources.anthropic_enterprise.rows import conform_charges, conform_usage
from tasks.sources.anthropic_enterprise.use import pull_use
from tasks.sources.squad_rows import conform_use
from tasks.transport.client import Client

COST = Stream("cost", StreamKind.REPORT, "charges")
USAGE = Stream("usage", StreamKind.REPORT, "usage")
USE = Stream("use", StreamKind.REPORT, "squad_use")
STREAMS: tuple[Stream, ...] = (USAGE, COST, USE)

#: Raise it when the same raw rows would conform to other table rows.
PARSER = "anthropic-enterprise-1"

_COST_PATH = "/v1/organizations/analytics/cost_report"
_USAGE_PATH = "/v1/organizations/analytics/usage_report"
_GROUPS = ("product", "model", "context_window")


def fetch(
    stream: Stream,
    client: Client,
    config: AnthropicEnterpriseSource,
    window: tuple[date, date],
    watermark: Watermark | None,  # noqa: ARG001  # a report's window says it all
    now: datetime,
    door: Door,
) -> Pulled:
    """Read one report for the days of the window, both bounds included; today is not asked for.

    Raises:
        SourceError: The answer cannot be used; nothing of it is taken.
    """
    accounts = _accounts(config)
    if stream == USE:
        return pull_use(client, config, accounts.of(None), window, now, door)
    return pull_report(
        client,
        _usage(config) if stream == USAGE else _cost(config, accounts),
        source=config.name,
        window=window,
        now=now,
        lag_days=config.lag_days if stream == COST else 0,
    )


def conform(
    stream: Stream,
    config: AnthropicEnterpriseSource,
    rows: Sequence[RawRow],
    key: date,
    issuers: Mapping[str, Issuer],  # noqa: ARG001  # the vendor's day is the batch's key
) -> Conformed:
    """Give the raw rows of one UTC day the form of their table."""
    if stream == USE:
        return conform_use(rows, source=config.name, issuer=config.issuer, day=key)
    shape = conform_usage if stream == USAGE else conform_charges
    return shape(rows, issuer=config.issuer, day=key, accounts=_accounts(config))


def _accounts(config: AnthropicEnterpriseSource) -> Accounts:
    return Accounts(config.name, config.account)


def _cost(config: AnthropicEnterpriseSource, accounts: Accounts) -> Report:
    parse = partial(parse_cost, issuer=config.issuer, accounts=accounts)
    groups = (*_GROUPS, "cost_type", "token_type")
    return Report(_COST_PATH, groups, parse, parse, cost_rest, dollars)


def _usage(config: AnthropicEnterpriseSource) -> Report:
    parse = partial(parse_usage, issuer=config.issuer)
    total = partial(parse_usage_total, issuer=config.issuer)
    return Report(_USAGE_PATH, _GROUPS, parse, total, usage_rest, tokens)
