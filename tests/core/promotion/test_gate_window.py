"""What scorecards are asked for: stages, golden workflows, caps and thresholds; and spend."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.shapes.base import Stage
from config.shapes.catalog import Workflow
from tasks.core.books import BookKey, Destination, DestinationKind, Method, Snapshot, Strength
from tasks.core.money import MAX_NANO
from tasks.core.promotion.cusum import steps
from tasks.core.promotion.gate_spend import (
    GateSpend,
    completed,
    currency_findings,
    currency_of,
    gate_spend,
    spent_in_exploration,
)
from tasks.core.promotion.gate_window import (
    asked_cards,
    caps_of,
    golden_by_family,
    thresholds_of,
)
from tasks.core.promotion.scorecard import CostTally
from tasks.core.promotion.stages import stage_on
from tasks.core.promotion.terms import DEFAULTS, WHOLE
from tasks.core.work.epochs import epoch_of
from tasks.core.work.missing_runs import missing_runs
from tests.core.factories import catalog, policy

AS_OF = datetime(2026, 11, 20, 6, tzinfo=UTC)
DAY = AS_OF.date()


def staged(*stages: dict[str, str], of: str = "bump") -> dict[str, object]:
    return {"id": of, "stages": list(stages)}


def entry(day: str, stage: str, until: str | None = None) -> dict[str, str]:
    return {"from": day, "stage": stage} | ({"until": until} if until else {})


def workflow(*stages: dict[str, str]) -> Workflow:
    return catalog(staged(*stages)).workflows[0]


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ([entry("2026-12-01", "exploration")], None),
        ([entry("2026-06-01", "exploration")], (Stage.EXPLORATION, date(2026, 6, 1))),
        (
            [entry("2026-06-01", "exploration"), entry("2026-08-01", "golden")],
            (Stage.GOLDEN, date(2026, 8, 1)),
        ),
        ([entry("2026-06-01", "sunset", "2026-11-19")], None),
        # A second entry of the same stage does not set the clock back, unless there was a gap.
        (
            [
                entry("2026-06-01", "provisional", "2026-07-31"),
                entry("2026-08-01", "provisional", "2026-12-31"),
            ],
            (Stage.PROVISIONAL, date(2026, 6, 1)),
        ),
        (
            [
                entry("2026-06-01", "provisional", "2026-07-30"),
                entry("2026-08-01", "provisional", "2026-12-31"),
            ],
            (Stage.PROVISIONAL, date(2026, 8, 1)),
        ),
    ],
)
def test_a_stage_runs_from_its_first_day(
    stages: list[dict[str, str]], expected: tuple[Stage, date] | None
) -> None:
    assert stage_on(workflow(*stages), DAY) == expected


def test_the_workflow_that_was_golden_longest_stands_for_its_family() -> None:
    golden = [
        staged(entry("2026-06-01", "golden"), of="second"),
        staged(entry("2026-05-01", "exploration"), of="tried"),
        staged(
            entry("2026-04-01", "golden"), entry("2026-09-01", "sunset", "2027-01-01"), of="old"
        ),
        staged(entry("2026-05-01", "golden"), of="first"),
        staged(entry("2026-05-01", "golden"), of="same"),
    ]
    assert golden_by_family(catalog(*golden), DAY) == {"upgrades": "first"}


def test_every_workflow_is_asked_for_with_its_tier_s_terms() -> None:
    made = catalog(
        {**staged(entry("2026-06-01", "golden")), "risk_tier": 3},
        {**staged(entry("2026-07-01", "exploration"), of="tried"), "risk_tier": 1},
    )
    epochs = {one.id: epoch_of(one, (), as_of=AS_OF) for one in made.workflows}
    first, second = asked_cards(made, policy(), epochs, AS_OF)
    assert (first.card.stage, first.card.tier, first.golden) == ("golden", 3, "bump")
    assert (second.card.workflow, second.terms.maturation_days) == ("tried", 14)
    assert second.mature_by() == datetime(2026, 11, 6, 6, tzinfo=UTC)
    assert first.watched_from() == datetime(2026, 6, 1, tzinfo=UTC)
    assert second.watched_from() == AS_OF - timedelta(days=42)
    # Tier 3 has a floor of 80 %: a golden workflow is never watched for less.
    assert first.steps(0, 0) == first.steps(5, 10) == steps(0.8)
    assert first.steps(89, 98) == steps(0.9)
    # What is explored has proven nothing, and is held against its own rate; high ones are cut off.
    assert second.steps(9, 9) is None
    assert second.steps(49, 98) == steps(0.5)
    assert second.steps(98, 98) == steps(DEFAULTS[1].floor_ppm / WHOLE + 0.1)


def test_what_is_sunset_is_not_watched() -> None:
    made = catalog(staged(entry("2026-06-01", "sunset", "2027-06-01")))
    epochs = {one.id: epoch_of(one, (), as_of=AS_OF) for one in made.workflows}
    (asked,) = asked_cards(made, policy(), epochs, AS_OF)
    assert asked.watched_from() is None


@given(st.integers(0, 10**13), st.integers(0, 10**6), st.integers(1, 10_000))
def test_a_success_may_cost_the_tier_s_multiple_of_golden_s(
    capped_nano: int, successes: int, median_nano: int
) -> None:
    made = catalog(
        staged(entry("2026-06-01", "golden")),
        staged(entry("2026-07-01", "exploration"), of="tried"),
    )
    epochs = {one.id: epoch_of(one, (), as_of=AS_OF) for one in made.workflows}
    asked = asked_cards(made, policy(), epochs, AS_OF)
    golden = {"bump": CostTally(median_nano=median_nano)}
    caps = caps_of(asked, golden)
    assert caps == {"bump": 5 * median_nano, "tried": 5 * median_nano}
    tally = CostTally(successes=successes, cap_nano=caps["bump"], capped_nano=capped_nano)
    thresholds = thresholds_of(asked, {"bump": tally})
    if not successes:
        assert thresholds == {}
    else:
        exact = Fraction(2 * capped_nano, successes)  # of tier 0
        assert abs(thresholds["tried"] - exact) <= Fraction(1, 2)
        assert "bump" not in thresholds


def test_no_cap_grows_beyond_what_is_kept() -> None:
    made = catalog(staged(entry("2026-06-01", "golden")))
    epochs = {one.id: epoch_of(one, (), as_of=AS_OF) for one in made.workflows}
    asked = asked_cards(made, policy(), epochs, AS_OF)
    assert caps_of(asked, {"bump": CostTally(median_nano=MAX_NANO)}) == {"bump": MAX_NANO}
    assert caps_of(asked, {"bump": CostTally(median_nano=0)}) == {}


def posting(
    nano: int,
    *,
    pool: str = "exploration",
    day: date = DAY,
    currency: str = "USD",
    kind: DestinationKind = DestinationKind.FAMILY,
    method: Method = Method.METERED,
    strength: Strength = Strength.STAMP,
) -> tuple[tuple[BookKey, Destination], int]:
    key = BookKey("anthropic", "main", day, "2026-11", currency)
    to = Destination(kind, "platform", "upgrades", "bump", pool, "", method, strength)
    return (key, to), nano


def test_spend_is_that_of_the_epoch_by_pool_and_evidence() -> None:
    posted = dict(
        [
            posting(600),
            posting(200, strength=Strength.API_KEY),
            posting(100, pool="production", method=Method.DIRECT, strength=Strength.NONE),
            posting(50, method=Method.SEAT),  # owed by contract: no usage
            posting(7_000, day=date(2026, 10, 31)),
            posting(70_000, currency="EUR"),
            posting(900, kind=DestinationKind.PAYABLE),
        ]
    )
    currencies = {"bump": "USD", "idle": "USD"}
    since = dict.fromkeys(currencies, date(2026, 11, 1))
    assert gate_spend(posted, since, currencies) == {
        "bump": GateSpend(850, 100, evidenced_ppm=777_778),  # 700 of 900
        "idle": GateSpend(),
    }
    (finding,) = currency_findings(posted, currencies)
    assert (finding.subject, "EUR" in finding.detail) == ("bump", True)
    assert spent_in_exploration(posted) == {
        "bump": {("USD", DAY): 850, ("USD", date(2026, 10, 31)): 7_000, ("EUR", DAY): 70_000}
    }


def test_a_card_is_completed_by_the_books_and_by_declared_rework() -> None:
    made = catalog(staged(entry("2026-11-01", "exploration")))
    epochs = {one.id: epoch_of(one, (), as_of=AS_OF) for one in made.workflows}
    (asked,) = asked_cards(made, policy(), epochs, AS_OF)
    metrics = [
        {"workflow": "bump", "day": day, "name": "rework_minutes", "value_micro": value, "items": 2}
        for day, value in ((date(2026, 11, 3), 1_500_000), (date(2026, 10, 31), 9_000_000))
    ]
    posted = dict([posting(600)])

    found = completed({"bump": asked.card}, posted, metrics, currency_of(made))["bump"]
    assert (found.rework_minutes, found.rework_items) == (2, 2)  # 1.5, half to even
    assert (found.exploration_nano, found.cost.evidenced_ppm) == (600, 1_000_000)
    untold = completed({"bump": asked.card}, {}, [], currency_of(made))["bump"]
    assert untold == asked.card


def test_runs_are_missing_that_cannot_be_read_or_never_came_but_not_before_the_log_began() -> None:
    def snapshot(day: int, source: str = "log") -> Snapshot:
        key = date(2026, 11, day)
        known = ("sha", "path", 1, 1, "1", "raw")
        return Snapshot(source, "runs", "conformed", "runs", key, *known, True, AS_OF)

    complete = [snapshot(3), snapshot(4), snapshot(6), snapshot(9, "other")]
    absent = {("log", date(2026, 11, day)) for day in (1, 2, 5)} | {("new", date(2026, 11, 5))}
    missing = missing_runs(complete, [complete[0], complete[2], complete[3]], absent)

    assert missing.by_source == {"log": [date(2026, 11, 4), date(2026, 11, 5)]}
    assert missing.days() == {date(2026, 11, 4), date(2026, 11, 5)}
    (finding,) = missing.findings()
    assert (finding.code, finding.subject) == ("runs_missing", "log")
    assert missing_runs(complete, complete, ()).findings() == ()


def test_credits_alone_are_no_evidence() -> None:
    posted = dict([posting(-100)])
    spend = gate_spend(posted, {"bump": date(2026, 11, 1)}, {"bump": "USD"})["bump"]
    assert (spend.exploration_nano, spend.evidenced_ppm) == (-100, None)
