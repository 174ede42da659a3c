"""Nights that overtake each other leave the books that they leave one after the other."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from tasks.close import close_period
from tasks.core.books import Cause
from tasks.core.review.promotion_report import Asking
from tests.databases import NewDatabase
from tests.flows.killed import Killer
from tests.flows.nights import SECOND, THIRD, WINDOW, Night, run, watched
from tests.flows.stores import Stores
from tests.flows.weekly import MONDAY, NEXT_MONDAY, QUALIFIES, Week, case_of, taken

_OLDER = "older"
#: Two of the older night's streams differ from the newer's: what it reads is soon out of date.
OLDER = Night(SECOND, only=("openai",))
NEWER = Night(THIRD)

#: Spend of a workspace goes to another of its portfolio's workflows.
REMAPPED = ("accounts: [proj_LegacyUpgrades]", "accounts: [proj_Retired]")

NewStores = Callable[..., Stores]
Use = Callable[[Stores], Stores]
Known = tuple[object, ...]


class Gate:
    """Holds the older night the nth time that it passes a moment, until it is opened."""

    def __init__(self, moment: str, nth: int) -> None:
        self._left = nth
        self._moment = moment
        self.passed: list[str] = []
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self, name: str) -> None:
        if not threading.current_thread().name.startswith(_OLDER):
            return
        self.passed.append(name)
        if name == self._moment:
            self._left -= 1
            if self._left == 0:
                self.reached.set()
                assert self.opened.wait(120)


def what_is_known(stores: Stores) -> Known:
    """Read what nights must agree on, however often they had to try."""
    return stores.sums(), stores.breaks(), stores.digest()


@pytest.fixture(scope="module")
def found() -> dict[tuple[Night, ...], Known]:
    return {}


@pytest.fixture
def after(
    found: dict[tuple[Night, ...], Known], sandbox: Sandbox, new_stores: NewStores, use: Use
) -> Callable[..., Known]:
    """Give what is known after some nights one by one; the kind of database decides nothing."""

    def known_after(*nights: Night) -> Known:
        if nights not in found:
            stores = use(new_stores())
            for night in nights:
                sandbox.move_to(night.now)
                run(night)
            found[nights] = what_is_known(stores)
        return found[nights]

    return known_after


@pytest.mark.parametrize(
    ("moment", "nth"),
    [("pull.begun", 2), ("conform.begun", 1), ("conform.committed", 1), ("night.begun", 1)],
)
def test_an_older_night_that_finishes_last_changes_nothing(
    after: Callable[..., Known],
    sandbox: Sandbox,
    new_stores: NewStores,
    use: Use,
    moment: str,
    nth: int,
) -> None:
    in_order = after(OLDER, NEWER)
    stores = use(new_stores())
    gate = Gate(moment, nth)

    sandbox.move_to(SECOND)
    with watched(gate), ThreadPoolExecutor(1, thread_name_prefix=_OLDER) as pool:
        late = pool.submit(run, OLDER)
        assert gate.reached.wait(120)
        sandbox.move_to(THIRD)
        newer = run(NEWER)
        gate.opened.set()
        older = late.result()

    assert newer.is_booked
    assert (older.status, older.causes) == ("tied", ())
    assert what_is_known(stores) == in_order
    stores.verified()


def test_a_night_that_is_overtaken_while_it_books_computes_again(
    sandbox: Sandbox, stores: Stores
) -> None:
    gate = Gate("night.begun", 1)

    sandbox.move_to(SECOND)
    with watched(gate), ThreadPoolExecutor(1, thread_name_prefix=_OLDER) as pool:
        late = pool.submit(run, OLDER)
        assert gate.reached.wait(120)
        run(Night(SECOND))
        gate.opened.set()
        late.result()

    assert gate.passed.count("night.begun") == 2
    assert stores.causes().count(Cause.RESTATED) == 1


def test_an_older_night_does_not_take_a_newer_catalog_back(
    sandbox: Sandbox, stores: Stores
) -> None:
    gate = Gate("night.begun", 1)

    sandbox.move_to(SECOND)
    with watched(gate), ThreadPoolExecutor(1, thread_name_prefix=_OLDER) as pool:
        late = pool.submit(run, OLDER)
        assert gate.reached.wait(120)
        stores.edit("catalog.yaml", REMAPPED)
        newer = run(Night(SECOND))
        after = stores.costs()
        gate.opened.set()
        older = late.result()

    assert Cause.RECLASS.value in dict(newer.causes)
    assert older.causes == ()
    assert stores.costs() == after


def test_nights_of_two_processes_at_once_leave_the_same_books(
    after: Callable[..., Known],
    sandbox: Sandbox,
    new_stores: NewStores,
    use: Use,
    killer: Killer,
) -> None:
    on_demand = Night(THIRD)
    nightly = Night(THIRD, window=(WINDOW[0], date(2026, 11, 7)))
    sums, breaks, _ = after(on_demand, nightly)

    stores = use(new_stores())
    sandbox.move_to(THIRD)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(killer.after, dict(os.environ), on_demand, 240.0)
        run(nightly)
        assert other.result() == 0

    assert (stores.sums(), stores.breaks()) == (sums, breaks)
    stores.verified()


def test_an_older_look_that_finishes_last_says_what_it_saw_beside_nights_a_close_and_a_look(
    week_begun: Callable[[str], Week],
    week: Week,
    new_database: NewDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = week_begun(week.stores.database.kind).stores
    inner = Week(week.sandbox, begun.copy_to(tmp_path / "in-order", new_database), monkeypatch)
    inner.begin()
    inner.look(MONDAY)
    _go_on(inner)

    week.begin()
    gate = Gate("look.begun", 1)
    with watched(gate), ThreadPoolExecutor(1, thread_name_prefix=_OLDER) as pool:
        late = pool.submit(taken, Asking(MONDAY))
        assert gate.reached.wait(120)
        _go_on(week)
        gate.opened.set()
        older = late.result()
    third = week.look(NEXT_MONDAY + timedelta(hours=1), is_dry_run=True)

    assert case_of(older).verdict.kind == "qualified"
    assert verdicts_of(week.stores) == verdicts_of(inner.stores)
    assert week.stores.sums() == inner.stores.sums()
    assert week.stores.breaks() == inner.stores.breaks()
    # The last look is the one of the latest moment, not the one that ended last.
    assert QUALIFIES not in dict(third.since)
    week.stores.verified()


def _go_on(week: Week) -> None:
    week.night(NEXT_MONDAY)
    close_period.fn("2026-10", as_of=NEXT_MONDAY, dry_run=False)
    week.look(NEXT_MONDAY)


def verdicts_of(stores: Stores) -> set[tuple[object, ...]]:
    """Read what was said of whom on which evidence, in no order."""
    with stores.ledger() as ledger:
        return {
            (one.workflow, one.epoch, one.verdict, one.sentence, one.digest, one.as_of)
            for one in ledger.verdicts()
        }
