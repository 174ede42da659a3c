"""What the books of a window are made of, and what a night finds: plain values."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from config.shapes.catalog import Catalog
from config.shapes.finance import Finance
from config.shapes.policy import Policy
from config.shapes.sources import Issuer
from tasks.core.books import BookKey, Break, BreakClass, Destination
from tasks.core.cells import ChargeCell, RunCell, UsageCell
from tasks.core.findings import Finding
from tasks.core.invoicing.settlement import Settlement
from tasks.core.prices import PriceCard
from tasks.core.reconciling.breaks import Legs, Quarantine
from tasks.core.reconciling.matching import Line
from tasks.core.reconciling.offers import ContractOffer
from tasks.core.reconciling.prepaid import PrepaidRow
from tasks.core.reconciling.seats import SeatRow
from tasks.core.reconciling.ties import TieOut
from tasks.core.totals import Coverage, Leak, OtherRow, PoolRow

SourceDay = tuple[str, date]
IssuerDay = tuple[str, date]


@dataclass(frozen=True, slots=True)
class NightInputs:
    """Everything that the books of a window are made of.

    Attributes:
        issuers: Every issuer of `sources.yaml`.
        card: Compiled for at least what `runs` and `usage` hold (`prices.seen_in`).
        runs, usage, charges: Cells of the window, in any order; usage and charges of days that
            are not complete are ignored.
        legs: Which records are complete.
        first_charges: As `charges`, from the first complete snapshot of the days in `revised`.
        revised: Days whose first and newest complete charges are not the same file: `restated`
            where the raw content differs, `reparsed` where only our parser does.
        expected: Source-days that should be there tonight.
        present: Source-days with a complete snapshot.
        duplicates: Repeated log lines that were dropped, by (source, day).
        quarantine: Rows that were received but not booked.
        findings: What attribution and conforming already found.
        direct_runs: Destination of runs that charges name, by (issuer, run id).
        finance: What finance has signed, invoices from files included.
        posted: Sums of all postings of the window, of every period with an invoice, and of
            accounts with prepaid credits from the day of the first lot on.
        booked_days: (issuer, day)s of those periods that were ever booked.
        bookable: (issuer, day)s that tonight may book: complete, and not held.
        elsewhere: Charges in foreign currencies of the invoiced periods' days that tonight does
            not book: outside the window, or held.
        closed: Closed billing periods, each with the one that takes its corrections.
    """

    issuers: Sequence[Issuer]
    catalog: Catalog
    policy: Policy
    card: PriceCard
    runs: Sequence[RunCell]
    usage: Sequence[UsageCell]
    charges: Sequence[ChargeCell]
    legs: Legs
    first_charges: Sequence[ChargeCell] = ()
    revised: Mapping[IssuerDay, BreakClass] = field(default_factory=dict)
    expected: Collection[SourceDay] = ()
    present: Collection[SourceDay] = ()
    duplicates: Mapping[SourceDay, int] = field(default_factory=dict)
    quarantine: Sequence[Quarantine] = ()
    findings: Sequence[Finding] = ()
    direct_runs: Mapping[tuple[str, str], Line] = field(default_factory=dict)
    finance: Finance = field(default_factory=Finance)
    posted: Mapping[tuple[BookKey, Destination], int] = field(default_factory=dict)
    booked_days: Collection[IssuerDay] = ()
    bookable: Collection[IssuerDay] = ()
    elsewhere: Sequence[ChargeCell] = ()
    closed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Books:
    """What a night found, before anything is posted.

    Attributes:
        desired: What each book should hold, by destination, without the payable side.
        missing: Source-days expected but not there, as `source day`.
        digest: SHA-256 hex over all of it, free of clock values.
        terms: What finance has signed that bears on a day's books, as texts to digest.
        direct: Whose the runs are that a day's charges name, as texts to digest.
        seats: Seat plans over the window's complete days.
        prepaid: Lots of credits after the window's last day.
        settlements: Invoices against what the books owe, by issuer, period and currency.
        fx: Digest of the exchange rates that converted a day's charges; none where none did.
        offers: Contract lines that would explain what issuers bill.
    """

    desired: Mapping[BookKey, Mapping[Destination, int]]
    breaks: tuple[Break, ...]
    ties: tuple[TieOut, ...]
    totals: tuple[tuple[str, int], ...]
    coverage: tuple[Coverage, ...]
    completeness_ppm: int
    missing: tuple[str, ...]
    families: tuple[PoolRow, ...]
    workflows: tuple[PoolRow, ...]
    others: tuple[OtherRow, ...]
    leaks: tuple[Leak, ...]
    findings: tuple[Finding, ...]
    digest: str
    terms: Mapping[IssuerDay, tuple[str, ...]] = field(default_factory=dict)
    seats: tuple[SeatRow, ...] = ()
    prepaid: tuple[PrepaidRow, ...] = ()
    settlements: tuple[Settlement, ...] = ()
    fx: Mapping[IssuerDay, str] = field(default_factory=dict)
    offers: tuple[ContractOffer, ...] = ()
    direct: Mapping[IssuerDay, tuple[str, ...]] = field(default_factory=dict)
