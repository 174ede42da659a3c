"""Settle the invoices that a night knows of, with what the night will have booked."""

from collections.abc import Mapping
from datetime import date

from config.shapes.finance import Invoice
from tasks.core.books import BookKey, Destination
from tasks.core.cells import ChargeCell
from tasks.core.days import period_days
from tasks.core.invoicing.owed import Ledgered, debts_of
from tasks.core.invoicing.settlement import Documents, Settled, settle
from tasks.core.night import NightInputs
from tasks.core.reconciling.currency import Rates


def settle_invoices(
    inputs: NightInputs,
    desired: Mapping[BookKey, Mapping[Destination, int]],
    currencies: Mapping[str, str],
) -> Settled:
    """Hold the night's invoices against what the books owe after it.

    Args:
        inputs: Of the night, charges as they were billed.
        desired: What each book should hold.
        currencies: Of each issuer.

    Raises:
        ConfigError: An issuer has invoices but is not configured.
        OutOfRangeError: A charge cannot be converted.
    """
    invoices = _in_view(inputs)
    ledger = Ledgered(inputs.posted, desired, frozenset(inputs.bookable), inputs.closed)
    debts = debts_of(
        {(one.issuer, one.billing_period) for one in invoices},
        ledger,
        _billed(inputs),
        currencies,
        Rates(inputs.finance.exchange_rates),
    )
    rounding = inputs.policy.periods.rounding
    booked_days = frozenset(inputs.booked_days)
    return settle(invoices, Documents(rounding, currencies, ledger, debts, booked_days))


def _in_view(inputs: NightInputs) -> list[Invoice]:
    """Leave out invoices of periods that ended before the window: nothing is told of them."""
    days = [day for _, day in (*inputs.expected, *inputs.bookable)]
    first = min(days, default=date.min)
    return [one for one in inputs.finance.invoices if period_days(one.billing_period)[-1] >= first]


def _billed(inputs: NightInputs) -> list[ChargeCell]:
    """List the charges that the books were made of, or will be tonight."""
    # What is told of a day that tonight leaves alone is what it stands booked as.
    told = {(one.issuer, one.day) for one in inputs.elsewhere} - set(inputs.bookable)
    return [
        *(one for one in inputs.elsewhere if (one.issuer, one.day) in told),
        *(
            one
            for one in inputs.charges
            if (one.issuer, one.day) in inputs.legs.charges and (one.issuer, one.day) not in told
        ),
    ]
