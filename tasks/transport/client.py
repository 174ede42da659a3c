"""The client of one source: requests that only read; waits, retries and refusals go by rule."""

import random
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

import httpx

from tasks.core.errors import ConfigError, SourceUnavailableError, WaitUntilError
from tasks.transport.bodies import Caps, UnusableBodyError
from tasks.transport.calls import Call, Params, Response, json_body, with_params
from tasks.transport.clock import Clock
from tasks.transport.credentials import Credential
from tasks.transport.errors import BodyError, OriginError, StatusError
from tasks.transport.limits import PACES, Permanent, Proceed, Retry, Vendor, WaitUntil
from tasks.transport.origins import Origins
from tasks.transport.pacing import Buckets, Pace
from tasks.transport.patience import Patience
from tasks.transport.sender import Sender, Sent
from tasks.transport.verdicts import Judgement, judge
from tasks.transport.waits import Waits, WaitStore
from tasks.transport.wire import PassingError, UntrustedError, Wire

__all__ = ["Client", "Response"]

#: A POST that reads carries a query; a file or a batch of records would be a write.
_LARGEST_QUESTION = 64 * 1024

_jitter = random.SystemRandom().random


class Client:
    """Reads from one source; thread safe, to be shared by its streams.

    Args:
        source: Name in `sources.yaml`, for messages.
        base_url: Where paths start; may hold a path of its own.
        waits: Where learnt waits outlive this process.
        clock: Time for pacing and waiting.
        deadline: Aware UTC; no wait ends and no request starts after it.
        longest_wait: Longer waits are raised rather than slept, so that the caller can
            do other work meanwhile; None to sleep every wait that ends before the deadline.
        vendor: Whose limit rules hold.
        credential: What requests to the base origin carry; None for nothing.
        headers: Sent with every request to the base origin, next pages included.
        link_origins: Further origins that links and redirects may lead to.
        limits: What is too much.
        pace: How fast, alone or together with other clients; None for the vendor's own pace.
        ca_file: A further authority to trust, PEM.
        jitter: Random numbers in [0, 1) for the pauses between tries.

    Raises:
        ConfigError: An address or the credential's hosts do not fit.
    """

    def __init__(
        self,
        source: str,
        base_url: str,
        *,
        waits: WaitStore,
        clock: Clock,
        deadline: datetime,
        longest_wait: timedelta | None = None,
        vendor: Vendor = Vendor.GENERIC,
        credential: Credential | None = None,
        headers: Mapping[str, str] | None = None,
        link_origins: Iterable[str] = (),
        limits: Caps | None = None,
        pace: Pace | Buckets | None = None,
        ca_file: Path | None = None,
        jitter: Callable[[], float] = _jitter,
    ) -> None:
        self.source = source
        self.caps = limits or Caps()
        self._vendor = vendor
        origins = Origins(base_url, link_origins)
        if credential and not origins.is_bound(origins.base_url, credential.hosts):
            message = (
                f"source {source!r}: its secret is bound to {sorted(credential.hosts)}, which lack "
                f"{origins.base.netloc!r} of its base_url; bind the secret to that host"
            )
            raise ConfigError(message)
        buckets = pace if isinstance(pace, Buckets) else Buckets(pace or PACES[vendor])
        self._patience = Patience(
            source, Waits(waits), clock, deadline, longest_wait, buckets, jitter
        )
        self._wire = Wire(self.caps, clock, ca_file)
        self._sender = Sender(
            source,
            origins,
            headers or {},
            credential,
            vendor,
            self._patience,
            self._wire,
            self.caps.redirects,
            self._exchange,
        )

    def __enter__(self) -> Self:
        """Close with the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close every connection."""
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._wire.close()

    @property
    def requests(self) -> int:
        """Requests sent so far; every try, redirect and token exchange counts."""
        return self._sender.requests

    def get(
        self,
        path_or_url: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
    ) -> Response:
        """Read a path below the base URL, or an absolute address of a declared origin.

        Args:
            path_or_url: A next-link may be given as it came.
            params: Query; sequences repeat their key.
            headers: Sent to the base origin only; conditions such as `if-none-match`.
            accept: Error statuses to return (with no json) rather than to raise.

        Raises:
            StatusError: Refused for good, or an error within a 200.
            BodyError: The answer is too large, too deep, oddly encoded or not JSON.
            OriginError: The address, or a redirect, leads to an undeclared origin.
            WaitUntilError: The source wants no request before the deadline.
            SourceUnavailableError: No answer after every try, or no time left.
        """
        url = with_params(self._sender.locate(path_or_url), params)
        return self._perform(Call("GET", url, headers or {}, accept=accept))

    def post_read(
        self,
        path_or_url: str,
        *,
        json: object,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
    ) -> Response:
        """Send a POST that only reads, such as Jira's search or GraphQL; retried like a GET.

        The paths are those of a source's own module; what changes anything outside goes through
        `tasks.transport.writer`.

        Raises:
            BodyError: What is asked is larger than any question.
            GraduandError: As `get`.
        """
        url = with_params(self._sender.locate(path_or_url), params)
        call = Call("POST", url, headers or {}, json_body(json), accept)
        if call.content is not None and len(call.content) > _LARGEST_QUESTION:
            detail = f"{call.endpoint}: a question is larger than {_LARGEST_QUESTION} bytes"
            raise BodyError(self.source, detail)
        return self._perform(call)

    def get_signed(self, url: str) -> bytes:
        """Read the file of a signed link: no credential, no default headers, no redirects.

        Raises:
            GraduandError: As `get`, but for what the file holds.
        """
        return self._perform(Call("GET", self._sender.locate(url), {}, is_bare=True)).file

    def follow(self, current_url: str, link: str) -> str:
        """Resolve a next-link against the address that gave it.

        Raises:
            OriginError: It leads to an undeclared origin, or from https to http.
        """
        return str(self._sender.follow(httpx.URL(current_url), link, "a next-link"))

    def _exchange(self, path: str, headers: Mapping[str, str]) -> object:
        """Trade a credential's claim for a token; asking twice only makes a second one."""
        call = Call("POST", self._sender.locate(path), headers, b"{}", is_exchange=True)
        return self._perform(call).json

    def _perform(self, call: Call) -> Response:
        for attempt in range(self.caps.attempts):
            is_last = attempt + 1 == self.caps.attempts
            try:
                sent, found = self._ask(call, attempt)
            except PassingError as error:
                self._pause(call, attempt, f"{error}")
                continue
            match found.verdict:
                case Proceed(ahead):
                    if ahead is not None:
                        self._patience.learn(sent.turn, ahead.resource, ahead.until)
                    return _response(sent, found.parsed, is_file=call.is_bare)
                case WaitUntil(until, resource):
                    self._patience.learn(sent.turn, resource, until)
                    if is_last:
                        raise WaitUntilError(self.source, until)
                case Retry():
                    self._pause(call, attempt, f"status {sent.raw.status}")
                case Permanent(reason):
                    return self._refused(call, sent, reason, found.code)
        raise AssertionError  # the last attempt returns or raises

    def _ask(self, call: Call, attempt: int) -> tuple[Sent, Judgement]:
        try:
            sent = self._sender.send(call)
            found = judge(
                self._vendor,
                sent.raw,
                sent.turn.resource,
                attempt=attempt,
                now=self._patience.now(),
                max_depth=self.caps.depth,
                is_file=call.is_bare,
            )
        except UnusableBodyError as error:
            raise BodyError(self.source, f"{call.endpoint}: {error}") from None
        except UntrustedError:
            advice = "name its CA in GRADUAND_CA_BUNDLE"
            detail = f"{call.endpoint}: its certificate is not trusted; {advice}"
            raise OriginError(self.source, detail) from None
        return sent, found

    def _pause(self, call: Call, attempt: int, last: str) -> None:
        if attempt + 1 == self.caps.attempts:
            detail = f"{call.endpoint} failed {attempt + 1} times, last by {last}; try again later"
            raise SourceUnavailableError(self.source, detail)
        self._patience.pause(attempt)

    def _refused(self, call: Call, sent: Sent, reason: str, code: str) -> Response:
        status = sent.raw.status
        if status in call.accept:
            return _response(sent, None)
        raise StatusError(
            self.source, status=status, endpoint=call.endpoint, reason=reason, code=code
        )


def _response(sent: Sent, parsed: object, *, is_file: bool = False) -> Response:
    file = sent.raw.body if is_file else b""
    return Response(sent.raw.status, sent.raw.headers, parsed, str(sent.url), file)
