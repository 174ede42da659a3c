"""One rule per kind of setting: text in, value out, or a sentence that never repeats the text."""

import re
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from config.web_addresses import address_problem

MIN_DIGEST_KEY = 32
HOW_TO_MAKE_A_KEY = (
    "create one with `python -c 'import secrets; print(secrets.token_urlsafe(48))'` and keep it: "
    "digests made with another key do not match."
)


def digest_key(text: str) -> SecretStr:
    """Accept a key for keyed digests."""
    if len(text.strip()) < MIN_DIGEST_KEY:
        message = f"is shorter than {MIN_DIGEST_KEY} characters; {HOW_TO_MAKE_A_KEY}"
        raise ValueError(message)
    return SecretStr(text.strip())


def database_url(text: str) -> SecretStr:
    """Accept the address of a SQLite file or a PostgreSQL database."""
    for plain in ("postgresql://", "postgres://"):
        if text.startswith(plain):
            # SQLAlchemy would look for another driver than the one in the lock.
            text = "postgresql+psycopg://" + text.removeprefix(plain)
    if not re.match(r"sqlite:///[^:]|postgresql\+psycopg://\S", text):
        message = (
            "must be `sqlite:///<file>` or `postgresql://<user>@<host>/<database>`; "
            "a database in memory would forget the books."
        )
        raise ValueError(message)
    return SecretStr(text)


def role_name(text: str) -> str:
    """Accept the name of a PostgreSQL role; it is written into GRANT."""
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", text):
        message = "must be a plain role name: a-z, 0-9 and `_`, at most 63."
        raise ValueError(message)
    return text


def folder(text: str) -> Path:
    """Accept a folder of this machine."""
    if "://" in text or "\0" in text:
        message = "must be a folder of this machine."
        raise ValueError(message)
    return Path(text)


def readable_file(text: str) -> Path:
    """Accept a file of this machine that can be read."""
    path = folder(text)
    if not path.is_file():
        message = "must be a file that exists."
        raise ValueError(message)
    return path


def lake_dir(text: str) -> str:
    """Accept a folder, or the address of an object store without credentials."""
    if "://" not in text:
        return str(folder(text))
    if "@" in text or not re.match(r"[a-z][a-z0-9+.-]*://[^/\s]", text):
        message = (
            "must be a folder or an address such as `s3://bucket/prefix`, without user or "
            "password; give credentials to the store's own client."
        )
        raise ValueError(message)
    return text.rstrip("/")


def whole_minutes(text: str) -> int:
    """Accept minutes up to a day."""
    day = 24 * 60
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= day:
        message = f"must be a whole number of minutes from 1 to {day}."
        raise ValueError(message)
    return int(text)


def instant(text: str) -> datetime:
    """Accept an ISO 8601 instant with its zone; returns aware UTC."""
    message = "must be an instant with its zone, such as 2026-11-20T04:30:00Z."
    try:
        moment = datetime.fromisoformat(text)
        utc = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(message) from error
    if moment.tzinfo is None:
        raise ValueError(message)
    return utc


def address(text: str) -> str:
    """Accept the base address of a service."""
    problem = address_problem(text)
    if problem is not None:
        raise ValueError(problem + ".")
    return text.rstrip("/")


def secret_text(text: str) -> SecretStr:
    """Accept a secret: one printable line, or a PEM block."""
    value = text.strip()
    is_pem = value.startswith("-----BEGIN ")
    if not is_pem and not (value.isascii() and value.isprintable()):
        message = "holds a line break or a character that no header can carry; copy it again."
        raise ValueError(message)
    return SecretStr(value)


def host_list(text: str) -> frozenset[str]:
    """Accept hosts with optional ports, separated by commas."""
    hosts = frozenset(host.strip().lower() for host in text.split(",") if host.strip())
    label = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
    host = rf"(?:{label}(?:\.{label})*|\[[0-9a-f:.]+\])"
    for entry in hosts:
        port = re.fullmatch(rf"{host}(?::([0-9]{{1,5}}))?", entry)
        if port is None or (port[1] is not None and not 1 <= int(port[1]) <= 65535):  # noqa: PLR2004  # the last TCP port
            message = (
                "must list hosts such as `api.github.com` or `localhost:8080`, separated by "
                "commas, without scheme, path or wildcard."
            )
            raise ValueError(message)
    if not hosts:
        message = "lists no host; name the hosts that the secret may be sent to."
        raise ValueError(message)
    return hosts
