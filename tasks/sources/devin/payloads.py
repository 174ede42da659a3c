"""Devin's consumption by day: payload models, and pure parsing.

Source: Devin API v3, `GET .../consumption/daily` and `.../consumption/daily/sessions/{id}`, read
2026-11. Kept are ACUs, by day and product.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, ValidationError

from config.shapes.sources import DevinSource
from tasks.core.batches import Reject
from tasks.core.days import day_bounds, vendor_day
from tasks.core.errors import SourceError
from tasks.core.refusals import refused
from tasks.sources.report_fields import (
    AmountField,
    Payload,
    money_reject,
    read_amount,
    read_instant,
    read_page,
)

#: The vendor's day starts at midnight PST, all year: 08:00 UTC.
DAY_STARTS_MINUTES = 8 * 60
#: Products by name; what the vendor adds one day is `OTHER` until it has a name here.
PRODUCTS = ("devin", "cascade", "terminal", "review")
OTHER = "other"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_DIGITS = 12
# Sums of floats: far below any ACU, far above their noise.
TOLERANCE = Decimal("0.000001")


def _read_seconds(value: object) -> datetime:
    is_text = isinstance(value, str) and value.isascii() and value.isdigit()
    whole = int(str(value)) if is_text and len(str(value)) <= _MOST_DIGITS else value
    if not isinstance(whole, int) or isinstance(whole, bool):
        message = "must be seconds since 1970"
        raise ValueError(message)  # noqa: TRY004  # pydantic turns ValueError into a refusal
    try:
        return read_instant(_EPOCH + timedelta(seconds=whole))
    except OverflowError:
        message = "must be seconds since 1970"
        raise ValueError(message) from None


#: Seconds since 1970, UTC, as number or digits.
Seconds = Annotated[datetime, BeforeValidator(_read_seconds)]


def _read_products(value: object) -> object:
    """Read ACUs by product; a name from outside goes no further, not even into a refusal."""
    if not isinstance(value, Mapping):
        return value
    told = {name: read_amount(acus) for name, acus in value.items() if acus is not None}
    products = {name: told[name] for name in PRODUCTS if name in told}
    others = [acus for name, acus in told.items() if name not in PRODUCTS]
    return {**products, OTHER: sum(others, Decimal(0))} if others else products


class _Consumption(Payload):
    total_acus: AmountField | None = None
    consumption_by_date: list[object]


class _Dated(Payload):
    date: Seconds


class _Day(_Dated):
    acus: AmountField
    acus_by_product: Annotated[dict[str, Decimal] | None, BeforeValidator(_read_products)] = None


@dataclass(frozen=True, slots=True)
class DayUse:
    """What was consumed on one of the vendor's days.

    Attributes:
        acus: None: refused, see `reject`.
        products: Those that are told; a null is not. What has no name here is `OTHER`.
    """

    day: date
    acus: Decimal | None
    products: Mapping[str, Decimal]
    reject: Reject | None = None


def parse_consumption(config: DevinSource, endpoint: str, payload: object) -> list[DayUse]:
    """Read the days of a consumption report; a day that cannot be read is told as such.

    Raises:
        SourceError: It is no such report, or one that contradicts itself.
    """
    if isinstance(payload, Mapping) and isinstance(payload.get("consumption_by_date"), Mapping):
        detail = f"{endpoint} answers as API v2 does, whose days are not told by product"
        raise SourceError(config.name, f"{detail}; let base_url lead to API v3")
    report = read_page(_Consumption, config.name, endpoint, payload)
    days = [
        _day(config, endpoint, row, position)
        for position, row in enumerate(report.consumption_by_date)
    ]
    repeated = len(days) - len({one.day for one in days})
    if repeated:
        raise SourceError(config.name, f"{endpoint} tells {repeated} days twice; pull again later")
    told = [one.acus for one in days if one.acus is not None]
    if report.total_acus is not None and len(told) == len(days):
        apart = abs(report.total_acus - sum(told))
        if apart > TOLERANCE * (len(days) + 1):
            detail = f"{endpoint} tells a total that is {apart:f} ACUs apart from its days"
            raise SourceError(config.name, f"{detail}; pull again later")
    return days


def _day(config: DevinSource, endpoint: str, row: object, position: int) -> DayUse:
    start = read_page(_Dated, config.name, endpoint, row).date
    day = vendor_day(start, DAY_STARTS_MINUTES)
    if start != day_bounds(day, DAY_STARTS_MINUTES)[0]:
        detail = f"{endpoint} has a day that starts at {start.isoformat()}, not at 08:00 UTC"
        raise SourceError(config.name, detail)
    try:
        said = _Day.model_validate(row)
    except ValidationError as error:
        reject = refused(row, error, f"{endpoint} {day}", position)
        reject = money_reject(reject, issuer=config.issuer, account=config.organization)
        return DayUse(day, None, {}, reject=reject)
    return DayUse(day, said.acus, said.acus_by_product or {})
