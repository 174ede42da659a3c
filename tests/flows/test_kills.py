"""A night that is killed, at any moment, and run again leaves the books of an undisturbed one."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest

from sandbox.server import Sandbox
from tasks.lake.files import STEPS as LAKE_STEPS
from tasks.ledger.ledger import STEPS as LEDGER_STEPS
from tests.flows.killed import Killer
from tests.flows.nights import EVERY, FIRST, THIRD, Night, run, watched
from tests.flows.stores import Rows, Stores

#: Anthropic restates a day, tickets bring events and labels: every kind of write takes place.
NIGHT = Night(THIRD, only=("jira", "anthropic"))
#: From nothing, with every source.
WHOLE_NIGHT = Night(FIRST, only=EVERY, window=(date(2026, 10, 18), date(2026, 11, 17)))
#: Far longer than a night takes.
_PATIENCE_S = 240.0

NewStores = Callable[..., Stores]
Use = Callable[[Stores], Stores]


@dataclass(frozen=True)
class Calm:
    """A night that nothing disturbed: the books after it, the moments it passed, its time."""

    books: dict[str, Rows]
    seen: list[str]
    seconds: float


@pytest.fixture(scope="module")
def calm_nights() -> dict[str, Calm]:
    return {}


@pytest.fixture
def calm(
    calm_nights: dict[str, Calm],
    database_kind: str,
    sandbox: Sandbox,
    new_stores: NewStores,
    use: Use,
) -> Calm:
    stores = use(new_stores())  # the first ones of a session move the clock to their night
    sandbox.move_to(THIRD)
    if database_kind not in calm_nights:
        seen: list[str] = []
        began = time.monotonic()
        with watched(seen.append):
            run(NIGHT)
        calm_nights[database_kind] = Calm(stores.rows(), seen, time.monotonic() - began)
    return calm_nights[database_kind]


def points(seen: list[str]) -> list[tuple[str, int]]:
    """Choose, for every name, the first time it was passed, and of files the last time too."""
    times = Counter(seen)
    first = [(name, 1) for name in dict.fromkeys(seen)]
    return first + [(name, times[name]) for name in LAKE_STEPS]


def test_a_night_passes_every_named_moment(calm: Calm) -> None:
    assert set(calm.seen) == {*LAKE_STEPS, *LEDGER_STEPS}


def test_a_night_killed_at_any_named_moment_and_run_again_leaves_the_same_books(
    calm: Calm, killer: Killer, new_stores: NewStores, use: Use, database_kind: str
) -> None:
    for name, nth in points(calm.seen):
        if name in LAKE_STEPS and database_kind == "postgresql":
            continue  # no database is involved, and SQLite has shown it
        stores = use(new_stores())
        assert killer.at(dict(os.environ), NIGHT, name, nth) == -signal.SIGKILL, (name, nth)
        run(NIGHT)

        assert stores.rows() == calm.books, (name, nth)
        stores.verified()


def kill_at_random(killer: Killer, night: Night, seconds: float, seed: int) -> None:
    """Kill a night after a random part of the time that it takes; it may be faster today."""
    part = random.Random(seed).uniform(0.02, 0.98)
    assert killer.after(dict(os.environ), night, part * seconds) in {0, -signal.SIGKILL}


@pytest.mark.parametrize("seed", range(3))
def test_a_night_killed_at_some_moment_and_run_again_leaves_the_same_books(
    calm: Calm, killer: Killer, new_stores: NewStores, use: Use, seed: int
) -> None:
    stores = use(new_stores())

    kill_at_random(killer, NIGHT, calm.seconds, seed)
    run(NIGHT)

    assert stores.rows() == calm.books
    stores.verified()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_whole_night_killed_at_many_moments_and_run_again_leaves_the_same_books(
    sandbox: Sandbox, killer: Killer, new_stores: NewStores, use: Use
) -> None:
    sandbox.move_to(FIRST)
    undisturbed = use(new_stores(is_empty=True))
    began = time.monotonic()
    assert killer.after(dict(os.environ), WHOLE_NIGHT, _PATIENCE_S) == 0
    seconds = time.monotonic() - began
    books = undisturbed.rows()

    for seed in range(20):
        stores = use(new_stores(is_empty=True))
        kill_at_random(killer, WHOLE_NIGHT, seconds, seed)
        run(WHOLE_NIGHT)

        assert stores.rows() == books, seed
        stores.verified()
