"""Copilot, Cursor, Devin and Claude's analytics as the sandbox shows them, against its oracle."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.load import load_config
from sandbox.estate import copilot, enterprise, facts
from sandbox.estate.directory import FILE, SQUADS
from sandbox.estate.vendors import ESTATE_SECRETS, NARROW_SECRETS
from sandbox.oracle.seen import look, window
from sandbox.people import SEEDED_NAMES
from sandbox.records import World
from sandbox.script import NIGHTS
from sandbox.server import Sandbox, running
from sandbox.world import make_world
from tasks.checks.run import check
from tasks.core.batches import Pulled
from tasks.core.digests import keyed_digest
from tasks.core.people import Door
from tasks.core.tables import RUNS, TABLES
from tasks.sources.declared import with_declared
from tasks.sources.directory import read_directory
from tasks.sources.registry import Adapter, adapter_of
from tasks.transport.client import Client
from tasks.transport.clock import SystemClock
from tasks.transport.credentials import AnthropicKey, Basic, Bearer, Credential, GithubToken
from tasks.transport.errors import StatusError
from tasks.transport.limits import Vendor
from tasks.transport.waits import MemoryWaitStore
from tests.transport.loopback import UNPACED

CONFIG = load_config(Path("config"))
DIGEST = keyed_digest("k" * 32)
Row = Mapping[str, Any]


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(seed=11, scale=0.3, estate=True)


@pytest.fixture(scope="module")
def sandbox(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    with running(folder, world=world, now=NIGHTS[0], has_limits=False) as started:
        yield started


@dataclass(frozen=True)
class Reading:
    """One stream of one source: runs as they were read, all else conformed and checked."""

    pulled: Pulled
    rows: Sequence[Row]

    def complete(self) -> set[date]:
        """Days that may be booked."""
        return {batch.key for batch in self.pulled.batches if batch.is_complete}


def configured(name: str) -> Any:  # each source has its own shape
    sources = CONFIG.sources.sources
    source = next(source for source in sources if source.name == name)
    return with_declared(source, CONFIG.catalog, sources, CONFIG.finance)


def credential(name: str, secret: str, hosts: list[str]) -> Credential:
    match name:
        case facts.COPILOT:
            return GithubToken(secret, hosts)
        case facts.CURSOR:
            return Basic(secret, "", hosts)
        case facts.CLAUDE_ENTERPRISE:
            return AnthropicKey(secret, hosts)
    return Bearer(secret, hosts)


class Reader:
    """Reads streams of a sandbox, each as of each moment only once."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._read: dict[tuple[str, str, datetime, bool], Reading] = {}

    def __call__(
        self, name: str, stream: str, now: datetime, *, has_directory: bool = False
    ) -> Reading:
        """Pull one stream as of a moment; nothing may be refused on the way to its table."""
        asked = (name, stream, now, has_directory)
        if asked not in self._read:
            if self.sandbox.now != now:
                self.sandbox.move_to(now)
            squads = read_directory(self.sandbox.folder / FILE) if has_directory else {}
            self._read[asked] = read(self.sandbox, name, stream, Door(DIGEST, squads))
        return self._read[asked]


@pytest.fixture(scope="module")
def reader(sandbox: Sandbox) -> Reader:
    return Reader(sandbox)


def read(
    sandbox: Sandbox,
    name: str,
    stream_name: str,
    door: Door,
    secrets: Mapping[str, str] = ESTATE_SECRETS,
) -> Reading:
    config, now = configured(name), sandbox.now
    adapter: Adapter = adapter_of(config)
    stream = adapter.stream(stream_name)
    days = window(now)
    client = Client(
        name,
        sandbox.base_url(name),
        vendor=Vendor.GENERIC,
        credential=credential(name, secrets[config.secret], [sandbox.origin.partition("//")[2]]),
        waits=MemoryWaitStore(),
        clock=SystemClock(),
        deadline=datetime.now(UTC) + timedelta(minutes=5),
        pace=UNPACED,
    )
    with client:
        pulled = adapter.fetch(stream, client, config, (days[0], days[-1]), None, now, door)
    rejects = [reject for batch in pulled.batches for reject in batch.rejects]
    assert rejects == []
    if stream.table == RUNS.name:
        return Reading(pulled, [row for batch in pulled.batches for row in batch.rows])
    issuers = {issuer.id: issuer for issuer in CONFIG.sources.issuers}
    conformed = {
        batch.key: adapter.conform(stream, config, batch.rows, batch.key, issuers).rows
        for batch in pulled.batches
    }
    checked = check(TABLES[stream.table], name, conformed)
    assert not any(result.rejects or result.is_critical for result in checked.values())
    return Reading(pulled, [row for result in checked.values() for row in result.rows])


