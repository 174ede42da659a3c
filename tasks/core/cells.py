"""What the lake's set-wise queries take and give: resolutions in, aggregated cells out.

The core resolves each distinct hint value once, in plain Python; the lake joins
the resulting small tables to millions of runs. Amounts are 1e-9 currency units.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tasks.core.books import Strength


class Dimension(StrEnum):
    """The hints of a run that can tell whose it is."""

    STAMP = "stamp"
    ACCOUNT = "account"  # values are resolved per issuer
    API_KEY = "api_key"  # values are resolved per issuer
    BRANCH_PREFIX = "branch_prefix"
    REPO = "repo"
    ACTOR = "actor"
    WORK_ITEM = "work_item"  # a run's `work_item` or `branch_item`


@dataclass(frozen=True, slots=True, order=True)
class Hint:
    """One distinct value that runs carry in one dimension.

    Attributes:
        issuer: Empty but for `account` and `api_key`.
        runs: How many runs carry it, over all logs.
        first_start, last_start: UTC days of the first and last of these runs' starts; told of
            stamps only.
    """

    dimension: Dimension
    issuer: str
    value: str
    runs: int
    first_start: date | None
    last_start: date | None


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """A workflow that a hint value points to; a value may have several.

    Attributes:
        issuer: As in `Hint`.
        rank: Over all dimensions, lower wins: the layer first, then file order in it. Of a run's
            candidates whose workflow has a stage when the run started, the lowest rank wins; equal
            ranks are settled by workflow id.
        rule: Where the catalog says so, e.g. `match.stamps[0]`; kept with the result.
    """

    dimension: Dimension
    issuer: str
    value: str
    workflow: str
    strength: Strength
    rank: int
    rule: str


@dataclass(frozen=True, slots=True, order=True)
class StageSpan:
    """A workflow between two dated entries of its stage, ends included.

    Outside all its spans a workflow claims no run. Spans of a workflow do not overlap.

    Attributes:
        from_day: First UTC day of a run's start.
        to_day: Last UTC day; None while it holds.
        pool: Pool that the stage entitles work to.
    """

    workflow: str
    from_day: date
    to_day: date | None
    pool: str
    family: str
    portfolio: str


@dataclass(frozen=True, slots=True)
class Resolutions:
    """Everything the core resolved for the runs of a window.

    Attributes:
        out_of_scope: (workflow, repository) pairs outside the workflow's scope.
        out_of_scope_pool: Pool of a run that is out of its workflow's scope.
    """

    candidates: tuple[Candidate, ...]
    stages: tuple[StageSpan, ...]
    out_of_scope: tuple[tuple[str, str], ...] = ()
    out_of_scope_pool: str = "exploration"


@dataclass(frozen=True, slots=True)
class TokenSum:
    """Tokens of one kind over the runs of a cell.

    Attributes:
        tokens: Sum over the runs that reported the kind.
        unreported: Runs that did not report it, which is not zero.
    """

    tokens: int
    unreported: int


@dataclass(frozen=True, slots=True)
class RunCell:
    """Runs that share issuer, account, day, model, key and destination.

    Attributes:
        account, tier, context, api_key: None where the log does not say.
        workflow, family, portfolio, pool, rule: Empty for a run that no layer resolves.
        is_out_of_scope: The repository lies outside the workflow's scope; `pool` says so too.
        tokens: In the order of `tasks.core.tables.TOKEN_KINDS`.
        reported_cost_nano: Sum of what the log itself estimated, nano-USD; None if no run did.
    """

    issuer: str
    account: str | None
    day: date
    model: str
    tier: str | None
    context: str | None
    api_key: str | None
    workflow: str
    family: str
    portfolio: str
    pool: str
    strength: Strength
    rule: str
    is_out_of_scope: bool
    runs: int
    tokens: tuple[TokenSum, ...]
    reported_cost_nano: int | None


@dataclass(frozen=True, slots=True)
class UsageCell:
    """Metered quantity of one kind (a token kind or a unit), summed."""

    issuer: str
    account: str
    day: date
    api_key: str | None
    model: str
    sku: str
    tier: str | None
    context: str | None
    kind: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ChargeCell:
    """Billed lines that share everything the books tell apart.

    Attributes:
        quantity: None if any of the lines has none.
        lines: How many billed lines were summed.
    """

    issuer: str
    account: str
    day: date
    billing_period: str
    currency: str
    category: str
    charge_class: str | None
    sku: str
    model: str | None
    kind: str | None
    run_id: str | None
    billed_nano: int
    quantity: int | None
    lines: int


@dataclass(frozen=True, slots=True)
class DecisionCell:
    """Work items whose runs carry one stamp and ended in one decision.

    Attributes:
        decision: The last one that a run of the item was logged with; None without any.
        cost_nano: What the logs say all runs on these items cost, nano-USD.
        uncosted: Items of which a run's cost was not logged; `cost_nano` lacks that run.
    """

    stamp: str
    decision: str | None
    items: int
    cost_nano: int
    uncosted: int = 0
