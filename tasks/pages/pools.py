"""Budget pools of the month as people read them: both pools of each family side by side.

Markdown for a Prefect artifact; every word that came from outside is escaped. Printed lines
sum to their printed total, and amounts of several currencies are never added.
"""

from collections import Counter

from tasks.core.budgeting.budgets import months_before
from tasks.core.budgeting.forecast import BASIS_DAYS
from tasks.core.budgeting.pool_days import PoolName
from tasks.core.budgeting.pools import Outside, Pools
from tasks.core.budgeting.squad_money import Lack, SquadWithout
from tasks.core.days import period_days
from tasks.core.money import divide_half_even
from tasks.core.night_report import NightReport
from tasks.pages.fences import fenced
from tasks.pages.pool_table import pool_tables
from tasks.pages.rounding import in_cents
from tasks.pages.text import amount, markdown, table

_PPM_PER_PERCENT = 10_000
#: Lines of a list that a person still reads; the others are counted.
_SHOWN = 8


def pools(night: NightReport) -> str:
    """Show the pools of the month, what they are forecast to cost, and what follows from it."""
    found = night.pools
    if not found.period:
        return "# Pools\n\nPools were not stated."
    scope = (
        f"{found.period}, through {found.through}. Nothing is ever blocked for lack of budget: a"
        " pool that runs short is told here, with a budget line that would do."
    )
    parts = ["# Pools", "", scope, "", *_notes(found), "", *pool_tables(found)]
    parts += ["## What the forecasts rest on", "", *_forecasts(found)]
    unusual = _anomalies(found)
    if unusual:
        parts += ["", "## Unusual days", "", *(f"- {line}" for line in unusual)]
    if found.leaks:
        parts += ["", "## Leaks: one pool paid for the other's work", "", _leak_table(found)]
    if found.offers:
        parts += ["", "## Budget lines on offer", "", *_offers(found)]
    if found.squads:
        parts += ["", "## Squads without exploration money", ""]
        parts += [f"- {_squad(one)}" for one in found.squads]
    parts += ["", "## All that was booked in the month", "", *_booked(found)]
    return "\n".join(parts)


def pool_tasks(night: NightReport) -> list[str]:
    """Ask for what pools want done: a look at those that run short, and at unusual days."""
    found = night.pools
    short = sorted(
        (row for row in (*found.families, *found.portfolios) if row.is_short()),
        key=lambda row: (row.available_nano() - row.forecast_nano, row.name),
    )
    offered = {offer.name for offer in found.offers}
    lines = [
        f"{_name(row.name)} is forecast to spend **{amount(row.forecast_nano, row.currency)}** of"
        f" {amount(row.available_nano(), row.currency)}: "
        + (
            "merge the budget line on offer under *Pools*, or plan for less."
            if row.name in offered
            else "a later budget line stands in the catalog already; move it, or plan for less."
        )
        for row in short
    ]
    unusual = [f"{line}: find out which workflow ran." for line in _anomalies(found)]
    return [*_first(lines, "pools"), *_first(unusual, "unusual days")]


def _notes(found: Pools) -> list[str]:
    words = (
        "*Spent* is booked; *pending* is logged on days that are not billed yet, at card prices."
        " Exploration carries over what it left of last month's budget, for one month."
        " *Headroom* is budget and carry-over less spent and pending, of pools with a budget."
    )
    lines = [words, ""]
    if found.begun is None or found.begun > period_days(months_before(found.period, 1))[0]:
        since = f"begin on {found.begun}" if found.begun else "are empty"
        lines.append(f"- The books {since}: what last month carried over knows of no spend before.")
    for row in found.families:
        lines += [
            f"- {_name(row.name)} in {markdown(one.currency)}, in no figure below:"
            f" {amount(one.spent_nano, one.currency)} spent,"
            f" {amount(one.pending_nano, one.currency)} pending."
            for one in row.apart
        ]
        if row.unpriced_tokens:
            lines.append(
                f"- {_name(row.name)}: {row.unpriced_tokens:,} pending tokens have no price and"
                " are in no figure."
            )
    return lines


