"""A night on a real ledger with everything between that is pure: no lake, no Prefect."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from typing import Any

from config.load import digest_of
from config.shapes.catalog import Catalog
from config.shapes.finance import Finance
from config.shapes.policy import Policy
from config.shapes.sources import Sources
from tasks.core.books import BookKey, DayBasis, Destination, Entry, Inputs, Reconciliation
from tasks.core.books import Night as BookedNight
from tasks.core.month_end.posting import difference
from tasks.core.night import Books, IssuerDay, NightInputs
from tasks.core.plan import Plan
from tasks.core.prices import compile_card, seen_in
from tasks.core.reconciling.bases import Made, bases_of
from tasks.core.reconciling.breaks import Quarantine
from tasks.core.reconciling.reconcile import reconcile
from tasks.core.standing import Known, Standing, stand
from tasks.ledger.ledger import Ledger
from tasks.ledger.reads import Booked
from tasks.ledger.snapshots import Which
from tasks.sources.registry import enabled_sources, streams_by_source
from tests.core import factories
from tests.core.machine_world import DAYS, ISSUERS, Pools, World, sources

Posted = dict[tuple[BookKey, Destination], int]


@dataclass(frozen=True)
class Rules:
    """What the organisation has agreed on.

    Attributes:
        beta_account: Account that workflow beta owns.
        gamma_golden_from: Day from which gamma is golden; it was explored before.
        factor: What the contract makes of list prices.
    """

    beta_account: str = "beta-account"
    gamma_golden_from: date | None = None
    factor: str = "1"
    finance: Finance = field(default_factory=Finance)

    def catalog(self) -> Catalog:
        """Write the catalog of these rules."""
        gamma = [{"from": "2026-01-01", "stage": "exploration"}]
        if self.gamma_golden_from:
            gamma.append({"from": self.gamma_golden_from.isoformat(), "stage": "golden"})
        return factories.catalog(
            {
                "id": "alpha",
                "stages": [{"from": "2026-01-01", "stage": "golden"}],
                "match": {"api_keys": ["key-alpha"]},
            },
            {
                "id": "beta",
                "family": "triage",
                "stages": [{"from": "2026-01-01", "stage": "golden"}],
                "match": {"accounts": [self.beta_account]},
            },
            {"id": "gamma", "stages": gamma},
        )

    def policy(self) -> Policy:
        """Give the policy."""
        return factories.policy()

    def sources(self) -> Sources:
        """Write the sources of these rules."""
        return sources(self.factor)

    def pools(self) -> Pools:
        """Give the pool that each workflow's stage entitles to, by day."""
        pools: Pools = {}
        for day in DAYS:
            is_golden = self.gamma_golden_from is not None and day >= self.gamma_golden_from
            pools |= {("alpha", day): "production", ("beta", day): "production"}
            pools["gamma", day] = "production" if is_golden else "exploration"
        return pools


@dataclass(frozen=True)
class Computed:
    """One computation, not booked yet."""

    plan: Plan
    seq: int
    books_at: int
    rules: Rules
    inputs: NightInputs
    standing: Standing
    books: Books
    bases: dict[IssuerDay, DayBasis]
    entries: list[Entry]


def compute(ledger: Ledger, world: World, rules: Rules, closed: dict[str, str]) -> Computed:
    """Compute a night of all days, as `tasks.reconcile` composes it."""
    moment = world.now()
    plan = Plan(DAYS[0], DAYS[-1], moment, is_past=False, orders=())
    books_at, seq = ledger.books_at(), ledger.newest_seq()
    configured = rules.sources()
    standing = stand(
        plan, enabled_sources(configured), streams_by_source(configured), known(ledger, seq)
    )
    inputs = _inputs(ledger, world, rules, closed, standing, seq)
    books = reconcile(inputs)
    made = Made(digest_of(inputs.catalog), digest_of(inputs.policy), inputs.card, {})
    bases = bases_of(
        standing, {issuer: issuer for issuer in ISSUERS}, made, books.terms, books.fx, books.direct
    )
    entries = difference(
        inputs.posted,
        books.desired,
        days=list(bases),
        previous=ledger.last_bases(DAYS[0], DAYS[-1]),
        now=bases,
        closed=closed,
        provisional=standing.provisional,
    )
    return Computed(plan, seq, books_at, rules, inputs, standing, books, bases, entries)


