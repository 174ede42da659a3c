"""What a period still needs before it may be closed: rule R16 as a checklist.

Each precondition is a plain result: what it asks, whether it holds, which days, breaks or
documents it is about, and what to do. Nothing here decides for anybody.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from config.shapes.finance import Disposition, SeatPlan
from config.shapes.policy import Periods
from tasks.core.books import Break
from tasks.core.days import period_days
from tasks.core.month_end.dispositions import decide
from tasks.core.month_end.periods import PeriodState, business_day, is_final, ranges
from tasks.core.night import IssuerDay
from tasks.core.reconciling.breaks import Quarantine

#: Names of things in one precondition; the others are counted.
_NAMED = 12


@dataclass(frozen=True, slots=True)
class Precondition:
    """One thing that must hold before a period may be closed.

    Attributes:
        code: Closed vocabulary.
        what: What it asks, as a statement.
        which: What it is about: days, breaks, documents; also of one that holds, if worth knowing.
        todo: What a person can do; empty if it holds.
    """

    code: str
    what: str
    holds: bool
    which: tuple[str, ...] = ()
    todo: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceBreak:
    """An `invoice` break that stands."""

    break_id: str
    item: Break


@dataclass(frozen=True, slots=True)
class PeriodFacts:
    """What is known of a period.

    Attributes:
        today: UTC day of the run.
        state: As acts have made it, the soft close of this run included.
        policy: The organisation's rules.
        expected: (issuer, day)s of the period that should be booked.
        booked: Those that ever were.
        held: Those that were not measured by the newest night, or cannot be read now.
        quarantine: Rows of the period that could not be booked.
        breaks: Invoice breaks of the period that stand.
        dispositions: All of `finance.yaml`.
        read_on: Day of the newest night since the period's end that read all of it; None: none.
    """

    period: str
    today: date
    state: PeriodState
    policy: Periods
    expected: Collection[IssuerDay]
    booked: Collection[IssuerDay]
    held: Collection[IssuerDay]
    quarantine: Sequence[Quarantine]
    breaks: Sequence[InvoiceBreak]
    dispositions: Sequence[Disposition]
    read_on: date | None

    def unbooked(self) -> set[IssuerDay]:
        """List what was expected and never booked."""
        return set(self.expected) - set(self.booked)


def expected_days(
    period: str, reported: Iterable[str], plans: Iterable[SeatPlan]
) -> set[IssuerDay]:
    """List the (issuer, day)s of a period that should be booked.

    Args:
        period: `YYYY-MM`.
        reported: Issuers whose bills a source reports: every day of the period.
        plans: Seats by contract: every day on which one holds.
    """
    days = period_days(period)
    expected = {(issuer, day) for issuer in reported for day in days}
    for plan in plans:
        last = plan.to_day or days[-1]
        expected |= {(plan.issuer, day) for day in days if plan.from_day <= day <= last}
    return expected


def checklist(facts: PeriodFacts) -> tuple[Precondition, ...]:
    """Hold a period against everything that its close asks for, in the order to work through."""
    checks: tuple[Callable[[PeriodFacts], Precondition], ...] = (
        _soft_closed,
        _read,
        _not_held,
        _not_quarantined,
        _booked,
        _invoices,
    )
    return tuple(check(facts) for check in checks)


def is_decided(one: InvoiceBreak, dispositions: Iterable[Disposition], today: date) -> bool:
    """Tell whether a disposition speaks for a break today (R18)."""
    of_break = [line for line in dispositions if line.break_id == one.break_id]
    found = decide(one.item.amount_nano, of_break, today)
    return found is not None and found.lapse is None


def _soft_closed(facts: PeriodFacts) -> Precondition:
    day = business_day(facts.period, facts.policy.soft_close_business_day)
    holds = facts.state is not PeriodState.OPEN
    todo = f"nothing: run `month-close` on {day} or later"
    if facts.today >= day:
        todo = "book its days first: a month in which nothing is booked stays open"
    return Precondition(
        "soft_closed",
        f"the period is soft-closed, which happens from {day} on",
        holds,
        todo="" if holds else todo,
    )


def _read(facts: PeriodFacts) -> Precondition:
    first, last = period_days(facts.period)[0], period_days(facts.period)[-1]
    what = "a night has read all of it since it ended"
    if facts.read_on is not None:
        return Precondition("read", what, holds=True, which=(f"that of {facts.read_on}",))
    todo = f"run `graduand run --from {first} --to {last}`"
    return Precondition("read", what, holds=False, todo=todo)


def _not_held(facts: PeriodFacts) -> Precondition:
    which = _some(ranges(facts.held))
    return Precondition(
        "held",
        "none of its days is held",
        not which,
        which,
        "run `graduand check`, mend what it names, then run the nightly again" if which else "",
    )


def _not_quarantined(facts: PeriodFacts) -> Precondition:
    # A broken line of a log, or of usage, moves no money: it has a break of its own.
    days = [(one.issuer, one.day) for one in facts.quarantine if one.is_billed]
    which = _some(ranges(days))
    return Precondition(
        "quarantined",
        "nothing that was billed in it is unreadable",
        not which,
        which,
        "have the vendor's report corrected, or update graduand, then run those days again"
        if which
        else "",
    )


def _booked(facts: PeriodFacts) -> Precondition:
    which = _some(ranges(facts.unbooked()))
    final = period_days(facts.period)[-1] + timedelta(days=facts.policy.final_after_days + 1)
    what = "every vendor's day of it is booked"
    if not which:
        return Precondition("booked", what, holds=True)
    if is_final(facts.period, facts.policy.final_after_days, facts.today):
        named = f"{what}, or named: since {final} nothing more is waited for"
        return Precondition("booked", named, holds=True, which=which)
    todo = f"run the nightly for those days; from {final} on the period may be closed without them"
    return Precondition("booked", what, holds=False, which=which, todo=todo)


def _invoices(facts: PeriodFacts) -> Precondition:
    open_ones = [
        one for one in facts.breaks if not is_decided(one, facts.dispositions, facts.today)
    ]
    which = _some(
        [f"{one.item.issuer}: break {one.break_id}" for one in sorted(open_ones, key=_by_issuer)]
    )
    return Precondition(
        "invoices",
        "every invoice agrees with the books, or what it differs by is decided",
        not which,
        which,
        "add a disposition for each to finance.yaml, or have the invoice corrected"
        if which
        else "",
    )


def _by_issuer(one: InvoiceBreak) -> tuple[str, str]:
    return one.item.issuer, one.break_id


def _some(names: Sequence[str]) -> tuple[str, ...]:
    rest = len(names) - _NAMED
    return (*names[:_NAMED], f"and {rest} more") if rest > 0 else tuple(names)
