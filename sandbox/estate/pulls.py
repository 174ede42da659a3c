"""Pull requests that sessions of the estate work towards: their branch alone ties the two."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from sandbox import script
from sandbox.estate.facts import API_DOCS
from sandbox.pulls import CLAUDE_TRAILER, Kind, make_pull, repository_named
from sandbox.records import PullRequest

REPOSITORY = "tracking-api"
_KIND = Kind(API_DOCS, "docs/", (REPOSITORY,), trailer=CLAUDE_TRAILER)
#: One is opened every so many days.
_EVERY_DAYS = 3
#: Far from the numbers and ids of all others, at any scale.
_FIRST_NUMBER = 800_001
_FIRST_INDEX = 960_000


def make_estate_pulls(seed: int) -> tuple[PullRequest, ...]:
    """Make them all, in order of opening; none is taken back."""
    made = []
    for position in range((script.LAST_DAY - script.FIRST_DAY).days // _EVERY_DAYS + 1):
        rng = random.Random(f"{seed}:estate:pull:{position}")
        day = script.FIRST_DAY + timedelta(days=position * _EVERY_DAYS)
        opened = datetime.combine(day, time(21), UTC) + timedelta(seconds=rng.randrange(3600))
        number = _FIRST_NUMBER + position
        repository = repository_named(REPOSITORY)
        pull = make_pull(rng, _FIRST_INDEX + position, repository, number, _KIND, opened)
        made.append(replace(pull, branch=branch_on(day)))
    return tuple(made)


def branch_on(day: date) -> str:
    """Name the branch that sessions work on, on a day."""
    return f"docs/step-{_FIRST_NUMBER + (day - script.FIRST_DAY).days // _EVERY_DAYS}"
