"""GitHub App credentials: a signed claim, traded for an installation token each hour."""

import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tasks.core.errors import ConfigError
from tasks.transport.bodies import UnusableBodyError
from tasks.transport.credentials import Exchange, bound_hosts, fingerprint_of, usable

#: Claims may last ten minutes at most and are dated back for skewed clocks
#: (docs.github.com, "Generating a JSON Web Token for a GitHub App").
_CLAIM_BACK = timedelta(seconds=60)
_CLAIM_AHEAD = timedelta(minutes=9)
#: Tokens last an hour; a new one is fetched this long before the end.
_RENEW_BEFORE = timedelta(minutes=5)


class GithubApp:
    """An installation of a GitHub App; threads share its current token."""

    def __init__(
        self, app_id: str, installation_id: int, private_key_pem: str, hosts: Iterable[str]
    ) -> None:
        self.hosts = bound_hosts(hosts)
        identity = f"{app_id}\0{installation_id}\0{private_key_pem}"
        self.fingerprint = fingerprint_of(type(self).__name__, identity)
        self._app_id = app_id
        self._installation_id = installation_id
        self._key = _load_key(private_key_pem)
        self._lock = threading.Lock()
        self._headers: Mapping[str, str] | None = None
        self._renew_at = datetime.min.replace(tzinfo=UTC)

    def __repr__(self) -> str:
        """Show kind and hosts only."""
        return f"{type(self).__name__}(hosts={sorted(self.hosts)})"

    def headers(self, now: datetime, exchange: Exchange) -> Mapping[str, str]:
        """Give the installation token's header, fetching a token if there is none or it ends.

        Raises:
            UnusableBodyError: The answer holds no token or no readable end.
        """
        with self._lock:
            if self._headers is None or now >= self._renew_at:
                claim = self._claim(now)
                path = f"/app/installations/{self._installation_id}/access_tokens"
                token, expires_at = _read_token(
                    exchange(path, {"authorization": f"Bearer {claim}"})
                )
                self._headers = {"authorization": f"Bearer {token}"}
                self._renew_at = expires_at - _RENEW_BEFORE
            return self._headers

    def forget(self, used: Mapping[str, str]) -> bool:
        """Drop the token that was refused; a fresh one may do."""
        with self._lock:
            if self._headers == used:
                self._headers = None
        return True

    def _claim(self, now: datetime) -> str:
        claims = {"iat": now - _CLAIM_BACK, "exp": now + _CLAIM_AHEAD, "iss": self._app_id}
        return jwt.encode(claims, self._key, algorithm="RS256")


def _load_key(pem: str) -> RSAPrivateKey:
    # Environments often carry the line breaks of a PEM as two characters.
    text = pem.replace("\\n", "\n").strip() + "\n"
    try:
        key = load_pem_private_key(text.encode("ascii"), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        message = "the GitHub App's private key is not an unencrypted RSA key in PEM form"
        raise ConfigError(message)
    return key


def _read_token(answer: object) -> tuple[str, datetime]:
    """Read `token` and `expires_at` of `POST /app/installations/{id}/access_tokens`."""
    fields = answer if isinstance(answer, Mapping) else {}
    try:
        token = usable(fields["token"])
        expires_at = datetime.fromisoformat(fields["expires_at"])
    except (KeyError, TypeError, ValueError, ConfigError):
        message = "the answer to a token request holds no usable token and end"
        raise UnusableBodyError(message) from None
    return token, expires_at if expires_at.tzinfo else expires_at.replace(tzinfo=UTC)
