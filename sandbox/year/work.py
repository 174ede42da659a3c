"""The runs of the year, what the vendors metered of them, and what their logs say."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from sandbox.log_lines import text_of
from sandbox.metering import add_up, of_recipe
from sandbox.organisation import OPENAI
from sandbox.people import someone
from sandbox.prices import UNPRICED_MODEL
from sandbox.records import LogLine, LogRecord, UsageRow
from sandbox.runs import BASE_TOKENS, by_day
from sandbox.year import calendar
from sandbox.year.recipes import RECIPES, YearRecipe


@dataclass(frozen=True, slots=True)
class Run:
    """One run as it really was.

    Attributes:
        metered: (day, tokens by kind) as the vendor saw it; empty on a seat.
    """

    recipe: YearRecipe
    model: str
    metered: tuple[tuple[date, dict[str, int]], ...]
    record: LogRecord


def make_runs(seed: int) -> list[Run]:
    """Make every run of the year."""
    days = (calendar.LAST_DAY - calendar.FIRST_DAY).days + 1
    return [
        _run(random.Random(f"{seed}:year:{recipe.name}:{offset}"), recipe, offset, position)
        for position, recipe in enumerate(RECIPES)
        for offset in range(days)
        if (offset + position) % recipe.every == 0
        and calendar.FIRST_DAY + timedelta(days=offset) <= recipe.until
    ]


def meter(runs: Iterable[Run]) -> tuple[UsageRow, ...]:
    """Add up what was metered."""
    return add_up(
        of_recipe(run.recipe, run.model, day, tokens) for run in runs for day, tokens in run.metered
    )


def make_lines(runs: Iterable[Run]) -> tuple[LogLine, ...]:
    """Write every log line, in the order it is written."""
    lines = [line for run in runs for line in _lines(run)]
    return tuple(sorted(lines, key=lambda line: (line.written_at, line.file, line.text)))


def _lines(run: Run) -> Iterator[LogLine]:
    record = run.record
    day = record.ended_at.date()
    late = calendar.LATE_LOGS.get(day, 0) if run.recipe.file == "platform" else 0
    line = LogLine(
        file=f"{run.recipe.file}-{day:%m}.ndjson",
        written_at=record.ended_at + timedelta(days=late, seconds=2),
        text=text_of(record, {"owner": someone(record.ended_at.day).email}),
        record=record,
    )
    yield line
    if day in calendar.DUPLICATE_DAYS and run.recipe.name == "router":
        yield replace(line, written_at=line.written_at + timedelta(minutes=3))


def _run(rng: random.Random, recipe: YearRecipe, offset: int, position: int) -> Run:
    day = calendar.FIRST_DAY + timedelta(days=offset)
    is_over_midnight = day in calendar.MIDNIGHT_DAYS and recipe.name == "guarded"
    start = datetime.combine(day, time(22 if is_over_midnight else rng.randrange(20)), UTC)
    end = start + timedelta(minutes=rng.randrange(5, 100), hours=4 if is_over_midnight else 0)
    base = BASE_TOKENS.get(recipe.issuer, BASE_TOKENS[OPENAI])
    tokens = {
        kind: int(count * recipe.size * (5 + rng.randrange(16)) // 100) + rng.randrange(1, 997)
        for kind, count in base.items()
        if kind != "cache_write_1h"
    }
    tenths = calendar.OVERLOGGED.get(day, 10) if recipe.name == "router" else 10
    model = recipe.model
    if recipe.name == "swarm" and day in calendar.UNKNOWN_MODEL_DAYS:
        model = UNPRICED_MODEL
    return Run(
        recipe,
        model,
        by_day(recipe.metered(tokens), start, end) if recipe.is_metered else (),
        LogRecord(
            run_id=f"{recipe.name}-{day:%m%d}-{position}",
            process_id=recipe.stamp or None,
            issuer=recipe.issuer,
            model=model,
            ended_at=end,
            started_at=start if is_over_midnight or rng.randrange(9) else None,
            tokens={kind: count * tenths // 10 for kind, count in tokens.items()},
            account=recipe.account if recipe.names_account else None,
            repo=recipe.repo or None,
            branch=recipe.branch or None,
            work_item=None,
            purpose="work",
        ),
    )
