"""Use by squad: sums and counts of people, never less than three told apart, nothing as markup."""

from tasks.core.squad_use import OTHERS, Measure, SquadTotal
from tasks.pages.night import families
from tasks.pages.squad_use import squad_use_section
from tests.pages.shown import foreign_markup, html_of
from tests.pages.test_night import HOSTILE, a_night


def total(squad: str = "claims", **fields: object) -> SquadTotal:
    values: dict[str, object] = {
        "source": "copilot",
        "measure": Measure.CREDITS_MICRO,
        "value": 1_234_567_890,
        "days": 20,
        "most_actors": 7,
    }
    return SquadTotal(squad=squad, **values | fields)  # type: ignore[arg-type]  # names of fields


def rows_of(*totals: SquadTotal) -> list[list[str]]:
    lines = [line for line in squad_use_section(totals)[-1].splitlines()[2:] if line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_nothing_is_said_where_no_source_tells_of_squads() -> None:
    assert squad_use_section(()) == []
    assert "squad" not in families(a_night())


def test_squads_stand_by_size_and_what_is_folded_last() -> None:
    rows = rows_of(
        total(OTHERS, value=9_000_000_000, most_actors=None),
        total("search", value=1_000_000, most_actors=3, days=1),
        total(),
    )

    assert rows == [
        ["copilot", "claims", "credits", "1,234.57 AI credits", "20", "7"],
        ["copilot", "search", "credits", "1.00 AI credits", "1", "3"],
        ["copilot", "others", "credits", "9,000.00 AI credits", "20", "fewer than 3, folded"],
    ]


def test_each_measure_is_told_in_its_own_unit() -> None:
    rows = rows_of(
        *(total(source=measure.value, measure=measure, value=-2_500_000_000) for measure in Measure)
    )

    assert {row[2]: row[3] for row in rows} == {
        "credits": "-2,500.00 AI credits",
        "spend": "-$2.50",
        "estimate at list price": "-$2.50",
        "compute units": "-2,500.00 ACUs",
    }


def test_the_section_says_what_it_is_not_and_comes_with_the_families() -> None:
    page = families(a_night(squad_use=(total(),)))

    assert "## Use by squad (people counted, never named)" in page
    assert "Indications, not bills" in page
    assert "<td>claims</td>" in html_of(page)


def test_no_word_of_a_directory_is_markup() -> None:
    page = families(a_night(squad_use=(total(HOSTILE, source=HOSTILE),)))

    assert foreign_markup(page) == []
    assert html_of(page).count("&lt;img src=x&gt;") == 2
