"""The stores of one test: a lake, a ledger and a configuration, and what they hold."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import create_engine, select

from tasks.core.books import BookKey, Cause, Destination, DestinationKind
from tasks.lake.store import Lake
from tasks.ledger import tables
from tasks.ledger.ledger import Ledger
from tasks.ledger.verify import Verified
from tests.databases import Database, NewDatabase

#: What nights leave behind, as against how often they were tried.
BOOKS = (
    *(tables.reconciliations, tables.entries, tables.postings, tables.chain_heads),
    *(tables.break_observations, tables.held_days, tables.day_bases, tables.config_versions),
    *(tables.work_item_events, tables.labels, tables.quarantine_sets, tables.quarantine),
)

Sums = dict[tuple[BookKey, Destination], int]
Rows = list[tuple[object, ...]]


@dataclass(frozen=True)
class Stores:
    """Where a night keeps everything.

    Attributes:
        folder: Holds `lake` and `config`.
    """

    folder: Path
    database: Database

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    @property
    def config(self) -> Path:
        return self.folder / "config"

    def copy_to(self, folder: Path, new_database: NewDatabase) -> "Stores":
        """Copy everything; nobody may be connected to the ledger."""
        shutil.copytree(self.folder, folder)
        return Stores(folder, new_database(self.database))

    def ledger(self) -> Ledger:
        return Ledger.open(self.database.url, lake_id=Lake.open(str(self.lake)).lake_id)

    def verified(self) -> Verified:
        """Prove the chain, the balance and the guards."""
        with self.ledger() as ledger:
            return ledger.verify()

    def sums(self) -> Sums:
        """Read what every book holds for every destination, in nano units."""
        with self.ledger() as ledger:
            posted = ledger.posted(date.min, date.max)
        return {place: nano for place, nano in posted.items() if nano}

    def costs(self) -> Sums:
        """Read the same without the payable side."""
        return {
            (key, to): nano
            for (key, to), nano in self.sums().items()
            if to.kind is not DestinationKind.PAYABLE
        }

    def breaks(self) -> set[tuple[object, ...]]:
        """Read the breaks that stand now, without their age."""
        with self.ledger() as ledger:
            return {(one.break_id, one.item) for one in ledger.breaks_current()}

    def digest(self) -> str:
        """Read the digest of the newest night."""
        with self.ledger() as ledger:
            newest = ledger.last_reconciliation()
        assert newest is not None
        return newest.reconciliation.digest

    def causes(self) -> list[Cause]:
        """Read the causes of all entries, in the order they were booked."""
        engine = create_engine(self.database.url)
        with engine.connect() as connection:
            query = select(tables.entries.c.cause).order_by(tables.entries.c.id)
            found = [Cause(cause) for (cause,) in connection.execute(query)]
        engine.dispose()
        return found

    def rows(self) -> dict[str, Rows]:
        """Read every row of the tables of `BOOKS`."""
        engine = create_engine(self.database.url)
        with engine.connect() as connection:
            found = {
                table.name: sorted(
                    (tuple(row) for row in connection.execute(select(table))), key=repr
                )
                for table in BOOKS
            }
        engine.dispose()
        return found

    def files_of(self, layer: str, source: str, day: date, table: str = "%") -> list[Path]:
        """Name the lake files that the ledger refers to for a source's day."""
        query = select(tables.snapshots.c.path).where(
            tables.snapshots.c.layer == layer,
            tables.snapshots.c.source == source,
            tables.snapshots.c.day == day,
            tables.snapshots.c.table_name.like(table),
        )
        engine = create_engine(self.database.url)
        with engine.connect() as connection:
            paths = [self.lake / path for (path,) in connection.execute(query)]
        engine.dispose()
        return paths

    def edit(self, file: str, *changes: tuple[str, str]) -> None:
        """Replace texts in a configuration file; each must stand there once."""
        path = self.config / file
        text = path.read_text(encoding="utf-8")
        for old, new in changes:
            assert text.count(old) == 1, f"{file} has {text.count(old)} times {old!r}"
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")


def by_day(sums: Mapping[tuple[BookKey, Destination], int], day: date) -> Sums:
    """Pick the sums of one day."""
    return {place: nano for place, nano in sums.items() if place[0].day == day}


def line(**said: object) -> str:
    """Write one record of an agent change log."""
    return json.dumps(said) + "\n"
