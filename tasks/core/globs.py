"""Shell globs, compiled once: case-sensitive, against the whole value."""

import re
from collections.abc import Callable
from fnmatch import translate
from functools import lru_cache

_MAGIC = re.compile(r"[*?\[]")


@lru_cache(maxsize=16_384)
def compiled(glob: str) -> Callable[[str], object]:
    """Compile a glob to a test of whole values."""
    return re.compile(translate(glob)).match


def is_exact(glob: str) -> bool:
    """Tell whether a glob can only match its own text."""
    return _MAGIC.search(glob) is None
