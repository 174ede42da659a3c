"""Use by squad conserves every sum, and tells of nobody in a group of fewer than three."""

import random
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.squad_use import FLOOR, OTHERS, Measure, SquadUse, Used, squad_use

DAY = date(2026, 11, 17)
_SQUADS = st.sampled_from(["claims", "payments", "search", OTHERS, None])
_PEOPLE = [f"person-{at}" for at in range(12)]


def used(person: str, squad: str | None, value: int = 1, **changes: object) -> Used:
    fields: dict[str, object] = {"account": "acme", "day": DAY, "measure": Measure.CREDITS_MICRO}
    return Used(person=person, squad=squad, value=value, **(fields | changes))  # type: ignore[arg-type]


def people(squad: str | None, count: int, value: int = 1) -> list[Used]:
    return [used(f"{squad}-{at}", squad, value) for at in range(count)]


def told(use: list[Used]) -> dict[str, tuple[int, int | None]]:
    return {one.squad: (one.value, one.actors) for one in squad_use(use)}


@st.composite
def _reports(draw: st.DrawFn) -> list[Used]:
    squads = {person: draw(_SQUADS) for person in _PEOPLE}
    rows = st.builds(
        lambda person, value, account, day, measure: Used(
            account, day, person, squads[person], measure, value
        ),
        st.sampled_from(_PEOPLE),
        st.integers(-(10**18), 10**18),
        st.sampled_from(["acme", "beta"]),
        st.sampled_from([DAY, date(2026, 11, 18)]),
        st.sampled_from(list(Measure)[:2]),
    )
    return draw(st.lists(rows, max_size=40))


@given(_reports())
def test_no_sum_is_changed_by_what_is_folded(report: list[Used]) -> None:
    of_people: Counter[object] = Counter()
    of_squads: Counter[object] = Counter()

    for one in report:
        of_people[one.account, one.day, one.measure] += one.value
    for cell in squad_use(report):
        of_squads[cell.account, cell.day, cell.measure] += cell.value

    assert of_squads == of_people


@given(_reports())
def test_no_squad_of_fewer_than_three_people_is_told(report: list[Used]) -> None:
    cells = squad_use(report)

    for cell in cells:
        group = (cell.account, cell.day, cell.measure)
        sums: Counter[tuple[str, str | None]] = Counter()
        for o in report:
            if (o.account, o.day, o.measure) == group:
                sums[o.person, o.squad] += o.value
        there = {person for (person, _), value in sums.items() if value}
        own = {person for (person, squad), value in sums.items() if value and squad == cell.squad}
        if cell.squad != OTHERS:
            assert len(own) >= FLOOR
            assert cell.actors == len(own)
        elif cell.actors is None:
            # Nobody is left to hide them among.
            assert len(there) < FLOOR
            assert [one.squad for one in cells if (one.account, one.day, one.measure) == group] == [
                OTHERS
            ]
        else:
            assert cell.actors >= FLOOR


@given(_reports(), st.randoms(use_true_random=False))
def test_the_order_of_a_report_changes_nothing(report: list[Used], order: random.Random) -> None:
    shuffled = order.sample(report, len(report))

    assert squad_use(shuffled) == squad_use(report)


def test_a_small_squad_takes_the_smallest_along_where_it_would_stand_alone() -> None:
    use = [*people("claims", 5, 10), *people("payments", 3, 100), *people("search", 2, 1000)]

    assert told(use) == {"claims": (50, 5), OTHERS: (2300, 5)}


@pytest.mark.parametrize(("alone", "taken"), [(1, True), (2, True), (3, False)])
def test_others_of_fewer_than_three_are_never_told_beside_a_squad(alone: int, taken: bool) -> None:
    found = told([*people("claims", 3, 10), *people("search", alone, 100)])

    apart = {"claims": (30, 3), "search": (300, 3)}
    assert found == ({OTHERS: (30 + 100 * alone, 3 + alone)} if taken else apart)


def test_two_small_squads_hide_each_other() -> None:
    use = [*people("claims", 3), *people("payments", 2), *people("search", 1)]

    assert told(use) == {"claims": (3, 3), OTHERS: (3, 3)}


def test_people_whom_nobody_knows_are_among_the_others() -> None:
    assert told([*people("claims", 3), *people(None, 4)]) == {"claims": (3, 3), OTHERS: (4, 4)}


def test_a_person_counts_once_however_they_are_spelt() -> None:
    use = [used(name, "claims") for name in ("ada@acme.example", "Ada@Acme.example ", "bo", "bo")]

    assert told(use) == {OTHERS: (4, None)}


def test_who_used_nothing_hides_nobody() -> None:
    idle = [used(f"idle-{at}", "claims", 0) for at in range(5)]
    back = [used("bo", "claims", 7), used("bo", "claims", -7)]

    assert told([*people("claims", 1, 900), *idle, *back]) == {OTHERS: (900, None)}
    assert told([*people("claims", 3, 10), *idle, *back]) == {"claims": (30, 3)}
    assert told([*people("claims", 3), *people("search", 2), *idle]) == {OTHERS: (5, 5)}
    assert told([*people("claims", 3), *(used(f"i{at}", None, 0) for at in range(2))]) == {
        "claims": (3, 3)
    }
    assert told(idle) == {OTHERS: (0, None)}


def test_use_of_one_person_is_shown_without_the_person() -> None:
    shown = repr(used("ada@acme.example", "claims"))

    assert "claims" in shown
    assert "ada" not in shown


def test_cells_of_several_days_and_measures_stand_apart() -> None:
    later = date(2026, 11, 18)
    use = [*people("claims", 3), *(used(f"a{at}", "claims", 2, day=later) for at in range(3))]

    assert squad_use(use) == [
        SquadUse("acme", DAY, "claims", Measure.CREDITS_MICRO, 3, 3),
        SquadUse("acme", later, "claims", Measure.CREDITS_MICRO, 6, 3),
    ]
