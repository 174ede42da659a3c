"""Bounded threads keep order and stop at the first error; the bucket never gives too much."""

import contextvars
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.transport.pacing import Bucket, Pace, map_bounded
from tests.transport.loopback import NOW


def test_results_keep_the_order_of_the_items() -> None:
    gate = threading.Barrier(4)

    def wait_for_others(number: int) -> int:
        gate.wait(5)  # passes only if four run at once
        return number * 2

    assert map_bounded(wait_for_others, range(8), 4) == [0, 2, 4, 6, 8, 10, 12, 14]
    assert map_bounded(str, [], 4) == []


def test_never_more_than_the_limit_run_at_once() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def count(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.001)
        with lock:
            running -= 1

    map_bounded(count, range(60), 3)

    assert most <= 3


def test_the_first_error_stops_new_work() -> None:
    begun: list[int] = []
    drawn: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            drawn.append(number)
            yield number

    def fail(number: int) -> None:
        begun.append(number)
        if number == 5:
            message = "five"
            raise ValueError(message)

    with pytest.raises(ValueError, match="five"):
        map_bounded(fail, items(), 2)

    assert len(begun) < 20
    assert len(drawn) < 20


def test_the_callers_context_goes_along() -> None:
    name = contextvars.ContextVar("name", default="none")
    name.set("caller")

    assert map_bounded(lambda _: name.get(), range(3), 2) == ["caller"] * 3


@given(
    st.floats(0.5, 50),
    st.integers(1, 30),
    st.lists(st.floats(0, 5), min_size=1, max_size=60),
)
def test_no_window_holds_more_than_burst_and_rate_allow(
    per_second: float, burst: int, gaps: list[float]
) -> None:
    bucket = Bucket(Pace(per_second, burst))
    now = NOW
    sent = []
    for gap in gaps:
        now += timedelta(seconds=gap)
        sent.append((now - NOW).total_seconds() + bucket.take(now))

    for first in range(len(sent)):
        for last in range(first, len(sent)):
            allowed = burst + (sent[last] - sent[first]) * per_second
            assert last - first + 1 <= allowed + 1.001
