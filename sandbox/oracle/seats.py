"""Seats by the day (R12)."""

from datetime import date

from sandbox.catalog import account_of, workflow_by_id
from sandbox.finance import SeatPlan
from sandbox.oracle.allocation import Books, Destination
from sandbox.oracle.attribution import Line, portfolio_of
from sandbox.oracle.places import add, days_of, own_line, period_of
from sandbox.oracle.shares import split


def day_part(plan: SeatPlan, day: date) -> int:
    """Give a day's part of the month's price."""
    days = days_of(period_of(day))
    return split(plan.price_nano * plan.seats, [1] * len(days))[days.index(day)]


def accrue(plan: SeatPlan, day: date, tokens: dict[Line, int]) -> Books:
    """Book one day of a plan.

    Args:
        plan: Holds on the day.
        day: Of the account.
        tokens: All tokens of the runs that logs show there, by line.
    """
    account = account_of(plan.issuer, plan.account)
    books: Books = {}
    part = day_part(plan, day)
    used = plan.used(day)
    in_use, idle = (part, 0) if used is None else split(part, [used, plan.seats - used])
    lines = sorted(line for line, count in tokens.items() if count)
    if lines:
        shares = split(in_use, [tokens[line] for line in lines])
        for line, share in zip(lines, shares, strict=True):
            add(books, _sat(line, account.portfolio, account.paid_from), share)
    else:
        add(books, own_line("seat", account.portfolio, "accrued"), in_use)
    add(books, own_line("idle_seat", account.portfolio, "accrued"), idle)
    if plan.sku:
        add(books, own_line("accrued", account.portfolio, "accrued"), -part)
    return books


def _sat(line: Line, portfolio: str, paid_from: str) -> Destination:
    if not line.workflow:
        return Destination("ad_hoc", portfolio, "", "", "", paid_from, "seat", "none")
    workflow = workflow_by_id(line.workflow)
    return Destination(
        "family",
        portfolio_of(workflow),
        workflow.family,
        workflow.id,
        line.pool,
        paid_from,
        "seat",
        line.strength,
    )
