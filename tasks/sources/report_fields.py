"""Fields of the vendors' reports: how counts, ids, instants and amounts are read.

Tolerant of what a vendor adds, strict about what money hangs on.
"""

import re
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated, LiteralString, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from tasks.core.batches import Reject
from tasks.core.errors import AmountError, OutOfRangeError, SourceError
from tasks.core.instants import parse_instant
from tasks.core.money import parse_amount, to_nano
from tasks.core.refusals import fault_words

# A number may say 1e-999999, or have a million digits: none of that is an amount.
_SMALLEST_EXPONENT = -40
_MOST_DIGITS = 64
_ZERO = re.compile(r"[+-]?0{1,64}(?:\.0{0,64})?[eE][+-]?[0-9]{1,5}", re.ASCII)
# Days and offsets are added to instants: the ends of the calendar would overflow.
_FIRST_YEAR = 2000
_LAST_YEAR = 2199
_CENTS_EXPONENT = -2
_NOT_AN_AMOUNT: LiteralString = "not an amount that the books can keep"


class Payload(BaseModel):
    """A part of a vendor's answer: unknown fields are ignored, types are not coerced."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, hide_input_in_errors=True)


PayloadT = TypeVar("PayloadT", bound=Payload)


def read_amount(value: object) -> Decimal:
    """Read an amount that a payload gives as number or text.

    Raises:
        PydanticCustomError: Not a finite decimal number (`bad_amount`), or beyond what the
            books can keep (`out_of_range`).
    """
    if is_zero(value):
        return Decimal(0)
    try:
        amount = parse_amount(value)  # type: ignore[arg-type]  # it refuses other types itself
        to_nano(amount)
    except AmountError as error:
        raise PydanticCustomError(error.code, _NOT_AN_AMOUNT) from error
    if amount.adjusted() < _SMALLEST_EXPONENT or len(amount.as_tuple().digits) > _MOST_DIGITS:
        raise PydanticCustomError(OutOfRangeError.code, _NOT_AN_AMOUNT)
    return amount


def is_zero(value: object) -> bool:
    """Recognise a zero of any exponent: decimal numbers of databases read `0E-6176`."""
    if isinstance(value, Decimal):
        return value.is_zero()
    return isinstance(value, str) and _ZERO.fullmatch(value) is not None


def read_instant(value: object) -> datetime:
    """Read an aware instant of an era in which there are vendors, as UTC.

    Raises:
        ValueError: Not ISO 8601 text with an offset, or of another age.
    """
    try:
        instant = parse_instant(value)
    except OverflowError:
        instant = None
    if instant is None or not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        message = f"must lie between the years {_FIRST_YEAR} and {_LAST_YEAR}"
        raise ValueError(message)
    return instant


#: An id or closed word as a vendor writes it: no blank and no `@`, so no e-mail, no full name.
VendorText = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:/+-]{1,128}$")]
# Nobody meters a trillion tokens in one row: valued, a few of those would burst the books.
_LARGEST_COUNT = 10**12
#: A token or request count of one row or run.
Count = Annotated[int, Field(ge=0, le=_LARGEST_COUNT)]
#: An aware instant, written as ISO 8601 text.
Instant = Annotated[datetime, BeforeValidator(read_instant)]
#: An amount of money, exactly as written.
AmountField = Annotated[Decimal, BeforeValidator(read_amount)]
#: ISO 4217 code, in either case.
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Za-z]{3}$")]


def decimal_text(amount: Decimal) -> str:
    """Spell an amount for a raw row, exactly; the same amount always reads the same."""
    text = format(amount, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def cents_to_nano(cents: Decimal) -> int:
    """Convert fractional cents to nano units, half-even: the only rounding of an amount."""
    sign, digits, exponent = cents.as_tuple()
    return to_nano(Decimal((sign, digits, int(exponent) + _CENTS_EXPONENT)))


def read_page(model: type[PayloadT], source: str, endpoint: str, payload: object) -> PayloadT:
    """Read the frame of a page, whose rows are still unread.

    Raises:
        SourceError: It has another shape, so that no row of it can be placed on a day.
    """
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the page"
        detail = f"an answer of {endpoint} cannot be read: {where} {fault_words(first['type'])}"
        raise SourceError(source, detail) from None


def salvage(model: type[PayloadT], row: object) -> PayloadT | None:
    """Read a part of a row that was refused as a whole; None if that part is bad too."""
    try:
        return model.model_validate(row)
    except ValidationError:
        return None


def money_reject(
    reject: Reject, *, issuer: str, account: str = "", amount_nano: int | None = None
) -> Reject:
    """Say whose money a refused row holds, as far as that could be read."""
    return replace(reject, issuer=issuer, account=account, amount_nano=amount_nano)
