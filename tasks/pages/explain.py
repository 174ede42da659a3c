"""Tell how a figure came to be, for a terminal: from the figure down to the files it stands on.

Plain text; every word that came from outside is reduced to printable characters.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from tasks.core.books import (
    BookKey,
    BreakClass,
    Cause,
    DayBasis,
    Destination,
    DestinationKind,
    Posting,
)
from tasks.core.explained import BookedBy, BookedEntry, BreakStory, EntryStory
from tasks.pages.explain_day import (
    SHOWN,
    bucket_lines,
    exact,
    file_lines,
    left_out,
    row,
    split_lines,
    to_words,
)
from tasks.pages.explain_words import BY_TERMS, CAUSES, CLAIM, KINDS, METHODS, NEXT, STRENGTHS
from tasks.pages.meanings import BREAKS
from tasks.pages.text import LONGEST_SENTENCE, amount, plain

_BASIS = {
    "charges_raw": "the vendor's charges",
    "charges": "charges as read by graduand",
    "usage": "metered usage",
    "runs": "run logs or stamps",
    "catalog": "the catalog or its sources",
    "policy": "the policy",
    "card": "prices",
    "fx": "exchange rates",
    "terms": "what finance has signed",
    "code_version": "graduand's version",
}

#: What documents and the close of a month booked: no file of the day computes it again.
_OTHER_RECORDS = frozenset({DestinationKind.ROUNDING, DestinationKind.FX, DestinationKind.ACCRUAL})


def posting_story(story: EntryStory) -> str:
    """Tell one posting."""
    key, posting = story.booked.entry.key, _posting(story)
    to = posting.destination
    shown = f"{amount(posting.amount_nano, key.currency)} {to_words(to)}"
    lines = [
        f"Posting {story.booked.number}.{story.ordinal}: {shown}",
        "",
        row("exactly", f"{exact(posting.amount_nano, key.currency)}"),
        row("money", KINDS[to.kind]),
        *_where(key),
        *_destination(to),
        row("cause", f"{story.booked.entry.cause.value}: {CAUSES[story.booked.entry.cause]}"),
        row("method", f"{to.method.value}: {METHODS[to.method]}"),
    ]
    if to.kind is DestinationKind.FAMILY:
        lines.append(row("evidence", f"{to.strength.value}: {STRENGTHS[to.strength]}"))
    if posting.is_provisional:
        lines.append(row("provisional", "logs are missing; the last known split stays for now"))
    lines += ["", *_night(story.booked.night), *_changed(story)]
    lines += [
        "",
        *_replaced(story, to),
        "",
        *split_lines(story.math, story.problem, to, key.currency),
    ]
    lines += _proof(story, to)
    lines += ["", *_open(story), *file_lines(story.math), "", "What to do next"]
    return told([*lines, *_next(story, to)])


def entry_story(story: EntryStory) -> str:
    """Tell a whole entry: its cause and each posting."""
    booked = story.booked
    key, entry = booked.entry.key, booked.entry
    total = sum(_costs(booked).values())
    shown = f"{amount(total, key.currency)} in {len(entry.postings)} postings"
    lines = [
        f"Entry {booked.number}: {shown}; with what is owed to the vendor they sum to zero",
        "",
        *_where(key),
        row("cause", f"{entry.cause.value}: {CAUSES[entry.cause]}"),
        "",
        *_night(booked.night),
        *_changed(story),
        "",
        "Postings",
    ]
    for ordinal, posting in enumerate(entry.postings):
        to = posting.destination
        lines.append(
            f"  {booked.number}.{ordinal:<5}{amount(posting.amount_nano, key.currency):>14}"
            f"  {to_words(to)} ({to.method.value})"
        )
    lines += ["", *_replaced(story, None)]
    lines += ["", *split_lines(story.math, story.problem, None, key.currency)]
    lines += ["", *_open(story), *file_lines(story.math), "", "What to do next"]
    return told([*lines, f"  graduand explain posting {booked.number}.0"])


def break_story(story: BreakStory) -> str:
    """Tell a break: what differs, since when, and what would clear it."""
    newest = story.seen[-1]
    item = newest.item
    meaning, todo = BREAKS[item.break_class]
    name = item.break_class.value.replace("_", " ")
    currency = story.math.currency if story.math and story.math.currency else "USD"
    if item.break_class is BreakClass.CURRENCY:
        currency = item.sku
    state = "open" if story.is_current else "cleared"
    lines = [
        f"Break {story.break_id}: {name}, {amount(item.amount_nano, currency)}, {state}",
        "",
        row("exactly", exact(item.amount_nano, currency)),
        row("what it is", meaning),
        row("where", f"{plain(item.issuer)}, account {plain(item.account)}, {item.day}"),
        row("sku", plain(item.sku)),
    ]
    if item.count:
        lines.append(row("count", f"{item.count:,} rows or tokens"))
    lines.append(row("books", "none: a break is an observation, and posts nothing"))
    if story.decided:
        lines.append(row("decided", plain(story.decided, LONGEST_SENTENCE)))
    lines += ["", "Seen by"]
    for seen in story.seen[:SHOWN]:
        moment = f"night {seen.night.number}, {_moment(seen.night.as_of)}"
        lines.append(f"  {moment:<34}{amount(seen.item.amount_nano, currency):>14}")
    lines += left_out(story.seen)
    if not story.is_current:
        lines.append("  A later night measured this day and no longer found it: it cleared itself.")
    lines += ["", *bucket_lines(story.math, item.sku, story.problem)]
    lines += ["", *file_lines(story.math), "", "What to do next"]
    lines.append(f"  {todo}" if story.is_current else "  nothing: it has cleared")
    return told(lines)


def _where(key: BookKey) -> Iterator[str]:
    yield row("billed by", f"{plain(key.issuer)}, account {plain(key.account)}")
    yield row("charge day", f"{key.day}, in billing period {key.billing_period}")
    if key.origin_period:
        yield row("corrects", f"period {key.origin_period}, which is closed")


def _destination(to: Destination) -> Iterator[str]:
    if to.portfolio:
        yield row("portfolio", plain(to.portfolio))
    if to.kind is DestinationKind.FAMILY:
        yield row("workflow", f"{plain(to.workflow)}, of family {plain(to.family)}")
        paid = to.paid_from or "an account that declares no pool"
        leak = " (a leak: the pools disagree)" if to.paid_from not in {"", to.pool} else ""
        yield row("pools", f"entitled to {to.pool or 'neither'}, paid from {paid}{leak}")


def _night(night: BookedBy) -> Iterator[str]:
    inputs = night.inputs
    when = _moment(night.as_of)
    yield f"Booked by night {night.number}, as of {when}, which ended {night.status}"
    yield row("window", f"{inputs.window_start} to {inputs.window_end}")
    yield row("read up to", f"snapshot {inputs.snapshot_seq}")
    names = ("catalog", "policy", "sources", "finance", "card")
    shown = (f"{name} {getattr(inputs, f'{name}_digest')[:12]}" for name in names)
    yield row("rules", ", ".join(shown))
    yield row("version", plain(inputs.code_version))


def _changed(story: EntryStory) -> Iterator[str]:
    if story.basis is None or story.before is None or story.booked.entry.cause is Cause.NEW:
        return
    yield row("changed", ", ".join(_differences(story.before, story.basis)) or "nothing known")


def _differences(before: DayBasis, now: DayBasis) -> Iterator[str]:
    for name, words in _BASIS.items():
        if getattr(before, name) != getattr(now, name):
            yield words


def _replaced(story: EntryStory, to: Destination | None) -> Iterator[str]:
    """Tell the book over time: what stood before, and what came after."""
    yield "This account's day, from first booking to now"
    running = 0
    currency = story.booked.entry.key.currency
    for one in story.book:
        costs = _costs(one)
        moved = sum(costs.values()) if to is None else _moved(one, to)
        running += moved
        mark = ">" if one.number == story.booked.number else " "
        yield (
            f" {mark}entry {one.number:<6}{_moment(one.night.as_of)}  {one.entry.cause.value:<9}"
            f"{amount(moved, currency):>14}  then {amount(running, currency)}"
        )
    if len(story.book) == 1:
        yield "  It replaced nothing, and nothing has corrected it since."


def _proof(story: EntryStory, to: Destination) -> Iterator[str]:
    """Hold what the files say against what stood in the books after this night."""
    if story.math is None or to.kind is DestinationKind.PAYABLE:
        return
    currency = story.booked.entry.key.currency
    if to.method in BY_TERMS:
        yield f"  No bill decides it, but {BY_TERMS[to.method]}."
    if to.kind in _OTHER_RECORDS:
        return
    booked = sum(_moved(one, to) for one in story.book if one.number <= story.booked.number)
    key = story.booked.entry.key
    book = (key.billing_period, key.currency)
    found = sum(
        nano
        for period, unit, where, nano in story.math.found
        if (period, unit, where) == (*book, to)
    )
    if found == booked:
        yield f"  Computed again from the files: {exact(found, currency)}, as booked by then."
    else:
        yield (
            f"  Computed again from the files: {exact(found, currency)}; booked by then:"
            f" {exact(booked, currency)}. Names erased since, or another version of graduand,"
            " can be why; else run `graduand check --deep`."
        )


def _open(story: EntryStory) -> Iterator[str]:
    """Tell what does not tie out on this account's day: no posting moves by it."""
    if story.breaks:
        yield "Open breaks on this account's day"
        for break_id, item in story.breaks[:SHOWN]:
            name = item.break_class.value.replace("_", " ")
            yield f"  {plain(break_id)}  {name}, {plain(item.sku)}, {exact(item.amount_nano)}"
        yield from left_out(story.breaks)
        yield ""


def _next(story: EntryStory, to: Destination) -> Iterator[str]:
    is_claimed = to.kind is not DestinationKind.AD_HOC
    yield f"  {NEXT[to.method]}" if is_claimed else f"  {CLAIM}"
    if to.kind is DestinationKind.FAMILY and to.paid_from not in {"", to.pool}:
        yield "  move the work to an account of the pool it is entitled to, or correct the account"
    yield f"  the whole entry: graduand explain entry {story.booked.number}"


def _posting(story: EntryStory) -> Posting:
    return story.booked.entry.postings[story.ordinal or 0]


def _costs(one: BookedEntry) -> dict[Destination, int]:
    return {
        posting.destination: posting.amount_nano
        for posting in one.entry.postings
        if posting.destination.kind is not DestinationKind.PAYABLE
    }


def _moved(one: BookedEntry, to: Destination) -> int:
    return sum(posting.amount_nano for posting in one.entry.postings if posting.destination == to)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def told(lines: Iterable[str]) -> str:
    """Join lines to a page."""
    return "\n".join(lines) + "\n"
