"""Turn a record that could not be parsed into a `Reject`: where, how long, why; no text."""

import hashlib
import json
from collections.abc import Callable, Iterable

from pydantic import ValidationError

from tasks.core.batches import RawRow, Reject


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
    text = json.dumps(record, sort_keys=True, ensure_ascii=False, default=str).encode()
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return Reject(
        place=place,
        position=position,
        length=len(text),
        digest=hashlib.sha256(text).hexdigest(),
        field_path=".".join(str(part) for part in fault["loc"]),
        code=fault["type"],
    )
