"""What an explanation of a figure is made of: plain values, from the figure down to its files.

Read by the ledger and the lake, told by the pages. Amounts are integers of 1e-9 currency units.
"""

from dataclasses import dataclass
from datetime import date, datetime

from tasks.core.books import Break, DayBasis, Destination, Entry, Inputs, Snapshot
from tasks.core.reconciling.buckets import Bucket
from tasks.core.reconciling.tolerance import Tolerance


@dataclass(frozen=True, slots=True)
class BookedBy:
    """The night that booked or saw something.

    Attributes:
        as_of: Business time, aware UTC.
    """

    number: int
    as_of: datetime
    status: str
    inputs: Inputs


@dataclass(frozen=True, slots=True)
class BookedEntry:
    """An entry as it stands in the ledger; its postings are numbered from 0."""

    number: int
    night: BookedBy
    entry: Entry


@dataclass(frozen=True, slots=True)
class Seen:
    """A break as one night measured it."""

    night: BookedBy
    item: Break


@dataclass(frozen=True, slots=True)
class SplitLine:
    """One billed sum with what was metered and logged for it, and where it went.

    Attributes:
        sku: Or, where nothing was metered, the model.
        kind: Token kind or unit; None where the charge names none.
        billed_nano: C.
        metered: B, in tokens.
        logged: A, in tokens, by workflow; empty text for runs that no workflow claims.
        shares: The whole of `billed_nano` by destination.
    """

    sku: str
    kind: str | None
    billed_nano: int
    metered: int
    logged: tuple[tuple[str, int], ...]
    shares: tuple[tuple[Destination, int], ...]


@dataclass(frozen=True, slots=True)
class DayMath:
    """The arithmetic of one account on one of its issuer's days, computed again from files.

    Attributes:
        currency: The issuer's; empty if it has none.
        stands_on: Files it was computed from, conformed and raw, in order of arrival.
        is_metered: The vendor's usage of the day was completely known.
        lines: Usage charges, each split.
        buckets: The three legs by sku, in money.
        found: What each destination should hold, over all charges of the day, by billing period
            and currency.
    """

    currency: str
    stands_on: tuple[Snapshot, ...]
    is_metered: bool
    tolerance: Tolerance
    lines: tuple[SplitLine, ...]
    buckets: tuple[Bucket, ...]
    found: tuple[tuple[str, str, Destination, int], ...]


@dataclass(frozen=True, slots=True)
class EntryStory:
    """An entry, or one posting of it.

    Attributes:
        ordinal: Of the posting asked for; None for the whole entry.
        book: Every entry of the same book key, oldest first, this one included.
        basis: What the issuer's day was made of when this was booked.
        before: The same at the night before, if it was booked before.
        math: None if it could not be computed again.
        problem: Why not.
        breaks: What stands open on the account's day, by id.
    """

    booked: BookedEntry
    ordinal: int | None
    book: tuple[BookedEntry, ...]
    basis: DayBasis | None
    before: DayBasis | None
    math: DayMath | None
    problem: str = ""
    breaks: tuple[tuple[str, Break], ...] = ()


@dataclass(frozen=True, slots=True)
class BreakStory:
    """A break with every night that saw it, oldest first.

    Attributes:
        is_current: The newest night that measured its day still found it.
        newest: The newest night of all.
        decided: What finance has decided about it, as of the newest night; empty if nothing.
    """

    break_id: str
    seen: tuple[Seen, ...]
    is_current: bool
    newest: BookedBy
    math: DayMath | None
    problem: str = ""
    decided: str = ""


@dataclass(frozen=True, slots=True)
class FamilyStory:
    """What a family cost, and the postings that say so, oldest first."""

    family: str
    start: date
    end: date
    booked: tuple[BookedEntry, ...]
