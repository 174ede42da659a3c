"""Shell globs, compiled once: case-sensitive, against the whole value."""

import re
from collections.abc import Callable
from fnmatch import translate
from functools import lru_cache


@lru_cache(maxsize=16_384)
def compiled(glob: str) -> Callable[[str], object]:
    """Compile a glob to a test of whole values."""
    return re.compile(translate(glob)).match
