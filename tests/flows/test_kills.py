"""A night that is killed, at any moment, and run again leaves the books of an undisturbed one."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
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


@pytest.fixture
def expected(
    sandbox: Sandbox, new_stores: NewStores, use: Use
) -> tuple[dict[str, Rows], list[str]]:
    """Give the books after a night that nothing disturbs, and the moments it passed."""
    calm = use(new_stores())
    sandbox.move_to(THIRD)
    seen: list[str] = []
    with watched(seen.append):
        run(NIGHT)
    return calm.rows(), seen


def points(seen: list[str]) -> list[tuple[str, int]]:
    """Choose, for every name, the first time it was passed, and of files the last time too."""
    times = Counter(seen)
    first = [(name, 1) for name in dict.fromkeys(seen)]
    return first + [(name, times[name]) for name in LAKE_STEPS]


def test_a_night_passes_every_named_moment(expected: tuple[dict[str, Rows], list[str]]) -> None:
    assert set(expected[1]) == {*LAKE_STEPS, *LEDGER_STEPS}


def test_a_night_killed_at_any_named_moment_and_run_again_leaves_the_same_books(
    expected: tuple[dict[str, Rows], list[str]],
    killer: Killer,
    new_stores: NewStores,
    use: Use,
    database_kind: str,
) -> None:
    books, seen = expected

    for name, nth in points(seen):
        if name in LAKE_STEPS and database_kind == "postgresql":
            continue  # no database is involved, and SQLite has shown it
        stores = use(new_stores())
        assert killer.at(dict(os.environ), NIGHT, name, nth) == -signal.SIGKILL, (name, nth)
        run(NIGHT)

        assert stores.rows() == books, (name, nth)
        stores.verified()


def killed_at_random(
    killer: Killer, night: Night, make: Callable[[], Stores], seeds: range
) -> Iterator[tuple[dict[str, Rows], dict[str, Rows]]]:
    """Kill a night after a random part of its time and run it again; give both books each time."""
    calm = make()
    began = time.monotonic()
    assert killer.after(dict(os.environ), night, _PATIENCE_S) == 0
    lasts_s = time.monotonic() - began
    expected = calm.rows()
    for seed in seeds:
        stores = make()
        part = random.Random(seed).uniform(0.02, 0.98)
        assert killer.after(dict(os.environ), night, part * lasts_s) in {0, -signal.SIGKILL}
        run(night)
        stores.verified()
        yield stores.rows(), expected


def test_a_night_killed_at_some_moments_and_run_again_leaves_the_same_books(
    sandbox: Sandbox, killer: Killer, new_stores: NewStores, use: Use
) -> None:
    sandbox.move_to(THIRD)

    for found, expected in killed_at_random(killer, NIGHT, lambda: use(new_stores()), range(3)):
        assert found == expected


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_whole_night_killed_at_many_moments_and_run_again_leaves_the_same_books(
    sandbox: Sandbox, killer: Killer, new_stores: NewStores, use: Use
) -> None:
    sandbox.move_to(FIRST)

    def empty() -> Stores:
        return use(new_stores(is_empty=True))

    for found, expected in killed_at_random(killer, WHOLE_NIGHT, empty, range(20)):
        assert found == expected
