"""Reconcile a window: one pure function from cells, catalog and prices to the books.

Equal inputs, in any order, give equal books and an equal digest.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import date
from operator import attrgetter

from tasks.core.attribution import scope_findings
from tasks.core.books import BookKey, Break, BreakClass, Destination
from tasks.core.findings import Finding
from tasks.core.invoicing.invoices import settle_invoices
from tasks.core.night import Books, NightInputs, SourceDay
from tasks.core.reconciling.account_days import Place, book_account_days
from tasks.core.reconciling.breaks import (
    amount_breaks,
    billed_breaks,
    duplicate_breaks,
    logged_breaks,
    quarantine_breaks,
)
from tasks.core.reconciling.currency import Rates, converted, fx_digests
from tasks.core.reconciling.offers import offers_of
from tasks.core.reconciling.prepaid import unbooked_lots
from tasks.core.reconciling.seats import seat_rows
from tasks.core.reconciling.ties import tie_outs
from tasks.core.reconciling.tolerance import Tolerances
from tasks.core.totals import (
    completeness_ppm,
    coverage_of,
    family_rows,
    leaks_of,
    other_rows,
    totals_of,
    workflow_rows,
)


def reconcile(inputs: NightInputs) -> Books:
    """Reconcile a window.

    Raises:
        ConfigError: An issuer has charges, seats or invoices but is not configured.
        AllocationError: Money would appear or vanish; a fault of this program.
        OutOfRangeError: A sum is larger than the ledger can keep.
    """
    currencies = {issuer.id: issuer.currency for issuer in inputs.issuers}
    rates = Rates(inputs.finance.exchange_rates)
    as_billed = inputs
    inputs = replace(
        as_billed,
        charges=converted(as_billed.charges, currencies, rates),
        first_charges=converted(as_billed.first_charges, currencies, rates),
    )
    found = book_account_days(inputs)
    settled = settle_invoices(as_billed, found.desired, currencies)
    for key, lines in settled.desired.items():
        found.add(key, lines, sum(lines.values()))
    for issuer_day, texts in settled.terms.items():
        found.terms.setdefault(issuer_day, []).extend(texts)
    tolerances = Tolerances(inputs.policy.matching.tolerances)
    breaks = [
        *found.breaks,
        *billed_breaks(found.buckets, inputs.legs, tolerances.at),
        *logged_breaks(found.buckets, inputs.legs, tolerances.at),
        *_revision_breaks(inputs),
        *duplicate_breaks(inputs.duplicates),
        *quarantine_breaks(inputs.quarantine),
        *settled.breaks,
    ]
    breaks.sort(key=_break_order)
    ties = tie_outs(found.buckets, breaks, inputs.legs, currencies)
    absent = sorted(set(inputs.expected) - set(inputs.present))
    findings = {
        *inputs.findings,
        *scope_findings(inputs.runs),
        *unbooked_lots(inputs.finance.prepaid, inputs.posted, inputs.bookable),
        *_missing_findings(absent),
        *settled.findings,
    }
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
        terms={of: tuple(sorted(texts)) for of, texts in found.terms.items()},
        direct={of: tuple(sorted(texts)) for of, texts in found.direct.items()},
        seats=seat_rows(found.seats, currencies),
        prepaid=tuple(sorted(found.prepaid)),
        settlements=tuple(sorted(settled.rows)),
        fx=fx_digests(as_billed.charges, currencies, rates),
        offers=offers_of(found.buckets, inputs.issuers, inputs.legs, tolerances.at),
    )
    return replace(books, digest=_digest(books))


def _revision_breaks(inputs: NightInputs) -> list[Break]:
    """Compare the newest charges of revised days with the first ones, by account."""
    currencies = {issuer.id: issuer.currency for issuer in inputs.issuers}
    moved: dict[BreakClass, dict[Place, int]] = {}
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
            for items in (
                books.breaks,
                books.ties,
                books.coverage,
                books.findings,
                books.seats,
                books.prepaid,
                books.settlements,
                books.offers,
            )
        ),
        books.missing,
    ]
    # Only days are left to spell: `default` writes them as ISO 8601.
    text = json.dumps(found, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _columns(of: type) -> Callable[[object], tuple[object, ...]]:
    return attrgetter(*(column.name for column in fields(of)))
