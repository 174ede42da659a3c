"""Holds what Cursor says it charged in the current cycle against the sum of its own events.

Source: `POST /teams/spend`, read 2026-11; it knows the current billing cycle only. `spendCents`
is what was charged on top of the plan, `overallSpendCents` that and the plan. Members' names,
addresses and limits (which are in dollars, beside amounts in cents) are never read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from tasks.core.days import vendor_day, window_days
from tasks.core.findings import Finding
from tasks.sources.cursor.listing import NOT_OPEN
from tasks.sources.cursor.payloads import Event, Milliseconds, Whole
from tasks.sources.cursor.rows import add_cents
from tasks.sources.report_fields import AmountField, Payload, read_page
from tasks.transport.client import Client
from tasks.transport.errors import StatusError
from tasks.transport.numbered_pages import numbered_pages

_PATH = "/teams/spend"
_PAGE_SIZE = 1000
_ONE_CENT = Decimal(1)
#: Older answers round each member to whole cents.
_HALF_A_CENT = Decimal("0.5")
_SHOWN = Decimal("0.0001")
_ONE_DAY = timedelta(days=1)
# A window that ended longer ago is a look at the past: the spend is about now.
_MOST_DAYS_LEFT = timedelta(days=2)


class _Member(Payload):
    spendCents: AmountField | None  # noqa: N815  # the vendor's spelling
    overallSpendCents: AmountField | None = None  # noqa: N815


class _Page(Payload):
    subscriptionCycleStart: Milliseconds  # noqa: N815
    totalPages: Whole  # noqa: N815
    teamMemberSpend: list[_Member]  # noqa: N815


@dataclass(frozen=True, slots=True)
class Spend:
    """What the team was charged since the cycle began, in cents.

    Attributes:
        cents: None where it is not told of a member.
        overall_cents: With what the plan includes; None likewise.
        rounding_cents: By how much rounding may have changed either.
    """

    since: datetime
    cents: Decimal | None
    overall_cents: Decimal | None
    rounding_cents: Decimal = Decimal(0)


class CycleSum:
    """Sums events from a moment on, as they come."""

    def __init__(self, since: datetime) -> None:
        self._since = since
        self.cents = Decimal(0)
        self.overall_cents = Decimal(0)

    def add(self, events: Iterable[Event]) -> None:
        """Take the events of a day in, without those before the moment."""
        ours = [one for one in events if one.at >= self._since]
        charged = (one.charged_cents for one in ours if one.is_billed)
        self.cents = add_cents([self.cents, *charged])
        self.overall_cents = add_cents([self.overall_cents, *(one.charged_cents for one in ours)])


def days_to_now(spend: Spend, window: tuple[date, date], today: date) -> tuple[date, ...] | None:
    """List the days after a window that the spend tells of, too.

    Returns:
        None where the window lies elsewhere, so that its events cannot be held against the spend.
    """
    if not window[0] <= vendor_day(spend.since) <= today or today - window[1] > _MOST_DAYS_LEFT:
        return None
    return window_days(window[1] + _ONE_DAY, today) if window[1] < today else ()


def read_spend(client: Client) -> Spend | None:
    """Read what all members were charged in the current cycle; None if the key may not.

    Raises:
        SourceError: An answer cannot be used.
    """
    pages = numbered_pages(
        client,
        _PATH,
        {"pageSize": _PAGE_SIZE, "sortBy": "user", "sortDirection": "asc"},
        items="teamMemberSpend",
        page_count=lambda body: body.get("totalPages"),
        is_post=True,
    )
    try:
        return add_spends([parse_spend(client.source, page.json) for page in pages])
    except StatusError as error:
        if error.status in NOT_OPEN:
            return None
        raise


def parse_spend(source: str, payload: object) -> Spend:
    """Add up the members of one page.

    Raises:
        SourceError: The page has another shape.
    """
    page = read_page(_Page, source, _PATH, payload)
    members = page.teamMemberSpend
    figures = [
        cents
        for one in members
        for cents in (one.spendCents, one.overallSpendCents)
        if cents is not None
    ]
    # One fraction shows that nothing was rounded, and zeros alone show nothing.
    is_rounded = any(figures) and all(cents % 1 == 0 for cents in figures)
    return Spend(
        page.subscriptionCycleStart,
        _sum_of_all(one.spendCents for one in members),
        _sum_of_all(one.overallSpendCents for one in members),
        _HALF_A_CENT * len(members) if is_rounded else Decimal(0),
    )


def add_spends(pages: Sequence[Spend]) -> Spend:
    """Add up the pages of one listing."""
    return Spend(
        max(one.since for one in pages),
        _sum_of_all(one.cents for one in pages),
        _sum_of_all(one.overall_cents for one in pages),
        add_cents(one.rounding_cents for one in pages),
    )


def _sum_of_all(amounts: Iterable[Decimal | None]) -> Decimal | None:
    told = list(amounts)
    known = [cents for cents in told if cents is not None]
    return add_cents(known) if len(known) == len(told) else None


def spend_findings(spend: Spend, events: CycleSum, source: str, today: date) -> tuple[Finding, ...]:
    """Tell by how much the cycle's events come to something else, beyond a cent a day."""
    days = (today - vendor_day(spend.since)).days + 1
    allowed = _ONE_CENT * days + spend.rounding_cents
    findings = []
    for name, said, summed in (
        ("spendCents", spend.cents, events.cents),
        ("overallSpendCents", spend.overall_cents, events.overall_cents),
    ):
        if said is not None and abs(said - summed) > allowed:
            apart = (summed - said).quantize(_SHOWN)
            detail = (
                f"since {spend.since:%Y-%m-%d} the team's {name} is {said.quantize(_SHOWN)}, its "
                f"events come to {summed.quantize(_SHOWN)}: {apart} apart"
            )
            findings.append(Finding("spend_differs", name, detail, source))
    return tuple(findings)
