"""Two programs written from the same rules agree on every night of the sandbox, to the nano.

The oracle's view of a night becomes cells here, one a record, without any lake or ledger
between: what this compares is the arithmetic alone.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from config.load import Config, load_config
from sandbox.oracle.allocation import Destination as OracleDestination
from sandbox.oracle.nights import Night, run_nights
from sandbox.oracle.seen import Seen, sku_of_charge, sku_of_usage
from sandbox.oracle.truth import truth
from sandbox.organisation import DEFAULT_ACCOUNT, LOG_SOURCE
from sandbox.records import ChargeRow, LogRecord, UsageRow, World
from sandbox.script import NIGHTS
from sandbox.world import make_world
from tasks.core.attribution import resolve
from tasks.core.books import BookKey, BreakClass, DayBasis, Destination
from tasks.core.cells import (
    ChargeCell,
    Dimension,
    Hint,
    Resolutions,
    RunCell,
    StageSpan,
    TokenSum,
    UsageCell,
)
from tasks.core.days import billing_period
from tasks.core.models import canonical_model
from tasks.core.month_end.posting import PAYABLE, difference
from tasks.core.night import Books, IssuerDay, NightInputs
from tasks.core.prices import compile_card, seen_in
from tasks.core.reconciling.breaks import Legs, Quarantine
from tasks.core.reconciling.reconcile import reconcile
from tasks.core.tables import TOKEN_KINDS
from tests.core.factories import run

CONFIG = Path(__file__).parents[2] / "config"

Ledger = dict[tuple[BookKey, Destination], int]


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(CONFIG)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(seed=11, scale=0.3)


@pytest.fixture(scope="module")
def oracle(world: World) -> list[Night]:
    return run_nights(world, NIGHTS)


@pytest.fixture(scope="module")
def books(oracle: list[Night], config: Config) -> list[Books]:
    first: dict[IssuerDay, tuple[ChargeRow, ...]] = {}
    found = []
    for night in oracle:
        for issuer_day, rows in night.seen.charges.items():
            first.setdefault(issuer_day, rows)
        found.append(reconcile(_inputs(night.seen, config, first)))
    return found


@pytest.mark.parametrize("night", range(len(NIGHTS)))
def test_the_books_are_the_same(night: int, oracle: list[Night], books: list[Books]) -> None:
    ours = {
        (key.issuer, key.account, key.day, _spelled(destination)): amount
        for key, lines in books[night].desired.items()
        for destination, amount in lines.items()
    }

    theirs = {
        (*place, destination): amount
        for place, lines in oracle[night].desired.items()
        for destination, amount in lines.items()
    }
    assert len(theirs) > 100
    assert ours == theirs


@pytest.mark.parametrize("night", range(len(NIGHTS)))
def test_the_breaks_are_the_same(night: int, oracle: list[Night], books: list[Books]) -> None:
    def named(item: object) -> tuple[object, ...]:
        columns = ("break_class", "issuer", "account", "day", "sku", "amount_nano", "count")
        return tuple(getattr(item, column) for column in columns)

    ours = {named(item) for item in books[night].breaks}

    theirs = {named(item) for item in oracle[night].breaks}
    assert len({item[0] for item in theirs}) > 8, "most classes occur"
    assert ours == theirs


@pytest.mark.parametrize("night", range(len(NIGHTS)))
def test_totals_coverage_families_and_leaks_are_the_same(
    night: int, world: World, books: list[Books]
) -> None:
    found = books[night]

    told = truth(world, NIGHTS[night])

    (share,) = found.coverage
    totals = dict(found.totals)
    assert told["coverage"] == {
        "evidenced": share.evidenced_nano,
        "inferred": share.inferred_nano,
        "none": share.unexplained_nano,
    }
    assert told["totals"] == {
        name: totals[f"{name}:USD"]
        for name in ("billed", "booked", "family", "ad_hoc", "unattributed", "credit")
    }
    assert told["leaks"] == [
        {
            "workflow": leak.workflow,
            "pool": leak.pool,
            "paid_from": leak.paid_from,
            "amount_nano": leak.amount_nano,
        }
        for leak in sorted(found.leaks, key=lambda leak: leak.workflow)
    ]


def test_the_ledger_is_the_same_after_every_night(oracle: list[Night], books: list[Books]) -> None:
    ledger: Ledger = {}
    previous: dict[IssuerDay, DayBasis] = {}
    for night, found in zip(oracle, books, strict=True):
        now = {day: _basis(night.seen, day) for day in night.seen.charges}
        entries = difference(ledger, found.desired, days=now.keys(), previous=previous, now=now)
        previous |= now
        for entry in entries:
            assert entry.imbalance_nano() == 0
            for posting in entry.postings:
                place = (entry.key, posting.destination)
                ledger[place] = ledger.get(place, 0) + posting.amount_nano

        assert {
            (entry.key.issuer, entry.key.account, entry.key.day, entry.cause.value)
            for entry in entries
        } == {(entry.issuer, entry.account, entry.day, entry.cause) for entry in night.entries}
        assert {
            (key.issuer, key.account, key.day, _spelled(destination)): amount
            for (key, destination), amount in ledger.items()
            if amount and destination != PAYABLE
        } == {
            (*place, destination): amount
            for place, lines in night.ledger.items()
            for destination, amount in lines.items()
        }
        assert difference(ledger, found.desired, days=now.keys(), previous=now, now=now) == []


def _inputs(
    seen: Seen, config: Config, first: dict[IssuerDay, tuple[ChargeRow, ...]]
) -> NightInputs:
    runs = _run_cells(seen, config)
    metered = [cell for rows in seen.usage.values() for row in rows for cell in _usage_cells(row)]
    revised = {day: BreakClass.RESTATED for day, rows in seen.charges.items() if first[day] != rows}
    return NightInputs(
        issuers=config.sources.issuers,
        catalog=config.catalog,
        policy=config.policy,
        card=compile_card(config.sources.issuers, seen_in(runs, metered)),
        runs=runs,
        usage=metered,
        charges=[_charge_cell(row) for rows in seen.charges.values() for row in rows],
        legs=Legs(
            charges=seen.charges.keys(),
            usage=seen.usage.keys(),
            logged_days=seen.days,
            first_late_day=dict.fromkeys(("anthropic", "openai"), seen.first_late_day()),
        ),
        first_charges=[_charge_cell(row) for day in revised for row in first[day]],
        revised=revised,
        duplicates={(LOG_SOURCE, day): count for day, count in seen.duplicates.items()},
        quarantine=[
            Quarantine(LOG_SOURCE, "", day, None)
            for day, count in seen.broken_lines.items()
            for _ in range(count)
        ],
    )


def _run_cells(seen: Seen, config: Config) -> list[RunCell]:
    records = seen.runs
    prefixes = [
        prefix for workflow in config.catalog.workflows for prefix in workflow.match.branch_prefixes
    ]
    hints = [list(_hints(record, prefixes)) for record in records]
    every = [hint for found in hints for hint in found]
    resolutions = resolve(config.catalog, every, seen.item_stamps)
    return [
        _run_cell(record, set(found), resolutions)
        for record, found in zip(records, hints, strict=True)
    ]


def _hints(record: LogRecord, prefixes: list[str]) -> Iterator[Hint]:
    day = _started(record)
    branch = next((one for one in prefixes if (record.branch or "").startswith(one)), None)
    values = {
        Dimension.STAMP: record.process_id,
        Dimension.ACCOUNT: record.account or DEFAULT_ACCOUNT[record.issuer],
        Dimension.BRANCH_PREFIX: branch,
        Dimension.REPO: record.repo,
        Dimension.WORK_ITEM: record.work_item,
    }
    for dimension, value in values.items():
        if value is not None:
            issuer = record.issuer if dimension is Dimension.ACCOUNT else ""
            yield Hint(dimension, issuer, value, 1, day, day)


def _run_cell(record: LogRecord, hints: set[Hint], resolutions: Resolutions) -> RunCell:
    """Pick the strongest candidate with a stage, as the lake's join does."""
    carried = {(hint.dimension, hint.value) for hint in hints}
    matches = [
        (candidate.rank, candidate.strength, span)
        for candidate in resolutions.candidates
        if (candidate.dimension, candidate.value) in carried
        for span in resolutions.stages
        if span.workflow == candidate.workflow and _holds(span, _started(record))
    ]
    cell = run(
        "",
        issuer=record.issuer,
        account=record.account or DEFAULT_ACCOUNT[record.issuer],
        day=record.ended_at.date(),
        model=canonical_model(record.model),
        tokens=tuple(TokenSum(record.tokens.get(kind) or 0, 0) for kind in TOKEN_KINDS),
    )
    if not matches:
        return cell
    _, strength, span = min(matches, key=lambda match: match[0])
    is_outside = (span.workflow, record.repo) in resolutions.out_of_scope
    return replace(
        cell,
        workflow=span.workflow,
        strength=strength,
        pool=resolutions.out_of_scope_pool if is_outside else span.pool,
        is_out_of_scope=is_outside,
    )


