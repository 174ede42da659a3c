from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.shapes.catalog import StageEntry
from tasks.core.books import BookKey, DayBasis, Destination, DestinationKind
from tasks.core.budgeting.pool_days import PendingDay
from tasks.core.claims import LoggedCost, OutcomeCounts
from tasks.core.kept import KeptNight, kept_text, read_kept
from tasks.core.plain import from_plain, to_named, to_plain
from tasks.core.reconciling.breaks import Quarantine
from tasks.core.reconciling.reconcile import reconcile
from tests.core.reconciling.test_reconcile import busy_night


class Pair(NamedTuple):
    name: str
    amount: int | None


@dataclass(frozen=True)
class Thing:
    kind: DestinationKind
    day: date
    rate: Decimal
    pairs: tuple[Pair, ...]
    books: dict[BookKey, dict[Destination, int]]
    known: dict[tuple[str, date], tuple[str, ...]]
    at: datetime | None = None


texts = st.text(max_size=5)
days = st.dates()
things = st.builds(
    Thing,
    kind=st.sampled_from(DestinationKind),
    day=days,
    rate=st.decimals(allow_nan=False, allow_infinity=False),
    pairs=st.lists(st.builds(Pair, texts, st.none() | st.integers())).map(tuple),
    books=st.dictionaries(
        st.builds(BookKey, texts, texts, days, texts, texts),
        st.dictionaries(
            st.builds(Destination, st.sampled_from(DestinationKind), family=texts), st.integers()
        ),
    ),
    known=st.dictionaries(st.tuples(texts, days), st.lists(texts).map(tuple)),
    at=st.none() | st.datetimes(timezones=st.just(UTC)),
)


@given(things)
def test_what_is_written_is_read_back(thing: Thing) -> None:
    assert from_plain(Thing, to_plain(thing)) == thing


@given(things)
def test_what_is_written_by_name_is_read_back_too(thing: Thing) -> None:
    assert from_plain(Thing, to_named(thing)) == thing


def test_a_field_by_name_that_is_not_there_takes_its_default() -> None:
    named = to_named(Destination(DestinationKind.TAX))

    assert from_plain(Destination, {"kind": named["kind"]}) == Destination(DestinationKind.TAX)


@pytest.mark.parametrize("named", [{}, {"kind": "tax", "unheard": 1}])
def test_a_field_that_is_missing_or_unknown_is_refused(named: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="Destination"):
        from_plain(Destination, named)


def test_equal_rows_are_made_once() -> None:
    one, other = from_plain(list[Destination], [to_plain(Destination(DestinationKind.TAX))] * 2)

    assert one is other


@pytest.mark.parametrize("value", [1.5, {1}, object()])
def test_what_cannot_be_read_back_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="cannot be kept"):
        to_plain((value,))


def test_a_type_without_a_shape_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot be read back"):
        from_plain(dict[str, int | str], [])


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="argument"):
        from_plain(Pair, ["a", 1, 2])


@given(st.integers(0, 40))
def test_a_night_is_read_back_whole(seed: int) -> None:
    books = reconcile(busy_night(seed))
    basis = DayBasis("anthropic", date(2026, 11, 5), *["made of"] * 10)
    kept = KeptNight(
        files=(("conformed/x.parquet", 7),),
        card="[]",
        quarantine=(Quarantine("anthropic", "main", date(2026, 11, 5), None),),
        books=books,
        bases=(basis,),
        decided=(OutcomeCounts("alpha", 1, 2, 3),),
        costs={"alpha": LoggedCost(5, 2)},
        pending=(PendingDay(date(2026, 11, 5), "p", "f", "production", "USD", 9),),
        corrections=(),
    )

    assert read_kept(kept_text(kept)) == kept


def test_a_shape_is_written_one_way_however_its_file_spells_amounts() -> None:
    first, second = (
        StageEntry.model_validate(
            {"from": "2026-10-15", "stage": "provisional", "until": "2027-01-15", "cap": cap}
        )
        for cap in ("1500.00", "1500")
    )

    assert to_named(first) == to_named(second)
    assert from_plain(StageEntry, to_named(first)) == first
