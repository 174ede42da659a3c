"""Reconcile a window: one pure function from cells, catalog and prices to the books.

Equal inputs, in any order, give equal books and an equal digest.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from operator import attrgetter
from typing import TypeVar

from tasks.core.allocation import Account, allocate
from tasks.core.attribution import scope_findings
from tasks.core.books import BookKey, Break, BreakClass, Destination, DestinationKind
from tasks.core.breaks import (
    NOWHERE,
    amount_breaks,
    billed_breaks,
    duplicate_breaks,
    logged_breaks,
    quarantine_breaks,
)
from tasks.core.buckets import Bucket, buckets_of
from tasks.core.cells import ChargeCell, RunCell, UsageCell
from tasks.core.charges import sort_charges
from tasks.core.errors import AllocationError, ConfigError
from tasks.core.findings import Finding
from tasks.core.matching import Line, match
from tasks.core.night import Books, IssuerDay, NightInputs, SourceDay
from tasks.core.ownership import Ownership
from tasks.core.ties import tie_outs
from tasks.core.tolerance import Tolerances
from tasks.core.totals import (
    completeness_ppm,
    coverage_of,
    family_rows,
    leaks_of,
    other_rows,
    totals_of,
    workflow_rows,
)

_Place = tuple[str, str, date]
_Row = TypeVar("_Row", RunCell, UsageCell, ChargeCell)


@dataclass(slots=True)
class _Found:
    """What is gathered account by account and day by day."""

    desired: dict[BookKey, dict[Destination, int]] = field(default_factory=dict)
    buckets: list[Bucket] = field(default_factory=list)
    breaks: list[Break] = field(default_factory=list)


def reconcile(inputs: NightInputs) -> Books:
    """Reconcile a window.

    Raises:
        ConfigError: An issuer has charges but is not configured.
        AllocationError: Money would appear or vanish; a fault of this program.
        OutOfRangeError: A sum is larger than the ledger can keep.
    """
    found = _per_account_and_day(inputs)
    tolerances = Tolerances(inputs.policy.matching.tolerances)
    breaks = [
        *found.breaks,
        *billed_breaks(found.buckets, inputs.legs, tolerances.at),
        *logged_breaks(found.buckets, inputs.legs, tolerances.at),
        *_revision_breaks(inputs),
        *duplicate_breaks(inputs.duplicates),
        *quarantine_breaks(inputs.quarantine),
    ]
    breaks.sort(key=_break_order)
    currencies = {issuer.id: issuer.currency for issuer in inputs.issuers}
    ties = tie_outs(found.buckets, breaks, inputs.legs, currencies)
    absent = sorted(set(inputs.expected) - set(inputs.present))
    findings = {*inputs.findings, *scope_findings(inputs.runs), *_missing_findings(absent)}
    books = Books(
        desired=found.desired,
        breaks=tuple(breaks),
        ties=ties,
        totals=totals_of(found.desired, ties),
        coverage=coverage_of(found.desired),
        completeness_ppm=completeness_ppm(inputs.expected, inputs.present),
        missing=tuple(f"{source} {day}" for source, day in absent),
        families=family_rows(found.desired),
        workflows=workflow_rows(found.desired),
        others=other_rows(found.desired),
        leaks=leaks_of(found.desired),
        findings=tuple(sorted(findings)),
        digest="",
    )
    return replace(books, digest=_digest(books))


def _per_account_and_day(inputs: NightInputs) -> _Found:
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
    found = _Found()
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
        _check_conserved((issuer_id, day), billed, booked)
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


def _by_place(rows: Iterable[_Row]) -> dict[_Place, list[_Row]]:
    """Group cells by issuer, account and day; runs without an account are nowhere's."""
    places: dict[_Place, list[_Row]] = {}
    for row in rows:
        places.setdefault((row.issuer, row.account or NOWHERE, row.day), []).append(row)
    return places


def _check_conserved(
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
    place: _Place,
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


def _revision_breaks(inputs: NightInputs) -> list[Break]:
    """Compare the newest charges of revised days with the first ones, by account."""
    currencies = {issuer.id: issuer.currency for issuer in inputs.issuers}
    moved: dict[BreakClass, dict[_Place, int]] = {}
    for sign, rows in ((1, inputs.charges), (-1, inputs.first_charges)):
        for row in rows:
            break_class = inputs.revised.get((row.issuer, row.day))
            if break_class is not None and row.currency == currencies.get(row.issuer):
                amounts = moved.setdefault(break_class, {})
                place = (row.issuer, row.account, row.day)
                amounts[place] = amounts.get(place, 0) + sign * row.billed_nano
    return [
        item
        for break_class, amounts in moved.items()
        for item in amount_breaks(break_class, amounts)
    ]


def _missing_findings(absent: Sequence[SourceDay]) -> list[Finding]:
    days: dict[str, list[date]] = {}
    for source, day in absent:
        days.setdefault(source, []).append(day)
    return [
        Finding(
            "day_missing",
            source,
            f"{len(missing)} expected days are not there, {missing[0]} to {missing[-1]}",
            source,
        )
        for source, missing in days.items()
    ]


def _break_order(item: Break) -> tuple[str, str, str, date, str]:
    return item.break_class, item.issuer, item.account, item.day, item.sku


def _digest(books: Books) -> str:
    """Digest everything that was found, in one canonical spelling."""
    of_key, of_destination = _columns(BookKey), _columns(Destination)
    postings = sorted(
        (*of_key(key), *of_destination(destination), amount_nano)
        for key, lines in books.desired.items()
        for destination, amount_nano in lines.items()
    )
    found = [
        postings,
        *(
            [_columns(type(item))(item) for item in items]
            for items in (books.breaks, books.ties, books.coverage, books.findings)
        ),
        books.missing,
    ]
    # Only days are left to spell: `default` writes them as ISO 8601.
    text = json.dumps(found, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _columns(of: type) -> Callable[[object], tuple[object, ...]]:
    return attrgetter(*(column.name for column in fields(of)))