WRONG_SECRETS = dict.fromkeys(ESTATE_SECRETS, "key_of_nobody")
#: The stream that reports money, by source.
BILLS = {facts.COPILOT: "billing", facts.CURSOR: "events", facts.DEVIN: "consumption"}
#: The stream that reports what squads used, by source.
USES = {
    facts.COPILOT: "metrics",
    facts.CURSOR: "use",
    facts.DEVIN: "use",
    facts.CLAUDE_ENTERPRISE: "use",
}


@pytest.mark.parametrize("now", NIGHTS)
@pytest.mark.parametrize("name", BILLS)
def test_bills_equal_the_oracles_to_the_nano_on_the_days_that_are_whole(
    reader: Reader, world: World, name: str, now: datetime
) -> None:
    issuer = configured(name).issuer
    wanted: Counter[tuple[date, str, str]] = Counter()
    days = set()
    for (of, day), rows in look(world, now).charges.items():
        if of == issuer:
            days.add(day)
            for charge in rows:
                wanted[day, charge.account, charge.category] += charge.amount_nano

    reading = reader(name, BILLS[name], now)

    got: Counter[tuple[date, str, str]] = Counter()
    for row in reading.rows:
        if row["day"] in days:
            got[row["day"], row["account"], row["category"]] += row["billed_nano"]
    assert reading.complete() == days
    assert got == wanted


@pytest.mark.parametrize("name", [facts.CURSOR, facts.DEVIN])
def test_charges_name_runs_whose_hints_lead_to_the_oracles_workflows(
    reader: Reader, world: World, name: str
) -> None:
    now = NIGHTS[-1]
    seen, issuer = look(world, now), configured(name).issuer
    wanted: Counter[str] = Counter()
    for (of, _), rows in seen.charges.items():
        if of == issuer:
            for charge in rows:
                line = seen.sessions.get((issuer, charge.run))
                wanted["no run" if line is None else line.workflow] += charge.amount_nano

    charges = reader(name, BILLS[name], now)
    runs = {row["run_id"]: row for row in reader(name, "sessions", now).rows}

    got: Counter[str] = Counter()
    for row in charges.rows:
        if row["day"] in charges.complete():
            run = runs[row["run_id"]] if row["run_id"] else None
            got["no run" if run is None else workflow_of(run)] += row["billed_nano"]
    assert got == wanted
    assert len(+got) >= 4


def workflow_of(run: Row) -> str:
    """What the hints of a run of this organisation can only mean."""
    if "stamp" in run:
        return str(run["stamp"])
    if "#" in run.get("work_item", ""):
        return "coverage-writer"
    if run.get("api_key") in configured(facts.CURSOR).api_keys:
        return facts.MAINTENANCE
    return facts.MIGRATION if "branch_prefix" in run else ""


def test_a_session_whose_count_trails_is_told_in_full_a_day_later(reader: Reader) -> None:
    day = NIGHTS[1].date() - timedelta(days=2)

    def named(now: datetime) -> int:
        rows = reader(facts.DEVIN, BILLS[facts.DEVIN], now).rows
        return sum(row["billed_nano"] for row in rows if row["day"] == day and row["run_id"])

    assert 0 < named(NIGHTS[1]) < named(NIGHTS[2])


