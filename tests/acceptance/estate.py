"""A month of the sandbox's estate, read once, and its books with any sources switched on."""

import os
import re
import shutil
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import pytest

from cli.comparison import differences
from cli.rehearse import environment
from config.load import load_config
from sandbox.oracle.nights import run_nights
from sandbox.oracle.truth import write_truth
from sandbox.records import World
from sandbox.server import Sandbox
from tasks.core.books import BookKey, Destination
from tasks.core.night_report import NightReport
from tasks.core.plan import Failure, Plan, plan_night
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.reconcile import reconcile
from tasks.sources.registry import streams_by_source
from tasks.validate import validate
from tests.base_config import SHIPPED
from tests.databases import NewDatabase
from tests.flows.nights import Night, pulled
from tests.flows.stores import Stores

_KEY = "the key of the estate's tests, the same for every copy of a store"
_NAME = re.compile(r"  - name: (\S+)")
#: Booked money by key and destination, and the files of the lake.
Stored = tuple[dict[tuple[BookKey, Destination], int], set[str]]


def write_config(folder: Path, sources: Collection[str]) -> None:
    """Write the shipped configuration with these sources switched on, and no other."""
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("*.py*"), dirs_exist_ok=True)
    lines, name = [], ""
    for line in (SHIPPED / "sources.yaml").read_text(encoding="utf-8").splitlines():
        if line == "    enabled: false":
            continue
        named = _NAME.match(line)
        name = named[1] if named else name
        lines.append(line)
        if line.startswith("    type: ") and name not in sources:
            lines.append("    enabled: false")
    (folder / "sources.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Month:
    """What was read of the month, before anything is booked.

    Attributes:
        days: Its window.
        failures: Of reading; none where all is well.
    """

    sandbox: Sandbox
    stores: Stores
    patch: pytest.MonkeyPatch
    now: datetime
    days: tuple[date, ...]
    failures: tuple[Failure, ...] = ()

    @property
    def world(self) -> World:
        return self.sandbox.world

    def every(self) -> frozenset[str]:
        """Name all sources of the world, second opinions too."""
        config = load_config(SHIPPED)
        return frozenset(source.name for source in config.sources.sources)

    def explained(self, sources: Collection[str]) -> int:
        """Sum what the oracle finds explained with some sources on, in nano-USD."""
        (night,) = run_nights(self.world, (self.now,), sources, self.days)
        lines = [line for books in night.desired.values() for line in books.items()]
        return sum(nano for to, nano in lines if to.kind == "family")

    def books(
        self,
        sources: Collection[str],
        told: Collection[str],
        folder: Path,
        new_database: NewDatabase,
    ) -> tuple[NightReport, list[str], dict[str, int]]:
        """Book what is read with some sources switched on, on a ledger without any books.

        Args:
            sources: Those that are on.
            told: Those that the oracle is asked for.
            folder: For the stores.
            new_database: Makes the ledger.

        Returns:
            The report, every figure in which it differs from the oracle, and booked by issuer.
        """
        stores = self.stores.copy_to(folder, new_database)
        write_config(stores.config, sources)
        point(self, stores)
        report = reconcile.fn(plan_of(self, stores), failures=(), notices=[], dry_run=False)
        target = folder / "oracle"
        write_truth(self.world, target, (self.now,), told, self.days)
        file = target / "truth" / f"{self.now:%Y-%m-%d}.json"
        lake = Lake.open(str(stores.lake))
        with Ledger.open(stores.database.url, lake_id=lake.lake_id) as ledger:
            ledger.verify()
            wrong = differences(report, ledger, file)
        booked: dict[str, int] = {}
        for (key, _), nano in stores.costs().items():
            booked[key.issuer] = booked.get(key.issuer, 0) + nano
        return report, wrong, booked

    def twice(
        self, folder: Path, new_database: NewDatabase
    ) -> tuple[tuple[NightReport, NightReport], tuple[Failure, ...], tuple[Stored, Stored]]:
        """Book all that was read, read everything once more, and book again.

        Returns:
            Both reports, what failed at the second reading, and what the stores held after each.
        """
        stores = self.stores.copy_to(folder, new_database)
        write_config(stores.config, self.every())
        point(self, stores)
        plan = plan_of(self, stores)
        first = reconcile.fn(plan, failures=(), notices=[], dry_run=False)
        before = stores.costs(), stored(stores)
        failures = received(self, stores)
        second = reconcile.fn(plan, failures=(), notices=[], dry_run=False)
        return (first, second), failures, (before, (stores.costs(), stored(stores)))


def stored(stores: Stores) -> set[str]:
    """Name the files of the lake, which are called by their content."""
    return {str(path.relative_to(stores.lake)) for path in stores.lake.rglob("*.*")}


def point(month: Month, stores: Stores) -> None:
    """Have settings name these stores and the sandbox."""
    named = environment(month.sandbox, month.sandbox.folder)
    named |= {
        "GRADUAND_DIGEST_KEY": _KEY,
        "GRADUAND_DATABASE_URL": stores.database.url,
        "GRADUAND_LAKE_DIR": str(stores.lake),
        "GRADUAND_CONFIG_DIR": str(stores.config),
        "GRADUAND_NOW": month.now.isoformat(),
    }
    for name, value in named.items():
        if name.startswith("GRADUAND_"):
            month.patch.setenv(name, value)


def plan_of(month: Month, stores: Stores) -> Plan:
    """Plan the night."""
    sources = load_config(stores.config).sources
    return plan_night(
        streams_by_source(sources),
        window=(month.days[0], month.days[-1]),
        only=None,
        as_of=None,
        now=month.now,
    )


def read_month(
    sandbox: Sandbox, stores: Stores, patch: pytest.MonkeyPatch, days: tuple[date, ...]
) -> Month:
    """Read all of a month, or of some days, and book nothing."""
    for name in [one for one in os.environ if one.startswith("GRADUAND_")]:
        if name not in {"GRADUAND_SHARED", "GRADUAND_REQUIRE_POSTGRES", "GRADUAND_TEST_POSTGRES"}:
            patch.delenv(name)
    now = sandbox.now
    month = Month(sandbox, stores, patch, now, days)
    write_config(stores.config, month.every())
    point(month, stores)
    return replace(month, failures=received(month, stores))


def received(month: Month, stores: Stores) -> tuple[Failure, ...]:
    """Read, type and check all that the sandbox answers; say what failed."""
    plan = plan_of(month, stores)
    failures, _ = pulled(plan, Night(month.now, None, patience_s=300))
    for order in plan.orders:
        found = validate.fn(order.source, order.stream, now=month.now)
        failures += [Failure(order.source, order.stream, reason) for reason in found.reasons]
    return tuple(failures)
