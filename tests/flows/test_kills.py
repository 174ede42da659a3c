"""A night that is killed, at any moment, and run again leaves the books of an undisturbed one."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from sandbox.script import FIRST_DAY
from sandbox.server import Sandbox
from tasks.lake.files import STEPS as LAKE_STEPS
from tasks.ledger.ledger import STEPS as LEDGER_STEPS
from tests.flows.killed import Killer
from tests.flows.nights import EVERY, FIRST, THIRD, Night, run, watched
from tests.flows.stores import Rows, Stores

#: Anthropic restates a day, tickets bring events and labels: every kind of write takes place.
NIGHT = Night(THIRD, only=("jira", "anthropic"))
#: From nothing, with every source.
WHOLE_NIGHT = Night(FIRST, only=EVERY, window=(FIRST_DAY, FIRST.date()))

NewStores = Callable[..., Stores]
Use = Callable[[Stores], Stores]


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    with Killer() as started:
        yield started


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
) -> None:
    books, seen = expected

    for name, nth in points(seen):
        stores = use(new_stores())
        assert killer.at(dict(os.environ), NIGHT, name, nth) == -signal.SIGKILL, (name, nth)
        run(NIGHT)

        assert stores.rows() == books, (name, nth)
        stores.verified()
