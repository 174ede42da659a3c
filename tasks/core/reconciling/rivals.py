"""Logs that see the same spend: one counts, and another that saw more of it is told.

Whose quantities count is declared (`precedence`), per issuer, account and day. Where a log
that only lends hints knows clearly more, the order may be the wrong way round.
"""

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from tasks.core.findings import Finding

#: So much more is no difference of rounding, of a day's edge or of a cache.
CLEARLY = Fraction(105, 100)


class Rival(NamedTuple):
    """What a log that does not count says, on days and accounts where another does.

    Attributes:
        source: The log.
        days: Days on which both tell of runs.
        tokens: Of all kinds, that it logs on these days.
        counted: The same of the logs that count.
    """

    source: str
    issuer: str
    account: str
    days: int
    tokens: int
    counted: int


def rival_findings(rivals: Iterable[Rival]) -> list[Finding]:
    """List the logs that saw more than those that count, one finding a log."""
    found: dict[str, list[Rival]] = defaultdict(list)
    for one in rivals:
        if one.tokens > one.counted * CLEARLY:
            found[one.source].append(one)
    return [
        Finding(
            "log_saw_more",
            source,
            f"logs {sum(one.tokens for one in saw):,} tokens of {_accounts(saw)}, where the logs"
            f" that count there have {sum(one.counted for one in saw):,}",
            source,
        )
        for source, saw in sorted(found.items())
    ]


def _accounts(saw: list[Rival]) -> str:
    days = max(one.days for one in saw)
    many = "1 account" if len(saw) == 1 else f"{len(saw)} accounts"
    return f"{many} on {'a day' if days == 1 else f'up to {days} days'}"
