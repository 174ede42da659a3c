"""Decide which web addresses a service may have, for the files and the environment alike."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def address_problem(address: str) -> str | None:
    """Say why an address cannot be a service's base address, without repeating it.

    Returns:
        A clause such as `must start with https://...`; None if the address is fine.
    """
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        port = parts.port
    except ValueError:
        return "must be an address such as https://api.example.com"
    if parts.scheme not in {"http", "https"} or not host or port == 0:
        return "must be an address such as https://api.example.com"
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        return "must hold no user or password; put credentials in GRADUAND_SECRET_..."
    if parts.query or parts.fragment or address.endswith(("?", "#")):
        return "must end with its path: remove `?...` and `#...`"
    if parts.scheme == "http" and not is_loopback(host):
        return "must start with https:// (http:// only reaches this machine: localhost, 127.0.0.1)"
    return None


def is_loopback(host: str) -> bool:
    """Whether a host name or address, without brackets, is this machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