@pytest.mark.parametrize("name", USES)
def test_squads_are_told_in_sums_and_small_ones_not_at_all(reader: Reader, name: str) -> None:
    small = {squad for squad, people in SQUADS.items() if len(people) < 3}

    reading = reader(name, USES[name], NIGHTS[-1], has_directory=True)

    told = {row["squad"] for row in reading.rows}
    assert small == {"yard", "infrastructure"}
    assert small & told == set()
    # Devin's sessions are too few on any day for a squad of its own.
    assert told >= ({"others"} if name == facts.DEVIN else {"routing", "others"})
    assert all(row["actors"] is None or row["actors"] >= 3 for row in reading.rows)


def test_copilots_squads_sum_to_what_its_metrics_tell_of_everybody(
    reader: Reader, world: World
) -> None:
    assert world.estate is not None
    told = {one.day: sum(one.used_micro) for one in world.estate.copilot}

    reading = reader(facts.COPILOT, "metrics", NIGHTS[-1], has_directory=True)

    got: Counter[date] = Counter()
    for row in reading.rows:
        got[row["day"]] += row["value"]
    assert got == Counter({day: told[day] for day in reading.complete()})


def test_a_day_without_links_is_unknown_until_it_has_some(reader: Reader) -> None:
    before = reader(facts.COPILOT, "metrics", NIGHTS[1], has_directory=True)
    after = reader(facts.COPILOT, "metrics", NIGHTS[2], has_directory=True)

    assert copilot.LINKLESS_DAY not in before.complete()
    assert copilot.LINKLESS_DAY in after.complete()


def test_without_a_directory_nothing_is_asked_of_anybody(reader: Reader) -> None:
    readings = [reader(name, stream, NIGHTS[0]) for name, stream in USES.items()]

    assert [reading.rows for reading in readings] == [[]] * len(USES)
    assert [reading.pulled.requests for reading in readings] == [0] * len(USES)


def test_claudes_analytics_see_the_money_of_the_cost_report_and_no_cut_loses_any(
    reader: Reader, world: World
) -> None:
    now = NIGHTS[-1]
    charges = look(world, now).charges

    reading = reader(facts.CLAUDE_ENTERPRISE, "cost", now)

    got: defaultdict[date, int] = defaultdict(int)
    for row in reading.rows:
        got[row["day"]] += row["billed_nano"]
    days = reading.complete() & {day for issuer, day in charges if issuer == "anthropic"}
    wanted = {
        day: sum(row.amount_nano for row in charges["anthropic", day] if row.category == "usage")
        for day in days
    }
    assert len(days) > 25
    assert {day: nano for day, nano in wanted.items() if abs(got[day] - nano) > 1_000} == {}
    cut = {row["day"] for row in reading.rows if "other-groups" in row["sku"]}
    assert cut == {enterprise.MANY_MODELS_DAY}
    assert [finding.code for finding in reading.pulled.findings] == ["groups_cut"]
    assert now.date() - timedelta(days=1) not in reading.complete()


@pytest.mark.parametrize(
    ("name", "stream"),
    [
        *BILLS.items(),
        *USES.items(),
        (facts.CURSOR, "sessions"),
        (facts.DEVIN, "sessions"),
        (facts.CLAUDE_ENTERPRISE, "usage"),
    ],
)
def test_nobody_is_named_in_what_is_kept(reader: Reader, name: str, stream: str) -> None:
    reading = reader(name, stream, NIGHTS[-1], has_directory=True)

    batches = [list(batch.rows) for batch in reading.pulled.batches]
    kept = repr((reading.rows, batches, reading.pulled)).lower()
    assert reading.rows
    assert [mark for mark in SEEDED_NAMES if mark.lower() in kept] == []


@pytest.mark.parametrize(
    ("name", "stream"),
    [*BILLS.items(), (facts.DEVIN, "sessions"), (facts.CLAUDE_ENTERPRISE, "cost")],
)
@pytest.mark.parametrize(("secrets", "status"), [(NARROW_SECRETS, 403), (WRONG_SECRETS, 401)])
def test_a_key_that_may_not_see_the_bill_is_told_apart_from_a_wrong_one(
    sandbox: Sandbox, name: str, stream: str, secrets: Mapping[str, str], status: int
) -> None:
    with pytest.raises(StatusError) as caught:
        read(sandbox, name, stream, Door(DIGEST), secrets)

    assert caught.value.status == status
    assert secrets[configured(name).secret] not in str(caught.value)
