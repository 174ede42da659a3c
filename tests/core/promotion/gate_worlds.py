"""Scorecards and cases as hypothesis makes them: any numbers, also ones that contradict."""

from datetime import date, timedelta

from hypothesis import strategies as st

from config.shapes.gate import GateRules
from tasks.core.promotion.case import Case
from tasks.core.promotion.controls import ControlState
from tasks.core.promotion.scorecard import STAKES, CostTally, Scorecard, Stratum
from tasks.core.promotion.terms import DEFAULTS
from tasks.core.promotion.verdict import Status
from tests.core.promotion.gate_cases import DAY, NOW, workflow

_counts = st.integers(-3, 400)
_amounts = st.integers(-(10**12), 10**18)
_sums = st.just(()) | st.lists(
    st.integers(-(10**15), 10**15), min_size=len(STAKES), max_size=len(STAKES)
).map(tuple)
_costs = st.builds(
    CostTally,
    items=_counts,
    uncosted=_counts,
    total_nano=_amounts,
    successes=_counts,
    cap_nano=st.none() | _amounts,
    threshold_nano=st.none() | _amounts,
    capped_nano=_amounts,
    over_cap=_counts,
    log_sums=_sums,
    dearer_sums=_sums,
    median_nano=st.none() | _amounts,
    evidenced_ppm=st.none() | st.integers(0, 1_000_000),
)
_days = st.integers(0, 400).map(lambda days: DAY - timedelta(days=days))
_moments = st.integers(0, 400).map(lambda days: NOW - timedelta(days=days))
_strata = st.lists(
    st.builds(Stratum, st.sampled_from(["bump", "patch", "acme/web"]), _counts, _counts),
    max_size=3,
).map(tuple)


def cards(name: str = "swarm") -> st.SearchStrategy[Scorecard]:
    """Make any scorecard of a workflow."""
    return st.builds(
        Scorecard,
        workflow=st.just(name),
        family=st.just("upgrades"),
        portfolio=st.just("platform"),
        tier=st.integers(0, 4),
        stage=st.sampled_from(["", "exploration", "provisional", "golden", "sunset"]),
        stage_from=st.none() | _days,
        epoch=st.just("2026-09-21 first"),
        epoch_from=_moments,
        as_of=st.just(NOW),
        successes=_counts,
        failures=_counts,
        unknown=_counts,
        cancelled=_counts,
        maturing=_counts,
        open=_counts,
        days=_counts,
        weeks=_counts,
        repositories=_counts,
        squads=_counts,
        strata=_strata,
        top_squad=st.tuples(_counts, _counts),
        escalated=_counts,
        escalation_told=_counts,
        incidents=_counts,
        untyped_incidents=_counts,
        rework_minutes=st.none() | _counts,
        rework_items=st.none() | _counts,
        recent=_counts,
        drift=st.integers(0, 10**13),
        first_at=st.none() | _moments,
        last_at=st.none() | _moments,
        cost=_costs,
    )


def controls() -> st.SearchStrategy[tuple[ControlState, ...]]:
    """Make any states of two controls."""
    state = st.builds(
        ControlState,
        st.sampled_from(["ci-gates", "rollback-tested"]),
        st.sampled_from([Status.MET, Status.UNMET, Status.WAIVED]),
        st.just("system"),
        st.none() | st.just(date(2026, 12, 1)),
        st.just("in all"),
        st.booleans(),
    )
    return st.lists(state, max_size=2).map(tuple)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Make any case."""
    card = draw(cards())
    waives = draw(st.lists(st.sampled_from(["items", "mix", "success", "cost"]), max_size=2))
    waivers = [
        {"waives": one, "reason": "r", "approved_by": "council", "until": "2026-12-31"}
        for one in waives
    ]
    owner = draw(st.sampled_from(["lead", None]))
    return Case(
        card=card,
        golden=draw(st.none() | cards("guarded")),
        terms=draw(st.sampled_from([*DEFAULTS, None])),
        rules=GateRules(),
        workflow=workflow(waivers=waivers, owner=owner),
        controls=draw(controls()),
        contenders=draw(st.integers(0, 30)),
        overdue_actions=draw(st.integers(0, 2)),
        has_squads=draw(st.booleans()),
        squads_in_scope=draw(st.none() | st.integers(0, 3)),
    )
