"""What gates, verdicts and outcomes are called where people read of them."""

from collections.abc import Sequence

from tasks.core.promotion.verdict import GateName, GateResult, Kind, Projection, Status, Verdict
from tasks.core.work.item_facts import Reason

#: Short enough for a column of a table, and without a comma, to be listed in a sentence.
GATES: dict[GateName, str] = {
    GateName.POLICY: "policy of the tier",
    GateName.OWNER: "owner and rollback",
    GateName.CONTROLS: "required controls",
    GateName.ACTIONS: "overdue actions",
    GateName.INCIDENTS: "incidents caused",
    GateName.ITEMS: "matured items",
    GateName.DAYS: "distinct days",
    GateName.WEEKS: "distinct weeks",
    GateName.REPOSITORIES: "repositories",
    GateName.SQUADS: "squads",
    GateName.ONE_SQUAD: "success for other squads",
    GateName.STRATUM: "largest kind of work",
    GateName.MIX: "mix of work",
    GateName.COVERAGE: "known outcomes",
    GateName.CANCELLED: "cancelled by the business",
    GateName.SUCCESS: "proof of success",
    GateName.GOLDEN: "success beside golden",
    GateName.COST: "cost per success",
    GateName.TAIL: "dear items",
    GateName.ESCALATIONS: "items that asked a human",
    GateName.REWORK: "rework per item",
}

# Names that a sentence holds; the others are counted.
_MOST_NAMED = 3
#: Of fewer matured items a bound on the rate says nothing worth reading.
PROVEN_FROM = 10

#: A verdict as one word or two, at the beginning of a cell.
KINDS: dict[Kind, str] = {
    Kind.BLOCKED: "blocked",
    Kind.REGRESSING: "regressing",
    Kind.QUALIFIED: "qualified",
    Kind.RETIRE: "retire",
    Kind.DECISION_DUE: "decision due",
    Kind.NOT_YET: "not yet",
    Kind.HOLDS: "holds",
    Kind.OUTSIDE: "not asked",
}
#: All but the proof is there.
REVIEW_READY = "ready for review"

#: How a workflow stands at a gate.
STATUSES: dict[Status, str] = {
    Status.MET: "met",
    Status.UNMET: "not met",
    Status.UNKNOWN: "not measured",
    Status.WAIVED: "waived",
    Status.NOT_ASKED: "not asked",
}

#: Why an item counts as it does.
REASONS: dict[Reason, str] = {
    Reason.REVERTED: "reverted",
    Reason.INCIDENT: "named as the cause of an incident",
    Reason.CI_RED: "checks were red at close",
    Reason.REOPENED: "reopened",
    Reason.ABANDONED: "closed without a merge",
    Reason.GAVE_UP: "gave up, by its own log",
    Reason.HANDED_OVER: "another workflow finished it",
    Reason.CANCELLED: "cancelled by the business",
    Reason.UNTYPED_INCIDENT: "linked to an incident, nobody says how",
    Reason.MERGED: "merged",
    Reason.RESOLVED: "resolved",
    Reason.DECIDED: "done, by its own log",
    Reason.TAGGED_SUCCESS: "tagged as success by hand",
    Reason.TAGGED_FAILURE: "tagged as failure by hand",
    Reason.UNTOLD: "closed, and no system says how it went",
    Reason.OPEN: "open",
}


def verdict_words(verdict: Verdict) -> str:
    """Say which verdict it is; one that only lacks the proof is ready for review."""
    return REVIEW_READY if verdict.is_review_ready else KINDS[verdict.kind]


def gate_line(gate: GateResult) -> str:
    """Say how a workflow stands at one gate, in one line."""
    asked = f"{gate.have}, needed {gate.need}" if gate.need else gate.have
    parts = [f"{GATES[gate.name]}: {asked}" if asked else GATES[gate.name], gate.detail]
    return ". ".join(begun(part.rstrip(".")) for part in parts if part) + "."


def projected(projection: Projection) -> str:
    """Say when all gates would be passed at the present pace."""
    if projection.items is None:
        return "Not at this rate."
    missing = f"{projection.items:,} more item{'s' * (projection.items != 1)}"
    if projection.earliest is None:
        return f"{missing}, not within a year at this pace."
    if projection.latest is None:
        return f"{missing}, {projection.earliest} at the earliest."
    if projection.latest == projection.earliest:
        return f"{missing}, on {projection.earliest}."
    return f"{missing}, between {projection.earliest} and {projection.latest}."


def begun(words: str) -> str:
    """Begin a sentence with words that may stand inside one."""
    return words[:1].upper() + words[1:]


def listed(names: Sequence[str]) -> str:
    """Name the first few in a sentence, and count the others."""
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
