"""Which days of a bill in files must stay as they were read: what is gone, and what is closed.

A file is not asked again: where it was taken away, what it said of a day still holds. And
what it bills for a closed period is settled; the issuer's corrections come with a later one.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from tasks.core.batches import Batch, RawRow
from tasks.core.findings import Finding

#: Raw fields that the rules look at: the billing period, and the account that was billed.
_PERIOD = "period"
_ACCOUNT = "account"


def days_to_keep(
    batches: Iterable[Batch],
    known: Mapping[date, Sequence[RawRow]],
    closed: Collection[str],
    source: str,
    *,
    takes_losses: bool = False,
) -> tuple[set[date], tuple[Finding, ...]]:
    """Find the days whose new content must not replace what is known, and say why.

    Args:
        batches: As read now; rows have a `period` (`YYYY-MM`) and an `account`.
        known: Rows of the newest complete snapshot, by day.
        closed: Closed billing periods.
        source: Name of the source.
        takes_losses: Somebody has said that accounts went on purpose.
    """
    settled: dict[date, set[str]] = {}
    lost: dict[date, set[str]] = {}
    for batch in batches:
        before = known.get(batch.key, ())
        differs = _differing_periods(batch.rows, before) & set(closed)
        gone = _accounts(before) - _accounts(batch.rows) - {one.account for one in batch.rejects}
        if differs:
            settled[batch.key] = differs
        elif gone and not takes_losses:
            lost[batch.key] = gone
    findings = []
    for period in sorted(set().union(*settled.values())):
        days = [day for day, periods in settled.items() if period in periods]
        detail = (
            f"files differ on {_between(days)} from what is known of {period}, which is closed; "
            "what is known stays"
        )
        findings.append(Finding("period_closed", period, detail, source))
    if lost:
        accounts = len(set().union(*lost.values()))
        detail = (
            f"files no longer hold {accounts} of the accounts that they billed on "
            f"{_between(list(lost))}; what was read before stays"
        )
        findings.append(Finding("bill_lost", source, detail, source))
    return settled.keys() | lost.keys(), tuple(findings)


def _differing_periods(now: Sequence[RawRow], before: Sequence[RawRow]) -> set[str]:
    """Name the periods of which the rows of one day say something else than before."""
    texts, others = _texts(now), _texts(before)
    return {period for period, _ in (texts - others) + (others - texts)}


def _texts(rows: Iterable[RawRow]) -> Counter[tuple[str, str]]:
    return Counter((str(row[_PERIOD]), json.dumps(row, sort_keys=True)) for row in rows)


def _accounts(rows: Iterable[RawRow]) -> set[str]:
    return {str(row[_ACCOUNT]) for row in rows}


def _between(days: Sequence[date]) -> str:
    if len(days) == 1:
        return f"{days[0]}"
    return f"{len(days)} days between {min(days)} and {max(days)}"
