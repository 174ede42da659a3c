"""The records that the ledger keeps, as plain frozen values.

Amounts are integers of 1e-9 currency units. Everything here is append-only in
the ledger: a correction is a further entry, never a changed one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple


class Cause(StrEnum):
    """Why an entry exists; every correction carries exactly one."""

    NEW = "new"  # first posting of an (issuer, day)
    RESTATED = "restated"  # the vendor's charges changed
    RECLASS = "reclass"  # logs, usage or catalog changed: the same money, other destinations
    REPRICED = "repriced"  # the price card or a contract's terms changed: seats, prepaid credits
    FX = "fx"  # an exchange rate changed
    SOFTWARE = "software"  # only our parser or code changed


class DestinationKind(StrEnum):
    """What a posting says its money is."""

    FAMILY = "family"  # spent by a workflow of the catalog
    AD_HOC = "ad_hoc"  # logged runs that no workflow claims
    UNATTRIBUTED = "unattributed"  # billed, but no run or owner explains it
    CREDIT = "credit"
    TAX = "tax"
    FEE = "fee"
    SEAT = "seat"  # of a plan, and in use by nobody that a log names
    IDLE_SEAT = "idle_seat"  # of a plan, and assigned to nobody
    PREPAID = "prepaid"  # an asset: credits bought, less those drawn and those expired
    BREAKAGE = "breakage"  # credits that expired unused
    ACCRUED = "accrued"  # seats used and not billed yet, where the vendor bills them itself
    ACCRUAL = "accrual"  # usage of a soft-closed period that is not billed yet; reverses itself
    ROUNDING = "rounding"  # invoice less books, within what the policy lets pass
    FX = "fx"  # paid at another rate than booked
    PAYABLE = "payable"  # the balancing side: owed to the issuer


class Method(StrEnum):
    """How an amount found its destination."""

    DIRECT = "direct"  # the charge names its run
    METERED = "metered"  # in proportion to logged tokens, within what the vendor metered
    WEAK = "weak"  # as metered, but the logs claim more than the vendor metered
    ESTIMATED = "estimated"  # no metered quantities: by the logs' own estimate
    OWNED = "owned"  # the account or key belongs to one workflow
    SEAT = "seat"  # a share of seats in use, in proportion to logged tokens
    REST = "rest"  # nothing explains it
    ACCRUED = "accrued"  # by contract or by estimate, not by a bill
    BOUGHT = "bought"  # prepaid credits
    DRAWN = "drawn"  # prepaid credits used
    EXPIRED = "expired"  # prepaid credits lost
    SETTLED = "settled"  # by an issuer's invoice
    BALANCE = "balance"  # the payable side


class Strength(StrEnum):
    """The kind of evidence that tied money to a workflow, strongest first."""

    STAMP = "stamp"
    ACCOUNT = "account"
    API_KEY = "api_key"
    BRANCH = "branch"
    REPOSITORY = "repository"
    BOT = "bot"
    NONE = "none"


@dataclass(frozen=True, slots=True, order=True)
class Destination:
    """Where money went: the grain of a posting within its entry.

    Attributes:
        portfolio: Empty for the organisation itself.
        family: Empty unless `kind` is FAMILY.
        workflow: Empty unless `kind` is FAMILY.
        pool: Pool that stage and scope entitle the work to; empty if neither.
        paid_from: Pool that the account or key declares; empty if it declares none.
    """

    kind: DestinationKind
    portfolio: str = ""
    family: str = ""
    workflow: str = ""
    pool: str = ""
    paid_from: str = ""
    method: Method = Method.REST
    strength: Strength = Strength.NONE


@dataclass(frozen=True, slots=True, order=True)
class BookKey:
    """What an entry is about: one issuer's account on one of its days.

    Attributes:
        day: The vendor's day the charge is for.
        billing_period: `YYYY-MM` the vendor bills it in.
        origin_period: Set on a correction of a closed period: the period it belongs to.
    """

    issuer: str
    account: str
    day: date
    billing_period: str
    currency: str
    origin_period: str = ""


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of an entry; positive amounts raise what the destination cost."""

    destination: Destination
    amount_nano: int
    is_provisional: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """Postings that sum to zero, with the one cause they share."""

    key: BookKey
    cause: Cause
    postings: tuple[Posting, ...]

    def imbalance_nano(self) -> int:
        """Sum the postings; anything but 0 must never reach the ledger."""
        return sum(posting.amount_nano for posting in self.postings)


