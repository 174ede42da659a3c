"""Read GitHub: pull requests with reviews and checks, runs, deployments, incidents, controls.

Every stream is keyed by the UTC day of the pull. `controls` is a report, whole each day; the
others are change streams and become `work_item_events`.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time

from config.shapes.sources import GithubSource
from tasks.core.batches import Pulled, Stream, StreamKind, Watermark
from tasks.core.tables import CONTROLS as TABLE
from tasks.sources.github.conform import conform
from tasks.sources.github.fetch_controls import fetch_controls
from tasks.sources.github.fetch_feeds import (
    fetch_deployments,
    fetch_incidents,
    fetch_item_events,
    fetch_workflow_runs,
)
from tasks.sources.github.fetch_pulls import fetch_pull_requests
from tasks.sources.github.probe import probe
from tasks.sources.github.progress import Progress
from tasks.sources.github.reading import Reading, beginning_of
from tasks.transport.client import Client

__all__ = ["HEADERS", "PARSER", "STREAMS", "conform", "fetch", "probe"]

#: Raise it when the same raw rows would conform to other events.
PARSER = "github-3"
#: For the client of this source: sent with every request, next pages included. Later versions
#: of the API leave out `merge_commit_sha`, which reverts and deployments are traced by.
HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
}
_TABLE = "work_item_events"
_VOLATILE = frozenset({"observed_at", "updated_at"})
_FETCHERS = {
    "pull_requests": fetch_pull_requests,
    "item_events": fetch_item_events,
    "incidents": fetch_incidents,
    "workflow_runs": fetch_workflow_runs,
    "deployments": fetch_deployments,
    "controls": fetch_controls,
}
CONTROLS = Stream("controls", StreamKind.REPORT, TABLE.name, ("key",), _VOLATILE)
STREAMS: tuple[Stream, ...] = (
    *(
        Stream(
            name,
            StreamKind.CHANGE,
            _TABLE,
            ("record", "key") if name == "pull_requests" else ("key",),
            _VOLATILE,
        )
        for name in _FETCHERS
        if name != CONTROLS.name
    ),
    CONTROLS,
)


def fetch(
    stream: Stream,
    client: Client,
    config: GithubSource,
    window: tuple[date, date],
    watermark: Watermark | None,
    now: datetime,
    keyed_digest: Callable[[str], str],
) -> Pulled:
    """Read what changed since the watermark.

    Where a limit or an outage ends the pull after something was read, that is returned with
    a watermark to go on from, as an incomplete batch.

    Args:
        stream: One of `STREAMS`.
        client: Has `HEADERS`.
        config: This source.
        window: What was never read is read from its first day, or `backfill_days` back.
        watermark: From the last pull; None reads from the beginning.
        now: Aware UTC; its day is the key of the batch.
        keyed_digest: Pseudonym of a name under the installation's key.

    Raises:
        SourceError: Nothing could be read.
    """
    start = datetime.combine(window[0], time(), tzinfo=UTC)
    reading = Reading(
        client=client,
        config=config,
        keyed_digest=keyed_digest,
        now=now,
        beginning=beginning_of(config, start, now),
        progress=Progress.of(watermark),
        requests_before=client.requests,
    )
    return _FETCHERS[stream.name](reading)
