"""A dry run shows and books nothing; a past moment is computed as it was, from nothing new."""

import pytest

from sandbox.server import Sandbox
from tasks.core.errors import GraduandError
from tests.flows.nights import FIRST, SECOND, THIRD, Night, run
from tests.flows.stores import Rows, Stores

#: What a dry run may leave behind, because it reads and validates: never a book.
_READ = {"quarantine_sets", "quarantine", "work_item_events", "labels"}


def books(stores: Stores) -> dict[str, Rows]:
    return {name: rows for name, rows in stores.rows().items() if name not in _READ}


def test_a_dry_run_shows_what_it_would_book_and_books_nothing(
    stores: Stores, sandbox: Sandbox
) -> None:
    sandbox.move_to(SECOND)
    before = books(stores)

    dry = run(Night(SECOND, dry_run=True))
    after = books(stores)
    wet = run(Night(SECOND))

    assert after == before
    assert (dry.is_booked, wet.is_booked) == (False, True)
    assert dry.causes == wet.causes == (("restated", 1),)
    assert dry.digest == wet.digest


def test_a_past_moment_is_computed_as_it_was_and_neither_reads_nor_books(
    stores: Stores, sandbox: Sandbox
) -> None:
    digests = {FIRST: stores.digest()}
    for night in (SECOND, THIRD):
        sandbox.move_to(night)
        run(Night(night))
        digests[night] = stores.digest()
    before, asked = stores.rows(), sandbox.faults.counts()

    then = {night: run(Night(THIRD, as_of=night)) for night in digests}

    assert {night: report.digest for night, report in then.items()} == digests
    assert len(set(digests.values())) == 3
    assert {report.is_booked for report in then.values()} == {False}
    assert {report.causes for report in then.values()} == {()}
    assert sandbox.faults.counts() == asked
    assert stores.rows() == before


def test_a_past_moment_before_everything_knows_nothing(stores: Stores) -> None:
    before = stores.rows()

    report = run(Night(THIRD, as_of=FIRST.replace(day=17)))

    assert report.books.desired == {}
    assert report.books.completeness_ppm == 0
    assert stores.rows() == before


def test_an_unknown_source_or_moment_is_refused_before_any_work(
    stores: Stores, sandbox: Sandbox
) -> None:
    before, asked = stores.rows(), sandbox.faults.counts()

    for wrong in (
        Night(FIRST, only=("anthropic", "aws")),
        Night(FIRST, as_of=SECOND),
        Night(FIRST, window=(FIRST.date(), SECOND.date())),
    ):
        with pytest.raises(GraduandError, match=r"unknown sources|has not come yet|after the day"):
            run(wrong)

    assert stores.rows() == before
    assert sandbox.faults.counts() == asked
