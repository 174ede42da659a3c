"""Makes text from outside printable, and shortens what is too long for a system."""

import unicodedata
from bisect import bisect_left
from collections.abc import Callable
from typing import TypeVar

from tasks.core.review.ticket_content import Block, Fold, Paragraph, Span, TicketContent

T = TypeVar("T")

#: Takes no room and joins words: no reader takes what it parts for a reference or an address.
JOINER = "\u2060"
_LONGEST_TITLE = 250
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SEPARATORS = frozenset({"Zl", "Zp"})


def one_line(text: str) -> str:
    """Reduce to one printable line: no control, format or direction-changing characters."""
    return " ".join(_printable(text).split())


def span_text(text: str) -> str:
    """Reduce a span to one line, and keep a blank at its ends: it stands beside others."""
    shown = _printable(text)
    line = " ".join(shown.split())
    if not line:
        return " " if shown else ""
    before = " " if shown[0].isspace() else ""
    return before + line + (" " if shown[-1].isspace() else "")


def code_lines(text: str) -> str:
    """Keep lines and indents of code, and nothing else that is not printable."""
    return "".join(
        char for char in text if char in "\t\n" or unicodedata.category(char) not in _UNPRINTABLE
    )


def title_of(content: TicketContent) -> str:
    """Give a title that every system takes."""
    line = one_line(content.title)
    return line if len(line) <= _LONGEST_TITLE else line[: _LONGEST_TITLE - 1] + "…"


def is_web_address(url: str) -> bool:
    """Tell whether a link may be one: http or https, and nothing that ends it early."""
    return url.startswith(("https://", "http://")) and not set(url) & set(" \t\r\n<>()[]|\"'\\`{}")


def fitted(
    blocks: tuple[Block, ...],
    render: Callable[[tuple[Block, ...]], T],
    length: Callable[[T], int],
    longest: int,
) -> T:
    """Render blocks within a limit: what stands below the fold goes first, the last of it first.

    Args:
        blocks: All of them.
        render: Makes the system's form.
        length: Measures that form as the system does.
        longest: The system's limit.
    """
    whole = render(blocks)
    if length(whole) <= longest:
        return whole
    shorter = [blocks]
    while shorter[-1]:
        shorter.append(_less(shorter[-1]))

    def rendered(left_out: int) -> T:
        return render((*shorter[left_out], _notice(left_out)))

    # Every block that is left out shortens, so the first that fits is found by halves.
    fits = bisect_left(
        range(1, len(shorter)), x=True, key=lambda left_out: length(rendered(left_out)) <= longest
    )
    return rendered(min(fits + 1, len(shorter) - 1))


def _less(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Leave out the last block of the last fold; without folds, the last block."""
    for at in range(len(blocks) - 1, -1, -1):
        fold = blocks[at]
        if isinstance(fold, Fold):
            kept = (Fold(fold.title, fold.blocks[:-1]),) if len(fold.blocks) > 1 else ()
            return (*blocks[:at], *kept, *blocks[at + 1 :])
    return blocks[:-1]


def _notice(left_out: int) -> Block:
    text = f"Shortened to what this system takes: {left_out} parts are left out. "
    return Paragraph((Span(text + "The frozen evidence holds all of it."),))


def _printable(text: str) -> str:
    return "".join(
        " " if char in "\t\r\n" or unicodedata.category(char) in _SEPARATORS else char
        for char in text
        if char in "\t\r\n" or unicodedata.category(char) not in _UNPRINTABLE
    )
