"""Each type of source asks with the headers and the kind of credential that its vendor wants."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from config.settings import load_settings
from config.shapes.sources import Source
from tasks.core.errors import ConfigError
from tasks.sources.connect import connect
from tasks.transport.waits import MemoryWaitStore
from tests.sources.anthropic_enterprise import analytics
from tests.sources.copilot import fake_copilot
from tests.transport.loopback import NOW, SECRET, FakeClock, Reply, Server

WANTED: dict[str, tuple[Source, dict[str, str]]] = {
    "copilot": (
        fake_copilot.source(),
        {
            "authorization": f"Bearer {SECRET}",
            "x-github-api-version": "2026-03-10",
            "accept": "application/vnd.github+json",
        },
    ),
    "anthropic_enterprise": (
        analytics.source(),
        {"x-api-key": SECRET, "anthropic-version": "2023-06-01", "accept": "application/json"},
    ),
}


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server(lambda _: Reply())
    yield started
    started.stop()


def environment(server: Server, source: Source, hosts: str) -> dict[str, str]:
    return {
        "GRADUAND_DIGEST_KEY": "a-digest-key-that-stays-where-it-is-kept",
        f"GRADUAND_BASE_URL_{source.name.upper()}": server.url,
        "GRADUAND_SECRET_KEY": SECRET,
        "GRADUAND_SECRET_KEY_HOSTS": hosts,
    }


@pytest.mark.parametrize("kind", WANTED)
def test_a_request_carries_what_the_vendor_wants(kind: str, server: Server) -> None:
    source, headers = WANTED[kind]
    settings = load_settings(environment(server, source, server.netloc))

    client = connect(
        source,
        settings,
        waits=MemoryWaitStore(),
        clock=FakeClock(),
        deadline=NOW + timedelta(hours=1),
    )
    assert client is not None
    with client:
        client.get("/x")

    (request,) = server.requests
    assert {name: request.headers.get(name) for name in headers} == headers


@pytest.mark.parametrize("kind", WANTED)
def test_a_secret_of_another_host_is_not_sent(kind: str, server: Server) -> None:
    source, _ = WANTED[kind]
    settings = load_settings(environment(server, source, "elsewhere.example"))

    with pytest.raises(ConfigError, match="bind the secret to that host"):
        connect(
            source,
            settings,
            waits=MemoryWaitStore(),
            clock=FakeClock(),
            deadline=NOW + timedelta(hours=1),
        )

    assert server.requests == []
