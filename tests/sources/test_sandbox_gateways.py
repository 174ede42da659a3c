"""LiteLLM, Langfuse and Claude Code analytics as the sandbox shows them, against its oracle."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from config.load import load_config
from sandbox.estate import facts
from sandbox.estate.directory import FILE
from sandbox.estate.vendors import BASES
from sandbox.oracle.estate_logs import records_of
from sandbox.oracle.seen import window
from sandbox.people import SEEDED_NAMES
from sandbox.records import LogRecord, World
from sandbox.script import NIGHTS
from sandbox.server import Sandbox, running
from sandbox.world import make_world
from tasks.core.batches import Pulled, RawRow
from tasks.core.digests import keyed_digest
from tasks.core.models import canonical_model
from tasks.core.money import to_nano
from tasks.core.people import Door
from tasks.sources import claude_code_analytics, langfuse, litellm
from tasks.sources.declared import with_declared
from tasks.sources.directory import read_directory
from tasks.transport.client import Client
from tasks.transport.clock import SystemClock
from tasks.transport.credentials import AnthropicKey, Basic, Bearer, Credential
from tasks.transport.waits import MemoryWaitStore
from tests.transport.loopback import UNPACED

CONFIG = load_config(Path("config"))
DIGEST = keyed_digest("k" * 32)
NOW = NIGHTS[-1]
KINDS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")
LOGS = {
    facts.PROXY: litellm,
    facts.TRACES: langfuse,
    facts.ANALYTICS: claude_code_analytics,
}


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(seed=11, scale=0.3, estate=True)


@pytest.fixture(scope="module")
def sandbox(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    with running(folder, world=world, now=NOW, has_limits=False) as started:
        yield started


def credential(name: str, secret: str, hosts: list[str]) -> Credential:
    if name == facts.TRACES:
        return Basic("pk-lf-sandbox", secret, hosts)
    return AnthropicKey(secret, hosts) if name == facts.ANALYTICS else Bearer(secret, hosts)


def read(sandbox: Sandbox, name: str, stream: str = "runs", door: Door | None = None) -> Pulled:
    """Pull one stream of the window before the last night."""
    sandbox.move_to(NOW)
    adapter: ModuleType = LOGS[name]
    sources = CONFIG.sources.sources
    (source,) = [one for one in sources if one.name == name]
    config: Any = with_declared(source, CONFIG.catalog, sources, CONFIG.finance)
    days = window(NOW)
    wanted = next(one for one in adapter.STREAMS if one.name == stream)
    client = Client(
        name,
        sandbox.base_url(BASES[name]),
        credential=credential(
            name, sandbox.secrets[config.secret], [sandbox.origin.partition("//")[2]]
        ),
        waits=MemoryWaitStore(),
        clock=SystemClock(),
        deadline=datetime.now(UTC) + timedelta(minutes=5),
        pace=UNPACED,
    )
    with client:
        pulled: Pulled = adapter.fetch(
            wanted, client, config, (days[0], days[-1]), None, NOW, door or Door(DIGEST)
        )
    return pulled


def told(world: World, name: str) -> list[LogRecord]:
    """What the oracle says that a log tells of the window."""
    assert world.estate is not None
    days = set(window(NOW))
    found = records_of(name, world.estate.requests)
    return [one for one in found if one.ended_at.date() in days]


def rows(pulled: Pulled) -> list[RawRow]:
    assert [reject for batch in pulled.batches for reject in batch.rejects] == []
    assert all(batch.is_complete for batch in pulled.batches)
    return [row for batch in pulled.batches for row in batch.rows]


@pytest.mark.parametrize("name", [facts.PROXY, facts.TRACES])
def test_every_request_is_told_as_the_oracle_knows_it(
    sandbox: Sandbox, world: World, name: str
) -> None:
    wanted = {
        one.run_id: (
            one.issuer,
            canonical_model(one.model),
            one.process_id,
            *(one.tokens.get(kind) for kind in KINDS),
        )
        for one in told(world, name)
    }

    got = {
        str(row["run_id"]): (
            row["issuer"],
            canonical_model(str(row["model"])),
            row.get("stamp"),
            *(row.get(f"{kind}_tokens") for kind in KINDS),
        )
        for row in rows(read(sandbox, name))
    }

    assert got.keys() == wanted.keys()
    assert len(got) > 50
    for run_id, said in got.items():
        # A kind that the oracle leaves out was not used: nought, or not told.
        assert [a or 0 for a in said[3:]] == [b or 0 for b in wanted[run_id][3:]]
        assert said[:3] == wanted[run_id][:3]


def test_analytics_sum_to_the_oracles_tokens_by_day_and_model(
    sandbox: Sandbox, world: World
) -> None:
    wanted: Counter[tuple[object, ...]] = Counter()
    for one in told(world, facts.ANALYTICS):
        for kind in KINDS:
            key = (one.ended_at.date().isoformat(), canonical_model(one.model), kind)
            wanted[key] += one.tokens.get(kind) or 0

    got: Counter[tuple[object, ...]] = Counter()
    for row in rows(read(sandbox, facts.ANALYTICS)):
        for kind in KINDS:
            day, count = str(row["ended_at"])[:10], row[f"{kind}_tokens"]
            assert isinstance(count, int)
            got[day, canonical_model(str(row["model"])), kind] += count

    assert got == wanted
    assert sum(got.values()) > 0


def test_use_by_squad_is_folded_and_sums_to_the_estimates(sandbox: Sandbox) -> None:
    squads = read_directory(sandbox.folder / FILE)

    use = rows(read(sandbox, facts.ANALYTICS, "use", Door(DIGEST, squads)))
    runs = rows(read(sandbox, facts.ANALYTICS))

    assert sum(int(str(row["value"])) for row in use) == sum(
        to_nano(str(row["cost_usd"])) for row in runs
    )
    assert {row["actors"] for row in use} - {None}
    assert all(row["actors"] is None or int(str(row["actors"])) >= 3 for row in use)
    assert {row["squad"] for row in use if row["actors"] is None} <= {"others"}


@pytest.mark.parametrize("name", LOGS)
def test_nobody_of_the_sandbox_is_in_what_is_kept(sandbox: Sandbox, name: str) -> None:
    pulled = read(sandbox, name)

    kept = repr(([list(batch.rows) for batch in pulled.batches], pulled.findings)).lower()

    assert [one for one in SEEDED_NAMES if one.lower() in kept] == []
