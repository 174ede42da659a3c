"""GitHub Copilot: what it billed by UTC day, and what squads used of it.

Bills: AI credits (premium requests before June 2026) by sku and model, seats and whatever
else Copilot sells. Credits are metered and billed by the same lines, so there is no usage to
set against them: a second leg would only repeat the first. Their amounts say nothing of
repositories, sessions or runs; people are never asked for.

Metrics: AI credits by person, an indication and no bill, folded by squad while it is read.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from config.shapes.sources import CopilotSource, Issuer
from tasks.core.batches import Conformed, Pulled, RawRow, Stream, StreamKind, Watermark
from tasks.core.people import Door
from tasks.sources.copilot.bills import pull_bills
from tasks.sources.copilot.metrics import pull_metrics
from tasks.sources.copilot.rows import conform_charges
from tasks.sources.squad_rows import conform_use
from tasks.transport.client import Client

__all__ = ["BILLING", "HEADERS", "METRICS", "PARSER", "STREAMS", "conform", "fetch"]

BILLING = Stream("billing", StreamKind.REPORT, "charges")
METRICS = Stream("metrics", StreamKind.REPORT, "squad_use")
STREAMS: tuple[Stream, ...] = (BILLING, METRICS)

#: The version of GitHub's API that tells of AI credits.
HEADERS: Mapping[str, str] = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2026-03-10",
}

#: Raise it when the same raw rows would conform to other table rows.
PARSER = "copilot-1"


def fetch(
    stream: Stream,
    client: Client,
    config: CopilotSource,
    window: tuple[date, date],
    watermark: Watermark | None,  # noqa: ARG001  # a report's window says it all
    now: datetime,
    door: Door,
) -> Pulled:
    """Read one report for the days of the window, both bounds included; today is not asked for.

    Raises:
        SourceError: The answer cannot be used; nothing of it is taken.
    """
    if stream == METRICS:
        return pull_metrics(client, config, window, now, door)
    return pull_bills(client, config, window, now)


def conform(
    stream: Stream,
    config: CopilotSource,
    rows: Sequence[RawRow],
    key: date,
    issuers: Mapping[str, Issuer],  # noqa: ARG001  # the vendor's day is the batch's key
) -> Conformed:
    """Give the raw rows of one UTC day the form of their table."""
    shape = conform_use if stream == METRICS else conform_charges
    return shape(rows, source=config.name, issuer=config.issuer, day=key)
