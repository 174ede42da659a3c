"""Hold the books of a rehearsed night against the sandbox's oracle, to the nano.

The oracle implements the same rules from their text and shares no code with us, so that an
agreement of both is evidence.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from tasks.core.books import DestinationKind
from tasks.core.night_report import NightReport
from tasks.ledger.ledger import Ledger

#: A figure's name and its value; names may repeat, so they are counted.
Figures = Counter[tuple[str, ...]]
_POSTING = ("kind", "portfolio", "family", "workflow", "pool", "paid_from", "method", "strength")
_BREAK = ("break_class", "issuer", "account", "day", "sku")


def differences(night: NightReport, ledger: Ledger, truth_file: Path) -> list[str]:
    """List every figure in which the books and the oracle disagree.

    Args:
        night: What the flow found.
        ledger: What it booked.
        truth_file: What the oracle says, as JSON.

    Returns:
        One sentence a difference, `books` first; empty if every figure is equal.
    """
    truth: dict[str, Any] = json.loads(truth_file.read_text(encoding="utf-8"))
    pairs: dict[str, tuple[Figures, Figures]] = {
        "ledger": (
            _ledger(ledger),
            _told(truth["ledger"], ("issuer", "account", "day", *_POSTING)),
        ),
        "break": (_breaks(night), _told(truth["breaks"], (*_BREAK, "count"))),
        "total": (_totals(night), _named(truth["totals"])),
        "coverage": (_coverage(night), _named(truth["coverage"])),
        "completeness": (
            _named({"ppm": night.books.completeness_ppm}),
            _named({"ppm": truth["completeness"]["ppm"]}),
        ),
        "leak": (_leaks(night), _told(truth["leaks"], ("workflow", "pool", "paid_from"))),
    }
    return [
        f"{what} {' '.join(name)}: books {ours.get(name, 0)}, oracle {theirs.get(name, 0)}"
        for what, (ours, theirs) in pairs.items()
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name, 0) != theirs.get(name, 0)
    ]


def _ledger(ledger: Ledger) -> Figures:
    """Read what the ledger holds for all days, without the payable side."""
    found: Figures = Counter()
    for (key, to), nano in ledger.posted(date.min, date.max).items():
        if to.kind is not DestinationKind.PAYABLE and nano:
            about = (key.issuer, key.account, key.day.isoformat())
            found[*about, *(str(getattr(to, name)) for name in _POSTING)] += nano
    return found


def _breaks(night: NightReport) -> Figures:
    return Counter(
        {
            (*(str(getattr(one.item, name)) for name in _BREAK), str(one.item.count)): (
                one.item.amount_nano
            )
            for one in night.breaks
        }
    )


def _coverage(night: NightReport) -> Figures:
    found: Figures = Counter()
    for share in night.books.coverage:
        found["evidenced",] += share.evidenced_nano
        found["inferred",] += share.inferred_nano
        found["none",] += share.unexplained_nano
    return found


def _totals(night: NightReport) -> Figures:
    found: Figures = Counter()
    for name, nano in night.books.totals:
        word = name.partition(":")[0]
        if word in {"billed", "booked", *(kind.value for kind in DestinationKind)}:
            found[word,] += nano
    return found


def _leaks(night: NightReport) -> Figures:
    found: Figures = Counter()
    for leak in night.books.leaks:
        found[leak.workflow, leak.pool, leak.paid_from] += leak.amount_nano
    return found


def _told(rows: Iterable[Mapping[str, Any]], names: tuple[str, ...]) -> Figures:
    found: Figures = Counter()
    for row in rows:
        found[tuple(str(row[name]) for name in names)] += row["amount_nano"]
    return found


def _named(figures: Mapping[str, int]) -> Figures:
    return Counter({(name,): value for name, value in figures.items()})
