"""What a night has to say to people, as plain data: pages and run names are made of it."""

from dataclasses import dataclass, field
from datetime import date

from tasks.core.books import Break
from tasks.core.budgeting.pools import Pools
from tasks.core.findings import Finding
from tasks.core.month_end.corrections import Correction
from tasks.core.month_end.dispositions import Decided
from tasks.core.month_end.roll_forward import Roll
from tasks.core.night import Books
from tasks.core.plan import Failure, Plan
from tasks.core.reconciling.break_ids import NO_CURRENCY
from tasks.core.squad_use import SquadTotal
from tasks.core.work.outcomes import Outcomes


@dataclass(frozen=True, slots=True)
class KnownBreak:
    """A break as the books know it: what it is, and since when.

    Attributes:
        first_seen: Business day on which it was first measured.
        is_new: First measured by this night.
        decided: What a role has decided about it; None if nobody has.
        currency: Of its amount; `XXX` where the issuer is not configured.
    """

    item: Break
    first_seen: date
    is_new: bool
    decided: Decided | None = None
    currency: str = NO_CURRENCY

    def is_settled(self) -> bool:
        """Tell whether a disposition holds: then the break asks nobody for anything."""
        return self.decided is not None and self.decided.lapse is None


@dataclass(frozen=True, slots=True)
class NightReport:
    """The outcome of a night.

    Attributes:
        status: `tied`, `partial` or `held`.
        reasons: Why it is not `tied`, one sentence each.
        breaks: In order of absolute amount, largest first.
        causes: Entries booked, by cause.
        notices: What tonight's new data met with when it was typed. Not part of the books:
            data that has not changed is not typed again.
        is_booked: False for a dry run, a past moment, and a night that had nothing new.
        head: Newest head of the ledger's chain; empty if nothing was ever booked.
        outcomes: What became of the work, as known by the night's moment. Not part of the books.
        roll_forward: How the breaks that stood became those that stand, by class and currency;
            empty for a past moment, before which nothing stood that is known now.
        pools: The budget pools of the month. Not part of the books.
        corrections: Of closed periods, booked elsewhere, tonight's included.
        contract_diff: Contract lines on offer as a unified diff of sources.yaml; empty without
            any, and for a past moment, which changes no file of today.
        squad_use: What squads used, by the vendors' own indication. Not part of the books.
    """

    plan: Plan
    status: str
    reasons: tuple[str, ...]
    books: Books
    breaks: tuple[KnownBreak, ...]
    failures: tuple[Failure, ...]
    notices: tuple[Finding, ...]
    causes: tuple[tuple[str, int], ...]
    is_booked: bool
    is_dry_run: bool
    head: str
    digest: str
    outcomes: Outcomes = field(default_factory=Outcomes)
    roll_forward: tuple[Roll, ...] = ()
    pools: Pools = field(default_factory=Pools)
    corrections: tuple[Correction, ...] = ()
    contract_diff: str = ""
    squad_use: tuple[SquadTotal, ...] = ()

    def coverage_ppm(self) -> int:
        """Give the explained share of gross usage charges, parts per million.

        Of several currencies the one with most money speaks; they are never added.
        """
        shares = sorted(self.books.coverage, key=lambda share: share.gross_nano())
        if not shares or not shares[-1].gross_nano():
            return 0
        largest = shares[-1]
        explained = largest.evidenced_nano + largest.inferred_nano
        return 1_000_000 * explained // largest.gross_nano()

    def new_breaks(self) -> int:
        """Count the breaks that this night measured first."""
        return sum(one.is_new for one in self.breaks)

    def finding_codes(self) -> list[str]:
        """List the codes of all findings, each once, sorted."""
        return sorted({finding.code for finding in (*self.books.findings, *self.notices)})

    def findings_of(self, code: str) -> list[Finding]:
        """Pick the findings of one code, sorted, each once."""
        found = {one for one in (*self.books.findings, *self.notices) if one.code == code}
        return sorted(found)
