"""A figure told: its exact sum, its parts, and nothing from outside that steers a terminal."""

from datetime import date

from tasks.core.books import BookKey, Cause, Destination, DestinationKind, Entry, Method, Posting
from tasks.core.explained import BookedEntry
from tasks.core.figures import FigureStory, TieStory, figure_of, parts_of
from tasks.core.reconciling.ties import TieOut
from tasks.pages.explain_figure import figure_story, tie_story
from tests.pages.test_explain import DAY, EVIL, NIGHT, booked

MARCH = date(2026, 3, 1)


def story(*words: str, entries: list[BookedEntry]) -> FigureStory:
    figure = figure_of(words)
    return FigureStory(figure.title, figure.meaning, DAY, DAY, parts_of(figure, entries), (), NIGHT)


def test_it_is_the_sum_of_its_parts_with_all_digits() -> None:
    told = figure_story(
        story("family", "upgrades", entries=[booked(1_234_567_890), booked(-7, 13)])
    )

    assert "exactly 1.234567883 USD" in told
    assert "2 postings, which sum to it exactly" in told
    assert "graduand explain posting 12.0" in told
    assert "spent by a workflow of the catalog" in told


def test_nothing_from_outside_reaches_the_terminal_as_control() -> None:
    told = figure_story(story("family", "upgrades", entries=[booked(5)]))
    tie = TieOut(EVIL, "USD", 5, 0, 0, 5, 5, 5, 5, (), 0, (), 0)
    told += tie_story(TieStory(tie, DAY, DAY, NIGHT, is_same=False, breaks=()))

    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "differs from what was recorded" in told


def test_a_month_of_a_pool_leaves_corrections_of_other_months_out() -> None:
    to = Destination(DestinationKind.FAMILY, "core", "upgrades", "bump", "production")
    ours = BookKey("anthropic", "ws", DAY, "2026-11", "USD")
    other = BookKey("anthropic", "ws", MARCH, "2026-11", "USD", "2026-03")
    entries = [
        BookedEntry(number, NIGHT, Entry(key, Cause.NEW, (Posting(to, 10**number),)))
        for number, key in enumerate((ours, other), start=1)
    ]

    spent = story("pool", "upgrades", "production", "2026-11", entries=entries)
    family = figure_story(story("family", "upgrades", entries=entries))

    assert [part.posting.amount_nano for part in spent.parts] == [10]
    assert "corrections of closed periods: $0.0000001, outside budgets" in family


def test_a_figure_of_nothing_says_so() -> None:
    to = Destination(DestinationKind.CREDIT, "core", method=Method.REST)
    key = BookKey("anthropic", "ws", DAY, "2026-11", "USD")
    entry = BookedEntry(1, NIGHT, Entry(key, Cause.NEW, (Posting(to, -5),)))

    told = figure_story(story("total", "idle-seat", entries=[entry]))

    assert "nothing: no posting belongs to it" in told
