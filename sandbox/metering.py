"""What the vendors metered: the runs by day, and what nobody logs."""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta

from sandbox import script
from sandbox.organisation import ANTHROPIC
from sandbox.recipes import BACKGROUND, CONTEXT, TIER, WIRE_MODEL, Recipe
from sandbox.records import UsageRow
from sandbox.runs import Run

_PROD = "wrkspc_01PlatformProd"
_CLAIMS = "wrkspc_01ClaimsProd"


def meter(seed: int, scale: float, runs: Iterable[Run]) -> tuple[UsageRow, ...]:
    """Meter the runs, and what nobody logs."""
    return add_up((*_of_runs(runs), *_background(seed, scale), *_scripted(scale)))


def add_up(metered: Iterable[UsageRow]) -> tuple[UsageRow, ...]:
    """Add up what was metered by day, account, key, model and tier; sorted."""
    rows: dict[tuple[object, ...], UsageRow] = {}
    for row in metered:
        key = (row.issuer, row.account, row.day, row.api_key, row.model, row.tier)
        known = rows.get(key)
        rows[key] = row if known is None else _sum(known, row)
    return tuple(rows[key] for key in sorted(rows, key=str))


def of_recipe(
    recipe: Recipe, model: str, day: date, tokens: Mapping[str, int], requests: int = 1
) -> UsageRow:
    """Meter one day of a run; the model by its canonical name."""
    return UsageRow(
        recipe.issuer,
        recipe.account,
        day,
        recipe.key,
        WIRE_MODEL[model],
        TIER[recipe.issuer],
        CONTEXT[recipe.issuer],
        dict(tokens),
        requests=requests,
    )


def _sum(one: UsageRow, other: UsageRow) -> UsageRow:
    kinds = [*one.tokens, *(kind for kind in other.tokens if kind not in one.tokens)]
    return replace(
        one,
        tokens={kind: one.tokens.get(kind, 0) + other.tokens.get(kind, 0) for kind in kinds},
        web_searches=one.web_searches + other.web_searches,
        requests=one.requests + other.requests,
    )


def _of_runs(runs: Iterable[Run]) -> Iterator[UsageRow]:
    for run in runs:
        for day, tokens in run.metered:
            yield of_recipe(run.recipe, run.model, day, tokens, requests=5 + run.index % 7)


def _background(seed: int, scale: float) -> Iterator[UsageRow]:
    for item in BACKGROUND:
        for offset in range((script.LAST_DAY - script.FIRST_DAY).days + 1):
            day = script.FIRST_DAY + timedelta(days=offset)
            rng = random.Random(f"{seed}:background:{item.account}:{day}")
            size = max(20_011, int(item.input_tokens * scale * (0.6 + 0.8 * rng.random())))
            tokens = {"input": size, "cache_read": size * 3 + 7, "output": size // 6 + 3}
            if item.issuer == ANTHROPIC:
                tokens["cache_write_5m"] = size // 3 + 1
            yield UsageRow(
                item.issuer,
                item.account,
                day,
                None,
                WIRE_MODEL[item.model],
                TIER[item.issuer],
                CONTEXT[item.issuer],
                tokens,
                requests=40,
            )


def _scripted(scale: float) -> Iterator[UsageRow]:
    """Meter batches on Mondays, one priority day, one day of searches."""
    size = max(200_003, int(4_000_003 * scale))
    for offset in range((script.LAST_DAY - script.FIRST_DAY).days + 1):
        day = script.FIRST_DAY + timedelta(days=offset)
        if day.weekday() == script.BATCH_WEEKDAY:
            yield _claims_row(
                day, "claude-haiku-4-5", "batch", {"input": size, "output": size // 9}
            )
    yield _claims_row(
        script.PRIORITY_DAY,
        "claude-opus-5",
        "priority",
        {"input": size // 2 + 1, "cache_read": size, "output": size // 20 + 1},
    )
    yield UsageRow(
        ANTHROPIC,
        _PROD,
        script.WEB_SEARCH_DAY,
        "apikey_01PlatformCi",
        WIRE_MODEL["claude-sonnet-5"],
        "standard",
        CONTEXT[ANTHROPIC],
        {},
        web_searches=40,
    )


def _claims_row(day: date, model: str, tier: str, tokens: dict[str, int]) -> UsageRow:
    return UsageRow(
        ANTHROPIC,
        _CLAIMS,
        day,
        "apikey_01ClaimsFlow",
        WIRE_MODEL[model],
        tier,
        CONTEXT[ANTHROPIC],
        tokens,
        requests=300,
    )
