"""What the books of a day are made of, by digest."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tasks.core.books import DayBasis, Snapshot
from tasks.core.prices import compile_card
from tasks.core.reconciling.bases import Made, bases_of
from tasks.core.reconciling.breaks import Legs
from tasks.core.reconciling.matching import AD_HOC, Line
from tasks.core.reconciling.reconcile import reconcile
from tasks.core.standing import Standing
from tests.core.factories import DAY, catalog, charge, night

OURS, SEATED = ("anthropic", DAY), ("editor", DAY)
CHARGES = Snapshot(
    source="vendor",
    stream="cost",
    layer="conformed",
    table="charges",
    key=DAY,
    sha="sha",
    path="path",
    rows=1,
    size_bytes=1,
    parser="p",
    raw_sha="raw",
    is_complete=True,
    recorded_at=datetime(2026, 11, 11, tzinfo=UTC),
)
STANDING = Standing(
    runs=(),
    usage=(),
    charges=(CHARGES,),
    first_charges=(),
    revised={},
    legs=Legs({OURS, SEATED}, set(), set(), {}),
    held=frozenset(),
    expected=(),
    present=(),
)
MADE = Made("catalog", "policy", compile_card((), ()), {})


def bases(**fields: Any) -> dict[tuple[str, date], DayBasis]:
    return bases_of(STANDING, {"vendor": "anthropic"}, MADE, **fields)


def test_a_day_that_nothing_reports_has_a_basis_without_charges() -> None:
    found = bases()

    assert found[OURS].charges_raw
    assert (found[SEATED].charges_raw, found[SEATED].charges, found[SEATED].usage) == ("", "", "")


def test_a_held_day_has_none() -> None:
    held = replace(STANDING, held=frozenset({SEATED}))

    assert bases_of(held, {"vendor": "anthropic"}, MADE).keys() == {OURS}


@pytest.mark.parametrize("column", ["terms", "direct"])
def test_texts_move_the_basis_of_their_day_only_and_in_any_order(column: str) -> None:
    moved = "runs" if column == "direct" else "terms"
    plain, told = bases(), bases(**{column: {OURS: ("one", "two")}})

    assert told[SEATED] == plain[SEATED]
    assert getattr(told[OURS], moved) != getattr(plain[OURS], moved)
    assert replace(told[OURS], **{moved: getattr(plain[OURS], moved)}) == plain[OURS]
    assert told == bases(**{column: {OURS: ("two", "one"), SEATED: ()}})


def test_the_books_tell_whose_the_runs_are_that_charges_name() -> None:
    charges = [charge(7, run_id="r1"), charge(3, run_id="r2"), charge(2, run_id="unknown")]
    runs = {("anthropic", "r1"): Line("alpha", "production", "stamp"), ("anthropic", "r2"): AD_HOC}

    books = reconcile(night([], [], charges, catalog=catalog(), direct_runs=runs))

    assert books.direct == {OURS: ("r1 alpha production stamp", "r2   none")}
