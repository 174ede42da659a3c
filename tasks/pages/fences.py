"""Text as a fenced block of markdown, whatever it holds."""

import re
import unicodedata

_BACKTICKS = re.compile(r"`+")


def fenced(text: str, language: str) -> str:
    """Fence text so that nothing in it ends the fence or moves what is shown.

    Control and direction-changing characters are shown as U+FFFD; line feeds and tabs stay.
    """
    shown = "".join(
        char if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cf", "Cs"} else "\ufffd"
        for char in text.replace("\r\n", "\n")
    )
    longest = max((len(run) for run in _BACKTICKS.findall(shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{shown.rstrip(chr(10))}\n{fence}"
