"""What is kept of a computed night, so that an unchanged one need not be computed again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from tasks.core.books import DayBasis
from tasks.core.budgeting.pool_days import PendingDay
from tasks.core.claims import LoggedCost, OutcomeCounts
from tasks.core.month_end.corrections import Correction
from tasks.core.night import Books
from tasks.core.plain import from_plain, to_plain
from tasks.core.reconciling.breaks import Quarantine


@dataclass(frozen=True, slots=True)
class KeptNight:
    """A night's result, without the cells it was computed from.

    Only a night that held nothing is kept, and only once it is booked: whoever reads it knows
    that the books already say what it found.

    Attributes:
        files: Path and size in bytes of every conformed file that was read.
        card: The price card, see `PriceCard.to_json`.
        bases: Of every day that could be booked.
        decided: Outcomes by the decisions that logs of the window hold.
        costs: What those logs say each workflow's runs cost.
        pending: What runs cost on days that are not booked.
        corrections: Of closed periods, booked elsewhere.
    """

    files: tuple[tuple[str, int], ...]
    card: str
    quarantine: tuple[Quarantine, ...]
    books: Books
    bases: tuple[DayBasis, ...]
    decided: tuple[OutcomeCounts, ...]
    costs: Mapping[str, LoggedCost]
    pending: tuple[PendingDay, ...]
    corrections: tuple[Correction, ...]


def kept_text(kept: KeptNight) -> str:
    """Write a night down as one line of JSON."""
    return json.dumps(to_plain(kept), separators=(",", ":"))


def read_kept(text: str) -> KeptNight:
    """Read what `kept_text` wrote.

    Raises:
        ValueError: The text is of another shape.
    """
    return from_plain(KeptNight, json.loads(text))
