"""The sandbox year: books, breaks and pools equal an independent oracle every night.

`make test-year` runs all of it; a few nights of it are part of every run of the suite.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import pytest
from prefect.testing.utilities import prefect_test_harness

from cli.rehearse import environment
from flows.nightly_reconciliation import nightly_reconciliation
from sandbox.oracle.year import Year
from sandbox.server import Sandbox, running
from sandbox.year import calendar
from sandbox.year.clerk import Clerk
from sandbox.year.world import make_year
from tasks.core.night_report import NightReport
from tests.databases import NewDatabase
from tests.flows.conftest import settings_of
from tests.flows.stores import Stores
from tests.flows.year import Rehearsal, write_config

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

log = logging.getLogger(__name__)

#: The year in short: nights may be left out, and later ones catch up. Contracts, credits, a night
#: without logs, documents, a soft close, a close, a correction after it, and the next close.
_SHORT = (
    *(date(2026, 1, 7), date(2026, 1, 17), date(2026, 1, 23), date(2026, 1, 30)),
    *(date(2026, 2, 1), date(2026, 2, 5), date(2026, 2, 6), date(2026, 2, 10)),
    *(date(2026, 2, 22), date(2026, 3, 5), date(2026, 3, 6), date(2026, 3, 10)),
)
#: Nights that run through Prefect: an ordinary one, the first of a year's second close, the last.
_THROUGH_PREFECT = (date(2026, 1, 6), date(2026, 3, 11), date(2027, 1, 1))
_SOURCES = ["agent-logs", "anthropic", "openai", "cloud-bill"]
#: More tell no more.
_SHOWN = 40


@pytest.fixture
def year(tmp_path: Path) -> Iterator[Sandbox]:
    first = calendar.nights()[0]
    # The longest page that both vendors give: a window is two requests.
    with running(tmp_path, world=make_year(), now=first, has_limits=False, page_days=31) as started:
        yield started


@pytest.fixture
def rehearsal(
    year: Sandbox, tmp_path: Path, new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> Rehearsal:
    stores = Stores(tmp_path / "stores", new_database())
    write_config(stores.config)
    named = environment(year, tmp_path)
    ours = {name: value for name, value in named.items() if name.startswith("GRADUAND_")}
    for name, value in settings_of(stores, ours).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GRADUAND_NOW", year.now.isoformat())
    oracle = Year(year.world)
    return Rehearsal(year, stores, oracle, Clerk(oracle))


@pytest.mark.timeout(900)
def test_the_year_in_short_is_as_the_oracle_says(rehearsal: Rehearsal) -> None:
    _run(rehearsal, [calendar.night_of(day) for day in _SHORT])

    assert rehearsal.wrong == []
    assert sorted(rehearsal.signed) == ["2026-01", "2026-02"]
    assert rehearsal.stores.verified()


@pytest.mark.slow
@pytest.mark.year
@pytest.mark.timeout(3 * 3600)
def test_every_night_of_the_year_is_as_the_oracle_says(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the run form offers is read when the flow is imported: from another configuration.
    monkeypatch.setattr("flows.parameters.EVERY_SOURCE", _SOURCES)
    with prefect_test_harness(server_startup_timeout=120):
        started = time.monotonic()
        _run(rehearsal, calendar.nights(), dict.fromkeys(_THROUGH_PREFECT, _by_prefect))
        log.warning("365 nights took %.0f minutes", (time.monotonic() - started) / 60)

    assert rehearsal.wrong == []
    assert sorted(rehearsal.signed) == [f"2026-{month:02d}" for month in range(1, 12)]
    assert rehearsal.stores.verified()


def _run(
    rehearsal: Rehearsal,
    nights: Sequence[datetime],
    otherwise: dict[date, Callable[[datetime], NightReport]] | None = None,
) -> None:
    """Run nights until so much is wrong that more would tell no more."""
    for now in nights:
        runner = (otherwise or {}).get(now.date())
        rehearsal.night(now, *([runner] if runner else []))
        if now.day == 1:
            log.warning("%s: %s figures differ", now.date(), len(rehearsal.wrong))
        assert len(rehearsal.wrong) < _SHOWN, "\n".join(rehearsal.wrong[:_SHOWN])


def _by_prefect(_: datetime) -> NightReport:
    state = nightly_reconciliation(sources=_SOURCES, return_state=True)
    night = state.result(raise_on_failure=False)
    assert isinstance(night, NightReport), night
    return night
