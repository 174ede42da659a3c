"""A small night, close or look, in a process of its own, killed at its n-th named moment."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from tasks.core.batches import Watermark
from tasks.core.books import Destination, DestinationKind, Label, Method
from tasks.core.month_end.periods import Act, PeriodAct, PeriodState, state_of
from tasks.core.promotion.decisions import Code, Decision
from tasks.core.tables import CHARGES
from tasks.lake.store import Lake
from tasks.ledger.booking import Booking
from tasks.ledger.ledger import Ledger
from tasks.ledger.outbox import Message
from tasks.ledger.verdicts import Frozen
from tests.ledger.made import COSTS, DAY, NOW, basis, entry, gap, night, reject

LAKE_ID = "lake-1"
PERIOD = "2026-11"
_DAYS = (date(2026, 11, 1), date(2026, 11, 30))
_ACCRUAL = Destination(DestinationKind.ACCRUAL, "core", method=Method.ACCRUED)
# A server that has imported everything: each child is a cheap fork of a quiet process.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.ledger.killed"])


def run_night(place: str, url: str, steps: Callable[[str], None]) -> None:
    """Pull, conform, compute and book one day, in the commit order of the design."""
    lake = Lake.open(place, lake_id=LAKE_ID, steps=steps)
    with Ledger.open(url, lake_id=lake.lake_id, steps=steps) as ledger:
        raw = lake.write_raw(
            "bill", COSTS, DAY, [{"amount": "1"}], is_complete=True, recorded_at=NOW
        )
        ledger.record_pull(
            "bill",
            COSTS,
            snapshots=[raw],
            rejects={DAY: [reject()]},
            watermark=Watermark(NOW),
            recorded_at=NOW,
            basis=ledger.last_pull("bill", "costs"),
        )
        typed = lake.write_conformed(
            CHARGES,
            [_charge()],
            source="bill",
            stream="costs",
            day=DAY,
            parser="1",
            raw_sha=raw.sha,
            is_complete=True,
            recorded_at=NOW,
        )
        ledger.record_conformed(
            [typed.snapshot],
            rejects={("bill", "costs", DAY): [reject(1)]},
            events=[_event()],
            labels=[Label("repository", "gh:1", "acme/web")],
            recorded_at=NOW,
        )
        seq, books_at = ledger.newest_seq(), ledger.books_at()
        posted = ledger.posted(DAY, DAY)
        ledger.book_night(
            night(*([] if posted else [entry()]), breaks=[gap()], seq=seq),
            books_at=books_at,
            bases=[basis()],
            held=[("openai", DAY)],
            messages=[Message("ticket", "t1", "{}")],
            recorded_at=NOW,
        )


def run_close(_place: str, url: str, steps: Callable[[str], None]) -> None:
    """Soft-close a booked month with its accruals, and close it."""
    later = datetime(2026, 12, 7, 6, tzinfo=UTC)
    with Ledger.open(url, lake_id=LAKE_ID, steps=steps) as ledger:
        if state_of(PERIOD, ledger.period_acts()) is PeriodState.OPEN:
            accruals = Booking(
                night(
                    entry(300, to=_ACCRUAL, account="ws_2"),
                    days=_DAYS,
                    digest="accruals",
                    seq=ledger.newest_seq(),
                ),
                books_at=ledger.books_at(),
                bases=[],
                recorded_at=later,
                held=[("anthropic", day) for day in (DAY, _DAYS[0])],
                configs={},
                acts_at=0,
            )
            ledger.soft_close(PeriodAct(PERIOD, Act.SOFT_CLOSED, later), accruals, [])
        digest = ledger.nights_of_period(PERIOD).digest
        signed = PeriodAct(PERIOD, Act.CLOSED, later, "controller", later.date(), digest=digest)
        ledger.record_act(signed)


def run_look(_place: str, url: str, steps: Callable[[str], None]) -> None:
    """Judge a workflow, record a decision, and queue a ticket."""
    with Ledger.open(url, lake_id=LAKE_ID, steps=steps) as ledger:
        ledger.record_look(
            [Frozen("bump", "2026-11-01", "qualified", "30 of 30 good", '["packet"]', NOW)],
            decisions=[Decision("bump", "2026-11-01", Code.DECLINED, "lead", NOW.date())],
            messages=[Message("review_ticket", "bump@2026-11-01", "{}")],
            recorded_at=NOW,
        )


WORKS: dict[str, Callable[[str, str, Callable[[str], None]], None]] = {
    "night": run_night,
    "close": run_close,
    "look": run_look,
}


def run_and_kill(place: str, url: str, at: int, work: str = "night") -> int:
    """Run some work in a child that kills itself at its `at`-th moment; give its exit code."""
    child = _CONTEXT.Process(target=_killed_at, args=(place, url, at, work))
    child.start()
    child.join()
    return child.exitcode or 0


def _killed_at(place: str, url: str, at: int, work: str) -> None:
    left = at

    def step(_name: str) -> None:
        nonlocal left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    WORKS[work](place, url, step)


def _charge() -> dict[str, object]:
    return {
        "source": "bill",
        "issuer": "anthropic",
        "account": "ws_1",
        "day": DAY,
        "charge_start": NOW - timedelta(days=1),
        "charge_end": NOW,
        "billing_period": "2026-11",
        "line": 0,
        "category": "usage",
        "sku": "claude-x",
        "billed_nano": 1_000,
        "currency": "USD",
    }


def _event() -> dict[str, object]:
    return {
        "source": "git",
        "event_id": "e1",
        "item": "gh:1#2",
        "event": "merged",
        "occurred_at": NOW,
        "observed_at": NOW,
    }
