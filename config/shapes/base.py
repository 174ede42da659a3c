"""The ground all configuration shapes stand on: frozen, strict about keys, typed ids."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints


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


def _is_finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        message = "must be a finite number"
        raise ValueError(message)
    return value


#: Id of a workflow, family, portfolio, squad, role or source; safe in paths, tables and labels.
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
#: A shell glob (`*`, `?`, `[...]`), matched case-sensitively against the whole value.
Glob = Annotated[str, StringConstraints(min_length=1, max_length=200)]
#: An id as a vendor writes it (workspace, project, key).
VendorId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:/-]{1,128}$")]
#: A positive amount of money in whole currency units; quoted in YAML so that it stays decimal.
Amount = Annotated[
    Decimal, Field(ge=0, max_digits=18, decimal_places=9), AfterValidator(_is_finite)
]
#: ISO 4217 code.
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
Share = Annotated[Decimal, Field(ge=0, le=1), AfterValidator(_is_finite)]


class Dated(Shape):
    """An entry that holds from a day on, until a later entry of its list replaces it."""

    from_day: date = Field(alias="from", description="First UTC day on which the entry holds.")