def _started(record: LogRecord) -> date:
    return (record.started_at or record.ended_at).date()


def _holds(span: StageSpan, day: date) -> bool:
    return span.from_day <= day and (span.to_day is None or day <= span.to_day)


def _usage_cells(row: UsageRow) -> Iterator[UsageCell]:
    counts = {**row.tokens, "web_search_requests": row.web_searches}
    for kind, quantity in counts.items():
        yield UsageCell(
            issuer=row.issuer,
            account=row.account,
            day=row.day,
            api_key=row.api_key,
            model=canonical_model(row.model),
            sku="web_search" if kind == "web_search_requests" else sku_of_usage(row),
            tier=row.tier,
            context=row.context or None,
            kind=kind,
            quantity=quantity,
        )


def _charge_cell(row: ChargeRow) -> ChargeCell:
    return ChargeCell(
        issuer=row.issuer,
        account=row.account,
        day=row.day,
        billing_period=billing_period(row.day),
        currency="USD",
        category=row.category,
        charge_class=None,
        sku=sku_of_charge(row),
        model=canonical_model(row.model) if row.model else None,
        kind=row.kind,
        run_id=None,
        billed_nano=row.amount_nano,
        quantity=row.quantity,
        lines=1,
    )


def _basis(seen: Seen, of: IssuerDay) -> DayBasis:
    """Stand in for digests: only charges and everything else are told apart."""
    rows = str(seen.charges[of])
    other = str((seen.now, seen.usage.get(of)))
    return DayBasis(*of, rows, rows, other, other, "", "", "", "", "", "")


def _spelled(destination: Destination) -> OracleDestination:
    return OracleDestination(
        destination.kind.value,
        destination.portfolio,
        destination.family,
        destination.workflow,
        destination.pool,
        destination.paid_from,
        destination.method.value,
        destination.strength.value,
    )
