"""GitHub's bills of Copilot: payload models, and pure parsing into billed items.

Source: GitHub REST, `GET .../settings/billing/ai_credit/usage`, `.../premium_request/usage`
and `.../usage`, read 2026-11. Amounts are US dollars, exact as written. Kept are sku, unit,
model and figures; organisations, repositories and users are never read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationError

from tasks.core.batches import Reject
from tasks.core.errors import SourceError
from tasks.core.money import to_nano
from tasks.core.refusals import refused
from tasks.sources.copilot.names import is_copilot, is_metered, kept_model, kept_text
from tasks.sources.report_fields import (
    AmountField,
    Payload,
    money_reject,
    read_instant,
    read_page,
    salvage,
)

_DAY_LENGTH = len("2026-11-20")


def _read_day(value: object) -> date:
    """Read a day, which this vendor writes as a date in one place and as an instant elsewhere."""
    if isinstance(value, str) and len(value) == _DAY_LENGTH:
        return date.fromisoformat(value)
    return read_instant(value).date()


_Day = Annotated[date, BeforeValidator(_read_day)]
_Text = Annotated[str, Field(min_length=1, max_length=200)]


class _Period(Payload):
    year: int
    month: int | None = None
    day: int | None = None


class _Report(Payload):
    timePeriod: _Period  # noqa: N815  # as GitHub spells it
    usageItems: list[object]  # noqa: N815


class _Bill(Payload):
    usageItems: list[object]  # noqa: N815


class _Net(Payload):
    netAmount: AmountField  # noqa: N815


class _Metered(_Net):
    """One line of AI credits or premium requests: gross less the included pool is net."""

    product: _Text
    sku: _Text
    model: Annotated[str, Field(max_length=200)] | None = None
    unitType: Annotated[str, Field(max_length=200)] | None = None  # noqa: N815
    grossQuantity: AmountField | None = None  # noqa: N815
    grossAmount: AmountField | None = None  # noqa: N815


class _Named(_Net):
    """What a line of the bill of all products is about, and its money."""

    date: _Day
    product: _Text
    sku: _Text


class _Line(_Named):
    """One line of the bill of all products."""

    unitType: Annotated[str, Field(max_length=200)] | None = None  # noqa: N815
    quantity: AmountField | None = None
    grossAmount: AmountField | None = None  # noqa: N815


class _Product(Payload):
    product: _Text


@dataclass(frozen=True, slots=True)
class Item:
    """One line that was billed.

    Attributes:
        sku, unit, model: In words that may be kept, not yet in those of the books.
        quantity: Before the included pool; None where it is not told.
        net: Billed, whole dollars.
        gross: At list price, whole dollars; None where it is not told.
        is_listed: The bill of all products tells of it among Copilot's lines.
    """

    sku: str
    unit: str | None
    model: str | None
    quantity: Decimal | None
    net: Decimal
    gross: Decimal | None
    is_listed: bool = True


@dataclass(frozen=True, slots=True)
class Told:
    """What one report says of one day.

    Attributes:
        strays: Lines of other days, which were not asked for.
    """

    items: Sequence[Item]
    rejects: Sequence[Reject] = ()
    strays: int = 0


def parse_metered(
    payload: object, day: date, *, source: str, endpoint: str, issuer: str, account: str
) -> Told:
    """Read a report of AI credits or premium requests.

    Raises:
        SourceError: It has another shape, or is not about the day: the items of a month would
            be booked as those of one day.
    """
    report = read_page(_Report, source, endpoint, payload)
    period = report.timePeriod
    if (period.year, period.month, period.day) != (day.year, day.month, day.day):
        said = "-".join(str(one) for one in (period.year, period.month, period.day) if one)
        detail = f"{endpoint} was asked for {day} and answers for {said}; nothing of it is taken"
        raise SourceError(source, detail)
    items: list[Item] = []
    rejects: list[Reject] = []
    for position, row in enumerate(report.usageItems):
        try:
            items.append(_metered(_Metered.model_validate(row)))
        except ValidationError as error:
            reject = refused(row, error, f"{endpoint} {day}", position)
            rejects.append(_held(reject, row, issuer, account))
    return Told(items, rejects)


def parse_lines(
    payload: object, day: date, *, source: str, endpoint: str, issuer: str, account: str
) -> Told:
    """Read Copilot's lines of the bill of all products; others are none of ours.

    Raises:
        SourceError: It has another shape.
    """
    bill = read_page(_Bill, source, endpoint, payload)
    items: list[Item] = []
    rejects: list[Reject] = []
    strays = 0
    for position, row in enumerate(bill.usageItems):
        product = salvage(_Product, row)
        if product is not None and not is_copilot(product.product):
            continue
        try:
            line = _line(row)
        except ValidationError as error:
            reject = refused(row, error, f"{endpoint} {day}", position)
            rejects.append(_held(reject, row, issuer, account))
            continue
        if line.date != day:
            strays += 1
            continue
        items.append(
            Item(
                sku=kept_text(line.sku),
                unit=kept_text(line.unitType) if line.unitType else None,
                model=None,
                quantity=line.quantity,
                net=line.netAmount,
                gross=line.grossAmount,
            )
        )
    return Told(items, rejects, strays)


def _metered(line: _Metered) -> Item:
    return Item(
        sku=kept_text(line.sku),
        unit=kept_text(line.unitType) if line.unitType else None,
        model=kept_model(line.model),
        quantity=line.grossQuantity,
        net=line.netAmount,
        gross=line.grossAmount,
        is_listed=is_copilot(line.product),
    )


def _line(row: object) -> _Line:
    """Read a line; of metered money the amount will do, because another report tells the rest.

    In quarantine it would stand there beside the same money that is booked.
    """
    try:
        return _Line.model_validate(row)
    except ValidationError:
        named = salvage(_Named, row)
        if named is None or not is_metered(named.sku, None):
            raise
        return _Line.model_construct(**dict(named))


def _held(reject: Reject, row: object, issuer: str, account: str) -> Reject:
    billed = salvage(_Net, row)
    amount_nano = to_nano(billed.netAmount) if billed else None
    return money_reject(reject, issuer=issuer, account=account, amount_nano=amount_nano)
