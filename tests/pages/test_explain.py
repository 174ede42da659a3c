"""What explanations say, from plain values: nothing from outside can steer a terminal."""

from datetime import UTC, date, datetime

from config.shapes.finance import Disposition
from tasks.core.books import (
    BookKey,
    Break,
    BreakClass,
    Cause,
    Destination,
    DestinationKind,
    Entry,
    Inputs,
    Method,
    Posting,
    Strength,
)
from tasks.core.explained import BookedBy, BookedEntry, BreakStory, EntryStory, FamilyStory, Seen
from tasks.core.month_end.dispositions import decide, in_words
from tasks.pages.explain import break_story, entry_story, posting_story
from tasks.pages.explain_family import family_story
from tasks.pages.explain_words import CAUSES, KINDS, METHODS, NEXT, STRENGTHS

DAY = date(2026, 11, 20)
EVIL = "bump\x1b[2J\u202e"
NIGHT = BookedBy(
    3,
    datetime(2026, 11, 21, 4, tzinfo=UTC),
    "tied",
    Inputs(DAY, DAY, 7, "cat", "pol", "src", "fin", "card", "", "1"),
)
FAMILY = Destination(
    DestinationKind.FAMILY,
    "core",
    "upgrades",
    EVIL,
    "production",
    "exploration",
    Method.METERED,
    Strength.STAMP,
)
PAYABLE = Destination(DestinationKind.PAYABLE, method=Method.BALANCE)


def booked(nano: int, number: int = 12, cause: Cause = Cause.NEW) -> BookedEntry:
    key = BookKey("anthropic", f"ws{EVIL}", DAY, "2026-11", "USD")
    return BookedEntry(
        number, NIGHT, Entry(key, cause, (Posting(FAMILY, nano), Posting(PAYABLE, -nano)))
    )


def test_every_word_of_the_books_has_a_meaning() -> None:
    assert set(CAUSES) == set(Cause)
    assert set(METHODS) == set(NEXT) == set(Method)
    assert set(STRENGTHS) == set(Strength)
    assert set(KINDS) == set(DestinationKind)


def test_an_amount_stands_exact_and_rounded_with_what_corrected_it() -> None:
    story = EntryStory(
        booked(1_234_567_890),
        0,
        (booked(1_234_567_890), booked(-234_567_890, 15, Cause.RESTATED)),
        None,
        None,
        None,
        "its file is missing",
    )
    told = posting_story(story)

    assert "Posting 12.0: $1.23 " in told
    assert "1.234567890 USD" in told
    assert "restated" in told
    assert "then $1.00" in told
    assert "a leak: the pools disagree" in told
    assert "cannot be computed again: its file is missing" in told


def test_nothing_from_outside_reaches_the_terminal_as_control() -> None:
    one = booked(5)
    item = Break(BreakClass.CURRENCY, EVIL, EVIL, DAY, EVIL, 7, 1)
    entry = EntryStory(one, 0, (one,), None, None, None, EVIL, (("ab12", item),))
    pages = (
        posting_story(entry),
        entry_story(entry),
        break_story(BreakStory("ab12", (Seen(NIGHT, item),), True, NIGHT, None, EVIL)),
        family_story(FamilyStory("upgrades", DAY, DAY, (one,))),
    )

    for page in pages:
        assert "\x1b" not in page
        assert "\u202e" not in page


def test_a_break_that_finance_has_decided_about_says_what_and_whether_it_holds() -> None:
    item = Break(BreakClass.PRICE, "anthropic", "ws", DAY, "sku", 7 * 10**9)
    line = Disposition(
        **{"break": "0123456789abcdef", "verdict": "written_off", "on": DAY, "by": "finance-lead"},
        reason="Below what a dispute costs.",
        limit="5",
    )
    decided = decide(item.amount_nano, [line], DAY)
    assert decided is not None
    story = BreakStory("ab12", (Seen(NIGHT, item),), True, NIGHT, None, "x", in_words(decided))

    told = break_story(story)

    assert f"written off by finance-lead on {DAY}: Below what a dispute costs." in told
    assert "no longer: the break is above the limit of 5" in told


def test_a_cleared_break_says_so() -> None:
    item = Break(BreakClass.PENDING, "anthropic", "ws", DAY, "sku", 7)
    told = break_story(BreakStory("ab12", (Seen(NIGHT, item),), False, NIGHT, None, "x"))

    assert "cleared" in told
    assert "it cleared itself" in told
    assert "nothing: it has cleared" in told
