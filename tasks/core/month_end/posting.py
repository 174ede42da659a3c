"""Post by difference: what the books should say, less what they already say.

Rule R8 of `docs/arithmetic.md`. A rerun posts nothing, a restated day posts its
correction, and every correction carries the one cause that explains it.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date

from tasks.core.books import (
    BookKey,
    Cause,
    DayBasis,
    Destination,
    DestinationKind,
    Entry,
    Method,
    Posting,
)
from tasks.core.errors import UnexplainedDifferenceError
from tasks.core.money import in_range
from tasks.core.night import IssuerDay

#: Account of the books that an issuer's documents settle (R14).
NO_ACCOUNT = "-"
PAYABLE = Destination(DestinationKind.PAYABLE, method=Method.BALANCE)

#: Amounts by destination of one book, without its payable side.
Amounts = dict[Destination, int]


def difference(
    posted: Mapping[tuple[BookKey, Destination], int],
    desired: Mapping[BookKey, Mapping[Destination, int]],
    *,
    days: Collection[IssuerDay],
    previous: Mapping[IssuerDay, DayBasis],
    now: Mapping[IssuerDay, DayBasis],
    closed: Mapping[str, str] | None = None,
    provisional: Collection[IssuerDay] = (),
) -> list[Entry]:
    """Make the entries that turn what is posted into what is desired.

    Args:
        posted: Sums of all postings so far; payable lines among them are ignored.
        desired: What each book should hold.
        days: Complete days that are not held. Every other day stays as it is posted, so that
            missing data never reduces a posting.
        previous: What each day's books were made of when it was last posted.
        now: What they are made of tonight, for each of `days`.
        closed: Closed billing periods, each with the open one that takes its corrections.
        provisional: Days of which a log is missing: what they post tonight is marked, and what
            corrects it once the log is there is not.

    Returns:
        Balanced entries in a stable order; none where nothing differs.

    Raises:
        UnexplainedDifferenceError: Books would change although nothing they are made of did.
    """
    open_days = set(days)
    booked, has_postings = _by_book(posted, open_days)
    wanted = {key: dict(lines) for key, lines in desired.items() if _day(key) in open_days}
    entries: list[Entry] = []
    unexplained: list[str] = []
    for key in sorted(booked.keys() | wanted.keys(), key=_book_order):
        before = booked.get(key, {})
        changes = _changes(before, wanted.get(key, {}))
        if not changes:
            continue
        day = _day(key)
        is_moved = sum(changes.values()) != 0
        cause: Cause | None
        if key.account == NO_ACCOUNT:
            cause = _document_cause(before, previous.get(day), now[day])
        elif day in has_postings:
            cause = _cause(previous.get(day), now[day], is_moved=is_moved)
        else:
            cause = Cause.NEW
        if cause is None:
            unexplained.append(f"{key.issuer} {key.account} {key.day}")
        else:
            entry = _entry(_booked_in(key, closed or {}), cause, changes)
            entries.append(_provisional(entry) if day in provisional else entry)
    if unexplained:
        message = (
            f"{len(unexplained)} books would change although nothing they are made of did, "
            f"first {unexplained[0]}: compare the catalog, the price card and the code of both "
            "nights, then run again"
        )
        raise UnexplainedDifferenceError(message)
    return entries


def _by_book(
    posted: Mapping[tuple[BookKey, Destination], int], days: set[IssuerDay]
) -> tuple[dict[BookKey, Amounts], set[IssuerDay]]:
    """Gather postings by the book they belong to, wherever a correction was entered."""
    booked: dict[BookKey, Amounts] = {}
    has_postings: set[IssuerDay] = set()
    for (key, destination), amount_nano in posted.items():
        day = _day(key)
        if day not in days or destination.kind is DestinationKind.PAYABLE:
            continue
        if destination.kind is not DestinationKind.ACCRUAL and key.account != NO_ACCOUNT:
            has_postings.add(day)
        lines = booked.setdefault(_home(key), {})
        lines[destination] = lines.get(destination, 0) + amount_nano
    return booked, has_postings


def _changes(booked: Mapping[Destination, int], wanted: Mapping[Destination, int]) -> Amounts:
    if booked == wanted:
        return {}
    changes = dict(wanted)
    for destination, amount_nano in booked.items():
        changes[destination] = changes.get(destination, 0) - amount_nano
    return {destination: amount for destination, amount in changes.items() if amount}


def _cause(was: DayBasis | None, now: DayBasis, *, is_moved: bool) -> Cause | None:
    """Find the one cause of a difference; None if nothing explains it.

    Args:
        was: Basis of the last posting.
        now: Basis of tonight.
        is_moved: The total changed, which only other charges, terms or rates can bring about.
    """
    if was is None:
        return None
    software = (was.charges, was.code_version) != (now.charges, now.code_version)
    reclass = (was.usage, was.runs, was.catalog, was.policy) != (
        now.usage,
        now.runs,
        now.catalog,
        now.policy,
    )
    # In this order: the first thing that changed and can explain the difference names it.
    causes = (
        (Cause.RESTATED, was.charges_raw != now.charges_raw),
        (Cause.REPRICED, was.terms != now.terms),
        (Cause.FX, was.fx != now.fx),
        (Cause.RECLASS, reclass and not is_moved),
        (Cause.REPRICED, was.card != now.card and not is_moved),
        (Cause.SOFTWARE, software),
    )
    return next((cause for cause, is_it in causes if is_it), None)


def _document_cause(
    before: Mapping[Destination, int], was: DayBasis | None, now: DayBasis
) -> Cause | None:
    """Find the cause of a difference in what an issuer's documents settled."""
    if not before or was is None:
        return Cause.NEW
    if was.terms != now.terms or was.charges_raw != now.charges_raw:
        return Cause.RESTATED
    return _cause(was, now, is_moved=True)


def _entry(key: BookKey, cause: Cause, changes: Mapping[Destination, int]) -> Entry:
    postings = [
        Posting(destination, in_range(changes[destination]))
        for destination in sorted(changes, key=_destination_order)
    ]
    balance = -sum(posting.amount_nano for posting in postings)
    if balance:
        postings.append(Posting(PAYABLE, in_range(balance)))
    return Entry(key, cause, tuple(postings))


def _provisional(entry: Entry) -> Entry:
    return replace(
        entry, postings=tuple(replace(one, is_provisional=True) for one in entry.postings)
    )


def _booked_in(key: BookKey, closed: Mapping[str, str]) -> BookKey:
    """Send the correction of a closed period to the open one, naming its origin."""
    takes_over = closed.get(key.billing_period)
    if takes_over is None:
        return key
    return BookKey(key.issuer, key.account, key.day, takes_over, key.currency, key.billing_period)


def _home(key: BookKey) -> BookKey:
    """Name the book that a posting belongs to: its origin period's, if it has one."""
    if not key.origin_period:
        return key
    return BookKey(key.issuer, key.account, key.day, key.origin_period, key.currency)


def _day(key: BookKey) -> IssuerDay:
    return key.issuer, key.day


def _book_order(key: BookKey) -> tuple[str, str, date, str, str]:
    return key.issuer, key.account, key.day, key.billing_period, key.currency


def _destination_order(destination: Destination) -> tuple[str, ...]:
    return (
        destination.kind,
        destination.portfolio,
        destination.family,
        destination.workflow,
        destination.pool,
        destination.paid_from,
        destination.method,
        destination.strength,
    )
