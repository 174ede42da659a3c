"""Read Jira: issues, their status history, resolutions, incidents and typed links."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from config.shapes.sources import JiraSource
from tasks.core.batches import Pulled, Stream, StreamKind, Watermark
from tasks.sources.jira.conform import conform
from tasks.sources.jira.fetch import Reading, fetch_issues, read_to_of
from tasks.sources.jira.probe import probe
from tasks.transport.client import Client

__all__ = ["PARSER", "STREAMS", "conform", "fetch", "probe"]

#: Raise it when the same raw rows would conform to other events.
PARSER = "jira-2"
STREAMS: tuple[Stream, ...] = (
    Stream(
        "issues",
        StreamKind.CHANGE,
        "work_item_events",
        ("key",),
        frozenset({"observed_at", "updated_at"}),
    ),
)


def fetch(
    stream: Stream,  # noqa: ARG001  # there is only one
    client: Client,
    config: JiraSource,
    window: tuple[date, date],
    watermark: Watermark | None,
    now: datetime,
    keyed_digest: Callable[[str], str],
) -> Pulled:
    """Read what changed since the watermark.

    Where a limit or an outage ends the pull after something was read, that is returned with
    a watermark to go on from, as an incomplete batch.

    Args:
        stream: The only one.
        client: Of this source.
        config: This source.
        window: What was never read is read from its first day, or `backfill_days` back.
        watermark: From the last pull; None reads from the beginning.
        now: Aware UTC; its day is the key of the batch.
        keyed_digest: Pseudonym of a name under the installation's key.

    Raises:
        SourceError: Nothing could be read, or the site is of the other deployment.
    """
    start = datetime.combine(window[0], time(), tzinfo=UTC)
    return fetch_issues(
        Reading(
            client=client,
            config=config,
            keyed_digest=keyed_digest,
            now=now,
            beginning=min(start, now - timedelta(days=config.backfill_days)),
            read_to=read_to_of(watermark),
            requests_before=client.requests,
        )
    )
