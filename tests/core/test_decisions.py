"""What people decided is read as closed codes; an approval only from the catalog."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest

from config.shapes.catalog import Workflow
from tasks.core.decisions import Asked, Code, Decision, decision_by_catalog, decision_by_labels

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
