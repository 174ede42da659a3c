"""The ground all configuration shapes stand on: frozen, strict about keys, typed ids."""

import re
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    StringConstraints,
)

from config.web_addresses import address_problem


class Shape(BaseModel):
    """A part of a configuration file: frozen, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Pool(StrEnum):
    """The two budget pools of a family."""

    EXPLORATION = "exploration"
    PRODUCTION = "production"


class Stage(StrEnum):
    """Where a workflow stands in its life."""

    EXPLORATION = "exploration"
    PROVISIONAL = "provisional"
    GOLDEN = "golden"
    SUNSET = "sunset"


def is_finite(value: Decimal) -> Decimal:
    """Refuse NaN and infinities."""
    if not value.is_finite():
        message = "must be a finite number"
        raise ValueError(message)
    return value


def is_plain_number(value: object) -> object:
    """Refuse what pydantic would take for a number and a reader would not."""
    # pydantic would take `true` for 1 and "1_0" for 10.
    if isinstance(value, bool) or (isinstance(value, str) and "_" in value):
        message = "must be a number"
        raise ValueError(message)
    return value


def _is_plain_version(value: object) -> object:
    # `true` and 1.0 equal 1.
    if type(value) is not int:
        message = "must be `1`, without quotes"
        raise ValueError(message)
    return value


def _is_plain_day(value: object) -> object:
    # pydantic would take a number for seconds since 1970.
    if isinstance(value, str) and _DAY.fullmatch(value):
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    message = "must be a day such as 2026-11-20"
    raise ValueError(message)


def _is_service_address(value: HttpUrl) -> HttpUrl:
    problem = address_problem(str(value))
    if problem is not None:
        raise ValueError(problem)
    return value


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

#: Id of a workflow, family, portfolio, squad, role or source; safe in paths, tables and labels.
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
#: A shell glob (`*`, `?`, `[...]`), matched case-sensitively against the whole value.
Glob = Annotated[str, StringConstraints(min_length=1, max_length=200)]
#: Beginning of branch names, e.g. `agent/upgrade/`. Branches are kept as the longest declared
#: beginning, so a wildcard could match nothing; one `*` at the end is taken as meant.
BranchPrefix = Annotated[str, StringConstraints(pattern=r"^[^*?\[]{1,199}\*?$")]
#: An id as a vendor writes it (workspace, project, key).
VendorId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:/-]{1,128}$")]
#: A positive amount of money in whole currency units; quoted in YAML so that it stays decimal.
Amount = Annotated[
    Decimal,
    Field(ge=0, max_digits=18, decimal_places=9),
    BeforeValidator(is_plain_number),
    AfterValidator(is_finite),
]
#: ISO 4217 code.
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
#: A part of one, e.g. `0.005`.
Share = Annotated[
    Decimal,
    Field(ge=0, le=1, max_digits=18, decimal_places=9),
    BeforeValidator(is_plain_number),
    AfterValidator(is_finite),
]
#: A multiple of something, e.g. `1.5`.
Ratio = Annotated[
    Decimal,
    Field(ge=0, le=100, max_digits=18, decimal_places=9),
    BeforeValidator(is_plain_number),
    AfterValidator(is_finite),
]
#: A whole number, written without quotes.
Whole = Annotated[int, Field(strict=True)]
#: Version of a file's format.
FormatVersion = Annotated[Literal[1], BeforeValidator(_is_plain_version)]
#: `true` or `false`.
Switch = Annotated[bool, Field(strict=True)]
#: A UTC day, e.g. `2026-11-20`.
Day = Annotated[date, BeforeValidator(_is_plain_day)]
#: Address of a service: https, or http on this machine; no credentials, query or fragment.
ServiceUrl = Annotated[HttpUrl, AfterValidator(_is_service_address)]


class Dated(Shape):
    """An entry that holds from a day on, until a later entry of its list replaces it."""

    from_day: Day = Field(alias="from", description="First UTC day on which the entry holds.")
