"""The quality gate for batches of millions of rows, judged by counts of what breaks each rule.

The rules are those of the table's suite, evaluated set-wise by the lake; what they come to for
a batch is the same as in `tasks.checks.run`.
"""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from tasks.core.findings import Finding
from tasks.core.run_rules import ANY, UNIQUE_KEY, RuleCount
from tasks.core.tables import Table

#: Of a hundred failing rows a batch of more than `_FEW` may have this many, and goes on.
_ALLOWED_PERCENT = 5
_FEW = 20


def held_batches(table: Table, source: str, counts: Sequence[RuleCount]) -> dict[date, Finding]:
    """Name the batches that must be held, and why.

    Args:
        table: What the rows are.
        source: Name of the source, for messages.
        counts: One a batch and rule, and one for rows that break any.
    """
    if not counts:
        return {}
    # Importing Great Expectations takes seconds: not before there is something to check.
    from tasks.checks.engine import count_failures  # noqa: PLC0415  # see above

    frame = pd.DataFrame(
        {
            "key": pd.array([one.key for one in counts], dtype="str"),
            "rows": pd.array([one.rows for one in counts], dtype="Int64"),
            "violations": pd.array([one.violations for one in counts], dtype="Int64"),
            "allowed": pd.array([_allowed(one) for one in counts], dtype="Int64"),
        }
    )
    held: dict[date, str] = {}
    for failure in count_failures(frame):
        for at in failure.rows:
            held.setdefault(date.fromisoformat(counts[at].key), _why(counts[at]))
        if failure.fault:
            text = f"check {failure.name} of {failure.field!r} broke: {failure.fault}"
            held |= {date.fromisoformat(one.key): text for one in counts}
    return {
        key: Finding("check_critical", f"{source} {key}", f"{table.name}: {why}", source)
        for key, why in sorted(held.items())
    }


def _allowed(count: RuleCount) -> int:
    """Give how many rows may break a rule before the batch itself is wrong."""
    if count.name == UNIQUE_KEY:
        return 0
    if count.name == ANY and count.rows > _FEW:
        return count.rows * _ALLOWED_PERCENT // 100
    return count.rows


def _why(count: RuleCount) -> str:
    if count.name == UNIQUE_KEY:
        return f"{count.violations} rows share a key ({count.field})"
    return f"{count.violations} of {count.rows} rows fail their checks"
