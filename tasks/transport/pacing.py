"""How fast and how many at once: a token bucket per host, and bounded threads."""

import contextvars
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Pace:
    """How many requests a host gets: `burst` at once, then `per_second` steadily."""

    per_second: float
    burst: int


class Bucket:
    """A token bucket; each taker is told how long to wait for its own turn."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._lock = threading.Lock()
        self._tokens = float(pace.burst)
        self._filled_at: datetime | None = None

    def take(self, now: datetime) -> float:
        """Take one token, on credit if there is none; return the seconds until it is due."""
        with self._lock:
            if self._filled_at is not None:
                gained = max(0.0, (now - self._filled_at).total_seconds()) * self._pace.per_second
                self._tokens = min(float(self._pace.burst), self._tokens + gained)
            self._filled_at = now
            self._tokens -= 1
            return max(0.0, -self._tokens / self._pace.per_second)


class Buckets:
    """The buckets of one source, by host; clients that share them keep one pace together."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._lock = threading.Lock()
        self._by_host: dict[str, Bucket] = {}

    def of(self, host: str) -> Bucket:
        """Give the bucket of a host, full when it is first asked for."""
        with self._lock:
            return self._by_host.setdefault(host, Bucket(self._pace))


def map_bounded(fn: Callable[[T], R], items: Iterable[T], limit: int) -> list[R]:
    """Apply `fn` to every item in at most `limit` threads at once.

    Items are drawn as threads become free. After the first error no further item is
    begun; those under way finish, then the error is raised.

    Returns:
        Results in the order of `items`.
    """
    results: dict[int, R] = {}
    failure: BaseException | None = None
    source = iter(enumerate(items))
    with ThreadPoolExecutor(max_workers=limit, thread_name_prefix="transport") as pool:
        running: dict[Future[R], int] = {}
        is_drained = False
        while True:
            while not is_drained and failure is None and len(running) < limit:
                try:
                    position, item = next(source)
                except StopIteration:
                    is_drained = True
                    break
                # The caller's context goes along, so that its log records stay tied to its run.
                future = pool.submit(contextvars.copy_context().run, fn, item)
                running[future] = position
            if not running:
                break
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=running.__getitem__):
                position = running.pop(future)
                error = future.exception()
                if error is None:
                    results[position] = future.result()
                else:
                    failure = failure or error
    if failure is not None:
        raise failure
    return [results[position] for position in range(len(results))]
