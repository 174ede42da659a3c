"""Clients of loopback servers, on a clock that never really sleeps."""

import ssl
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tasks.transport.client import Client
from tasks.transport.credentials import Bearer
from tasks.transport.waits import MemoryWaitStore
from tests.transport.loopback import NOW, SECRET, UNPACED, FakeClock, Script, Server, Tap


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def waits() -> MemoryWaitStore:
    return MemoryWaitStore()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(script: Script, tls: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(script, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def tap() -> Iterator[Tap]:
    started = Tap()
    yield started
    started.stop()


@pytest.fixture
def connect(clock: FakeClock, waits: MemoryWaitStore) -> Iterator[Callable[..., Client]]:
    clients: list[Client] = []

    def build(base: Server | str, **changes: object) -> Client:
        url = base if isinstance(base, str) else base.url
        options: dict[str, Any] = {
            "credential": Bearer(SECRET, [url.partition("//")[2].partition("/")[0]]),
            "waits": waits,
            "clock": clock,
            "deadline": NOW + timedelta(hours=8),
            "pace": UNPACED,
            "jitter": lambda: 1.0,
        }
        clients.append(Client("the-source", url, **(options | changes)))
        return clients[-1]

    yield build
    for client in clients:
        client.close()
