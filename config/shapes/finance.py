"""`finance.yaml`: what finance signs, as dated lines: documents, contracts and closes.

The file may be missing; then nothing of it exists. A merged line is the signature: of a
role, with a day, and nothing that stands here is ever inferred.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from config.shapes.base import (
    Amount,
    Currency,
    Dated,
    Day,
    FormatVersion,
    Glob,
    Shape,
    Slug,
    Text,
    VendorId,
    Whole,
    is_finite,
    is_plain_number,
)

#: A billing period: a calendar month, e.g. `2026-10`.
Period = Annotated[str, StringConstraints(pattern=r"^[12][0-9]{3}-(0[1-9]|1[0-2])$")]
#: Money that may be owed either way, in whole currency units.
SignedAmount = Annotated[
    Decimal,
    Field(max_digits=19, decimal_places=9),  # whatever the books can keep, files may tell
    BeforeValidator(is_plain_number),
    AfterValidator(is_finite),
]
#: Units of one currency for one of another.
Rate = Annotated[
    Decimal,
    Field(gt=0, max_digits=18, decimal_places=9),
    BeforeValidator(is_plain_number),
    AfterValidator(is_finite),
]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
BreakId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Category = Literal["usage", "credit", "tax", "purchase", "adjustment"]


class ExchangeRate(Dated):
    """What one unit of a currency is worth in another, from a day on."""

    currency: Currency = Field(description="Currency that was billed.")
    into: Currency = Field(description="Currency of the issuer's books.")
    rate: Rate


class InvoiceLine(Shape):
    """One line of an issuer's document."""

    category: Category
    amount: SignedAmount
    origin_period: Period | None = Field(
        None, description="On a correction of an earlier period: which; it is compared with none."
    )


class Invoice(Shape):
    """An issuer's document: what it wants paid for a billing period."""

    id: VendorId
    issuer: Slug
    billing_period: Period
    currency: Currency = "USD"
    issued_on: Day
    lines: tuple[InvoiceLine, ...] = Field(min_length=1)
    settled_rate: Rate | None = Field(
        None, description="Rate into the issuer's currency at which it was paid."
    )


class SeatsInUse(Dated):
    """How many seats of a plan were assigned, from a day on."""

    seats: Whole = Field(ge=0)


class SeatPlan(Shape):
    """Seats bought by contract; they accrue evenly by day."""

    id: Slug
    issuer: Slug
    account: VendorId
    from_day: Day = Field(alias="from")
    to_day: Day | None = Field(None, alias="to", description="Last day; empty while it holds.")
    seats: Whole = Field(gt=0, le=1_000_000)
    price: Amount = Field(description="Of one seat for a whole month, in the issuer's currency.")
    sku: VendorId | None = Field(
        None, description="Sku of the vendor's own charge for it, which then clears the accrual."
    )
    in_use: tuple[SeatsInUse, ...] = Field((), description="Empty: unknown, and nothing is idle.")


class Prepaid(Shape):
    """Credits bought in advance: an asset that usage draws down and that may expire."""

    id: Slug
    issuer: Slug
    account: VendorId
    bought: Day
    expires: Day | None = Field(None, description="Last day on which usage may draw on it.")
    amount: Amount = Field(description="In the issuer's currency.")
    sku: VendorId | None = Field(
        None, description="Sku of the vendor's own charge for it; empty: this line is the charge."
    )


class Disposition(Shape):
    """What a role has decided about a break."""

    break_id: BreakId = Field(alias="break")
    verdict: Literal["structural", "disputed", "written_off", "accepted"]
    on: Day
    until: Day | None = Field(None, description="Last day; required for `accepted`.")
    by: Slug = Field(description="Role that decided.")
    reason: Text
    limit: Amount = Field(description="Above it the decision no longer holds.")


class Close(Shape):
    """The sign-off of a billing period: binds to the books by their digest."""

    billing_period: Period
    digest: Sha256 = Field(description="As `month-close` shows it.")
    by: Slug = Field(description="Role that signs.")
    on: Day


class Reopening(Shape):
    """A closed period opened again, on record."""

    billing_period: Period
    by: Slug = Field(description="Role that decided.")
    on: Day
    reason: Text


class Payee(Shape):
    """How the accounts-payable extract spells a vendor."""

    match: Glob = Field(description="Pattern of the payee, case-insensitive.")
    issuer: Slug = Field(description="Issuer it stands for, connected or not.")


class Finance(Shape):
    """The whole file."""

    version: FormatVersion = 1
    exchange_rates: tuple[ExchangeRate, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    seats: tuple[SeatPlan, ...] = ()
    prepaid: tuple[Prepaid, ...] = ()
    dispositions: tuple[Disposition, ...] = ()
    closes: tuple[Close, ...] = ()
    reopenings: tuple[Reopening, ...] = ()
    payees: tuple[Payee, ...] = ()
