"""Sends a call to where it may go, with what may go there, and follows its redirects."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from tasks.transport.calls import Call
from tasks.transport.credentials import Credential, Exchange
from tasks.transport.endpoints import path_template
from tasks.transport.errors import OriginError
from tasks.transport.limits import Vendor, resource_of
from tasks.transport.origins import ForeignOriginError, Origins, parse_origin
from tasks.transport.patience import Patience, Turn
from tasks.transport.wire import Raw, Wire

log = logging.getLogger(__name__)

_AGENT = "graduand/0.1"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Redirects that keep the method; the others would turn a POST into a GET.
_KEEP_METHOD = frozenset({307, 308})
_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class Sent:
    """An answer, the address that gave it, and whose limits it counted against."""

    raw: Raw
    url: httpx.URL
    turn: Turn


class Sender:
    """One source's requests, each held to its origin's share of headers and secrets."""

    def __init__(
        self,
        source: str,
        origins: Origins,
        headers: Mapping[str, str],
        credential: Credential | None,
        vendor: Vendor,
        patience: Patience,
        wire: Wire,
        max_redirects: int,
        exchange: Exchange,
    ) -> None:
        self._source = source
        self._origins = origins
        self._headers = {name.lower(): value for name, value in headers.items()}
        self._credential = credential
        self._vendor = vendor
        self._patience = patience
        self._wire = wire
        self._max_redirects = max_redirects
        self._exchange = exchange
        self._lock = threading.Lock()
        self.requests = 0

    def locate(self, path_or_url: str) -> httpx.URL:
        """Turn a path or an absolute address into an address to request.

        Raises:
            OriginError: Its origin is not declared.
        """
        try:
            return self._origins.locate(path_or_url)
        except ForeignOriginError as error:
            raise OriginError(self._source, f"an address is not requested: {error}") from None

    def follow(self, current: httpx.URL, target: str, what: str) -> httpx.URL:
        """Resolve a redirect or link against the address that gave it.

        Raises:
            OriginError: It leads to an undeclared origin, or from https to http.
        """
        try:
            return self._origins.follow(current, target)
        except ForeignOriginError as error:
            raise OriginError(self._source, f"{what} is not followed: {error}") from None

    def send(self, call: Call) -> Sent:
        """Send a call and follow its redirects, to declared origins only.

        Raises:
            OriginError: A redirect may not be followed.
            PassingError: And the others of `Wire.send` and `Patience.await_turn`.
        """
        url = call.url
        seen = {url}
        while True:
            sent = self._send_to(url, call)
            if sent.raw.status not in _REDIRECTS:
                return sent
            if call.is_bare or (call.method != "GET" and sent.raw.status not in _KEEP_METHOD):
                detail = f"{call.endpoint} is redirected, which is not followed for such a request"
                raise OriginError(self._source, detail)
            location = sent.raw.headers.get("location", "")
            url = self.follow(url, location, f"{call.endpoint}: a redirect")
            if url in seen or len(seen) > self._max_redirects:
                detail = f"{call.endpoint} is redirected in a circle or too often"
                raise OriginError(self._source, detail)
            seen.add(url)

    def _send_to(self, url: httpx.URL, call: Call) -> Sent:
        """Send one request; renew a refused credential once."""
        turn = self._turn(url, call)
        headers = self._plain_headers(url, call)
        self._patience.await_turn(turn)
        credential = self._credential_for(url, call)
        if credential is None:
            return Sent(self._count_and_send(url, call, headers), url, turn)
        secret = credential.headers(self._patience.now(), self._exchange)
        raw = self._count_and_send(url, call, {**headers, **secret})
        if raw.status == _UNAUTHORIZED and credential.forget(secret):
            secret = credential.headers(self._patience.now(), self._exchange)
            raw = self._count_and_send(url, call, {**headers, **secret})
        return Sent(raw, url, turn)

    def _credential_for(self, url: httpx.URL, call: Call) -> Credential | None:
        credential = self._credential
        if credential is None or call.is_bare or call.is_exchange:
            return None
        return credential if self._origins.is_bound(url, credential.hosts) else None

    def _plain_headers(self, url: httpx.URL, call: Call) -> dict[str, str]:
        headers = {"user-agent": _AGENT, "accept": "application/json"}
        if parse_origin(url) == self._origins.base and not call.is_bare:
            own = {name.lower(): value for name, value in call.headers.items()}
            headers |= self._headers | own
        if call.content:
            headers["content-type"] = "application/json"
        return headers

    def _turn(self, url: httpx.URL, call: Call) -> Turn:
        """An exchange counts for the credential that it serves."""
        credential = self._credential if call.is_exchange else self._credential_for(url, call)
        fingerprint = "anonymous" if credential is None else credential.fingerprint
        template = path_template(url.raw_path.decode("ascii"))
        resource = "app" if call.is_exchange else resource_of(self._vendor, call.method, template)
        return Turn(parse_origin(url).netloc, fingerprint, resource)

    def _count_and_send(self, url: httpx.URL, call: Call, headers: Mapping[str, str]) -> Raw:
        with self._lock:
            self.requests += 1
        raw = self._wire.send(call.method, url, headers, call.content)
        log.debug(
            "source=%s %s status=%d bytes=%d",
            self._source,
            call.endpoint,
            raw.status,
            len(raw.body),
        )
        return raw
