"""A lake and a ledger of a test's own, and sources of files that are read into them."""

import shutil
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from config.load import load_config
from tasks.core.books import DestinationKind
from tasks.core.findings import Finding
from tasks.core.night_report import NightReport
from tasks.core.plan import plan_night
from tasks.core.tables import TABLES
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.snapshots import Which
from tasks.pull import PullReport, pull
from tasks.reconcile import reconcile
from tasks.told import Told, told_by_files
from tasks.validate import validate
from tests.databases import Database
from tests.sources.files.writing import NOW, WINDOW

_CONFIG = Path(__file__).resolve().parents[3] / "config"

SOURCES = {
    "version": 1,
    "issuers": [{"id": "aws"}, {"id": "anthropic"}],
    "sources": [
        {
            "name": "bedrock",
            "type": "focus_file",
            "paths": ["bills/*"],
            "issuer": "aws",
            "services": ["*Bedrock*"],
            "skus": [{"sku": "*Haiku45*input*", "model": "claude-haiku-4-5", "kind": "input"}],
        },
        {"name": "documents", "type": "invoice_file", "paths": ["documents/*"]},
        {"name": "payables", "type": "payables_file", "paths": ["payables/*"]},
        {"name": "metrics", "type": "metrics_file", "paths": ["metrics/*"]},
    ],
}
_STREAMS_BY_SOURCE = {
    "bedrock": ["charges"],
    "documents": ["invoices"],
    "payables": ["payables"],
    "metrics": ["metrics"],
}
_STREAMS = {source: streams[0] for source, streams in _STREAMS_BY_SOURCE.items()}
FINANCE = {"version": 1, "payees": [{"match": "Devin by *", "issuer": "devin"}]}


class Stores:
    """Where everything is; `folder` is the work folder."""

    def __init__(self, folder: Path, database: Database, environment: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.database = database
        config = folder / "config"
        config.mkdir()
        for name in ("catalog.yaml", "policy.yaml"):
            shutil.copy(_CONFIG / name, config)
        (config / "catalog.yaml").write_text("version: 1\n")
        (config / "sources.yaml").write_text(yaml.safe_dump(SOURCES))
        (config / "finance.yaml").write_text(yaml.safe_dump(FINANCE))
        for name in ("bills", "documents", "payables", "metrics"):
            (folder / name).mkdir()
        for variable, value in {
            "DATABASE_URL": database.url,
            "LAKE_DIR": str(folder / "lake"),
            "CONFIG_DIR": str(config),
            "WORK_DIR": str(folder),
            "DIGEST_KEY": "a key for tests only, 32 characters or more",
        }.items():
            environment.setenv(f"GRADUAND_{variable}", value)

    def night(
        self,
        source: str,
        *,
        now: datetime = NOW,
        window: tuple[date, date] = WINDOW,
        from_scratch: bool = False,
    ) -> tuple[PullReport, list[Finding]]:
        """Pull and validate a source; give what pulling says, and all findings."""
        stream = _STREAMS[source]
        pulled = pull.fn(
            source,
            stream,
            window=window,
            now=now,
            deadline=datetime.now(UTC),
            from_scratch=from_scratch,
        )
        checked = validate.fn(source, stream, now=now)
        return pulled, [*pulled.findings, *checked.findings]

    def book(self, *, now: datetime = NOW, window: tuple[date, date] = WINDOW) -> NightReport:
        """Book a night from what is known."""
        plan = plan_night(_STREAMS_BY_SOURCE, window=window, only=None, as_of=None, now=now)
        return reconcile.fn(plan, failures=[], notices=[], dry_run=False)

    def costs(self) -> dict[tuple[str, str, date, str], int]:
        """Read what is booked by issuer, account, day and kind of destination."""
        sums: dict[tuple[str, str, date, str], int] = {}
        with self.ledger() as ledger:
            for (key, to), nano in ledger.posted(date.min, date.max).items():
                if to.kind is not DestinationKind.PAYABLE:
                    place = key.issuer, key.account, key.day, to.kind.value
                    sums[place] = sums.get(place, 0) + nano
        return sums

    def rows(self, source: str) -> list[dict[str, object]]:
        """Read the newest complete rows of a source, oldest day first."""
        lake = Lake.open(str(self.folder / "lake"))
        with self.ledger() as ledger:
            known = ledger.snapshots_as_of(
                ledger.newest_seq(), layer="conformed", which=Which.NEWEST_COMPLETE, source=source
            )
        known.sort(key=lambda one: one.key)
        return [row for one in known for row in lake.read_conformed(one, TABLES[one.table])]

    def told(self, *, seq: int | None = None, only: str | None = None) -> Told:
        """Read what files tell, by the newest snapshot or an older one."""
        config = load_config(self.folder / "config")
        sources = [one for one in config.sources.sources if only is None or one.name == only]
        lake = Lake.open(str(self.folder / "lake"))
        with self.ledger() as ledger:
            newest = ledger.newest_seq() if seq is None else seq
            return told_by_files(config, sources, lake, ledger, newest)

    def ledger(self) -> Ledger:
        lake = Lake.open(str(self.folder / "lake"))
        return Ledger.open(self.database.url, lake_id=lake.lake_id)

    def quarantined(self) -> list[str]:
        """Read the codes of all refused rows."""
        with self.ledger() as ledger:
            found = ledger.rejects_as_of(ledger.newest_seq(), start=date.min, end=date.max)
        return sorted(one.reject.code for one in found)

    def write(self, name: str, text: str | bytes) -> None:
        """Write a file of the work folder."""
        data = text if isinstance(text, bytes) else text.encode()
        (self.folder / name).write_bytes(data)


def subjects(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """List (code, subject)."""
    return [(one.code, one.subject) for one in findings]
