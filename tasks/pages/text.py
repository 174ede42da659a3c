"""Escape untrusted text for the place it is shown in, and print amounts for people.

Branch names, labels and vendor strings come from outside: here they become inert
in markdown, and cannot move a terminal's cursor. Markup of our own is never escaped.
"""

import re
import unicodedata
from collections.abc import Sequence

from tasks.core.amount_text import amount_text
from tasks.core.money import split_exact

#: Everything that markdown, or the HTML inside it, could take for markup.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>&\"'@:$=^/])")
#: Where readers of GitHub's dialect would find an address, whatever is escaped.
_ADDRESS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)(?=\w)", re.IGNORECASE)
#: Takes no room and joins words: no reader takes what it parts for an address.
_JOINER = "\u2060"
#: Longest name shown in a cell; what is cut shows it.
_LONGEST_NAME = 120
#: Longest sentence of ours that may hold such names.
LONGEST_SENTENCE = 500

_PPM_PER_PERCENT = 10_000


def plain(text: str, longest: int = _LONGEST_NAME) -> str:
    """Reduce to one printable line: no control, format or direction-changing characters."""
    shown = "".join(
        " " if unicodedata.category(char) in {"Zl", "Zp"} or char in "\t\r\n" else char
        for char in text
        if char in "\t\r\n" or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )
    shown = " ".join(shown.split())
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def markdown(text: str, longest: int = _LONGEST_NAME) -> str:
    """Escape for a markdown cell or sentence: all that could be markup gets a backslash.

    Not an entity: one of the two UIs of Prefect shows entities as they are written.
    """
    return _MARKDOWN.sub(r"\\\1", _ADDRESS.sub(_JOINER, plain(text, longest)))


def amount(nano: int, currency: str = "USD") -> str:
    """Print 1e-9 currency units for people: cents, or as many digits as a small amount needs.

    Rounding is half-even and for reading only; the exact amount is in the ledger.
    """
    return amount_text(nano, plain(currency))


def shares(parts: Sequence[int]) -> list[str]:
    """Print parts of a whole as whole percent that sum to 100; none of nothing."""
    return [f"{percent} %" for percent in split_exact(100, parts)] if sum(parts) > 0 else []


def share(ppm: int) -> str:
    """Print parts per million as whole percent, never rounding an incomplete share to 100 %."""
    percent = ppm // _PPM_PER_PERCENT
    return f"{percent} %"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, right: frozenset[int]) -> str:
    """Lay out a markdown table from cells that are escaped already.

    Args:
        head: Column titles.
        rows: One tuple of cells per row, as long as `head`.
        right: Indices of the columns that hold figures.
    """
    rule = ("---:" if index in right else "---" for index in range(len(head)))
    lines = [head, tuple(rule), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def numbered(lines: Sequence[str]) -> list[str]:
    """Number paragraphs of markdown.

    Not as a list: one of the two UIs of Prefect cuts numbers of two digits off.
    """
    return "\n\n".join(f"{at}\\. {line}" for at, line in enumerate(lines, 1)).split("\n")