class BreakClass(StrEnum):
    """The name of a difference between two records of the same money."""

    UNLOGGED_USAGE = "unlogged_usage"
    UNMETERED_RUN = "unmetered_run"
    TIMING = "timing"
    PRICE = "price"
    VOLUME = "volume"
    PRICE_OR_VOLUME = "price_or_volume"
    CHARGE_WITHOUT_USAGE = "charge_without_usage"
    USAGE_WITHOUT_CHARGE = "usage_without_charge"
    PENDING = "pending"
    RESTATED = "restated"
    REPARSED = "reparsed"
    UNPRICED_MODEL = "unpriced_model"
    DUPLICATE = "duplicate"
    CREDIT = "credit"
    TAX = "tax"
    CURRENCY = "currency"
    QUARANTINED = "quarantined"
    INVOICE = "invoice"


@dataclass(frozen=True, slots=True, order=True)
class Break:
    """A named difference, as one night measured it.

    Attributes:
        issuer: Issuer; for `duplicate` and for rows of unknown issuer, the source's name.
        account: `-` where the difference has no account.
        sku: `-` where it has no sku.
        amount_nano: Signed; the direction is part of the class.
        count: Rows or tokens behind it, where the class counts rather than weighs.
    """

    break_class: BreakClass
    issuer: str
    account: str
    day: date
    sku: str
    amount_nano: int
    count: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One content-addressed file of the lake, as the ledger knows it.

    Attributes:
        seq: Order of arrival, given by the ledger; 0 before it is recorded.
        layer: `raw` or `conformed`.
        table: Conformed table; empty for raw.
        key: Report streams: the vendor's day. Change streams: the day of the pull.
        sha: SHA-256 hex over canonical, sorted, uncompressed rows.
        path: Relative to the lake's root.
        parser: Version of the parser that made a conformed file; empty for raw.
        raw_sha: Of the raw file a conformed one was made from; its own sha for raw.
        is_complete: The source had no more to say about the key.
        recorded_at: Aware UTC; a label, never an order.
    """

    source: str
    stream: str
    layer: str
    table: str
    key: date
    sha: str
    path: str
    rows: int
    size_bytes: int
    parser: str
    raw_sha: str
    is_complete: bool
    recorded_at: datetime
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything a night was computed from, by digest; equal inputs give equal books."""

    window_start: date
    window_end: date
    snapshot_seq: int
    catalog_digest: str
    policy_digest: str
    sources_digest: str
    finance_digest: str
    card_digest: str
    fx_digest: str
    code_version: str


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The result row of one night; `digest` is free of clock values.

    Attributes:
        as_of: Business time, aware UTC.
        status: `tied`, `partial` or `held`.
        totals: Sorted (name, amount_nano) pairs, e.g. `billed`, `metered`, `logged`, `family`.
        missing: Source-days expected but not there, as `source day`.
        completeness_ppm: Source-days present of expected, parts per million.
        evidenced_nano, inferred_nano, unexplained_nano: Shares of gross usage charges.
    """

    inputs: Inputs
    as_of: datetime
    status: str
    totals: tuple[tuple[str, int], ...]
    missing: tuple[str, ...]
    completeness_ppm: int
    evidenced_nano: int
    inferred_nano: int
    unexplained_nano: int
    digest: str


@dataclass(frozen=True, slots=True)
class Night:
    """What one transaction books: entries, breaks, the row and the chain head with them."""

    reconciliation: Reconciliation
    entries: Sequence[Entry]
    breaks: Sequence[Break]


@dataclass(frozen=True, slots=True)
class DayBasis:
    """What the books of one issuer's day were made of, by digest.

    Comparing it with the basis of the last posting tells the cause of a difference.
    An empty digest stands for "there was none".

    Attributes:
        charges_raw: Of the raw content behind the charges, free of our parser.
        charges: Of the conformed charges.
        usage: Of the conformed usage.
        runs: Of the conformed runs of every log that may name the issuer.
        fx: Of the exchange rates that convert the day's charges.
        terms: Of what finance has signed for the day: seats, prepaid credits, invoices.
    """

    issuer: str
    day: date
    charges_raw: str
    charges: str
    usage: str
    runs: str
    catalog: str
    policy: str
    card: str
    fx: str
    terms: str
    code_version: str


class Label(NamedTuple):
    """The name of something that is otherwise kept by key; replaceable, erasable."""

    kind: str
    key: str
    name: str
