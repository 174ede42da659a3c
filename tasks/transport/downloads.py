"""Reads files behind signed links: one JSON value a line (NDJSON), from declared origins only.

Such a link is its own secret, so no credential goes along; size, ratio and depth are
capped as for any other answer.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from tasks.transport.bodies import UnusableBodyError
from tasks.transport.client import Client
from tasks.transport.json_text import parse_json


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file.

    Attributes:
        number: Zero-based, empty lines counted.
        length: Bytes, without the line's end.
        digest: SHA-256 hex of the line.
        value: What it says; None where it cannot be read.
        is_readable: Whether it is one JSON value.
    """

    number: int
    length: int
    digest: str
    value: object
    is_readable: bool = True

    def __repr__(self) -> str:
        """Tell nothing of the content, which may be about people."""
        return f"Line({self.number}, {self.length} bytes)"


def signed_lines(client: Client, url: str) -> Iterator[Line]:
    """Download a signed link and read its lines; one that is not JSON does not stop the others.

    Raises:
        StatusError: The link is refused: signed links expire within minutes or hours.
        OriginError: It leads to an undeclared origin, or is redirected.
        BodyError: The file is larger than the caps allow.
    """
    file = client.get_signed(url)
    for number, text in enumerate(file.splitlines()):
        if not text.strip():
            continue
        digest = hashlib.sha256(text).hexdigest()
        try:
            value = parse_json(text, client.caps.depth)
        except UnusableBodyError:
            yield Line(number, len(text), digest, None, is_readable=False)
        else:
            yield Line(number, len(text), digest, value)
