"""A night that is run again books nothing: equal postings, digest and chain head."""

from dataclasses import replace
from datetime import date

import pytest

from sandbox.server import Sandbox
from tasks.core.books import Cause
from tests.flows.nights import FIRST, SECOND, Night, run
from tests.flows.stores import Stores


def test_the_first_night_is_new_and_balanced(stores: Stores) -> None:
    costs = stores.costs()

    assert set(stores.causes()) == {Cause.NEW}
    assert sum(stores.sums().values()) == 0
    assert sum(costs.values()) > 0
    assert {key.issuer for key, _ in costs} == {"anthropic", "openai"}
    assert stores.verified().entries == len(stores.causes())


@pytest.mark.parametrize("is_repulled", [False, True])
def test_the_same_night_again_leaves_every_book_as_it_is(stores: Stores, is_repulled: bool) -> None:
    before, head = stores.rows(), stores.verified().head

    again = run(Night(FIRST, repull=is_repulled))

    assert (again.is_booked, again.causes) == (False, ())
    assert again.failures == ()
    assert (again.digest, again.head) == (stores.digest(), head)
    assert stores.rows() == before


def test_a_night_with_corrections_books_them_once(stores: Stores, sandbox: Sandbox) -> None:
    sandbox.move_to(SECOND)
    once = run(Night(SECOND))
    before = stores.rows()

    again = run(Night(SECOND))
    from_scratch = run(Night(SECOND, repull=True))

    assert once.causes == (("restated", 1),)
    assert (once.is_booked, again.is_booked, from_scratch.is_booked) == (True, False, False)
    assert {once.digest, again.digest, from_scratch.digest} == {stores.digest()}
    assert {once.head, again.head, from_scratch.head} == {stores.verified().head}
    assert stores.rows() == before


def test_a_night_that_computes_the_same_at_another_hour_has_the_same_digest(
    stores: Stores,
) -> None:
    later = run(replace(Night(FIRST), now=FIRST.replace(hour=23)))

    assert later.digest == stores.digest()
    assert later.causes == ()


def test_another_window_over_the_same_days_books_nothing(stores: Stores) -> None:
    before = stores.rows()["postings"]

    window = Night(FIRST).window
    assert window is not None
    day = window[0]
    inside = run(Night(FIRST, window=(day, day)))

    assert inside.causes == ()
    assert stores.rows()["postings"] == before
    assert day == date(2026, 11, 5)
