"""The set-wise scorecards against a loop over items, the way each figure is told."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tasks.core.errors import LakeError
from tasks.core.money import divide_half_even
from tasks.core.promotion.betting import bet_logs, dearer_logs
from tasks.core.promotion.cusum import LEAST_OUTCOMES, drift, reference_rate, steps
from tasks.core.promotion.gate_window import CardAsking
from tasks.core.promotion.scorecard import STAKES, CostTally, Scorecard, Stratum
from tasks.core.promotion.terms import DEFAULTS, Terms
from tasks.core.work.item_facts import ItemFact, Outcome, Reason
from tasks.lake.engine import Limits
from tasks.lake.item_facts import write_facts
from tasks.lake.scorecards import query_scorecards
from tasks.lake.store import Lake

AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
EPOCH = AS_OF - timedelta(days=200)
STAGE_FROM = date(2026, 9, 1)
#: Few items are required, so that small examples reach past the newest of them.
TERMS = replace(DEFAULTS[1], items=3)
REASONS = {
    Outcome.SUCCESS: (Reason.MERGED, Reason.DECIDED),
    Outcome.FAILURE: (Reason.REVERTED, Reason.ABANDONED),
    Outcome.UNKNOWN: (Reason.UNTOLD, Reason.UNTYPED_INCIDENT),
    Outcome.CANCELLED: (Reason.CANCELLED,),
    Outcome.OPEN: (Reason.OPEN,),
}
WORKFLOWS = ("bump", "docs", "gold")


def asking(workflow: str, terms: Terms = TERMS, golden: str | None = "gold") -> CardAsking:
    card = Scorecard(
        workflow=workflow,
        family="upgrades",
        portfolio="platform",
        tier=terms.tier,
        stage="golden" if workflow == "gold" else "exploration",
        stage_from=STAGE_FROM,
        epoch="first",
        epoch_from=EPOCH,
        as_of=AS_OF,
    )
    return CardAsking(card, terms, golden)


ASKED = [asking(workflow) for workflow in WORKFLOWS]


def fact(
    item: str, workflow: str = "bump", age_days: float | None = 20, **known: object
) -> ItemFact:
    """Make a merged item that closed so many days ago; None: it is open."""
    closed_at = None if age_days is None else AS_OF - timedelta(days=age_days)
    made = ItemFact(
        workflow=workflow,
        item=item,
        first_at=(closed_at or AS_OF) - timedelta(hours=5),
        closed_at=closed_at,
        known_at=closed_at,
        outcome=Outcome.OPEN if closed_at is None else Outcome.SUCCESS,
        reason=Reason.OPEN if closed_at is None else Reason.MERGED,
        repository=None,
        squad=None,
        stratum="s",
        runs=1,
        cost_nano=1_000,
        is_escalated=None,
        review_rounds=None,
        merge_minutes=None,
        incidents=0,
        is_handed_over=False,
    )
    return replace(made, **known)  # type: ignore[arg-type]  # names of its fields


def score(
    facts: Sequence[ItemFact], asked: Sequence[CardAsking] = ASKED, threads: int | None = None
) -> dict[str, Scorecard]:
    with TemporaryDirectory() as place:
        lake = Lake.open(place)
        written = write_facts(lake, "made", facts)
        return query_scorecards(lake.files, written, asked, Limits(threads=threads))


@st.composite
def facts_of(draw: st.DrawFn) -> ItemFact:
    outcome = draw(st.sampled_from(list(Outcome)))
    hours = st.integers(0, 24 * 260)
    first_at = AS_OF - timedelta(hours=draw(hours))
    is_open = outcome is Outcome.OPEN or (outcome is Outcome.FAILURE and draw(st.booleans()))
    closed_at = None if is_open else first_at + (AS_OF - first_at) * draw(st.floats(0, 1))
    known_at = closed_at
    if outcome is Outcome.FAILURE:
        known_at = first_at + (AS_OF - first_at) * draw(st.floats(0, 1))
    return ItemFact(
        workflow=draw(st.sampled_from(WORKFLOWS)),
        item="",
        first_at=first_at,
        closed_at=closed_at,
        known_at=known_at,
        outcome=outcome,
        reason=draw(st.sampled_from(REASONS[outcome])),
        repository=draw(st.sampled_from([None, "acme/a", "acme/b"])),
        squad=draw(st.sampled_from([None, "north", "south"])),
        stratum=draw(st.sampled_from(["x", "y", "z"])),
        runs=draw(st.integers(0, 5)),
        cost_nano=draw(st.none() | st.integers(-5, 10**11)),
        is_escalated=draw(st.none() | st.booleans()),
        review_rounds=draw(st.none() | st.integers(0, 9)),
        merge_minutes=draw(st.none() | st.integers(0, 9_999)),
        incidents=draw(st.integers(0, 2)),
        is_handed_over=draw(st.booleans()),
    )


items = st.lists(facts_of(), max_size=120).map(
    lambda made: [replace(one, item=f"i{number}") for number, one in enumerate(made)]
)


@settings(
    max_examples=30, deadline=None, phases=(Phase.explicit, Phase.generate)
)  # shrinking writes too many files
@given(items)
def test_every_figure_is_what_a_loop_over_the_items_counts(made: list[ItemFact]) -> None:
    gold_costs = Told(made, asking("gold"))
    assert score(made) == {one.card.workflow: Told(made, one).card(gold_costs) for one in ASKED}


@pytest.mark.parametrize("threads", [1, 4])
def test_neither_threads_nor_order_change_a_byte(threads: int) -> None:
    chance = Random(7)
    made = [
        fact(
            f"i{number}",
            chance.choice(WORKFLOWS),
            chance.uniform(0, 190),
            cost_nano=int(chance.lognormvariate(20, 2)),
            outcome=chance.choice([Outcome.SUCCESS, Outcome.FAILURE]),
        )
        for number in range(3_000)
    ]
    in_order = score(made, threads=2)
    chance.shuffle(made)
    assert score(made, threads=threads) == in_order
    assert in_order["bump"].cost.log_sums


def test_the_same_facts_in_any_order_are_the_same_bytes(lake: Lake) -> None:
    made = [fact(f"i{number}", WORKFLOWS[number % 3]) for number in range(50)]
    path = write_facts(lake, "one", made).path
    other = write_facts(lake, "two", reversed(made)).path
    assert lake.files.read(path) == lake.files.read(other) is not None


def test_without_facts_a_card_has_zeros() -> None:
    assert score([]) == {one.card.workflow: one.card for one in ASKED}


def test_items_before_the_epoch_count_nowhere_but_in_the_use() -> None:
    old = fact("old", age_days=10, first_at=EPOCH - timedelta(seconds=1))
    card = score([old])["bump"]
    assert card == replace(asking("bump").card, first_at=old.first_at, last_at=old.first_at)


def test_an_item_counts_from_the_moment_that_it_is_old_enough() -> None:
    days = TERMS.maturation_days
    card = score([fact("a", age_days=days), fact("b", age_days=days - 1 / 86_400)])["bump"]
    assert (card.successes, card.maturing) == (1, 1)


def test_a_failure_of_an_item_that_is_still_open_is_watched_but_does_not_count_yet() -> None:
    failed = [
        fact(
            f"a{number}",
            "gold",
            None,
            outcome=Outcome.FAILURE,
            reason=Reason.INCIDENT,
            known_at=AS_OF - timedelta(days=1),
        )
        for number in range(LEAST_OUTCOMES)
    ]
    card = score(failed)["gold"]
    assert (card.failures, card.open) == (0, LEAST_OUTCOMES)
    of_steps = steps(TERMS.floor_ppm / 1_000_000)
    assert card.drift == drift([False] * LEAST_OUTCOMES, of_steps) > 0
    assert score(failed[1:])["gold"].drift == 0


def test_what_is_explored_is_watched_against_its_own_earlier_items() -> None:
    late = [
        fact(f"n{day}", age_days=day, outcome=Outcome.FAILURE, reason=Reason.ABANDONED)
        for day in range(LEAST_OUTCOMES)
    ]
    early = [fact(f"e{day}", age_days=day) for day in range(50, 50 + LEAST_OUTCOMES)]
    expected = drift([False] * LEAST_OUTCOMES, steps(TERMS.floor_ppm / 1_000_000 + 0.1))
    assert score([*early, *late])["bump"].drift == expected > 0
    assert score([*early[1:], *late])["bump"].drift == 0
    assert score([*early, *late[1:]])["bump"].drift == 0


def test_blamed_items_count_for_ninety_days_or_as_long_as_the_required_items_took() -> None:
    blamed = [fact(f"b{age}", age_days=age, incidents=1) for age in (20, 100, 120)]
    newer = [fact(f"n{age}", age_days=age) for age in (15, 16, 30, 110)]
    # Too few items: all of them are among the newest three. Then the third newest is 20 days old.
    assert score(blamed[1:] + newer[:1])["bump"].incidents == 2
    assert score(blamed + newer)["bump"].incidents == 1
    assert score([*blamed[1:], newer[0]], [asking("bump", DEFAULTS[1])])["bump"].incidents == 2


def test_what_a_success_may_cost_is_golden_s_capped_cost_of_a_success() -> None:
    gold = [fact(f"g{cost}", "gold", cost_nano=cost) for cost in (10, 20, 30, 1_000)]
    gold.append(fact("gf", "gold", cost_nano=20, outcome=Outcome.FAILURE, reason=Reason.ABANDONED))
    cards = score([*gold, fact("a", cost_nano=40), fact("b", cost_nano=101)])
    # The lower median is 20, so the cap is 100; capped 180 for 4 successes, 1.5 times that.
    assert cards["gold"].cost == CostTally(
        items=5,
        total_nano=1_080,
        successes=4,
        cap_nano=100,
        capped_nano=180,
        over_cap=1,
        median_nano=20,
    )
    threshold = 68  # 67.5, half to even
    sums = [bet_logs(cost, True, 100, threshold) for cost in (40, 101)]
    dearer = [dearer_logs(cost, True, 100, threshold) for cost in (40, 101)]
    assert cards["bump"].cost == CostTally(
        items=2,
        total_nano=141,
        successes=2,
        cap_nano=100,
        threshold_nano=threshold,
        capped_nano=140,
        over_cap=1,
        log_sums=tuple(map(sum, zip(*sums, strict=True))),
        dearer_sums=tuple(map(sum, zip(*dearer, strict=True))),
        median_nano=40,
    )


def test_a_family_without_golden_has_nothing_to_hold_costs_against() -> None:
    card = score([fact("a")], [asking("bump", golden=None)])["bump"]
    assert card.cost == CostTally(items=1, total_nano=1_000, successes=1, median_nano=1_000)


def test_facts_of_any_store_are_scored_alike(lake: Lake) -> None:
    chance = Random(3)
    made = [
        fact(f"i{number}", chance.choice(WORKFLOWS), chance.uniform(0, 190), cost_nano=number)
        for number in range(3_000)
    ]
    written = write_facts(lake, "made", made)
    assert query_scorecards(lake.files, written, ASKED, Limits()) == score(made)


def test_where_nothing_is_asked_nothing_is_told() -> None:
    assert score([fact("a")], []) == {}


def test_a_lost_file_is_told_and_never_read_as_nothing(lake: Lake) -> None:
    written = write_facts(lake, "made", [fact("a")])
    lost = replace(written, path=written.path.replace("made", "lost"))
    with pytest.raises(LakeError, match="missing or short"):
        query_scorecards(lake.files, lost, ASKED, Limits())


class Told:
    """The figures of one workflow, item by item."""

    def __init__(self, made: Sequence[ItemFact], asked: CardAsking) -> None:
        self.asked = asked
        self.all = [one for one in made if one.workflow == asked.card.workflow]
        self.mine = [one for one in self.all if one.first_at >= EPOCH]
        mature_by = AS_OF - timedelta(days=asked.terms.maturation_days)
        self.mature = [
            one for one in self.mine if one.closed_at is not None and one.closed_at <= mature_by
        ]
        self.counted = [one for one in self.mature if one.outcome is not Outcome.CANCELLED]
        self.recent_after = mature_by - timedelta(days=42)

    def outcomes(self, outcome: Outcome) -> int:
        return sum(one.outcome is outcome for one in self.counted)

    def card(self, gold: "Told") -> Scorecard:
        days = [one.closed_at.date() for one in self.counted if one.closed_at]
        starts = [one.first_at for one in self.all]
        strata = Counter(one.stratum for one in self.counted)
        squads = Counter(one.squad for one in self.counted if one.squad)
        top = min(squads, key=lambda name: (-squads[name], name), default=None)
        failed = [one for one in self.counted if one.outcome in {"failure", "unknown"}]
        closed = [one for one in self.mine if one.closed_at is not None]
        told = [one.is_escalated for one in self.counted if one.is_escalated is not None]
        return replace(
            self.asked.card,
            successes=self.outcomes(Outcome.SUCCESS),
            failures=self.outcomes(Outcome.FAILURE),
            unknown=self.outcomes(Outcome.UNKNOWN),
            cancelled=len(self.mature) - len(self.counted),
            maturing=sum(
                one.outcome is not Outcome.CANCELLED for one in closed if one not in self.mature
            ),
            open=len(self.mine) - len(closed),
            days=len(set(days)),
            weeks=len({day.isocalendar()[:2] for day in days}),
            repositories=len({one.repository for one in self.counted} - {None}),
            squads=len(squads),
            strata=tuple(
                Stratum(name, count, self.successes(name)) for name, count in sorted(strata.items())
            ),
            top_squad=(0, 0) if top is None else (squads[top], self.successes_of_squad(top)),
            escalated=sum(told),
            escalation_told=len(told),
            incidents=self.incidents(),
            untyped_incidents=sum(one.reason is Reason.UNTYPED_INCIDENT for one in self.counted),
            handed_over=sum(one.is_handed_over for one in self.counted),
            reasons=tuple(sorted(Counter(one.reason.value for one in failed).items())),
            review_rounds=_lower_median(one.review_rounds for one in self.counted),
            merge_minutes=_lower_median(one.merge_minutes for one in self.counted),
            recent=sum(one.closed_at > self.recent_after for one in self.counted if one.closed_at),
            drift=self.drift(),
            first_at=min(starts, default=None),
            last_at=max(starts, default=None),
            cost=self.cost(gold),
        )

    def successes(self, stratum: str) -> int:
        return sum(one.outcome is Outcome.SUCCESS for one in self.counted if one.stratum == stratum)

    def successes_of_squad(self, squad: str) -> int:
        return sum(one.outcome is Outcome.SUCCESS for one in self.counted if one.squad == squad)

    def incidents(self) -> int:
        newest = sorted((one.closed_at for one in self.counted if one.closed_at), reverse=True)
        since = AS_OF - timedelta(days=90)
        required = self.asked.terms.items
        since = min(since, newest[required - 1] if len(newest) >= required else EPOCH)
        return sum(one.incidents for one in self.mine if (one.closed_at or one.first_at) >= since)

    def drift(self) -> int:
        is_golden = self.asked.card.stage == "golden"
        begun = datetime(STAGE_FROM.year, STAGE_FROM.month, STAGE_FROM.day, tzinfo=UTC)
        begun = begun if is_golden else AS_OF - timedelta(days=42)
        told = [
            (one.known_at, one.outcome is Outcome.FAILURE, one.outcome is Outcome.SUCCESS)
            for one in self.mine
            if one.known_at and one.outcome in {"success", "failure"}
        ]
        before = [is_good for at, _, is_good in told if at < begun]
        floor = TERMS.floor_ppm / 1_000_000
        if not is_golden and len(before) < LEAST_OUTCOMES:
            return 0
        p_ref = reference_rate(sum(before), len(before)) if before else floor
        p_ref = max(floor, p_ref) if is_golden else min(floor + 0.1, p_ref)
        return drift([is_good for at, _, is_good in sorted(told) if at >= begun], steps(p_ref))

    def costs(self) -> list[tuple[int, bool]]:
        return [
            (one.cost_nano, one.outcome is Outcome.SUCCESS)
            for one in self.counted
            if one.cost_nano is not None and one.cost_nano >= 0
        ]

    def cost(self, gold: "Told") -> CostTally:
        costs, of_gold = self.costs(), gold.costs()
        tally = CostTally(
            items=len(costs),
            uncosted=len(self.counted) - len(costs),
            total_nano=sum(cost for cost, _ in costs),
            successes=sum(is_good for _, is_good in costs),
            median_nano=_lower_median(cost for cost, _ in costs),
        )
        median = _lower_median(cost for cost, _ in of_gold)
        if not median:
            return tally
        cap = 5 * median
        tally = replace(
            tally,
            cap_nano=cap,
            capped_nano=sum(min(cost, cap) for cost, _ in costs),
            over_cap=sum(cost > cap for cost, _ in costs),
        )
        good = sum(is_good for _, is_good in of_gold)
        if not good or self.asked.card.workflow == "gold":
            return tally
        capped = sum(min(cost, cap) for cost, _ in of_gold)
        threshold = divide_half_even(TERMS.cost_ratio_ppm * capped, 1_000_000 * good)
        logs = [bet_logs(cost, is_good, cap, threshold) for cost, is_good in costs]
        dearer = [dearer_logs(cost, is_good, cap, threshold) for cost, is_good in costs]
        return replace(
            tally, threshold_nano=threshold, log_sums=_sums(logs), dearer_sums=_sums(dearer)
        )


def _sums(logs: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(sum(one[place] for one in logs) for place in range(len(STAKES)))


def _lower_median(values: object) -> int | None:
    known = sorted(one for one in values if one is not None)  # type: ignore[attr-defined]
    return known[(len(known) - 1) // 2] if known else None
