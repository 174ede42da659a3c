"""When the gates that wait for more items would be passed at the present pace."""

from tasks.core.case import Case
from tasks.core.verdict import GateResult, Projection


def outlook(
    case: Case,  # noqa: ARG001 - until pace and rate are projected
    gates: tuple[GateResult, ...],
) -> tuple[tuple[GateResult, ...], Projection | None]:
    """Give the gates with their projections, and the one of all together.

    Args:
        case: With the pace of its items.
        gates: As they stand, waived ones marked.
    """
    return gates, None
