"""Credentials bound to their hosts: what a request carries, and nothing that could be shown."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from tasks.core.errors import ConfigError

_FINGERPRINT_HEX = 16


class Exchange(Protocol):
    """How a credential trades itself for a short-lived token, by the client's own rules."""

    def __call__(self, path: str, headers: Mapping[str, str]) -> object:
        """POST an empty object to a path below the base URL; return the parsed answer."""
        ...


class Credential(Protocol):
    """Something that a source asks for.

    Attributes:
        hosts: `host` or `host:port`; it goes nowhere else.
        fingerprint: Names it in the store of waits; tells nothing about it.
    """

    hosts: frozenset[str]
    fingerprint: str

    def headers(self, now: datetime, exchange: Exchange) -> Mapping[str, str]:
        """Give the headers that a request carries at a moment."""
        ...

    def forget(self, used: Mapping[str, str]) -> bool:
        """Drop what was refused with a 401; tell whether another try may help."""
        ...


class FixedCredential:
    """A credential whose headers never change."""

    def __init__(self, headers: Mapping[str, str], secret: str, hosts: Iterable[str]) -> None:
        self._headers = dict(headers)
        self.hosts = bound_hosts(hosts)
        self.fingerprint = fingerprint_of(type(self).__name__, secret)

    def __repr__(self) -> str:
        """Show kind and hosts only."""
        return f"{type(self).__name__}(hosts={sorted(self.hosts)})"

    def headers(self, now: datetime, exchange: Exchange) -> Mapping[str, str]:
        """Give the fixed headers."""
        del now, exchange
        return self._headers

    def forget(self, used: Mapping[str, str]) -> bool:
        """There is no other credential to try."""
        del used
        return False


class Bearer(FixedCredential):
    """`Authorization: Bearer`: OpenAI admin keys, Jira Data Center tokens."""

    def __init__(self, token: str, hosts: Iterable[str]) -> None:
        super().__init__({"authorization": f"Bearer {usable(token)}"}, token, hosts)


class GithubToken(Bearer):
    """A GitHub personal access token, classic or fine-grained."""


class Basic(FixedCredential):
    """HTTP Basic: Jira Cloud (login and token), Cursor (key, no password), Langfuse (two keys)."""

    def __init__(self, user: str, password: str, hosts: Iterable[str]) -> None:
        pair = f"{usable(user)}:{usable(password) if password else ''}"
        encoded = base64.b64encode(pair.encode()).decode("ascii")
        super().__init__({"authorization": f"Basic {encoded}"}, pair, hosts)


class AnthropicKey(FixedCredential):
    """An Anthropic Admin API key, with the version of the API that we read."""

    def __init__(self, key: str, hosts: Iterable[str]) -> None:
        headers = {"x-api-key": usable(key), "anthropic-version": "2023-06-01"}
        super().__init__(headers, key, hosts)


def usable(secret: str) -> str:
    """Return a secret that fits a header.

    Raises:
        ConfigError: It is empty, or holds blanks, control or non-ASCII characters,
            such as the line break at the end of a secrets file.
    """
    if not secret or not all("!" <= character <= "~" for character in secret):
        message = "a secret is empty or holds blanks, line breaks or non-ASCII characters"
        raise ConfigError(message)
    return secret


def bound_hosts(hosts: Iterable[str]) -> frozenset[str]:
    """Normalise the hosts of a credential.

    Raises:
        ConfigError: There are none, or an entry is an address rather than a host.
    """
    names = frozenset(host.strip().lower() for host in hosts)
    if not names or any(not name or "/" in name or "@" in name for name in names):
        message = f"a secret needs hosts as `host` or `host:port`, not {sorted(names)}"
        raise ConfigError(message)
    return names


def fingerprint_of(kind: str, secret: str) -> str:
    """Name a credential without telling it: 16 hex digits of a SHA-256."""
    return hashlib.sha256(f"{kind}\0{secret}".encode()).hexdigest()[:_FINGERPRINT_HEX]
