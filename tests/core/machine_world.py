"""What the sources of a small organisation say, told and retold, for the machine of the books.

Content lies in a dictionary by its digest, where a lake would keep files; the ledger keeps the
snapshots. A broken line is one that the first parser refuses and the second reads.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from config.shapes.sources import Sources
from tasks.core.batches import Reject
from tasks.core.books import Snapshot
from tasks.core.cells import ChargeCell, RunCell, UsageCell
from tasks.sources.registry import adapter_of
from tests.core import factories

#: The last days of one billing period, and the first of the next.
DAYS = (date(2026, 10, 30), date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 2))
CLOSING, OPEN = "2026-10", "2026-11"
ISSUERS = ("anthropic", "openai")
ACCOUNTS = ("main", "beta-account")
MODELS = {"anthropic": ("claude-opus-5", "claude-sonnet-5"), "openai": ("gpt-5", "o9-unpriced")}
KEYS = (None, "key-alpha", "key-lab")
STAMPS = ("", "alpha", "beta", "gamma")

_BEGUN = datetime(2026, 11, 10, 4, tzinfo=UTC)


class Charge(NamedTuple):
    """One billed line, in nano."""

    number: int
    account: str
    model: str
    nano: int
    period: str
    currency: str = "USD"
    category: str = "usage"
    is_broken: bool = False


class Usage(NamedTuple):
    """One metered line, in tokens."""

    account: str
    model: str
    api_key: str | None
    tokens: int


class Run(NamedTuple):
    """One logged run, in tokens; the account may be missing."""

    issuer: str
    account: str | None
    model: str
    api_key: str | None
    stamp: str
    tokens: int


Line = Charge | Usage | Run
Place = tuple[str, str, date]


def sources(factor: str) -> Sources:
    """Configure a log and two vendors; `factor` is what a contract makes of list prices."""
    contract = [{"model": "*", "factor": factor, "from": "2026-01-01"}]
    return Sources.model_validate(
        {
            "version": 1,
            "issuers": [
                {"id": issuer, "price_provider": issuer, "contract": contract} for issuer in ISSUERS
            ],
            "sources": [
                {"name": "logs", "type": "agent_log", "paths": ["logs/*.ndjson"]},
                *(
                    {
                        "name": issuer,
                        "type": issuer,
                        "issuer": issuer,
                        "base_url": f"https://{issuer}.example",
                        "secret": issuer,
                    }
                    for issuer in ISSUERS
                ),
            ],
        }
    )


#: Table of each (source, stream).
STREAMS = {
    (source.name, stream.name): stream
    for source in sources("1").sources
    for stream in adapter_of(source).streams
}
BILLS = {source: name for (source, name), stream in STREAMS.items() if stream.table == "charges"}
METERS = {source: name for (source, name), stream in STREAMS.items() if stream.table == "usage"}
LOG = ("logs", "runs")


@dataclass
class World:
    """What was told so far.

    Attributes:
        raw: What each source says of a day at the moment.
        content: Lines by the digest of what was told or read.
        parser: Version of ours: the second reads what the first refuses.
    """

    raw: dict[Place, tuple[Line, ...]] = field(default_factory=dict)
    content: dict[str, tuple[Line, ...]] = field(default_factory=dict)
    parser: int = 1
    ticks: int = 0

    def now(self) -> datetime:
        """Give a moment later than every one before."""
        self.ticks += 1
        return _BEGUN + timedelta(minutes=self.ticks)

    def told(self, place: Place) -> Snapshot:
        """Keep what a source says of a day, as its raw snapshot."""
        return self._kept(place, "raw", self.raw[place])

    def read(self, place: Place) -> tuple[Snapshot, list[Reject]]:
        """Read what was told with today's parser: its conformed snapshot, and what it refused."""
        lines = self.raw[place]
        refused = [one for one in lines if self.parser == 1 and getattr(one, "is_broken", False)]
        good = [one for one in lines if one not in refused]
        snapshot = self._kept(place, "conformed", good)
        return replace(snapshot, raw_sha=self.told(place).sha), [
            Reject(
                "page 1",
                number,
                80,
                f"{number:064x}",
                "amount",
                "bad_amount",
                issuer=place[0],
                account=one.account or "",
                amount_nano=one.nano if isinstance(one, Charge) else None,
            )
            for number, one in enumerate(refused)
        ]

    def _kept(self, place: Place, layer: str, lines: Iterable[Line]) -> Snapshot:
        kept = tuple(sorted(lines, key=repr))
        sha = hashlib.sha256(repr((layer, place[1], kept)).encode()).hexdigest()
        self.content[sha] = kept
        source, stream, day = place
        return Snapshot(
            source=source,
            stream=stream,
            layer=layer,
            table=STREAMS[source, stream].table if layer == "conformed" else "",
            key=day,
            sha=sha,
            path=f"{layer}/{source}/{stream}/{day}/{sha}",
            rows=len(kept),
            size_bytes=len(kept),
            parser=str(self.parser) if layer == "conformed" else "",
            raw_sha=sha,
            is_complete=True,
            recorded_at=self.now(),
        )

    def charges(self, snapshots: Sequence[Snapshot]) -> list[ChargeCell]:
        """Sum billed lines into cells, as the lake does."""
        found: dict[tuple[Any, ...], list[Charge]] = {}
        for snapshot in snapshots:
            for one in self.content[snapshot.sha]:
                assert isinstance(one, Charge)
                of = (snapshot, one.account, one.model, one.period, one.currency, one.category)
                found.setdefault(of, []).append(one)
        return [
            factories.charge(
                sum(one.nano for one in lines),
                issuer=snapshot.source,
                account=account,
                day=snapshot.key,
                billing_period=period,
                currency=currency,
                category=category,
                sku=f"{model}·standard·0-200k" if category == "usage" else "-",
                model=model if category == "usage" else None,
                kind="input" if category == "usage" else None,
                lines=len(lines),
            )
            for (snapshot, account, model, period, currency, category), lines in found.items()
        ]

    def usage(self, snapshots: Sequence[Snapshot]) -> list[UsageCell]:
        """Give metered lines as cells."""
        return [
            factories.usage(
                one.tokens,
                issuer=snapshot.source,
                account=one.account,
                day=snapshot.key,
                api_key=one.api_key,
                model=one.model,
                sku=f"{one.model}·standard·0-200k",
            )
            for snapshot in snapshots
            for one in self.content[snapshot.sha]
            if isinstance(one, Usage)
        ]

    def runs(self, snapshots: Sequence[Snapshot], pools: "Pools") -> list[RunCell]:
        """Give logged lines as cells of the workflow that the catalog of now resolves them to."""
        return [
            factories.run(
                one.stamp if pools.get((one.stamp, snapshot.key)) else "",
                issuer=one.issuer,
                account=one.account,
                day=snapshot.key,
                model=one.model,
                api_key=one.api_key,
                pool=pools.get((one.stamp, snapshot.key), ""),
                input=one.tokens,
            )
            for snapshot in snapshots
            for one in self.content[snapshot.sha]
            if isinstance(one, Run)
        ]


#: Pool of each workflow on each day; missing where it has no stage.
Pools = dict[tuple[str, date], str]
