"""Run nights one after the other, as the product would, and keep the expected ledger."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sandbox.oracle.allocation import Books, Destination, allocate
from sandbox.oracle.breaks import Break, find_breaks
from sandbox.oracle.matching import account_days
from sandbox.oracle.seen import IssuerDay, Seen, look
from sandbox.records import ChargeRow, World

Place = tuple[str, str, date]


@dataclass(frozen=True, slots=True)
class Entry:
    """One posting by difference: how much a book moved in a night, and why."""

    issuer: str
    account: str
    day: date
    cause: str
    amount_nano: int
    moved_nano: int


@dataclass(frozen=True)
class Night:
    """What one night must come to.

    Attributes:
        desired: Books of the complete days of its window.
        ledger: Balance of the whole ledger afterwards, older days included.
        entries: What it posts; `amount_nano` is the change of an account's day, `moved_nano`
            the sum of what went up.
    """

    seen: Seen
    desired: dict[Place, Books]
    ledger: dict[Place, Books]
    breaks: tuple[Break, ...]
    entries: tuple[Entry, ...]


def run_nights(
    world: World,
    nights: Iterable[datetime],
    sources: Collection[str] | None = None,
    days: tuple[date, ...] | None = None,
) -> list[Night]:
    """Run nights in order on an empty ledger.

    Args:
        world: What happens.
        nights: Aware UTC.
        sources: Those that are switched on; None: all that the world has.
        days: The window of every night; None: the ordinary one.

    Raises:
        ValueError: The nights are not in order.
    """
    ledger: dict[Place, Books] = {}
    posted_from: dict[IssuerDay, tuple[ChargeRow, ...]] = {}
    first_charges: dict[IssuerDay, tuple[ChargeRow, ...]] = {}
    done: list[Night] = []
    for now in nights:
        if done and done[-1].seen.now >= now:
            message = f"nights must be in order, and {now} is not after the one before"
            raise ValueError(message)
        seen = look(world, now, days, sources=sources)
        places = account_days(seen)
        for issuer_day, charges in seen.charges.items():
            first_charges.setdefault(issuer_day, charges)
        desired = {
            place: allocate(places[place], seen.charges[place[0], place[2]], sessions=seen.sessions)
            for place in places
            if (place[0], place[2]) in seen.charges
        }
        entries = _entries(desired, ledger, seen, posted_from)
        ledger = {**ledger, **desired}
        posted_from.update(seen.charges)
        breaks = tuple(find_breaks(seen, places, first_charges))
        done.append(Night(seen, desired, dict(ledger), breaks, entries))
    return done


def _entries(
    desired: dict[Place, Books],
    ledger: dict[Place, Books],
    seen: Seen,
    posted_from: dict[IssuerDay, tuple[ChargeRow, ...]],
) -> tuple[Entry, ...]:
    touched = {(issuer, day) for (issuer, _, day), books in ledger.items() if books}
    entries = []
    for (issuer, account, day), books in sorted(desired.items()):
        before = ledger.get((issuer, account, day), {})
        changes = _difference(books, before)
        if not changes:
            continue
        if (issuer, day) not in touched:
            cause = "new"
        elif posted_from[issuer, day] != seen.charges[issuer, day]:
            cause = "restated"
        else:
            cause = "reclass"
        raised = sum(amount for amount in changes.values() if amount > 0)
        entries.append(Entry(issuer, account, day, cause, sum(changes.values()), raised))
    return tuple(entries)


def _difference(after: Books, before: Books) -> dict[Destination, int]:
    both = {
        destination: after.get(destination, 0) - before.get(destination, 0)
        for destination in {*after, *before}
    }
    return {destination: amount for destination, amount in both.items() if amount}
