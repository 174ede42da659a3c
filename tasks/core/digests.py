"""Digests: keyed ones, which nobody can guess back, and order-free ones of many others."""

import hashlib
import hmac
from collections.abc import Callable, Iterable

#: Hex digits kept: 64 bits, far beyond chance collisions among an organisation's branches.
_LENGTH = 16


def keyed_digest(key: str) -> Callable[[str], str]:
    """Make the digest function of one installation.

    Args:
        key: The installation's secret; another key gives unrelated digests.

    Returns:
        A function from any text to 16 hex digits of HMAC-SHA256.
    """
    secret = key.encode()

    def digest(text: str) -> str:
        # Lone surrogates have no bytes: JSON may hold them, and names of files that are no text.
        known = text.encode("utf-8", "backslashreplace")
        return hmac.new(secret, known, hashlib.sha256).hexdigest()[:_LENGTH]

    return digest


def text_digest(text: str) -> str:
    """Digest one text: SHA-256 hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def joined_digest(parts: Iterable[str]) -> str:
    """Digest many digests as a set with repeats: SHA-256 hex, empty for no part."""
    ordered = sorted(parts)
    return hashlib.sha256("\n".join(ordered).encode()).hexdigest() if ordered else ""
