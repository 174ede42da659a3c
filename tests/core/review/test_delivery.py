"""One ticket a row, in a world in which everything dies, gets lost, comes late or is touched."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.review import delivery
from tasks.core.review.delivery import (
    BETWEEN_COMMENTS,
    RETRY_AFTER,
    Act,
    OutboxRow,
    Progress,
    Sighting,
    Standing,
    Step,
    next_step,
)
from tasks.core.review.delivery_text import progress_text, read_progress

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OURS = Sighting("10012", "PROMO-12", is_marked=True, is_own=True, is_open=True)
CLONE = replace(OURS, id="10013", name="PROMO-13", is_own=False)
ATTEMPTED = delivery.attempting(Progress(), system="promo", digest="d1", at=NOW)


class Fate(StrEnum):
    """What becomes of one request."""

    ANSWERED = "answered"
    REFUSED = "refused"
    LOST_REQUEST = "lost request"
    LOST_ANSWER = "lost answer"
    LATE = "late"  # it happens minutes after nobody waits any more
    DIES_BEFORE = "dies before it is sent"
    DIES_AFTER = "dies after it is answered"


@dataclass
class World:
    """One row and the tickets made for it; searches are behind, but less than ten minutes."""

    lag: timedelta
    now: datetime = NOW
    progress: Progress = field(default_factory=Progress)
    made_at: list[datetime] = field(default_factory=list)
    creates: int = 0

    def step(self, fate: Fate) -> Step:
        step = next_step(self.progress, self.now)
        if step.act is Act.SEARCH and fate is not Fate.REFUSED:
            self.progress = delivery.after_search(
                self.progress, self.found(), system="promo", at=self.now
            )
        elif step.act is Act.CREATE:
            self.create(fate)
        elif step.act is Act.READ:
            self.progress = delivery.after_read(self.progress, OURS)
        return step

    def found(self) -> list[Sighting]:
        is_shown = any(at + self.lag <= self.now for at in self.made_at)
        return [CLONE, OURS] if is_shown else []

    def create(self, fate: Fate) -> None:
        announced = delivery.attempting(self.progress, system="promo", digest="d1", at=self.now)
        self.progress = announced
        if fate is Fate.DIES_BEFORE:
            return
        self.creates += 1
        if fate is Fate.REFUSED:
            self.progress = delivery.not_created(announced)
        elif fate is not Fate.LOST_REQUEST:
            delay = RETRY_AFTER - self.lag - MINUTE if fate is Fate.LATE else timedelta()
            self.made_at.append(self.now + delay)
            if fate is Fate.ANSWERED:
                self.progress = delivery.created(announced, OURS)


FATES = st.lists(st.tuples(st.integers(0, 20), st.sampled_from(Fate)), max_size=40)


@given(FATES, st.integers(0, 8))
def test_never_two_tickets_whatever_dies_is_lost_or_comes_late(
    fates: list[tuple[int, Fate]], lag: int
) -> None:
    world = World(lag * MINUTE)
    for minutes, fate in fates:
        world.now += minutes * MINUTE
        world.step(fate)

        assert len(world.made_at) <= 1


@given(FATES, st.integers(0, 8))
def test_once_the_world_is_kind_again_there_is_one_ticket_and_it_is_recorded(
    fates: list[tuple[int, Fate]], lag: int
) -> None:
    world = World(lag * MINUTE)
    for minutes, fate in fates:
        world.now += minutes * MINUTE
        world.step(fate)
    for _ in range(12):
        step = world.step(Fate.ANSWERED)
        world.now = step.until or world.now

    assert len(world.made_at) == 1
    assert (world.progress.ticket, world.progress.standing) == (OURS.id, Standing.OPEN)


@given(FATES)
def test_progress_is_kept_as_text_without_loss(fates: list[tuple[int, Fate]]) -> None:
    world = World(MINUTE)
    for minutes, fate in fates:
        world.now += minutes * MINUTE
        world.step(fate)

        assert read_progress(progress_text(world.progress)) == world.progress


def test_a_first_create_comes_after_a_search_that_is_still_fresh() -> None:
    assert next_step(Progress(), NOW) == Step(Act.SEARCH)
    searched = delivery.after_search(Progress(), [], system="promo", at=NOW)

    assert next_step(searched, NOW + 5 * MINUTE) == Step(Act.CREATE)
    assert next_step(searched, NOW + 6 * MINUTE) == Step(Act.SEARCH)


def test_a_create_of_unknown_fate_waits_ten_minutes_and_two_empty_searches() -> None:
    assert next_step(ATTEMPTED, NOW) == Step(Act.SEARCH)
    once = delivery.after_search(ATTEMPTED, [], system="promo", at=NOW)
    assert next_step(once, NOW + 9 * MINUTE) == Step(Act.WAIT, NOW + RETRY_AFTER)
    assert next_step(once, NOW + RETRY_AFTER) == Step(Act.SEARCH)

    twice = delivery.after_search(once, [], system="promo", at=NOW + RETRY_AFTER)

    assert next_step(twice, NOW + RETRY_AFTER) == Step(Act.CREATE)
    assert next_step(twice, NOW + 2 * RETRY_AFTER) == Step(Act.SEARCH)  # no longer fresh


def test_one_late_search_is_not_two() -> None:
    late = NOW + 60 * MINUTE
    once = delivery.after_search(ATTEMPTED, [], system="promo", at=late)

    assert next_step(once, late) == Step(Act.WAIT, late + MINUTE)
    again = delivery.after_search(once, [], system="promo", at=late + timedelta(seconds=30))
    assert again == once


@pytest.mark.parametrize(
    "stranger",
    [CLONE, replace(OURS, is_marked=False), replace(OURS, is_marked=False, is_own=False)],
)
def test_a_clone_or_forgery_is_never_adopted(stranger: Sighting) -> None:
    after = delivery.after_search(ATTEMPTED, [stranger], system="promo", at=NOW)

    assert (after.ticket, after.empty_searches) == ("", 1)


def test_of_several_of_ours_the_oldest_is_the_one() -> None:
    younger = replace(OURS, id="10099", name="PROMO-99")

    after = delivery.after_search(ATTEMPTED, [CLONE, OURS, younger], system="promo", at=NOW)

    assert after.ticket == OURS.id


@pytest.mark.parametrize(
    ("seen", "standing"),
    [
        (OURS, Standing.OPEN),
        (replace(OURS, is_open=False), Standing.CLOSED),
        (None, Standing.GONE),
        (replace(OURS, is_marked=False), Standing.FOREIGN),
        (replace(OURS, is_own=False), Standing.FOREIGN),
        (replace(OURS, id="10013"), Standing.FOREIGN),
    ],
)
def test_a_recorded_ticket_is_only_ever_read(seen: Sighting | None, standing: Standing) -> None:
    recorded = delivery.created(ATTEMPTED, OURS)

    after = delivery.after_read(recorded, seen)

    assert after.standing is standing
    assert after.ticket == OURS.id
    for days in (0, 7, 365):
        assert next_step(after, NOW + timedelta(days=days)) == Step(Act.READ)
        is_due = delivery.is_comment_due(after, "d2", NOW + timedelta(days=days))
        assert is_due is (standing is Standing.OPEN and days >= 7)


def test_a_comment_whose_fate_is_unknown_counts_for_its_week() -> None:
    told = delivery.created(ATTEMPTED, OURS)
    week = NOW + BETWEEN_COMMENTS
    assert not delivery.is_comment_due(told, "d1", week)
    assert delivery.is_comment_due(told, "d2", week)

    announced = delivery.commenting(told, week)

    assert not delivery.is_comment_due(announced, "d3", week + MINUTE)
    assert delivery.is_comment_due(announced, "d3", week + BETWEEN_COMMENTS)
    done = delivery.commented(announced, "d2")
    assert not delivery.is_comment_due(done, "d2", week + BETWEEN_COMMENTS)


def test_a_row_that_was_only_queued_has_made_no_progress() -> None:
    assert read_progress(None) == read_progress("") == read_progress("{}") == Progress()


def test_a_ticket_counts_as_opened_when_it_was_and_not_when_it_was_queued() -> None:
    queued_at = NOW - timedelta(weeks=30)

    made = delivery.created(ATTEMPTED, OURS)
    found = delivery.after_search(Progress(), [OURS], system="promo", at=NOW + MINUTE)

    assert OutboxRow("a@b", "", queued_at, made).opened_at == NOW
    assert OutboxRow("a@b", "", queued_at, found).opened_at == NOW + MINUTE
    assert OutboxRow("a@b", "", queued_at, Progress(ticket="1")).opened_at == queued_at
