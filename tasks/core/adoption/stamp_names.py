"""Stamps that runs carry, and which of them are variants of one name."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

#: What people put at the end of a name for the same thing again: `-v2`, `-17`, `-b`.
_VARIANT = re.compile(r"([a-z0-9_.-]*[a-z0-9_])-(?:v?[0-9]{1,6}|[a-z])", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class StampedRuns:
    """Logged runs that carry a stamp.

    Attributes:
        first_day, last_day: UTC days of the first and last start.
    """

    stamp: str
    runs: int
    first_day: date
    last_day: date


def stems_of(stamps: Iterable[str]) -> dict[str, str]:
    """Say by each stamp which name it is a variant of; most are their own.

    `sort-mail-v2` is a variant of `sort-mail` if that is a stamp, too, or if another stamp is a
    variant of the same name.
    """
    names = set(stamps)
    cut = {name: match.group(1) for name in names if (match := _VARIANT.fullmatch(name))}
    shared = Counter(cut.values())
    return {
        name: cut[name] if name in cut and (cut[name] in names or shared[cut[name]] > 1) else name
        for name in names
    }
