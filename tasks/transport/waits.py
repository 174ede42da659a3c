"""Waits that a source asked for: learnt once, kept for every later process."""

import threading
from datetime import datetime
from typing import Protocol

#: The resource that stands for a whole host.
EVERYTHING = "*"


class WaitStore(Protocol):
    """Where waits outlive a process; the ledger keeps them in its `throttle` table.

    A client calls from its worker threads, one call at a time.
    """

    def read(self, host: str, fingerprint: str, resource: str) -> datetime | None:
        """Tell until when to wait, aware UTC; None if nothing is known."""
        ...

    def record(self, host: str, fingerprint: str, resource: str, wait_until: datetime) -> None:
        """Keep a wait; of two for the same key the later moment holds."""
        ...


class MemoryWaitStore:
    """A store that lasts as long as the process."""

    def __init__(self) -> None:
        self._waits: dict[tuple[str, str, str], datetime] = {}

    def read(self, host: str, fingerprint: str, resource: str) -> datetime | None:
        """Tell until when to wait, aware UTC; None if nothing is known."""
        return self._waits.get((host, fingerprint, resource))

    def record(self, host: str, fingerprint: str, resource: str, wait_until: datetime) -> None:
        """Keep a wait; of two for the same key the later moment holds."""
        key = (host, fingerprint, resource)
        self._waits[key] = max(wait_until, self._waits.get(key, wait_until))


class Waits:
    """The waits of one client: its store, read once per key, and what it learnt since."""

    def __init__(self, store: WaitStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str, str], datetime | None] = {}

    def until(self, host: str, fingerprint: str, resource: str) -> datetime | None:
        """Tell until when a request must wait: for its resource or for the whole host."""
        with self._lock:
            found = [self._read((host, fingerprint, name)) for name in {EVERYTHING, resource}]
        return max((moment for moment in found if moment is not None), default=None)

    def learn(self, host: str, fingerprint: str, resource: str, wait_until: datetime) -> None:
        """Keep a wait here and in the store, unless a later one is known."""
        key = (host, fingerprint, resource)
        with self._lock:
            known = self._read(key)
            if known is None or known < wait_until:
                self._known[key] = wait_until
                self._store.record(host, fingerprint, resource, wait_until)

    def _read(self, key: tuple[str, str, str]) -> datetime | None:
        if key not in self._known:
            self._known[key] = self._store.read(*key)
        return self._known[key]
