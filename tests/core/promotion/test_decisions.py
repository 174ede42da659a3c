"""What people decided is read as closed codes; an approval only from the catalog."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.shapes.catalog import Workflow
from tasks.core.promotion.decisions import (
    Asked,
    Code,
    Decision,
    decision_by_catalog,
    decision_by_labels,
)

OPENED = datetime(2026, 11, 20, 6, tzinfo=UTC)
TODAY = date(2026, 11, 23)
ASKED = Asked("upgrade-swarm", "2026-09-01", OPENED, "f" * 64)


def workflow(*stages: Mapping[str, object]) -> Workflow:
    first = {"from": "2026-09-01", "stage": "exploration"}
    return Workflow.model_validate(
        {
            "id": "upgrade-swarm",
            "family": "upgrades",
            "title": "Upgrades",
            "risk_tier": 2,
            "owner": "platform-lead",
            "stages": [first, *stages],
        }
    )


@pytest.mark.parametrize(
    ("labels", "code", "until_day", "until_items"),
    [
        (["graduand:declined"], Code.DECLINED, None, None),
        (["Graduand:Declined:2027-01-31 "], Code.DECLINED, date(2027, 1, 31), None),
        (["graduand:declined:60-items"], Code.DECLINED, None, 60),
        (["graduand:declined", "graduand:withdrawn"], Code.WITHDRAWN, None, None),
        (["graduand:declined", "graduand:declined:60-items"], Code.DECLINED, None, 60),
        (["graduand:declined:9-items", "graduand:declined:10-items"], Code.DECLINED, None, 10),
        (
            ["graduand:declined:2027-01-31", "graduand:declined:60-items"],
            Code.DECLINED,
            date(2027, 1, 31),
            None,
        ),
        (
            ["graduand:declined:2027-02-31", "graduand:declined:2027-01-31"],
            Code.DECLINED,
            date(2027, 1, 31),
            None,
        ),
    ],
)
def test_a_refusal_is_read_from_labels(
    labels: list[str], code: Code, until_day: date | None, until_items: int | None
) -> None:
    found = decision_by_labels(ASKED, labels, workflow(), TODAY)
    assert found is not None
    assert (found.code, found.until_day, found.until_items) == (code, until_day, until_items)
    assert (found.role, found.decided_on, found.evidence) == ("platform-lead", TODAY, "f" * 64)


@pytest.mark.parametrize(
    "label",
    [
        "graduand:approved",  # only a merged line moves a stage
        "graduand:declined:2027-02-31",
        "graduand:declined:0-items",
        "graduand:declined: because jo@example.org said so",
        "declined",
        "",
    ],
)
def test_anything_else_is_no_refusal(label: str) -> None:
    assert decision_by_labels(ASKED, [label], workflow(), TODAY) is None


@pytest.mark.parametrize("stage", ["golden", "provisional"])
def test_an_approval_is_a_merged_line_from_after_the_ticket(stage: str) -> None:
    line: dict[str, object] = {"from": "2026-11-24", "stage": stage}
    if stage == "provisional":
        line |= {"until": "2027-02-24", "cap": "500.00"}
    found = decision_by_catalog(ASKED, workflow(line))
    assert found is not None
    assert found.code is (Code.APPROVED if stage == "golden" else Code.PROVISIONAL)
    assert found.decided_on == date(2026, 11, 24)


def test_a_line_from_before_the_ticket_answers_nothing() -> None:
    before = {"from": "2026-11-10", "stage": "golden"}
    sunset = {"from": "2026-11-24", "stage": "sunset", "until": "2026-12-24"}
    assert decision_by_catalog(ASKED, workflow(before)) is None
    assert decision_by_catalog(ASKED, workflow(sunset)) is None


def test_a_decline_is_over_when_its_condition_has_come_about() -> None:
    def declined(*labels: str) -> Decision:
        found = decision_by_labels(ASKED, labels, workflow(), TODAY)
        assert found is not None
        return found

    by_day = declined("graduand:declined:2027-01-31")
    by_items = declined("graduand:declined:60-items")
    for_good = declined("graduand:declined")
    assert [by_day.is_over(day, 0) for day in (date(2027, 1, 30), date(2027, 1, 31))] == [
        False,
        True,
    ]
    assert [by_items.is_over(TODAY, items) for items in (59, 60)] == [False, True]
    assert not for_good.is_over(date(2099, 1, 1), 10**6)


DAYS = st.dates(date(2020, 1, 1), date(2099, 12, 31))
ITEMS = st.integers(1, 999_999)
#: (until_day, until_items) of which at most one is given.
CONDITIONS = st.one_of(
    st.tuples(DAYS, st.none()), st.tuples(st.none(), ITEMS), st.just((None, None))
)
OTHERS = st.text(max_size=30).map("x-{}".format)


def test_a_line_from_after_the_next_ticket_answers_that_one() -> None:
    line = {"from": "2026-11-24", "stage": "golden"}
    opened = datetime(2026, 11, 24, 6, tzinfo=UTC)
    later = replace(ASKED, epoch="2026-10-01", opened_at=opened)

    assert decision_by_catalog(ASKED, workflow(line), next_opened_at=opened) is None
    assert decision_by_catalog(later, workflow(line)) is not None
    after = opened + timedelta(days=1)
    assert decision_by_catalog(ASKED, workflow(line), next_opened_at=after) is not None


@given(CONDITIONS)
def test_every_condition_is_read_as_it_is_written(until: tuple[date | None, int | None]) -> None:
    day, items = until
    words = f":{day}" if day else f":{items}-items" if items else ""
    found = decision_by_labels(ASKED, [f"graduand:declined{words}"], workflow(), TODAY)

    assert found is not None
    assert (found.until_day, found.until_items) == until


@given(st.lists(DAYS), st.lists(ITEMS), st.lists(OTHERS), st.randoms(use_true_random=False))
def test_of_many_labels_the_longest_refusal_holds_in_whatever_order_and_case(
    days: list[date], items: list[int], others: list[str], random: Random
) -> None:
    labels = ["graduand:declined", *others, *(f"graduand:declined:{day}" for day in days)]
    labels += [f"graduand:declined:{number}-items" for number in items]
    shuffled = [f" {one.upper()}" for one in labels]
    random.shuffle(shuffled)

    found = decision_by_labels(ASKED, shuffled, workflow(), TODAY)

    assert found == decision_by_labels(ASKED, labels, workflow(), TODAY)
    assert found is not None
    assert found.until_day == max(days, default=None)
    assert found.until_items == (None if days else max(items, default=None))


@given(st.lists(st.text(max_size=40) | st.from_regex(r"graduand:[a-z0-9:-]{1,30}", fullmatch=True)))
def test_no_label_approves_and_a_withdrawal_always_holds(labels: list[str]) -> None:
    found = decision_by_labels(ASKED, labels, workflow(), TODAY)
    withdrawn = decision_by_labels(ASKED, [*labels, "graduand:withdrawn"], workflow(), TODAY)

    assert found is None or found.code in {Code.DECLINED, Code.WITHDRAWN}
    assert withdrawn is not None
    assert withdrawn.code is Code.WITHDRAWN


@given(CONDITIONS, DAYS, st.integers(0, 10**6), st.integers(0, 400))
def test_a_refusal_that_is_over_stays_over(
    until: tuple[date | None, int | None], today: date, items: int, more: int
) -> None:
    day, number = until
    found = Decision("w", "e", Code.DECLINED, "r", TODAY, until_day=day, until_items=number)
    later = today + timedelta(days=more)

    assert found.is_over(today, items) <= found.is_over(later, items + more)
    assert not replace(found, code=Code.WITHDRAWN).is_over(later, items + more)


def test_a_decision_read_again_is_the_same_whatever_else_has_changed() -> None:
    first = decision_by_labels(ASKED, ["graduand:declined"], workflow(), TODAY)
    assert first is not None
    again = replace(
        first, role="new-lead", evidence="0" * 64, decided_on=date(2026, 12, 7), is_distinct=True
    )

    assert first.is_same(again)
    assert not first.is_same(replace(first, until_items=60))
    assert not first.is_same(replace(first, epoch="2026-10-01"))
    assert not first.is_same(replace(first, code=Code.WITHDRAWN))
