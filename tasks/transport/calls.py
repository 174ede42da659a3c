"""What is asked and what comes back, as plain values."""

import json as json_lib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import httpx

from tasks.transport.endpoints import endpoint_of

Param: TypeAlias = str | int | bool | Sequence[str | int]
Params: TypeAlias = Mapping[str, Param]


@dataclass(frozen=True, slots=True)
class Response:
    """A usable answer.

    Attributes:
        headers: Names in lower case.
        json: Parsed body; None for an empty one, a 304, an accepted error status and a file.
        url: Address that answered, after redirects. It holds the query: never log it.
        file: The body as it came, of a signed link only.
    """

    status: int
    headers: Mapping[str, str]
    json: object
    url: str
    file: bytes = b""


@dataclass(frozen=True, slots=True)
class Call:
    """One logical request, through all its tries and redirects.

    Attributes:
        headers: The caller's own, sent to the base origin only.
        accept: Statuses that are an answer rather than an error.
        is_bare: A signed link to a file: no credential and no default headers go along, no
            redirect is followed, and the body is not taken for JSON.
        is_exchange: It fetches a token for the credential, so that does not go along.
    """

    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    content: bytes | None = None
    accept: Collection[int] = ()
    is_bare: bool = False
    is_exchange: bool = False

    @property
    def endpoint(self) -> str:
        """Method and path template, for messages and logs."""
        return endpoint_of(self.method, self.url.raw_path.decode("ascii"))


def with_params(url: httpx.URL, params: Params | None) -> httpx.URL:
    """Add a query; sequences repeat their key, booleans are `true` and `false`."""
    return url.copy_merge_params(params) if params else url


def json_body(value: object) -> bytes:
    """Write a request body."""
    return json_lib.dumps(value, separators=(",", ":"), allow_nan=False).encode()
