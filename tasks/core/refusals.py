"""Turn a record that could not be parsed into a `Reject`: where, how long, why; no text."""

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from pydantic import ValidationError

from tasks.core.batches import RawRow, Reject

#: So many bad lines are not a file with bad lines, but some other file.
MOST_REJECTS = 100_000
# A few bad lines may be all that a new file holds.
_FEW_REJECTS = 5
_SURROGATE_LENGTH = 12
#: What a field should have been, by how pydantic's codes begin.
_KINDS = {
    "model": "object",
    "dict": "object",
    "list": "list",
    "tuple": "list",
    "string": "text",
    "int": "whole number",
    "float": "number",
    "decimal": "number",
    "bool": "yes or no",
    "date": "day",
    "datetime": "moment",
}


def place_of(path: Path, keyed_digest: Callable[[str], str]) -> str:
    """Name a file by a surrogate: a path may hold a person's name."""
    return f"file {keyed_digest(path.as_posix())[:_SURROGATE_LENGTH]}"


def is_mostly_bad(bad: int, good: int) -> bool:
    """Say whether a file is some other file: taken as it is, it would empty every day it held."""
    return bad >= _FEW_REJECTS and bad > good


def parse_each(
    records: Iterable[object], parse: Callable[[object], RawRow], place: str
) -> tuple[list[RawRow], list[Reject]]:
    """Parse records one by one; a malformed one is refused and the others go on.

    Args:
        records: JSON values as decoded.
        parse: Raises `pydantic.ValidationError` for a record that cannot be used.
        place: Where they came from, without names of people.
    """
    rows: list[RawRow] = []
    rejects: list[Reject] = []
    for position, record in enumerate(records):
        try:
            rows.append(parse(record))
        except ValidationError as error:
            rejects.append(refused(record, error, place, position))
    return rows, rejects


def refused(record: object, error: ValidationError, place: str, position: int) -> Reject:
    """Describe a refused record by its first fault."""
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field_path = ".".join(str(part) for part in fault["loc"])
    return refused_as(record, place, position, field_path, fault["type"])


def fault_words(code: str) -> str:
    """Say what is wrong with a field: `is missing`, `is no list`; the code where words lack."""
    if code == "missing":
        return "is missing"
    kind, _, rest = code.partition("_")
    if kind == "unreadable":
        return f"is refused by the source ({rest})"
    if kind in _KINDS and rest in {"type", "parsing", "attributes_type"}:
        return f"is no {_KINDS[kind]}"
    return f"is refused as {code}"


def refused_as(record: object, place: str, position: int, field_path: str, code: str) -> Reject:
    """Describe a record that can be read, and still cannot count."""
    plain = json.dumps(record, sort_keys=True, ensure_ascii=False, default=str)
    text = plain.encode("utf-8", "backslashreplace")  # lone surrogates have no bytes
    return Reject(
        place=place,
        position=position,
        length=len(text),
        digest=hashlib.sha256(text).hexdigest(),
        field_path=field_path,
        code=code,
    )
