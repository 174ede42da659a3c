"""An epoch begins with a change of model, tools or major version, and with nothing less."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.shapes.catalog import Workflow
from tasks.core.work.epochs import WATCH_DAYS, Cause, Epoch, Seen, epoch_of
from tasks.core.work.majorities import FEWEST
from tests.core.factories import catalog

BORN = date(2026, 9, 1)
START = date(2026, 10, 1)
OPUS, SONNET = "claude-opus-5", "claude-sonnet-5"


def day(number: int) -> date:
    return START + timedelta(days=number)


def workflow(*changes: tuple[int, str], stages: Sequence[dict[str, Any]] = ()) -> Workflow:
    described = {
        "id": "any",
        "stages": stages or [{"from": str(BORN), "stage": "exploration"}],
        "changes": [{"from": str(day(number)), "kind": kind} for number, kind in changes],
    }
    return catalog(described).workflows[0]


def daily(
    model: str, first: int, last: int, runs: int = 4, word: str | None = None
) -> tuple[Seen, ...]:
    """Make so many runs on each day, `last` not included."""
    return tuple(Seen(day(number), model, word, runs) for number in range(first, last))


def found(
    *seen: Seen,
    of: Workflow | None = None,
    on: int = 60,
    versions: Sequence[tuple[date, str]] = (),
) -> Epoch:
    noon = datetime.combine(day(on), datetime.min.time(), tzinfo=UTC) + timedelta(hours=12)
    return epoch_of(of or workflow(), seen, as_of=noon, versions=versions)


def test_a_workflow_that_never_changed_is_in_its_first_epoch() -> None:
    epoch = found(*daily(OPUS, 0, 30))

    assert (epoch.name, epoch.cause) == ("2026-09-01 first", Cause.FIRST)
    assert epoch.from_at == datetime(2026, 9, 1, tzinfo=UTC)
    assert epoch.families == (OPUS,)


def test_a_workflow_without_runs_has_an_epoch() -> None:
    assert found() == Epoch("2026-09-01 first", datetime(2026, 9, 1, tzinfo=UTC), Cause.FIRST)


@pytest.mark.parametrize("kind", ["model", "tools", "major"])
def test_a_declared_change_begins_an_epoch(kind: str) -> None:
    epoch = found(*daily(OPUS, 0, 30), of=workflow((3, "minor"), (10, kind)))

    assert (epoch.name, epoch.cause) == (f"2026-10-11 {kind}", Cause(kind))
    assert epoch.watch_from is None


def test_a_declared_change_counts_from_its_day_on() -> None:
    changed = workflow((10, "tools"))

    assert found(of=changed, on=9).cause is Cause.FIRST
    assert found(of=changed, on=10).cause is Cause.TOOLS


def test_a_minor_change_keeps_the_epoch_and_starts_a_watch() -> None:
    changed = workflow((10, "minor"))

    first, last = (found(of=changed, on=10 + days) for days in (0, WATCH_DAYS - 1))
    over = found(of=changed, on=10 + WATCH_DAYS)

    assert {first.cause, last.cause, over.cause} == {Cause.FIRST}
    assert first.watch_from == last.watch_from == over.watch_from == day(10)
    assert (first.is_watch, last.is_watch, over.is_watch) == (True, True, False)


def test_a_stage_entry_begins_no_epoch() -> None:
    promoted = workflow(
        stages=[
            {"from": str(BORN), "stage": "exploration"},
            {"from": str(day(10)), "stage": "golden"},
        ]
    )

    assert found(of=promoted).name == found().name


def test_runs_that_go_over_to_another_model_begin_an_epoch_on_their_first_day() -> None:
    epoch = found(*daily(OPUS, 0, 12), *daily(SONNET, 12, 30))

    assert (epoch.name, epoch.cause) == (f"2026-10-13 model {SONNET}", Cause.MODEL)
    assert (epoch.from_at.date(), epoch.families) == (day(12), (SONNET,))


def test_an_epoch_begins_once_the_new_model_has_more_than_half_of_a_week() -> None:
    seen = [*daily(OPUS, 0, 12), *daily(SONNET, 12, 30)]
    began = [on for on in range(30) if found(*seen, on=on).cause is Cause.MODEL]

    # Days 12 to 15 are four of the seven that end on day 15.
    assert began == list(range(15, 30))


def test_a_release_of_the_same_family_is_no_change() -> None:
    dated = "anthropic:claude-opus-5-20261012"

    assert found(*daily(OPUS, 0, 12), *daily(dated, 12, 30)).cause is Cause.FIRST


def test_going_back_is_a_change_again() -> None:
    seen = [*daily(OPUS, 0, 12), *daily(SONNET, 12, 30), *daily(OPUS, 30, 50)]

    assert found(*seen).name == f"2026-10-31 model {OPUS}"


def test_going_back_within_the_first_week_is_a_change_again() -> None:
    seen = [*daily(OPUS, 0, 12), *daily(SONNET, 12, 16), *daily(OPUS, 16, 50)]

    assert [found(*seen, on=on).name for on in (14, 15, 20, 49)] == [
        "2026-09-01 first",
        f"2026-10-13 model {SONNET}",
        f"2026-10-17 model {OPUS}",
        f"2026-10-17 model {OPUS}",
    ]


def test_a_roll_out_in_small_steps_is_a_change() -> None:
    seen = [
        one
        for number in range(40)
        for one in (
            *daily(OPUS, number, number + 1, runs=20 - number // 2),
            *daily(SONNET, number, number + 1, runs=1 + number // 2),
        )
    ]

    assert found(*seen).cause is Cause.MODEL


def test_two_models_that_are_used_side_by_side_are_no_change() -> None:
    seen = [
        one
        for number in range(60)
        for one in (
            *daily(OPUS, number, number + 1, runs=5 + (number // 9) % 3),
            *daily(SONNET, number, number + 1, runs=6),
        )
    ]

    assert (found(*seen).cause, found(*seen).families) == (Cause.FIRST, (OPUS, SONNET))


def test_a_workflow_that_runs_seldom_changes_too() -> None:
    rarely = [Seen(day(7 * week), OPUS if week < 4 else SONNET, None, 1) for week in range(8)]

    assert found(*rarely).name == f"{day(28)} model {SONNET}"


@given(st.lists(st.integers(0, 8), min_size=12, max_size=40), st.integers(0, 39))
def test_one_stray_run_begins_nothing(runs: list[int], stray: int) -> None:
    seen = [Seen(day(number), OPUS, None, count) for number, count in enumerate(runs)]

    assert found(*seen, Seen(day(stray), SONNET, None, 1)).cause is Cause.FIRST


def test_a_declared_model_takes_whatever_its_first_week_brings() -> None:
    changed = workflow((10, "model"))

    epoch = found(*daily(OPUS, 0, 12), *daily(SONNET, 12, 30), of=changed)

    assert (epoch.name, epoch.families) == ("2026-10-11 model", (SONNET,))


def test_a_change_of_model_that_comes_with_one_of_tools_is_named_by_the_model() -> None:
    epoch = found(*daily(OPUS, 0, 10), *daily(SONNET, 10, 30), of=workflow((10, "tools")))

    assert epoch.name == f"2026-10-11 model {SONNET}"


def test_a_change_of_tools_does_not_hide_one_of_the_model_days_later() -> None:
    epoch = found(*daily(OPUS, 0, 12), *daily(SONNET, 12, 30), of=workflow((10, "tools")))

    assert epoch.name == f"2026-10-13 model {SONNET}"


def test_the_epoch_word_of_the_log_begins_an_epoch_by_the_same_rule() -> None:
    seen = [
        *daily(OPUS, 0, 12, word="blue"),
        Seen(day(5), OPUS, "green", 1),
        *daily(OPUS, 12, 30, word="green"),
    ]

    assert found(*seen, on=11).cause is Cause.FIRST
    assert found(*seen).name == "2026-10-13 log green"


def test_a_log_that_begins_to_name_epochs_has_changed_nothing() -> None:
    assert found(*daily(OPUS, 0, 12), *daily(OPUS, 12, 30, word="blue")).cause is Cause.FIRST


@pytest.mark.parametrize(
    ("versions", "name"),
    [
        ([(BORN, "1"), (day(10), "1.2"), (day(12), "1.3-rc")], "2026-09-01 first"),
        ([(BORN, "1"), (day(10), "2.0"), (day(12), "2.1")], "2026-10-11 major 2"),
        ([(day(10), "v2"), (BORN, "v1")], "2026-10-11 major 2"),
        ([(BORN, "9"), (day(10), "9"), (day(10), "10"), (day(11), "10")], "2026-10-11 major 10"),
        ([(BORN, "spring"), (day(10), "autumn")], "2026-10-11 major autumn"),
        ([(day(10), "2")], "2026-09-01 first"),
        ([(BORN, "1"), (day(61), "2")], "2026-09-01 first"),
    ],
)
def test_another_major_version_begins_an_epoch(versions: list[tuple[date, str]], name: str) -> None:
    assert found(*daily(OPUS, 0, 30), versions=versions).name == name


models = st.sampled_from([OPUS, SONNET, "gpt-5.4"])
histories = st.lists(
    st.builds(
        Seen,
        st.integers(0, 59).map(day),
        models,
        st.sampled_from([None, None, "blue", "green"]),
        st.integers(0, 6),
    ),
    max_size=60,
)
changed = st.lists(
    st.tuples(st.integers(0, 59), st.sampled_from(["model", "tools", "major", "minor"])),
    max_size=3,
    unique_by=lambda change: change[0],
).map(lambda changes: workflow(*sorted(changes)))


@given(histories, changed, st.randoms(use_true_random=False), st.integers(0, 60))
def test_order_and_the_future_change_nothing(
    seen: list[Seen], of: Workflow, random: Any, on: int
) -> None:
    mixed = list(seen)
    random.shuffle(mixed)

    assert found(*mixed, of=of, on=on) == found(
        *(one for one in seen if one.day <= day(on)), of=of, on=on
    )


@given(histories, changed)
def test_an_epoch_never_goes_back(seen: list[Seen], of: Workflow) -> None:
    epochs = [found(*seen, of=of, on=on) for on in range(0, 61, 4)]

    assert all(before.from_at <= after.from_at for before, after in pairwise(epochs))
    assert all(
        epoch.from_at.date() <= day(on) for on, epoch in zip(range(0, 61, 4), epochs, strict=True)
    )


@given(histories, changed)
def test_an_epoch_that_runs_began_has_enough_of_them(seen: list[Seen], of: Workflow) -> None:
    epoch = found(*seen, of=of)

    if epoch.cause in {Cause.MODEL, Cause.LOG} and epoch.detail:
        since = [one for one in seen if one.day >= epoch.from_at.date()]
        came = [one for one in since if epoch.detail in {one.model, one.epoch_word}]
        assert 2 * sum(one.runs for one in came) > FEWEST
