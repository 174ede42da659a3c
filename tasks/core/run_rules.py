"""What must hold of every row of `runs`, as plain data, for checks that look at no single row."""

from dataclasses import dataclass
from typing import Final, Literal

from tasks.core.tables import RUNS, TOKEN_KINDS

WORD = r"^[a-z0-9_.-]{1,64}$"
E_MAIL = r"[^\s@]@[^\s@]+\.[^\s@]"
PURPOSES = ("work", "eval", "shadow", "ci")
#: A log is filed by UTC day, but a run belongs to its issuer's day: a neighbour at most.
LONGEST_SHIFT_DAYS = 1
#: Check whose failure means that the batch, not a row, is wrong.
UNIQUE_KEY: Final = "unique_key"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a row; nulls pass all but `present`.

    Attributes:
        name: Of the check, as rejects name it.
        field: Column it is about; empty for all text.
        regex: Of `pattern`.
        values: Of `known_value`.
    """

    name: Literal[
        "present",
        "unique_key",
        "no_e_mail",
        "day_of_batch",
        "range",
        "pattern",
        "known_value",
        "order",
    ]
    field: str
    regex: str = ""
    values: tuple[str, ...] = ()


#: In the order in which a row's first failure is told.
RUN_RULES: tuple[Rule, ...] = (
    *(Rule("present", column.name) for column in RUNS.columns if not column.is_nullable),
    Rule(UNIQUE_KEY, ",".join(RUNS.key)),
    Rule("no_e_mail", ""),
    Rule("day_of_batch", "day"),
    *(Rule("range", f"{kind}_tokens") for kind in TOKEN_KINDS),
    Rule("range", "reported_cost_nano"),
    *(
        Rule("pattern", column, regex=WORD)
        for column in ("issuer", "stamp", "decision", "epoch", "failure_type")
    ),
    Rule("pattern", "actor", regex=r"^(?:human|bot|agent:[a-z0-9_.-]{1,64})$"),
    Rule("known_value", "purpose", values=PURPOSES),
    Rule("order", "started_at"),
)


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many rows of one batch break one rule.

    Attributes:
        key: Of the batch, ISO 8601.
        name: Of the rule; `any` for rows that break some rule.
        field: Of the rule.
        rows: Of the batch.
        violations: Rows that break the rule.
    """

    key: str
    name: str
    field: str
    rows: int
    violations: int


#: Stands for all rules together in a `RuleCount`.
ANY = "any"
