"""Snapshots of a made-up night's days: a log, a vendor's report, and a source of work."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from config.shapes.sources import AgentLogSource, AnthropicSource, GithubSource, Source
from tasks.core.books import Snapshot
from tasks.core.plan import Plan
from tasks.core.standing import Known, Standing, stand

NIGHT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
START, END = date(2026, 11, 15), date(2026, 11, 19)
STREAMS = {"logs": ["runs"], "vendor": ["usage", "cost"], "hub": ["pull_requests"]}
TABLES = {"runs": "runs", "usage": "usage", "cost": "charges"}
SOURCES: list[Source] = [
    AgentLogSource.model_validate({"type": "agent_log", "name": "logs", "paths": ["*.ndjson"]}),
    AnthropicSource.model_validate(
        {
            "type": "anthropic",
            "name": "vendor",
            "issuer": "anthropic",
            "base_url": "https://vendor.example",
            "secret": "key",
        }
    ),
    GithubSource.model_validate(
        {
            "type": "github",
            "name": "hub",
            "base_url": "https://hub.example",
            "secret": "token",
            "repositories": ["org/one"],
        }
    ),
]
DAYS = [START + timedelta(days=n) for n in range(5)]
PLAN = Plan(START, END, NIGHT, is_past=False, orders=())


def snapshot(
    source: str,
    stream: str,
    day: date,
    sha: str = "1",
    raw_sha: str = "r1",
    layer: str = "conformed",
) -> Snapshot:
    return Snapshot(
        source=source,
        stream=stream,
        layer=layer,
        table=TABLES[stream] if layer == "conformed" else "",
        key=day,
        sha=sha if layer == "conformed" else raw_sha,
        path=f"{layer}/{source}/{stream}/{day}/{sha}",
        rows=1,
        size_bytes=1,
        parser="p",
        raw_sha=raw_sha,
        is_complete=True,
        recorded_at=NIGHT,
    )


def report(name: str, **changes: object) -> Source:
    """A report as the vendor's, of another source."""
    return SOURCES[1].model_copy(update={"name": name, **changes})


def everything(*reports: str) -> list[Snapshot]:
    """Every day of the log, the vendor's report and the reports named."""
    streams = [("logs", "runs")]
    streams += [(name, stream) for name in ("vendor", *reports) for stream in ("usage", "cost")]
    return [snapshot(source, stream, day) for source, stream in streams for day in DAYS]


def standing(
    complete: list[Snapshot] | None = None,
    *,
    raw: list[Snapshot] | None = None,
    first: list[Snapshot] | None = None,
    unreadable: list[Snapshot] | None = None,
    unreported: frozenset[tuple[str, date]] = frozenset(),
    more: Sequence[Source] = (),
    plan: Plan = PLAN,
) -> Standing:
    """What a night counts on; `more` sources report usage and cost."""
    known = everything(*(one.name for one in more)) if complete is None else complete
    return stand(
        plan,
        [*SOURCES, *more],
        STREAMS | {one.name: ["usage", "cost"] for one in more},
        Known(
            raw=raw or [], complete=known, first_charges=first or [], unreadable=unreadable or []
        ),
        unreported,
    )
