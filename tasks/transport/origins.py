"""Which origins a client may talk to, and to which of them it may show its credential."""

from collections.abc import Iterable
from dataclasses import dataclass

import httpx

from config.web_addresses import is_loopback
from tasks.core.errors import ConfigError

_DEFAULT_PORTS = {"https": 443, "http": 80}
_INVALID = "it is not a valid address"


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port; the host is lower case and in ASCII."""

    scheme: str
    host: str
    port: int

    @property
    def netloc(self) -> str:
        """Host, with the port unless it is the scheme's own."""
        is_default = _DEFAULT_PORTS[self.scheme] == self.port
        return self.host if is_default else f"{self.host}:{self.port}"


class ForeignOriginError(ValueError):
    """An address leads somewhere it may not; the text says why without naming the address."""


def parse_origin(url: httpx.URL) -> Origin:
    """Read the origin of an absolute address.

    Raises:
        ForeignOriginError: Not http or https, no host, a user in it, or http to
            another machine.
    """
    if url.scheme not in _DEFAULT_PORTS or not url.host:
        message = "it is not an absolute http(s) address"
        raise ForeignOriginError(message)
    if url.userinfo:
        message = "it carries a user name"
        raise ForeignOriginError(message)
    host = url.raw_host.decode("ascii").lower().rstrip(".")
    if url.scheme == "http" and not is_loopback(host.strip("[]")):
        message = "it uses http, which is allowed to this machine only"
        raise ForeignOriginError(message)
    return Origin(url.scheme, host, url.port or _DEFAULT_PORTS[url.scheme])


class Origins:
    """The base origin of a source and the further ones that it declares."""

    def __init__(self, base_url: str, link_origins: Iterable[str] = ()) -> None:
        self.base_url = _declared(base_url, "base_url").copy_with(query=None, fragment=None)
        self.base = parse_origin(self.base_url)
        self._links = frozenset(
            parse_origin(_declared(url, "link_origins")) for url in link_origins
        )

    def locate(self, path_or_url: str) -> httpx.URL:
        """Turn a path below the base URL, or an absolute address, into an address to request.

        Raises:
            ForeignOriginError: As `check`.
        """
        if not path_or_url.startswith("/"):
            return self.check(_parse(path_or_url))
        base_path = self.base_url.raw_path.decode("ascii").rstrip("/")
        try:
            return self.base_url.copy_with(path=f"{base_path}/{path_or_url.lstrip('/')}")
        except httpx.InvalidURL as error:
            raise ForeignOriginError(_INVALID) from error

    def follow(self, current: httpx.URL, target: str) -> httpx.URL:
        """Resolve a redirect or link against the address that named it, and check it.

        Raises:
            ForeignOriginError: As `check`, or a step down from https to http.
        """
        try:
            url = current.join(target)
        except (httpx.InvalidURL, ValueError) as error:
            raise ForeignOriginError(_INVALID) from error
        if current.scheme == "https" and url.scheme != "https":
            message = "it steps down from https"
            raise ForeignOriginError(message)
        return self.check(url)

    def check(self, url: httpx.URL) -> httpx.URL:
        """Return the address if its origin is the base or a declared one.

        Raises:
            ForeignOriginError: Otherwise.
        """
        origin = parse_origin(url)
        if origin != self.base and origin not in self._links:
            message = "its origin is neither the base URL's nor one of `link_origins`"
            raise ForeignOriginError(message)
        return url

    def is_bound(self, url: httpx.URL, hosts: frozenset[str]) -> bool:
        """Tell whether a credential bound to `hosts` may be sent to an address.

        An entry without a port means the base URL's port on the base host and the
        default port elsewhere, so that a neighbour on another port gets nothing.
        """
        origin = parse_origin(url)
        is_named = origin.netloc in hosts or f"{origin.host}:{origin.port}" in hosts
        return is_named or (origin == self.base and origin.host in hosts)


def _parse(text: str) -> httpx.URL:
    try:
        return httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise ForeignOriginError(_INVALID) from error


def _declared(text: str, key: str) -> httpx.URL:
    try:
        url = _parse(text)
        parse_origin(url)
    except ForeignOriginError as error:
        shown = "" if "@" in text else f" {text!r}"  # A password may stand before the @.
        message = f"{key}{shown} cannot be used: {error}"
        raise ConfigError(message) from error
    return url