def _forecasts(found: Pools) -> list[str]:
    rows = []
    for row in found.families:
        basis = row.basis
        if basis is None or not (row.forecast_nano or basis.basis_nano):
            continue
        mean = amount(divide_half_even(basis.basis_nano, basis.basis_days or 1), row.currency)
        # A usual day is the same mean nearly everywhere; where it is not, the line says so.
        of = "" if basis.basis_days == BASIS_DAYS else f" (mean of {basis.basis_days})"
        rows.append(
            (
                _name(row.name),
                amount(basis.known_nano, row.currency),
                f"{basis.days_left} × {mean}{of}" if basis.days_left else "no day is left",
                _past_error(basis.past_error_ppm(), len(basis.errors_ppm)),
            )
        )
    if not rows:
        return ["Nothing is forecast."]
    head = ("Pool", "Spent and pending", "Days left × usual day", "Was off by")
    return [
        table(head, rows, right=frozenset({1})),
        "",
        f"A usual day is the mean of the last {BASIS_DAYS} days, or of as many as the line says.",
    ]


def _past_error(ppm: int | None, months: int) -> str:
    if ppm is None:
        return "no earlier month to compare"
    percent = (ppm + _PPM_PER_PERCENT // 2) // _PPM_PER_PERCENT
    shown = "less than 1 %" if ppm and not percent else f"{percent:,} %"
    over = "last month" if months == 1 else f"mean of {months} months"
    return f"{shown} on this day ({over})"


def _anomalies(found: Pools) -> list[str]:
    lines = []
    for row in found.families:
        for one in row.anomalies:
            is_day = one.first_day == one.last_day
            days = f"on {one.first_day}" if is_day else f"from {one.first_day} to {one.last_day}"
            lines.append(
                f"{_name(row.name)} spent {amount(one.spent_nano, row.currency)} {days}, where its"
                f" trend says {amount(one.expected_nano, row.currency)}"
            )
    return lines


def _leak_table(found: Pools) -> str:
    rows = [
        (
            markdown(leak.family),
            markdown(leak.pool),
            markdown(leak.paid_from),
            amount(leak.amount_nano, leak.currency),
        )
        for leak in found.leaks
    ]
    return table(("Family", "Entitled to", "Paid from", "Amount"), rows, right=frozenset({3}))


def _offers(found: Pools) -> list[str]:
    lines = [
        f"- {_name(offer.name)}: {amount(offer.amount_nano, offer.currency)} a month from"
        f" {offer.from_day}. It is forecast to spend"
        f" {amount(offer.forecast_nano, offer.currency)} and has"
        f" {amount(offer.available_nano, offer.currency)}."
        for offer in found.offers
    ]
    lines += ["", "A merge is the approval. Without one, everything runs on as before."]
    return [*lines, "", fenced(found.offer_diff, "diff")] if found.offer_diff else lines


def _squad(one: SquadWithout) -> str:
    names = ", ".join(markdown(name) for name in one.about)
    if one.lack is Lack.SPENT:
        return (
            f"**{markdown(one.squad)}**: nothing is left of the exploration pools behind its"
            f" exploration accounts ({names})."
        )
    return (
        f"**{markdown(one.squad)}**: its work is explored ({names}), and no account or key of it"
        " is paid from exploration."
    )


def _booked(found: Pools) -> list[str]:
    """Hold the pools against the books, a table a currency."""
    spent: Counter[str] = Counter()
    for row in found.families:
        spent[row.currency] += row.spent_nano
        for other in row.apart:
            spent[other.currency] += other.spent_nano
    currencies = {*spent, *(one.currency for one in found.outside)}
    tables: list[str] = []
    for currency in sorted(currencies):
        beside = [one for one in found.outside if one.currency == currency]
        names = ["spent by pools of families", *(_outside_name(one) for one in beside)]
        rounded = in_cents([spent[currency], *(one.amount_nano for one in beside)])
        rows = [(name, amount(nano, currency)) for name, nano in zip(names, rounded, strict=True)]
        rows.append((f"**booked in {found.period}**", amount(sum(rounded), currency)))
        tables += [table(("", "Amount"), rows, right=frozenset({1})), ""]
    return tables[:-1] or ["Nothing was booked."]


def _outside_name(one: Outside) -> str:
    of = markdown(one.portfolio) or "organisation"
    return f"{markdown(one.what.replace('_', ' '))}, {of}"


def _name(name: PoolName) -> str:
    """Name a pool at the beginning of a sentence."""
    pool = markdown(name.pool)
    of = markdown(name.family) or f"the whole portfolio {markdown(name.portfolio)}"
    return f"{pool[:1].upper()}{pool[1:]} of {of}"


def _first(lines: list[str], what: str) -> list[str]:
    rest = len(lines) - _SHOWN
    return [*lines[:_SHOWN], f"{rest} more {what} are listed under *Pools*."] if rest > 0 else lines
