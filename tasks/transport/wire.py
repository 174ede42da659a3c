"""Sends one request over httpx and reads its answer within caps; knows no limits and no secrets."""

import functools
import logging
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from tasks.core.errors import ConfigError
from tasks.transport.bodies import Caps, TruncatedBodyError, read_capped, read_excerpt
from tasks.transport.clock import Clock

_CONNECT_S = 10.0
_READ_S = 60.0
_WRITE_S = 30.0
_POOL_S = 120.0
_MAX_CONNECTIONS = 32
_EXCERPT_BYTES = 16 * 1024
#: These log addresses and header values at INFO and DEBUG.
_CHATTY = ("httpx", "httpcore", "httpcore.connection", "httpcore.http11", "httpcore.proxy")
#: Failures before the first byte of a request leaves.
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class PassingError(Exception):
    """No usable answer came, and another try may bring one; the text names the kind."""


class UnsentError(PassingError):
    """No connection came about, so nothing of the request was sent."""


class UntrustedError(Exception):
    """The server's certificate is not trusted."""


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer as it came.

    Attributes:
        headers: Names in lower case, repeated ones joined by commas.
        body: Whole and decoded for a 2xx; the readable beginning of any other.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Tell whether the status is a 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of successes


class Wire:
    """Pooled connections with verification on, and without cookies, proxies or environment.

    It drives httpx's transport directly: httpx's own client would add cookies,
    default headers and redirects, and log every address.
    """

    def __init__(self, caps: Caps, clock: Clock, ca_file: Path | None = None) -> None:
        self._caps = caps
        self._clock = clock
        self._transport = httpx.HTTPTransport(
            verify=_trust(ca_file),
            trust_env=False,
            limits=httpx.Limits(
                max_connections=_MAX_CONNECTIONS, max_keepalive_connections=_MAX_CONNECTIONS
            ),
        )
        for name in _CHATTY:
            logging.getLogger(name).setLevel(logging.WARNING)

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def send(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], content: bytes | None
    ) -> Raw:
        """Send one request and read its answer.

        Raises:
            PassingError: Timeout or protocol failures, or a cut body.
            UnsentError: No connection came about.
            UntrustedError: The certificate does not verify.
            UnusableBodyError: A success whose body breaks a cap or its encoding.
        """
        timeout = httpx.Timeout(connect=_CONNECT_S, read=_READ_S, write=_WRITE_S, pool=_POOL_S)
        request = httpx.Request(
            method,
            url,
            headers={"accept-encoding": "gzip", **headers},
            content=content,
            extensions={"timeout": timeout.as_dict()},
        )
        try:
            response = self._transport.handle_request(request)
            try:
                return self._read(response)
            finally:
                response.close()
        except TruncatedBodyError as error:
            raise PassingError(str(error)) from None
        except httpx.TransportError as error:
            # `from None`: httpx's texts may quote headers and addresses.
            if _is_untrusted(error):
                raise UntrustedError from None
            unsent = isinstance(error, _UNSENT)
            raise (UnsentError if unsent else PassingError)(type(error).__name__) from None

    def _read(self, response: httpx.Response) -> Raw:
        headers = {name.lower(): value for name, value in response.headers.items()}
        encoding = headers.get("content-encoding", "")
        chunks = _timely(response, self._clock, self._caps.answer_s)
        if response.is_success:
            body = read_capped(chunks, encoding, self._caps)
        else:
            body = read_excerpt(chunks, encoding, _EXCERPT_BYTES)
        return Raw(response.status_code, headers, body)


def _timely(response: httpx.Response, clock: Clock, seconds: float) -> Iterator[bytes]:
    """Pass a body's chunks on while the time for the whole answer lasts.

    Read timeouts alone would let a server drip one byte a minute for ever.
    """
    began_at = clock.now()
    for chunk in response.iter_raw():
        if (clock.now() - began_at).total_seconds() > seconds:
            message = "answer takes too long"
            raise PassingError(message)
        yield chunk


@functools.cache
def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """Trust certifi's and the system's authorities, and one more where a site has its own."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            message = f"GRADUAND_CA_BUNDLE {str(ca_file)!r} cannot be read as PEM certificates"
            raise ConfigError(message) from error
    return context


def _is_untrusted(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
