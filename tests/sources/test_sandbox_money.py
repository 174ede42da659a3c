"""The sandbox's vendors and logs, pulled over HTTP and from files, against what happened there."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from config.load import load_config
from sandbox.people import SEEDED_NAMES
from sandbox.records import World
from sandbox.script import LATE_DAY, MESSY_LOG_DAY, NIGHTS, USAGE_GAP_DAY
from sandbox.server import SECRETS, Sandbox, running
from sandbox.world import make_world
from tasks.checks.run import check
from tasks.core.batches import Pulled
from tasks.core.digests import keyed_digest
from tasks.core.tables import TABLES
from tasks.sources import agent_log, anthropic, openai
from tasks.sources.declared import with_declared
from tasks.transport.client import Client
from tasks.transport.clock import SystemClock
from tasks.transport.credentials import AnthropicKey, Bearer
from tasks.transport.limits import Vendor
from tasks.transport.waits import MemoryWaitStore
from tests.transport.loopback import UNPACED

CONFIG = load_config(Path("config"))
VENDORS: dict[str, ModuleType] = {"anthropic": anthropic, "openai": openai}


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(seed=11, scale=0.3)


@pytest.fixture(scope="module")
def sandbox(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    with running(folder, world=world, now=NIGHTS[0], has_limits=False) as started:
        yield started


def configured(name: str) -> Any:  # each source has its own shape
    sources = CONFIG.sources.sources
    source = next(source for source in sources if source.name == name)
    return with_declared(source, CONFIG.catalog, sources, CONFIG.finance)


def window_of(now: datetime) -> tuple[date, date]:
    last = now.date() - timedelta(days=1)
    return last - timedelta(days=30), last


def pull(sandbox: Sandbox, name: str, number: int, now: datetime) -> Pulled:
    """Pull one stream of a vendor as of a moment."""
    sandbox.move_to(now)
    adapter, config = VENDORS[name], configured(name)
    credential = AnthropicKey if name == "anthropic" else Bearer
    client = Client(
        name,
        sandbox.base_url(name),
        vendor=Vendor(name),
        credential=credential(SECRETS[config.secret], [sandbox.origin.partition("//")[2]]),
        waits=MemoryWaitStore(),
        clock=SystemClock(),
        deadline=datetime.now(UTC) + timedelta(minutes=5),
        pace=UNPACED,
    )
    with client:
        pulled: Pulled = adapter.fetch(
            adapter.STREAMS[number], client, config, window_of(now), None, now, str.upper
        )
    return pulled


def kept_key(name: str, key: str | None) -> str | None:
    """What is kept of a key: its id if it is declared, else the digest that `pull` uses."""
    return key if key is None or key in configured(name).api_keys else key.upper()


def checked_rows(adapter: ModuleType, number: int, name: str, pulled: Pulled) -> list[Any]:
    """Conform and check every day; nothing may be refused."""
    stream, config = adapter.STREAMS[number], configured(name)
    days = {
        batch.key: adapter.conform(stream, config, batch.rows, batch.key, {}).rows
        for batch in pulled.batches
    }
    results = check(TABLES[stream.table], name, days)
    assert not any(result.rejects or result.is_critical for result in results.values())
    return [row for result in results.values() for row in result.rows]


@pytest.mark.parametrize("now", NIGHTS)
@pytest.mark.parametrize("name", VENDORS)
def test_charges_equal_what_was_billed_to_the_nano(
    sandbox: Sandbox, world: World, name: str, now: datetime
) -> None:
    first, last = window_of(now)
    billed: dict[tuple[date, str], int] = defaultdict(int)
    for (issuer, day), states in world.charges.items():
        shown = [state for state in states if state.visible_from <= now]
        if issuer == name and first <= day <= last and shown:
            for row in shown[-1].rows or ():
                billed[day, row.account] += row.amount_nano

    got: dict[tuple[date, str], int] = defaultdict(int)
    for row in checked_rows(VENDORS[name], 1, name, pull(sandbox, name, 1, now)):
        got[row["day"], row["account"]] += row["billed_nano"]

    assert got == billed


@pytest.mark.parametrize("name", VENDORS)
def test_usage_equals_what_was_metered(sandbox: Sandbox, world: World, name: str) -> None:
    first, last = window_of(NIGHTS[-1])
    metered: Counter[tuple[object, ...]] = Counter()
    for row in world.usage:
        is_shown = first <= row.day <= last and (name, row.day) not in world.missing_usage
        if row.issuer == name and is_shown:
            for kind, count in (*row.tokens.items(), ("web_search_requests", row.web_searches)):
                metered[row.day, row.account, kept_key(name, row.api_key), kind] += count

    got: Counter[tuple[object, ...]] = Counter()
    for usage in checked_rows(VENDORS[name], 0, name, pull(sandbox, name, 0, NIGHTS[-1])):
        key = (usage["day"], usage["account"], usage["api_key"], usage["kind"])
        got[key] += usage["quantity"]

    assert +got == +metered


def test_a_late_day_is_incomplete_and_a_missing_one_makes_no_batch(sandbox: Sandbox) -> None:
    cost = {batch.key: batch for batch in pull(sandbox, "anthropic", 1, NIGHTS[0]).batches}
    filled = {batch.key: batch for batch in pull(sandbox, "anthropic", 1, NIGHTS[-1]).batches}
    usage = {batch.key for batch in pull(sandbox, "anthropic", 0, NIGHTS[0]).batches}

    assert (cost[LATE_DAY].is_complete, len(cost[LATE_DAY].rows)) == (False, 0)
    assert filled[LATE_DAY].is_complete
    assert filled[LATE_DAY].rows
    assert USAGE_GAP_DAY not in usage


def test_every_logged_run_is_read_once_and_nobody_with_it(
    sandbox: Sandbox, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = NIGHTS[-1]
    sandbox.move_to(now)
    monkeypatch.chdir(sandbox.folder)
    config, (first, last) = configured("agent-logs"), window_of(now)
    written = {
        line.text
        for line in world.lines
        if line.record and line.written_at <= now and first <= line.record.ended_at.date() <= last
    }

    pulled = agent_log.fetch(
        agent_log.RUNS, None, config, (first, last), None, now, keyed_digest("k" * 32)
    )

    runs = checked_rows(agent_log, 0, "agent-logs", pulled)
    refused = [(batch.key, reject.code) for batch in pulled.batches for reject in batch.rejects]
    assert len(runs) == len(written)
    assert refused == [(MESSY_LOG_DAY, "bad_json"), (MESSY_LOG_DAY, "value_error")]
    kept = repr((runs, [list(batch.rows) for batch in pulled.batches], pulled)).lower()
    assert [name for name in SEEDED_NAMES if name.lower() in kept] == []
