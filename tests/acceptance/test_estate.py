"""A month with every source on, then each switched off in turn: no dollar comes or goes by a log.

The oracle tells the truth for any set of sources, and computes it from the rules' text.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Protocol

import pytest

from sandbox.estate.facts import LOGS, REPORTS
from sandbox.oracle.seen import window
from sandbox.organisation import LOG_SOURCE
from sandbox.script import NIGHTS
from sandbox.server import running
from tasks.core.night_report import NightReport
from tests.acceptance.estate import Month, read_month
from tests.databases import NewDatabase
from tests.flows.stores import Stores

#: Small, but every kind of session is there each day.
_SCALE = 0.05
#: Days of the short form.
_DAYS = 6
_ALL_LOGS = (LOG_SOURCE, *(log.name for log in LOGS))
#: Issuer by the report that is booked for it.
_ISSUERS = {
    "anthropic": "anthropic",
    "openai": "openai",
    **{one.name: one.issuer for one in REPORTS if not one.is_second_opinion},
}
Booked = tuple[NightReport, list[str], dict[str, int]]


class Books(Protocol):
    """Books the month with some sources on, held against what the oracle says of them."""

    def __call__(self, sources: Collection[str], told: Collection[str] | None = None) -> Booked: ...


@contextmanager
def read(
    folder: Path, new_database: NewDatabase, days: tuple[date, ...]
) -> Iterator[tuple[Month, Books]]:
    """Read some days of the organisation, and give what books each set of sources once."""
    with (
        running(
            folder / "organisation",
            scale=_SCALE,
            estate=True,
            now=NIGHTS[0],
            has_limits=False,
            page_items=100,
            page_days=31,
        ) as sandbox,
        pytest.MonkeyPatch.context() as patch,
    ):
        month = read_month(sandbox, Stores(folder / "stores", new_database()), patch, days)
        made: dict[tuple[frozenset[str], frozenset[str]], Booked] = {}

        def booked(sources: Collection[str], told: Collection[str] | None = None) -> Booked:
            key = frozenset(sources), frozenset(sources if told is None else told)
            if key not in made:
                made[key] = month.books(*key, folder / f"books-{len(made)}", new_database)
            return made[key]

        yield month, booked


@pytest.fixture(scope="module")
def week(
    tmp_path_factory: pytest.TempPathFactory, lasting_databases: Callable[[str], NewDatabase]
) -> Iterator[tuple[Month, Books]]:
    folder = tmp_path_factory.mktemp("week")
    with read(folder, lasting_databases("sqlite"), window(NIGHTS[0])[-_DAYS:]) as of_week:
        yield of_week


@pytest.fixture(scope="module")
def whole(
    tmp_path_factory: pytest.TempPathFactory, lasting_databases: Callable[[str], NewDatabase]
) -> Iterator[tuple[Month, Books]]:
    folder = tmp_path_factory.mktemp("month")
    with read(folder, lasting_databases("sqlite"), window(NIGHTS[0])) as of_month:
        yield of_month


def without(month: Month, *names: str) -> frozenset[str]:
    assert set(names) <= month.every()
    return month.every() - set(names)


def assert_all_ties_out(month: Month, books: Books) -> None:
    _, wrong, booked = books(month.every())

    assert month.failures == ()
    assert wrong == []
    assert set(_ISSUERS.values()) == booked.keys()


def assert_alone(month: Month, books: Books, *names: str) -> None:
    """Switch sources off, and see nothing move but the money of their own issuers."""
    _, _, with_them = books(month.every())
    _, wrong, booked = books(without(month, *names))

    assert wrong == []
    gone = {_ISSUERS.get(name) for name in names}
    assert booked == {issuer: nano for issuer, nano in with_them.items() if issuer not in gone}


def test_some_days_of_all_sources_tie_out_to_the_oracle(week: tuple[Month, Books]) -> None:
    assert_all_ties_out(*week)


def test_the_same_answers_of_all_sources_read_again_are_stored_and_booked_once(
    week: tuple[Month, Books],
    tmp_path: Path,
    lasting_databases: Callable[[str], NewDatabase],
) -> None:
    month, _ = week
    (first, second), failures, (before, after) = month.twice(
        tmp_path / "twice", lasting_databases("sqlite")
    )

    assert failures == ()
    assert first.causes
    assert second.causes == ()
    assert after == before


def test_without_a_log_and_a_bill_the_books_are_the_oracles_and_no_other_dollar_moves(
    week: tuple[Month, Books],
) -> None:
    assert_alone(*week, "claude-code-logs", "devin")


def test_a_log_that_is_switched_off_explains_less_and_a_copy_of_it_steps_in(
    week: tuple[Month, Books],
) -> None:
    month, _ = week
    every = month.explained(month.every())
    for name in ("claude-code-logs", "codex-logs", "telemetry", "gateway"):
        assert month.explained(without(month, name)) < every, name
    # The tracing tool tells part of what the gateway told.
    neither = month.explained(without(month, "gateway", "traces"))
    assert neither < month.explained(without(month, "gateway"))


@pytest.mark.slow
def test_a_month_of_all_sources_ties_out_to_the_oracle(whole: tuple[Month, Books]) -> None:
    assert_all_ties_out(*whole)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [*_ALL_LOGS, "openai", "copilot", "cursor", "devin", "claude-enterprise", "jira"]
)
def test_without_one_source_the_books_are_the_oracles_and_no_other_dollar_moves(
    whole: tuple[Month, Books], name: str
) -> None:
    assert_alone(*whole, name)


@pytest.mark.slow
def test_without_any_report_of_an_issuer_it_has_no_books(whole: tuple[Month, Books]) -> None:
    assert_alone(*whole, "anthropic", "claude-enterprise")


@pytest.mark.slow
def test_a_second_opinion_is_booked_once_the_first_report_is_gone(
    whole: tuple[Month, Books],
) -> None:
    month, books = whole
    _, wrong, booked = books(without(month, "anthropic"), told=month.every())

    issuers = {line.split()[1] for line in wrong if line.startswith("ledger")}
    assert booked["anthropic"] > 0
    assert issuers == {"anthropic"}


@pytest.mark.slow
def test_what_github_told_stays_known_when_it_is_switched_off(
    whole: tuple[Month, Books],
) -> None:
    month, books = whole
    _, wrong, booked = books(without(month, "github"), told=month.every())

    assert wrong == []
    assert booked == books(month.every())[2]
