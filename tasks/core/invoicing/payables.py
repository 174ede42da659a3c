"""Vendors of agents that are paid but not connected: what accounts payable tells beyond bills.

What was paid is not held against what is owed: an extract knows no billing period.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tasks.core.days import billing_period
from tasks.core.findings import Finding
from tasks.core.money import NANO

#: Payees as accounts payable may spell them (globs, lower case), and the issuer each stands for.
AGENT_VENDORS: tuple[tuple[str, str], ...] = (
    ("anthropic", "anthropic"),
    ("anthropic[ ,.]*", "anthropic"),
    ("claude.ai*", "anthropic"),
    ("openai", "openai"),
    ("openai[ ,.]*", "openai"),
    ("anysphere*", "cursor"),
    ("cursor", "cursor"),
    ("cursor ai*", "cursor"),
    ("cursor.com*", "cursor"),
    ("cognition ai*", "devin"),
    ("cognition labs*", "devin"),
    ("devin.ai*", "devin"),
    ("github", "github"),
    ("github[ ,.]*", "github"),
    ("replit", "replit"),
    ("replit[ ,.]*", "replit"),
    ("codeium*", "windsurf"),
    ("exafunction*", "windsurf"),
    ("windsurf", "windsurf"),
    ("windsurf editor*", "windsurf"),
    ("sourcegraph*", "sourcegraph"),
    ("tabnine*", "tabnine"),
    ("jetbrains*", "jetbrains"),
    ("augment code*", "augment"),
    ("augment computing*", "augment"),
    ("openrouter*", "openrouter"),
    ("berriai*", "litellm"),
    ("litellm*", "litellm"),
    ("mistral ai*", "mistral"),
    ("x.ai*", "xai"),
    ("xai corp*", "xai"),
    ("factory ai*", "factory"),
    ("warp dev*", "warp"),
    ("supermaven*", "supermaven"),
    ("poolside*", "poolside"),
    ("qodo*", "qodo"),
    ("coderabbit*", "coderabbit"),
    ("lovable labs*", "lovable"),
)

#: A conformed row of `payables`.
PayableRow = Mapping[str, Any]


def unconnected_vendors(
    rows: Iterable[PayableRow], connected: Collection[str]
) -> tuple[Finding, ...]:
    """Name the issuers that were paid although no source reports what they bill.

    Args:
        rows: Payments of enabled sources.
        connected: Issuers that an enabled source reports, and those of signed seats and credits.
    """
    paid: dict[str, dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        if row["issuer"] not in connected:
            month = billing_period(row["day"])
            paid[row["issuer"]][month, row["currency"]] += row["amount_nano"]
    return tuple(
        Finding("vendor_unconnected", issuer, _told(sums)) for issuer, sums in sorted(paid.items())
    )


def _told(sums: Mapping[tuple[str, str], int]) -> str:
    parts = [
        f"{currency} {_amount(nano)} in {month}" for (month, currency), nano in sorted(sums.items())
    ]
    return f"paid {', '.join(parts)}, but no enabled source reports what it bills"


def _amount(nano: int) -> str:
    whole, part = divmod(abs(nano), NANO)
    cents = f"{part:09d}".rstrip("0").ljust(2, "0")
    return f"{'-' if nano < 0 else ''}{whole}.{cents}"
