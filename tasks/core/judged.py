"""What one look at all workflows found, as pages and CSV take it."""

from dataclasses import dataclass
from datetime import date, datetime

from tasks.core.scorecard import Scorecard
from tasks.core.verdict import Kind, Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with the scorecards that it was read from.

    Attributes:
        golden: Of the family's golden workflow; None without one.
        currency: Of the portfolio, which pool spend is in.
        digest: Of the frozen packet; empty where nothing is recorded.
    """

    verdict: Verdict
    card: Scorecard
    golden: Scorecard | None
    currency: str = "USD"
    digest: str = ""


@dataclass(frozen=True, slots=True)
class TicketRow:
    """Where one ticket stands.

    Attributes:
        name: What its system calls it, such as `PROMO-12`; empty: it is not open yet.
        decide_by: Last day to decide, UTC; None where that is not asked.
        waits: Why it is not open yet, in a few words; empty for one that is.
    """

    workflow: str
    name: str
    decide_by: date | None = None
    waits: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at all workflows that were asked for.

    Attributes:
        as_of: Aware UTC moment that it judges.
        judged: One a workflow, in the order of the candidate list.
        tickets: That are open or wait.
        asks_for: Workflows that newly ask for a ticket.
        is_writing: Tickets are opened; else they would be.
    """

    as_of: datetime
    judged: tuple[Judged, ...]
    tickets: tuple[TicketRow, ...] = ()
    asks_for: tuple[str, ...] = ()
    is_writing: bool = False

    def of(self, *kinds: Kind) -> tuple[Judged, ...]:
        """Give those of some verdicts, in order."""
        return tuple(one for one in self.judged if one.verdict.kind in kinds)

    def ready(self) -> tuple[Judged, ...]:
        """Give those that only lack the proof."""
        return tuple(one for one in self.judged if one.verdict.is_review_ready)
