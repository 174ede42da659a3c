"""What the gate says of a workflow: one verdict, and every gate with what it has and needs."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """The verdicts, in the order in which the first that holds wins."""

    BLOCKED = "blocked"
    REGRESSING = "regressing"
    QUALIFIED = "qualified"
    RETIRE = "retire"
    DECISION_DUE = "decision_due"
    NOT_YET = "not_yet"
    HOLDS = "holds"  # golden: nothing to decide
    OUTSIDE = "outside"  # sunset, or without a stage on that day: the gate does not ask


class Status(StrEnum):
    """How a workflow stands at one gate."""

    MET = "met"
    UNMET = "unmet"
    UNKNOWN = "unknown"  # nobody can tell, e.g. no run logs: not a fail
    WAIVED = "waived"
    NOT_ASKED = "not_asked"  # the tier does not ask


class GateName(StrEnum):
    """The gates, in the order they are shown."""

    POLICY = "policy"
    OWNER = "owner"
    CONTROLS = "controls"
    ACTIONS = "actions"
    INCIDENTS = "incidents"
    ITEMS = "items"
    DAYS = "days"
    WEEKS = "weeks"
    REPOSITORIES = "repositories"
    SQUADS = "squads"
    ONE_SQUAD = "one_squad"
    STRATUM = "stratum"
    MIX = "mix"
    COVERAGE = "coverage"
    CANCELLED = "cancelled"
    SUCCESS = "success"
    GOLDEN = "golden"
    COST = "cost"
    TAIL = "tail"
    ESCALATIONS = "escalations"
    REWORK = "rework"


@dataclass(frozen=True, slots=True)
class Projection:
    """When a gate, or all of them, would be passed at the present pace.

    Attributes:
        earliest, latest: UTC days, at the 75 % and the 25 % point of what the rate may be; None:
            not at this rate. The same day twice is only given from 30 items on.
        items: Missing ones at the rate as measured; None: not at this rate.
    """

    items: int | None
    earliest: date | None
    latest: date | None


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate.

    Attributes:
        have, need: For people, short: `46 of 49`, `80 %`; free of text from outside but ids.
        missing: Items that are missing at the measured rate; None where items do not help.
        detail: One sentence; empty if have and need say all.
        slack_ppm: How far a met gate is from its limit, as a part of it; None: not measured.
    """

    name: GateName
    status: Status
    have: str
    need: str
    missing: int | None = None
    projection: Projection | None = None
    detail: str = ""
    slack_ppm: int | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """A success rate with its anytime-valid bounds, in parts per million.

    Attributes:
        successes, items: As judged: an unknown item is no success, unless the tier leaves it out.
        lower: One-sided, at the alpha that was used, with unknown items as failures.
        upper: One-sided, with unknown items as successes: what is unknown proves nothing bad.
        worst, best: Rates where unknown items count all as failures, and all as successes.
    """

    successes: int
    items: int
    rate: int
    lower: int
    upper: int
    worst: int
    best: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of one workflow in one epoch.

    Attributes:
        sentence: One sentence with the figures that decide.
        weakest: The gate that a reviewer should look at first; empty if all are clear.
        alpha_ppm: Chance of a wrong promotion that was spent, shared within the family.
        is_review_ready: Counts, coverage and controls met, no harm, proof pending.
        opens_ticket: Policy asks for a review ticket at this verdict.
        log_e: ln of the e-value against the floor, in units of 1e-12.
        unknown_to_tag: Items whose tag would settle most: that many unknown ones.
        projection: Of all gates together; None if no items are missing.
    """

    workflow: str
    epoch: str
    kind: Kind
    sentence: str
    gates: tuple[GateResult, ...]
    rate: Rate
    golden: Rate | None
    weakest: str
    alpha_ppm: int
    is_review_ready: bool
    opens_ticket: bool
    log_e: int
    unknown_to_tag: int
    projection: Projection | None
