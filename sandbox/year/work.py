"""The runs of the year, what the vendors metered of them, and what their logs say."""

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from sandbox.organisation import ANTHROPIC, OPENAI
from sandbox.people import someone
from sandbox.prices import UNPRICED_MODEL
from sandbox.recipes import CONTEXT, TIER, WIRE_MODEL
from sandbox.records import LogLine, LogRecord, UsageRow
from sandbox.year import calendar
from sandbox.year.recipes import RECIPES, Recipe

_ONE_DAY = timedelta(days=1)
_BASE_TOKENS = {
    ANTHROPIC: {"input": 20_000, "cache_read": 600_000, "cache_write_5m": 60_000, "output": 15_000},
    OPENAI: {"input": 60_000, "cache_read": 400_000, "output": 20_000},
}


@dataclass(frozen=True, slots=True)
class Run:
    """One run as it really was.

    Attributes:
        metered: (day, tokens by kind) as the vendor saw it; empty on a seat.
    """

    recipe: Recipe
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
    """Add up what was metered by day, account, key and model; sorted."""
    rows: dict[tuple[object, ...], UsageRow] = {}
    for run in runs:
        recipe = run.recipe
        for day, tokens in run.metered:
            key = (recipe.issuer, recipe.account, day, recipe.key or "", run.model)
            known = rows.get(key)
            rows[key] = UsageRow(
                recipe.issuer,
                recipe.account,
                day,
                recipe.key,
                WIRE_MODEL[run.model],
                TIER[recipe.issuer],
                CONTEXT[recipe.issuer],
                tokens
                if known is None
                else {kind: count + known.tokens[kind] for kind, count in tokens.items()},
            )
    return tuple(rows[key] for key in sorted(rows, key=str))


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
        text=_text(record),
        record=record,
    )
    yield line
    if day in calendar.DUPLICATE_DAYS and run.recipe.name == "router":
        yield replace(line, written_at=line.written_at + timedelta(minutes=3))


def _text(record: LogRecord) -> str:
    said: dict[str, object] = {
        "process_id": record.process_id,
        "timestamp": _instant(record.ended_at),
        "started_at": _instant(record.started_at) if record.started_at else None,
        "model": f"{record.issuer}:{record.model}",
        "run_id": record.run_id,
        "tokens": record.tokens,
        "account": record.account,
        "repo": record.repo,
        "branch": record.branch,
        "purpose": record.purpose,
        "owner": someone(record.ended_at.day).email,
    }
    return json.dumps({key: value for key, value in said.items() if value is not None})


def _run(rng: random.Random, recipe: Recipe, offset: int, position: int) -> Run:
    day = calendar.FIRST_DAY + timedelta(days=offset)
    is_over_midnight = day in calendar.MIDNIGHT_DAYS and recipe.name == "guarded"
    start = datetime.combine(day, time(22 if is_over_midnight else rng.randrange(20)), UTC)
    end = start + timedelta(minutes=rng.randrange(5, 100), hours=4 if is_over_midnight else 0)
    base = _BASE_TOKENS.get(recipe.issuer, _BASE_TOKENS[OPENAI])
    tokens = {
        kind: int(count * recipe.size * (5 + rng.randrange(16)) // 100) + rng.randrange(1, 997)
        for kind, count in base.items()
    }
    more = recipe.metered_more
    metered = {kind: count + (count // more if more else 0) for kind, count in tokens.items()}
    tenths = calendar.OVERLOGGED.get(day, 10) if recipe.name == "router" else 10
    model = recipe.model
    if recipe.name == "swarm" and day in calendar.UNKNOWN_MODEL_DAYS:
        model = UNPRICED_MODEL
    return Run(
        recipe,
        model,
        _by_day(metered, start, end) if recipe.is_metered else (),
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


def _by_day(
    tokens: dict[str, int], start: datetime, end: datetime
) -> tuple[tuple[date, dict[str, int]], ...]:
    """Meter each part of a run on its own day; two fifths before midnight."""
    if start.date() == end.date():
        return ((end.date(), tokens),)
    before = {kind: count * 2 // 5 for kind, count in tokens.items()}
    after = {kind: count - before[kind] for kind, count in tokens.items()}
    return ((start.date(), before), (end.date(), after))


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
