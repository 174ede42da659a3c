"""One thing that is wrong in the configuration: where it is, and what to do.

What a problem shows is safe: a value that may hold a secret or name a person is
never repeated, only its place is.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from config.private_text import hidden_reason

#: Keys and positions that lead from the root of a file to a value.
Path = tuple[str | int, ...]

_SHOWABLE = re.compile(r"[A-Za-z0-9_.:/*?!\[\]+ -]{1,80}")
_TOKEN_LENGTH = 24  # an unbroken run of letters and digits this long may be a secret


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One problem, in one sentence that says what to do.

    Attributes:
        file: Name of the file, or `environment`.
        line: Counted from 1; 0 where no line can be named.
        key: Key path such as `workflows[2].owner`, or the name of a setting; may be empty.
        message: The sentence, without the place.
    """

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        """Write it as `catalog.yaml:31 workflows[2].owner: ...`."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place} {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


def shown(value: object) -> str:
    """Quote a value for a message, or say that it is not shown."""
    text = str(value)
    if not _SHOWABLE.fullmatch(text) or hidden_reason(text) or _looks_random(text):
        return "(value not shown)"
    return f"`{text}`"


def shown_path(path: Path) -> str:
    """Write a path as `workflows[2].match.stamps[0]`, unsafe keys hidden."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            key = shown(part)
            name = key.strip("`") if key.startswith("`") else "(hidden)"
            text += f".{name}" if text else name
    return text


def suggestion(wrong: str, known: Iterable[str]) -> str:
    """Say what was probably meant, as a sentence with a leading blank; empty if unclear."""
    close = get_close_matches(wrong, sorted(known), n=1, cutoff=0.6)
    return f" Did you mean `{close[0]}`?" if close else ""


def _looks_random(text: str) -> bool:
    runs = re.findall(rf"[A-Za-z0-9]{{{_TOKEN_LENGTH},}}", text)
    return any(re.search(r"\d", run) and re.search(r"[A-Za-z]", run) for run in runs)
