from collections import Counter
from datetime import timedelta
from fractions import Fraction

import pytest

from sandbox.oracle.items import WorkItem, work_items
from sandbox.oracle.promotion import MATURATION, scorecards
from sandbox.oracle.seen import look, window
from sandbox.organisation import WORKFLOWS
from sandbox.prices import LIST_NANO
from sandbox.records import World
from sandbox.script import NIGHTS
from sandbox.server import Sandbox
from sandbox.track_records import make_track_records
from sandbox.world import make_world
from tests.sandbox.asking import Ask


@pytest.fixture(scope="module")
def items(world: World) -> list[WorkItem]:
    return work_items(world, NIGHTS[-1])


def named(items: list[WorkItem], ending: str) -> WorkItem:
    return next(item for item in items if item.name.endswith(ending))


def test_an_item_counts_once(items: list[WorkItem]) -> None:
    assert max(Counter(item.name for item in items).values()) == 1


def test_every_stamped_pull_request_is_the_item_of_some_workflow(
    world: World, items: list[WorkItem]
) -> None:
    numbers = {item.name.rpartition("#")[2] for item in items if "#" in item.name}

    for pull in world.pulls:
        if pull.workflow and pull.created_at <= NIGHTS[-1]:
            assert str(pull.number) in numbers


def test_a_card_is_the_tally_of_its_items(world: World, items: list[WorkItem]) -> None:
    cards = {str(card["workflow"]): card for card in scorecards(world, NIGHTS[-1])}

    for workflow in WORKFLOWS:
        card = cards[workflow.id]
        mine = [item for item in items if item.workflow == workflow.id]
        counted = ("successes", "failures", "unknown", "maturing", "open")
        assert sum(int(str(card[name])) for name in counted) == len(mine)


def test_what_closed_after_the_age_of_maturity_is_not_counted_yet(
    world: World, items: list[WorkItem]
) -> None:
    young = [
        item
        for item in items
        if item.fate.closed_at is not None and item.fate.closed_at > NIGHTS[-1] - MATURATION
    ]

    assert young
    assert sum(int(str(card["maturing"])) for card in scorecards(world, NIGHTS[-1])) == len(young)


def test_a_revert_that_comes_late_turns_a_success_over(world: World) -> None:
    reverted = next(pull for pull in world.pulls if pull.reverts)
    ending = f"route-planner#{reverted.reverts}"
    assert reverted.merged_at is not None
    before = reverted.merged_at - timedelta(seconds=1)

    early = named(work_items(world, before), ending)
    late = named(work_items(world, reverted.merged_at), ending)

    # By then an incident that names it as its cause had been opened, too.
    assert early.fate.reason == "incident"
    assert (late.fate.outcome, late.fate.reason) == ("failure", "reverted")
    assert late.incidents == 1


def test_a_ticket_that_was_opened_again_has_failed(items: list[WorkItem]) -> None:
    reopened = [item for item in items if item.fate.reason == "reopened"]

    assert [item.fate.outcome for item in reopened] == ["failure"]
    assert reopened[0].fate.closed_at is not None


def test_a_success_that_another_workflow_of_the_family_took_over_has_failed(
    items: list[WorkItem],
) -> None:
    taken_over = [item for item in items if item.fate.reason == "handed_over"]

    assert taken_over
    assert all(item.is_handed_over for item in taken_over)


def test_an_item_costs_what_all_runs_on_it_used(world: World, items: list[WorkItem]) -> None:
    days = tuple(sorted({day for night in NIGHTS for day in window(night)}))
    runs = look(world, NIGHTS[-1], days).runs
    costed = [item for item in items if item.cost_nano is not None]
    assert costed

    for item in costed:
        mine = [run for run in runs if run.work_item == item.name and run.purpose == "work"]
        exact = sum(
            (
                LIST_NANO[run.model][kind] * (count or 0)
                for run in mine
                for kind, count in run.tokens.items()
            ),
            Fraction(0),
        )
        assert (item.runs, item.cost_nano) == (len(mine), round(exact))


def test_one_workflow_in_exploration_does_well_and_one_badly() -> None:
    cards = {card["workflow"]: card for card in scorecards(make_world(7, 1.0), NIGHTS[-1])}

    def rate(workflow: str) -> tuple[object, object]:
        return cards[workflow]["successes"], cards[workflow]["failures"]

    assert rate("coverage-writer") == (37, 3)
    assert rate("upgrade-swarm") == (13, 21)


def test_no_run_works_on_a_track_record(world: World) -> None:
    past = {pull.number for pull in make_track_records(7, 0.3)}
    numbers = [pull.number for pull in world.pulls]
    worked_on = {
        line.record.work_item.rpartition("#")[2]
        for line in world.lines
        if line.record is not None and line.record.work_item is not None
    }

    assert past <= set(numbers)
    assert not {str(number) for number in past} & worked_on


def test_the_server_tells_the_same_cards(sandbox: Sandbox, world: World, ask: Ask) -> None:
    answer = ask(f"{sandbox.origin}/_sandbox/scorecards")[2]

    assert answer == scorecards(world, NIGHTS[0])
