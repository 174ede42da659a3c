"""Lines of a change log that cannot be used: decoded strictly, refused without their text."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from pydantic import ValidationError

from tasks.core.batches import Reject
from tasks.core.refusals import refused
from tasks.sources.agent_log.record import salvage_record
from tasks.transport.bodies import UnusableBodyError
from tasks.transport.json_text import parse_json
from tasks.transport.line_files import Line

# A record is three levels deep; more is not one.
_MOST_LEVELS = 32


class BadLineError(ValueError):
    """A line that is no JSON object, or cannot be true.

    Attributes:
        code: How a `Reject` names the fault.
        field_path: Field at fault; empty for the whole line.
    """

    def __init__(self, code: str, field_path: str = "") -> None:
        self.code = code
        self.field_path = field_path
        super().__init__(code)


def decode(line: Line) -> Mapping[str, object]:
    """Decode a line: numbers exact, keys unique, nesting bounded.

    Raises:
        BadLineError: It is too long, no JSON, or no object.
    """
    if line.text is None:
        raise BadLineError("line_too_long")  # noqa: EM101  # the code is the message
    try:
        said = parse_json(line.text, _MOST_LEVELS)
    except UnusableBodyError as error:
        raise BadLineError("bad_json") from error  # noqa: EM101  # as above
    if not isinstance(said, Mapping):
        raise BadLineError("not_an_object")  # noqa: EM101  # as above
    return said


def refuse_line(line: Line, place: str, error: BadLineError) -> Reject:
    """Describe a line that is refused as a whole."""
    return Reject(
        place=place,
        position=line.number,
        length=line.length,
        digest=_digest(line),
        field_path=error.field_path,
        code=error.code,
    )


def refuse_record(
    line: Line, said: object, place: str, error: ValidationError
) -> tuple[datetime | None, Reject]:
    """Describe a record that was refused, and the moment it names, if that can be read."""
    moment, parsed = salvage_record(said)
    reject = replace(
        refused(said, error, place, line.number),
        length=line.length,
        digest=_digest(line),
        parsed=parsed,
    )
    return moment, reject


def _digest(line: Line) -> str:
    return line.digest or hashlib.sha256(line.text or b"").hexdigest()
