"""Reads answers of ticket systems into payloads, with faults that repeat no value."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tasks.core.errors import AmbiguousWriteError
from tasks.transport.errors import BodyError

PayloadT = TypeVar("PayloadT", bound=BaseModel)


def read_as(of: type[PayloadT], value: object, system: str, what: str) -> PayloadT:
    """Read one payload.

    Raises:
        BodyError: It is of another shape.
    """
    try:
        return of.model_validate(value)
    except ValidationError:
        raise BodyError(system, f"{what} has another shape than documented") from None


def written_as(of: type[PayloadT], value: object, system: str, what: str) -> PayloadT:
    """Read what a write gave back.

    Raises:
        AmbiguousWriteError: It cannot be read, so what was written has to be looked for.
    """
    try:
        return of.model_validate(value)
    except ValidationError:
        detail = f"{what} was answered, but not as documented; it is looked for"
        raise AmbiguousWriteError(system, detail) from None


def items_of(value: object, under: str, system: str, what: str) -> list[Any]:
    """Read a list, or the list below a key.

    Raises:
        BodyError: There is none.
    """
    found = value.get(under) if under and isinstance(value, dict) else value
    if isinstance(found, list):
        return found
    raise BodyError(system, f"{what} holds no list")
