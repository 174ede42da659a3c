"""The tie-out of an issuer as a table: from what was logged to what was billed, line by line."""

from collections.abc import Sequence

from tasks.core.reconciling.ties import TieOut
from tasks.pages.rounding import in_cents
from tasks.pages.text import amount, table


def tie_table(tie: TieOut) -> str:
    """Lead from what was logged to what was billed; the printed lines add up.

    Where no usage report tells of any of the days, there is nothing to lead from.
    """
    if not _is_compared(tie):
        alone = "**Billed** for usage (no usage report tells of these days)"
        rows = [(alone, amount(tie.billed_nano, tie.currency))]
        return table(("", "Amount"), rows, right=frozenset({1}))

    def named(breaks_of: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        return [(f"　+ {name.replace('_', ' ')}", nano) for name, nano in breaks_of if nano]

    logged = ("**Logged** (where it can be compared)", tie.compared_logged_nano)
    within_logged = ("　+ within tolerance", tie.logged_within_nano)
    elsewhere = tie.metered_nano - tie.compared_metered_nano
    steps = (
        (
            [logged, *named(tie.logged_named), within_logged],
            "**Metered** (where logs can be compared)",
        ),
        ([("　+ where no log can be compared", elsewhere)], "**Metered** (all)"),
        (
            [
                *named(tie.billed_named),
                ("　+ for units that no card prices", tie.units_nano),
                ("　+ on days without usage", tie.unchecked_nano),
                ("　+ within tolerance", tie.billed_within_nano),
            ],
            "**Billed** for usage",
        ),
    )
    rows = []
    exact = shown = 0
    for parts, sum_of in steps:
        # What earlier rounding left goes into the last part, so that sums stay within half a cent.
        amounts = [nano for _, nano in parts]
        exact_before, exact = exact, exact + sum(amounts)
        amounts[-1] += exact_before - shown
        rounded = in_cents(amounts)
        shown += sum(rounded)
        names = [name for name, _ in parts]
        rows += [
            (name, amount(nano, tie.currency))
            for name, nano in zip((*names, sum_of), (*rounded, shown), strict=True)
        ]
    return table(("", "Amount"), rows, right=frozenset({1}))


def _is_compared(tie: TieOut) -> bool:
    named = [nano for _, nano in (*tie.billed_named, *tie.logged_named)]
    within = (tie.billed_within_nano, tie.logged_within_nano, tie.units_nano)
    compared = (tie.metered_nano, tie.compared_metered_nano, tie.compared_logged_nano)
    return any((*named, *within, *compared))
