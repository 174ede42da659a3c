"""Reading on a first day: what may pass by itself is tried again, and no stream stops another."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from cli import adopt_reading
from cli.adopt_reading import read_streams
from tasks.core.errors import (
    GraduandError,
    SourceError,
    SourceUnavailableError,
    WaitUntilError,
)
from tasks.core.findings import Finding
from tasks.core.plan import Failure, Order, Plan
from tasks.pull import PullReport, pull
from tasks.validate import ValidateReport, validate

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
ORDERS = (Order("forge", "pulls"), Order("acme", "costs"))
PLAN = Plan(date(2026, 10, 20), date(2026, 11, 19), NOW, is_past=False, orders=ORDERS)


def pulled(source: str, stream: str, *, is_cut_short: bool = False) -> PullReport:
    found: tuple[Finding, ...] = ()
    return PullReport(source, stream, (), 7, 0, 2, is_cut_short, found)


class Streams:
    """Stands for both stages: each source's pulls answer or fail as scripted."""

    def __init__(self, *script: GraduandError | bool, reasons: tuple[str, ...] = ()) -> None:
        self.script = [*script]
        self.reasons = reasons
        self.asked: list[str] = []

    def pull(self, source: str, stream: str, **_: object) -> PullReport:
        self.asked.append(source)
        if source != "acme":
            return pulled(source, stream)
        step = self.script.pop(0)
        if isinstance(step, GraduandError):
            raise step
        return pulled(source, stream, is_cut_short=step)

    def validate(self, source: str, stream: str, **_: object) -> ValidateReport:
        reasons = self.reasons if source == "acme" else ()
        return ValidateReport(source, stream, (), (), 7, 0, reasons, ())


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Callable[[Streams], tuple[list[Failure], list[str]]]:
    monkeypatch.setattr(adopt_reading, "_PAUSES", (0, 0))

    def reading(streams: Streams) -> tuple[list[Failure], list[str]]:
        monkeypatch.setattr(pull, "fn", streams.pull)
        monkeypatch.setattr(validate, "fn", streams.validate)
        told: list[str] = []
        return read_streams(PLAN, deadline=NOW, from_scratch=False, tell=told.append), told

    return reading


Read = Callable[[Streams], tuple[list[Failure], list[str]]]


def outage() -> GraduandError:
    return SourceUnavailableError("acme", "answers 503")


def test_what_passes_by_itself_is_tried_again_and_told_as_read(read: Read) -> None:
    streams = Streams(outage(), outage(), False)

    failures, told = read(streams)

    assert failures == []
    assert streams.asked.count("acme") == 3
    assert sorted(line.split()[:3] for line in told) == [
        ["✓", "acme", "costs"],
        ["✓", "forge", "pulls"],
    ]


def test_an_outage_that_stays_is_one_failure_and_the_other_stream_is_read(read: Read) -> None:
    failures, told = read(Streams(outage(), outage(), outage()))

    assert failures == [Failure("acme", "costs", "answers 503")]
    assert {line.split()[0] for line in told} == {"✓", "✗"}


@pytest.mark.parametrize(
    "error",
    [SourceError("acme", "refuses the key\x1b[2J"), WaitUntilError("acme", NOW)],
    ids=["refused", "a wait past the deadline"],
)
def test_what_cannot_pass_is_asked_once_and_moves_no_cursor(
    read: Read, error: GraduandError
) -> None:
    streams = Streams(error)

    (failure,), told = read(streams)

    assert streams.asked.count("acme") == 1
    assert failure.wait_until == (NOW if isinstance(error, WaitUntilError) else None)
    assert all("\x1b" not in line for line in told)


def test_a_pull_that_was_cut_short_and_data_that_is_held_are_failures_too(read: Read) -> None:
    failures, _ = read(Streams(True, reasons=("2026-11-01 is held",)))

    assert [one.source for one in failures] == ["acme", "acme"]
    assert "run it again to go on" in failures[0].detail
    assert failures[1].detail == "2026-11-01 is held"
