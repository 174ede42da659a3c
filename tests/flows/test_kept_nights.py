"""An unchanged night is served from its memo, and equals what computing would say."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.script import NIGHTS
from sandbox.server import Sandbox
from tasks.core.night_report import NightReport
from tasks.lake.store import Lake
from tests.flows.nights import FIRST, WINDOW, Night, run
from tests.flows.stores import Stores

SERVED = "its memo is served"
REFUSED = "this ledger never wrote it"


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Callable[[Night], tuple[NightReport, str]]:
    """Run a night and give what it logged about memos."""

    def run_and_tell(night: Night) -> tuple[NightReport, str]:
        caplog.clear()
        with caplog.at_level(logging.INFO, logger="tasks"):
            found = run(night)
        return found, caplog.text

    return run_and_tell


def memos_of(stores: Stores) -> list[Path]:
    return sorted((stores.lake / "aggregates").rglob("*.zst"), key=lambda one: one.stat().st_mtime)


def without_memos(stores: Stores) -> None:
    for memo in memos_of(stores):
        memo.unlink()


@pytest.mark.parametrize("nights", [1, 2, 3])
def test_a_memo_says_what_computing_says(
    stores: Stores,
    sandbox: Sandbox,
    told: Callable[[Night], tuple[NightReport, str]],
    nights: int,
) -> None:
    for moment in NIGHTS[:nights]:
        sandbox.move_to(moment)
        night = Night(moment)
        run(night)
    rows = stores.rows()

    served, log = told(night)
    without_memos(stores)
    computed, other_log = told(night)

    assert SERVED in log
    assert SERVED not in other_log
    assert served == computed
    assert stores.rows() == rows


def test_a_memo_that_was_written_over_is_refused(
    stores: Stores, told: Callable[[Night], tuple[NightReport, str]]
) -> None:
    honest = run(Night(FIRST))
    lake, memo = Lake.open(str(stores.lake)), memos_of(stores)[-1]
    key = memo.name.partition(".")[0]
    rows = lake.load_memo("night", key)
    assert rows is not None
    forged = str(rows[0]["night"]).replace("1", "2")
    lake.save_memo("night", key, [{"night": forged}])

    found, log = told(Night(FIRST))

    assert REFUSED in log
    assert found.books == honest.books


def test_a_memo_of_another_ledger_is_refused(
    new_stores: Callable[..., Stores],
    use: Callable[[Stores], Stores],
    sandbox: Sandbox,
    told: Callable[[Night], tuple[NightReport, str]],
) -> None:
    _ = sandbox
    other = use(new_stores())
    other.edit("policy.yaml", ('absolute: "0.01"', 'absolute: "5.00"'))
    run(Night(FIRST))
    ours = use(new_stores())
    honest = run(Night(FIRST))
    assert other.digest() != honest.digest
    memos_of(ours)[-1].write_bytes(memos_of(other)[-1].read_bytes())

    found, log = told(Night(FIRST))

    assert REFUSED in log
    assert found.digest == honest.digest


def test_a_damaged_memo_is_computed_again_and_healed(
    stores: Stores, told: Callable[[Night], tuple[NightReport, str]]
) -> None:
    honest = run(Night(FIRST))
    memo = memos_of(stores)[-1]
    data = memo.read_bytes()
    memo.write_bytes(data[: len(data) // 2] + b"\0" * 9 + data[len(data) // 2 + 9 :])

    found, log = told(Night(FIRST))
    _, again = told(Night(FIRST))

    assert SERVED not in log
    assert found.digest == honest.digest
    assert SERVED in again


def test_another_catalog_is_not_served_the_old_night(
    stores: Stores, told: Callable[[Night], tuple[NightReport, str]]
) -> None:
    run(Night(FIRST))
    stores.edit("policy.yaml", ('absolute: "0.01"', 'absolute: "0.02"'))

    _, log = told(Night(FIRST))

    assert SERVED not in log


def test_a_lake_file_that_is_gone_is_seen_in_spite_of_the_memo(
    stores: Stores, told: Callable[[Night], tuple[NightReport, str]]
) -> None:
    run(Night(FIRST))
    day = WINDOW[0]
    (file,) = stores.files_of("conformed", "openai", day, table="charges")[-1:]
    file.unlink()

    found, log = told(Night(FIRST, only=("jira",)))

    assert "is not what it was" in log
    assert found.status == "held"
