"""Print on terminals that cannot show every character: none may end a command."""

import codecs
import sys
from io import TextIOWrapper

#: What we print ourselves, for who has no letters but the first 128.
_SIGNS = {"✓": "+", "✗": "x", "·": "-", "…": "..."}
_HANDLER = "graduand.signs"


def print_anywhere() -> None:
    """Let both outputs replace what they cannot show; where they can, nothing changes."""
    codecs.register_error(_HANDLER, _replaced)
    for output in (sys.stdout, sys.stderr):
        if isinstance(output, TextIOWrapper):
            output.reconfigure(errors=_HANDLER)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(_SIGNS.get(char, "?") for char in lost), error.end
