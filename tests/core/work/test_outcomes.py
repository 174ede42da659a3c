"""Every item counts once, where its systems say it stands; what nobody told stays unknown."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.claims import LoggedCost, OutcomeCounts
from tasks.core.work.item_states import ItemState, ItemStatus, Link, Reopening
from tasks.core.work.outcomes import ItemCounts, Outcomes, outcomes_of, references
from tasks.core.work.work_items import ItemType, LinkType
from tests.core.factories import catalog

START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = date(2026, 11, 20)
TAKEN_BACK = Reopening(START + timedelta(hours=2), START + timedelta(hours=1))
CATALOG = catalog(
    {"id": "tried", "stages": [{"from": "2026-01-01", "stage": "exploration"}]},
    {
        "id": "used",
        "stages": [
            {"from": "2026-01-01", "stage": "exploration"},
            {"from": "2026-11-20", "stage": "golden"},
        ],
        "match": {"branch_prefixes": ["agent/used/"]},
    },
    {
        "id": "ended",
        "family": "triage",
        "stages": [{"from": "2026-01-01", "stage": "sunset", "until": "2026-11-19"}],
    },
)


def told(
    *items: ItemState,
    decided: tuple[OutcomeCounts, ...] = (),
    costs: Mapping[str, LoggedCost] | None = None,
    names: Mapping[str, str] | None = None,
) -> Outcomes:
    known = {item.item: item for item in items}
    return outcomes_of(CATALOG, known, decided, costs or {}, names=names or {}, day=DAY)


def counts(outcomes: Outcomes, workflow: str = "tried") -> ItemCounts:
    return next(one.items for one in outcomes.workflows if one.workflow == workflow)


def pull(
    number: int = 1, hours: float | None = None, *, merged: bool = True, stamp: str = "tried"
) -> ItemState:
    """Make a pull request: open, or closed so many hours after it was opened."""
    state = ItemState(
        f"gh:900#{number}", ItemType.PULL_REQUEST, START, stamps=(stamp,) if stamp else ()
    )
    if hours is None:
        return state
    end = START + timedelta(hours=hours)
    status = ItemStatus.MERGED if merged else ItemStatus.CLOSED
    return replace(state, status=status, closed_at=end, merged_at=end if merged else None)


def ticket(number: int = 1, hours: float | None = None, *, stamp: str = "tried") -> ItemState:
    closed = pull(number, hours, merged=False, stamp=stamp)
    return replace(closed, item=f"jira:{number}", item_type=ItemType.ISSUE)


def incident(number: int, *links: tuple[LinkType, str]) -> ItemState:
    state = ItemState(f"jira:{number}", ItemType.ISSUE, START, is_incident=True)
    return replace(state, links=tuple(Link(*link) for link in links))


def test_accepted_and_rejected_are_of_all_pull_requests() -> None:
    found = counts(told(pull(1, 3), pull(2, 5, merged=False), pull(3), pull(4, 7)))

    assert (found.merged, found.closed, found.open, found.pulls()) == (2, 1, 1, 4)


def test_a_closed_ticket_is_no_rejection() -> None:
    found = counts(told(ticket(1, 3), ticket(2)))

    assert (found.tickets_closed, found.tickets_open, found.closed) == (1, 1, 0)
    assert found.to_ticket_close == timedelta(hours=3)


def test_an_item_known_by_side_events_only_is_of_unknown_kind() -> None:
    found = counts(told(ItemState("gh:900#1", stamps=("tried",))))

    assert found == ItemCounts(untyped=1)


def test_a_median_of_an_even_number_lies_between_the_middle_two() -> None:
    found = counts(told(*(pull(number, hours) for number, hours in enumerate((8, 1, 2, 5)))))

    assert found.to_merge == timedelta(hours=3, minutes=30)


def test_without_both_moments_there_is_no_median() -> None:
    found = counts(told(replace(pull(1, 3), opened_at=None), pull(2)))

    assert (found.merged, found.to_merge, found.to_close) == (1, None, None)


def test_a_merge_that_was_taken_back_is_merged_and_reverted() -> None:
    found = counts(told(replace(pull(1, 3), reverted_at=START + timedelta(days=9)), pull(2, 3)))

    assert (found.merged, found.reverted) == (2, 1)


def test_an_item_that_was_reopened_twice_counts_once() -> None:
    assert (
        counts(told(replace(pull(1, 3), reopenings=(TAKEN_BACK, TAKEN_BACK)), pull(2))).reopened
        == 1
    )


def test_a_branch_names_the_workflow_where_no_stamp_does() -> None:
    found = told(replace(pull(1, 3, stamp=""), branch_prefix="agent/used/"), pull(2, 3, stamp=""))

    assert counts(found, "used").merged == 1
    assert found.unclaimed == 1


@pytest.mark.parametrize(
    ("items", "names"),
    [
        ([pull(1, 3), incident(7, (LinkType.CAUSED_BY, "gh:900#1"))], {}),
        ([replace(pull(1), links=(Link(LinkType.CAUSES, "jira:7"),)), incident(7)], {}),
        ([ticket(1), incident(7, (LinkType.CAUSED_BY, "jira-key:OPS-1"))], {"OPS-1": "jira:1"}),
        # Both sides say so, and two of its items are named: still one incident.
        (
            [
                pull(2),
                replace(pull(1), links=(Link(LinkType.CAUSES, "jira:7"),)),
                incident(7, (LinkType.CAUSED_BY, "gh:900#1"), (LinkType.CAUSED_BY, "gh:900#2")),
            ],
            {},
        ),
    ],
)
def test_an_incident_counts_against_the_workflow_that_it_names_as_its_cause(
    items: list[ItemState], names: dict[str, str]
) -> None:
    found = told(*items, names={f"jira-key:{name}": key for name, key in names.items()})

    assert (counts(found).incidents, found.incidents, found.unplaced) == (1, 1, 0)


@pytest.mark.parametrize("link", [one for one in LinkType if one is not LinkType.CAUSED_BY])
def test_no_other_link_of_an_incident_counts_against_anybody(link: LinkType) -> None:
    found = told(pull(1, 3), incident(7, (link, "gh:900#1")))

    assert (counts(found).incidents, found.incidents, found.unplaced) == (0, 1, 0)


def test_a_ticket_that_is_no_incident_blames_nobody() -> None:
    bug = replace(ticket(7), links=(Link(LinkType.CAUSED_BY, "gh:900#1"),))

    assert counts(told(pull(1, 3), bug)).incidents == 0


def test_a_cause_that_no_source_has_told_of_is_counted_as_that() -> None:
    found = told(pull(1, 3), incident(7, (LinkType.CAUSED_BY, "jira-key:NOWHERE-1")))

    assert (counts(found).incidents, found.unplaced) == (0, 1)


def test_names_lead_to_items_as_links_spell_them() -> None:
    labels = {"jira:12": "OPS-4", "gh:900#5": "Acme/Engine#5", "gh:900#6": "Acme/Engine#6"}

    assert references(labels, lambda text: f"kd({text})") == {
        "jira-key:OPS-4": "jira:12",
        "gh-name:kd(acme/engine)#5": "gh:900#5",
        "gh-name:kd(acme/engine)#6": "gh:900#6",
    }


def test_every_workflow_has_a_row_with_the_pool_of_the_day() -> None:
    rows = [(one.portfolio, one.family, one.workflow, one.pool) for one in told().workflows]

    assert rows == [
        ("platform", "upgrades", "tried", "exploration"),
        ("platform", "upgrades", "used", "production"),
        ("operations", "triage", "ended", ""),
    ]


def test_logged_cost_stands_beside_decisions_only() -> None:
    outcome, cost = OutcomeCounts("tried", 3, 1, 2), LoggedCost(5, 6, 1)
    found = told(decided=(outcome,), costs={"tried": cost, "used": cost})

    assert [(one.decided, one.cost) for one in found.workflows] == [
        (outcome, cost),
        (None, None),
        (None, None),
    ]


moments = st.one_of(st.none(), st.integers(0, 1_000))
kinds = st.sampled_from([*ItemType, None])
states = st.builds(
    lambda base, kind, stamps, reverted, reopened, links: replace(
        base,
        item_type=kind,
        stamps=stamps,
        reverted_at=START if reverted else None,
        reopenings=(TAKEN_BACK,) * reopened,
        links=links,
        is_incident=bool(links),
    ),
    st.builds(lambda hours, merged: pull(0, hours, merged=merged), moments, st.booleans()),
    kinds,
    st.sampled_from([(), ("tried",), ("used",), ("nobody",), ("nobody", "used")]),
    st.booleans(),
    st.integers(0, 2),
    st.lists(
        st.builds(Link, st.sampled_from([*LinkType]), st.integers(0, 9).map("item-{}".format)),
        max_size=2,
    ).map(tuple),
)
worlds = st.lists(states, max_size=10).map(
    lambda found: [replace(one, item=f"item-{number}") for number, one in enumerate(found)]
)


@given(worlds)
def test_every_item_is_counted_exactly_once(items: list[ItemState]) -> None:
    found = told(*items)

    assert sum(one.items.total() for one in found.workflows) + found.unclaimed == len(items)


@given(worlds, st.randoms(use_true_random=False))
def test_the_order_of_items_changes_nothing(items: list[ItemState], random: object) -> None:
    mixed = list(items)
    random.shuffle(mixed)  # type: ignore[attr-defined]  # Hypothesis gives a `random.Random`

    assert told(*mixed) == told(*items)


@given(worlds)
def test_parts_never_exceed_what_they_are_parts_of(items: list[ItemState]) -> None:
    found = told(*items)

    assert 0 <= found.unplaced <= found.incidents <= len(items)
    for one in found.workflows:
        assert 0 <= one.items.reverted <= one.items.merged
        assert 0 <= one.items.reopened <= one.items.total()
        assert 0 <= one.items.incidents <= found.incidents
        assert one.items.total() or one.items == ItemCounts()
        assert (one.items.to_merge is None) == (one.items.merged == 0)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=9))
def test_the_median_is_the_median(hours: list[int]) -> None:
    found = counts(told(*(pull(number, taken) for number, taken in enumerate(hours))))

    assert found.to_merge is not None
    assert Fraction(found.to_merge // timedelta(seconds=1), 3600) == median(
        Fraction(taken) for taken in hours
    )
