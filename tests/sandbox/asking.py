"""How the sandbox's tests ask: a function from URL to (status, headers, decoded body)."""

from collections.abc import Callable
from typing import Any

Answer = tuple[int, dict[str, str], Any]
Ask = Callable[..., Answer]