def known(ledger: Ledger, seq: int) -> Known:
    """Read what the ledger knows; every file of the dictionary can be read."""

    def snapshots(layer: str, which: Which, table: str | None = None) -> Sequence[Any]:
        return ledger.snapshots_as_of(seq, layer=layer, which=which, table=table)

    return Known(
        raw=snapshots("raw", Which.NEWEST_COMPLETE),
        complete=snapshots("conformed", Which.NEWEST_COMPLETE),
        first_charges=snapshots("conformed", Which.FIRST_COMPLETE, "charges"),
        unreadable=(),
    )


def _inputs(
    ledger: Ledger, world: World, rules: Rules, closed: dict[str, str], standing: Standing, seq: int
) -> NightInputs:
    runs = world.runs(standing.runs, rules.pools())
    usage = world.usage(standing.usage)
    issuers = rules.sources().issuers
    quarantine = [
        Quarantine(one.reject.issuer, one.reject.account, one.day, one.reject.amount_nano, True)
        for one in ledger.rejects_as_of(seq)
    ]
    return NightInputs(
        issuers=issuers,
        catalog=rules.catalog(),
        policy=rules.policy(),
        card=compile_card(issuers, seen_in(runs, usage)),
        runs=runs,
        usage=usage,
        charges=world.charges(standing.charges),
        legs=standing.legs,
        first_charges=world.charges(standing.first_charges),
        revised=standing.revised,
        expected=standing.expected,
        present=standing.present,
        quarantine=quarantine,
        finance=rules.finance,
        posted=ledger.posted(DAYS[0], DAYS[-1]),
        booked_days=list(ledger.last_bases(DAYS[0], DAYS[-1])),
        bookable=[
            (issuer, day)
            for issuer, day in standing.legs.charges
            if (issuer, day) not in standing.held
        ],
        closed=closed,
    )


def book(ledger: Ledger, computed: Computed) -> Booked:
    """Book a computation, or be told that it is stale."""
    inputs = Inputs(
        window_start=DAYS[0],
        window_end=DAYS[-1],
        snapshot_seq=computed.seq,
        catalog_digest=digest_of(computed.inputs.catalog),
        policy_digest=digest_of(computed.inputs.policy),
        sources_digest=digest_of(computed.rules.sources()),
        finance_digest=digest_of(computed.rules.finance),
        card_digest=computed.inputs.card.digest,
        fx_digest="",
        code_version="1",
    )
    row = Reconciliation(
        inputs=inputs,
        as_of=computed.plan.as_of,
        status="held" if computed.standing.held else "tied",
        totals=computed.books.totals,
        missing=computed.books.missing,
        completeness_ppm=computed.books.completeness_ppm,
        evidenced_nano=0,
        inferred_nano=0,
        unexplained_nano=0,
        digest=computed.books.digest,
    )
    return ledger.book_night(
        BookedNight(row, computed.entries, computed.books.breaks),
        books_at=computed.books_at,
        bases=list(computed.bases.values()),
        recorded_at=computed.plan.as_of,
        held=computed.standing.held,
    )


def shuffled(inputs: NightInputs, seed: int) -> NightInputs:
    """Give the same inputs, come in another order."""
    random = Random(seed)

    def mixed(rows: Iterable[Any]) -> list[Any]:
        known = list(rows)
        return random.sample(known, len(known))

    return replace(
        inputs,
        issuers=mixed(inputs.issuers),
        runs=mixed(inputs.runs),
        usage=mixed(inputs.usage),
        charges=mixed(inputs.charges),
        first_charges=mixed(inputs.first_charges),
        quarantine=mixed(inputs.quarantine),
        booked_days=mixed(inputs.booked_days),
        bookable=mixed(inputs.bookable),
        posted=dict(mixed(inputs.posted.items())),
    )
