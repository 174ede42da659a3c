"""Book every account's day: its charges allocated, its three legs brought together.

One account and one of its issuer's days at a time; what needs several days (lots of
credits, breaks between days, documents) starts from what is gathered here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from tasks.core.allocation import Account, allocate
from tasks.core.books import BookKey, Break, BreakClass, Destination, DestinationKind
from tasks.core.breaks import NOWHERE, amount_breaks
from tasks.core.buckets import Bucket, buckets_of
from tasks.core.cells import ChargeCell, RunCell, UsageCell
from tasks.core.charges import sort_charges
from tasks.core.errors import AllocationError, ConfigError
from tasks.core.matching import Line, match
from tasks.core.night import IssuerDay, NightInputs
from tasks.core.ownership import Ownership
from tasks.core.tolerance import Tolerances

#: Issuer, account, day.
Place = tuple[str, str, date]
_Row = TypeVar("_Row", RunCell, UsageCell, ChargeCell)


@dataclass(slots=True)
class Found:
    """What is gathered account by account and day by day."""

    desired: dict[BookKey, dict[Destination, int]] = field(default_factory=dict)
    buckets: list[Bucket] = field(default_factory=list)
    breaks: list[Break] = field(default_factory=list)


def book_account_days(inputs: NightInputs) -> Found:
    """Book each account's day by itself.

    Raises:
        ConfigError: An issuer has charges but is not configured.
        AllocationError: Money would appear or vanish; a fault of this program.
        OutOfRangeError: A sum is larger than the ledger can keep.
    """
    issuers = {issuer.id: issuer for issuer in inputs.issuers}
    ownership = Ownership(inputs.catalog)
    tolerances = Tolerances(inputs.policy.matching.tolerances)
    runs = _by_place(inputs.runs)
    usage = _by_place(row for row in inputs.usage if (row.issuer, row.day) in inputs.legs.usage)
    charges = _by_place(
        row for row in inputs.charges if (row.issuer, row.day) in inputs.legs.charges
    )
    direct: dict[str, dict[str, Line]] = {}
    for (issuer, run_id), line in inputs.direct_runs.items():
        direct.setdefault(issuer, {})[run_id] = line
    found = Found()
    for place in sorted(runs.keys() | usage.keys() | charges.keys()):
        issuer_id, account_id, day = place
        billed = charges.get(place, [])
        if issuer_id not in issuers and billed:
            message = f"issuer {issuer_id!r} has charges but is not in sources.yaml: add it there"
            raise ConfigError(message)
        currency = issuers[issuer_id].currency if issuer_id in issuers else ""
        account = Account(
            issuer_id,
            account_id,
            day,
            ownership=ownership,
            tolerance=tolerances.at(issuer_id, day),
            far_beyond=inputs.policy.matching.far_beyond,
        )
        direct_runs = direct.get(issuer_id, {})
        day_charges = sort_charges(billed, currency, frozenset(direct_runs))
        metered = usage.get(place, [])
        matched = match(runs.get(place, []), metered, account.is_owned)
        booked = allocate(
            account,
            day_charges,
            matched,
            currency=currency,
            card=inputs.card,
            is_metered=(issuer_id, day) in inputs.legs.usage,
            direct_runs=direct_runs,
        )
        check_conserved((issuer_id, day), billed, booked)
        found.desired.update(booked)
        found.buckets += buckets_of(
            issuer_id,
            account_id,
            day,
            usage=metered,
            billed=day_charges.by_sku(),
            matched=matched,
            card=inputs.card,
        )
        found.breaks += _own_line_breaks(place, day_charges.own_lines, day_charges.foreign)
    return found


def _by_place(rows: Iterable[_Row]) -> dict[Place, list[_Row]]:
    """Group cells by issuer, account and day; runs without an account are nowhere's."""
    places: dict[Place, list[_Row]] = {}
    for row in rows:
        places.setdefault((row.issuer, row.account or NOWHERE, row.day), []).append(row)
    return places


def check_conserved(
    issuer_day: IssuerDay,
    billed: Iterable[ChargeCell],
    booked: Mapping[BookKey, Mapping[Destination, int]],
) -> None:
    """Hold what was allocated against what was billed, by period and currency."""
    left: dict[tuple[str, str], int] = {}
    for charge in billed:
        of = (charge.billing_period, charge.currency)
        left[of] = left.get(of, 0) + charge.billed_nano
    for key, lines in booked.items():
        of = (key.billing_period, key.currency)
        left[of] = left.get(of, 0) - sum(lines.values())
    for (period, currency), amount_nano in left.items():
        if amount_nano:
            message = (
                f"{issuer_day[0]} {issuer_day[1]} in {period}: {amount_nano} nano {currency} of "
                "what was billed went nowhere; this is a fault of graduand: report it"
            )
            raise AllocationError(message)


def _own_line_breaks(
    place: Place,
    own_lines: Mapping[tuple[str, DestinationKind], int],
    foreign: Mapping[tuple[str, str], int],
) -> list[Break]:
    breaks: list[Break] = []
    for kind, break_class in (
        (DestinationKind.CREDIT, BreakClass.CREDIT),
        (DestinationKind.TAX, BreakClass.TAX),
    ):
        amount_nano = sum(amount for (_, of), amount in own_lines.items() if of is kind)
        breaks += amount_breaks(break_class, {place: amount_nano})
    issuer, account, day = place
    in_currency: dict[str, int] = {}
    for (_, currency), amount_nano in foreign.items():
        in_currency[currency] = in_currency.get(currency, 0) + amount_nano
    breaks += (
        Break(BreakClass.CURRENCY, issuer, account, day, currency, amount_nano)
        for currency, amount_nano in in_currency.items()
        if amount_nano
    )
    return breaks
