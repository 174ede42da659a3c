from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from tasks.core.books import Snapshot
from tasks.core.errors import LakeError
from tasks.core.squad_use import Measure, SquadTotal
from tasks.lake.queries import Queries
from tasks.lake.store import Lake

DAYS = [date(2026, 11, at) for at in (18, 19)]
Write = Callable[..., Snapshot]


def use(day: date, squad: str = "claims", **columns: object) -> dict[str, object]:
    row: dict[str, object] = {
        "source": "copilot",
        "issuer": "github",
        "account": "acme",
        "day": day,
        "squad": squad,
        "measure": "credits_micro",
        "value": 2**62,
        "actors": 3,
    }
    return row | columns


def test_use_is_summed_over_days_and_people_are_not(lake: Lake, conform: Write) -> None:
    first = conform(
        [use(DAYS[0]), use(DAYS[0], account="beta", actors=5), use(DAYS[0], "others", actors=None)]
    )
    second = conform([use(DAYS[1], actors=4)])

    assert Queries(lake).squad_totals([first, second]) == (
        SquadTotal("copilot", "claims", Measure.CREDITS_MICRO, 3 * 2**62, 2, 5),
        SquadTotal("copilot", "others", Measure.CREDITS_MICRO, 2**62, 1, None),
    )


def test_a_file_that_is_short_is_named(lake: Lake, conform: Write) -> None:
    snapshot = replace(conform([use(DAYS[0])]), size_bytes=1)

    with pytest.raises(LakeError, match="missing or short"):
        Queries(lake).squad_totals([snapshot])
