"""What a pull of Cursor's events should tell a person, in counts and sums."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from tasks.core.findings import Finding
from tasks.sources.cursor.listing import DayEvents
from tasks.sources.cursor.payloads import EventKind
from tasks.sources.cursor.rows import add_cents

#: The vendor rounds what it shows of an event to a hundredth of a cent.
_ROUNDING_CENTS = Decimal("0.01")
_SHOWN = Decimal("0.0001")


class Told:
    """Counts what is odd about events, over all days of a pull."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._unknown: list[Decimal] = []
        self._contradicted: list[Decimal] = []
        self._apart: list[Decimal] = []
        self._strays = 0
        self._silent: list[date] = []

    def note(self, day: date, came: DayEvents | None) -> None:
        """Take one day in; None: it has no events, though the vendor counts requests."""
        if came is None:
            self._silent.append(day)
            return
        self._strays += came.strays
        for one in came.events:
            if one.kind is EventKind.OTHER:
                self._unknown.append(one.charged_cents)
            if one.is_contradicted:
                self._contradicted.append(one.charged_cents)
            if one.expected_cents is not None:
                apart = one.charged_cents - one.expected_cents
                if abs(apart) > _ROUNDING_CENTS:
                    self._apart.append(apart)

    def findings(self) -> tuple[Finding, ...]:
        """Tell each oddity once."""
        return tuple(self._findings())

    def _findings(self) -> Iterator[Finding]:
        source = self._source
        if self._unknown:
            detail = (
                f"{_events(self._unknown)} are of a kind never seen before; isChargeable decides"
            )
            yield Finding("unknown_sku", "kind", detail, source)
        if self._contradicted:
            what = "call themselves chargeable, but are of a kind that is not: booked as not billed"
            detail = f"{_events(self._contradicted)} {what}"
            yield Finding("report_contradicted", "isChargeable", detail, source)
        if self._apart:
            detail = f"{_events(self._apart)} apart from what tokens, discount and fee come to"
            yield Finding("charge_differs", "chargedCents", f"chargedCents of {detail}", source)
        if self._strays:
            detail = (
                f"{self._strays} events came with another day than their own, which counts them"
            )
            yield Finding("report_contradicted", "timestamp", detail, source)
        for day in self._silent:
            detail = f"{day} has no events, but daily usage counts its requests; it stays unknown"
            yield Finding("report_contradicted", f"{source} {day}", detail, source)


def _events(cents: list[Decimal]) -> str:
    return f"{len(cents)} events ({add_cents(cents).quantize(_SHOWN)} cents)"
