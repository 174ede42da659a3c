"""Keyed digests: the same secret text gives the same token, and nobody can guess back."""

import hashlib
import hmac
from collections.abc import Callable

#: Hex digits kept: 64 bits, far beyond chance collisions among an organisation's branches.
_LENGTH = 16


def keyed_digest(key: str) -> Callable[[str], str]:
    """Make the digest function of one installation.

    Args:
        key: The installation's secret; another key gives unrelated digests.

    Returns:
        A function from text to 16 hex digits of HMAC-SHA256.
    """
    secret = key.encode()

    def digest(text: str) -> str:
        return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()[:_LENGTH]

    return digest
