"""The oracle's answer for a night, as plain data that any test can read."""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

from sandbox import script
from sandbox.oracle.allocation import Destination
from sandbox.oracle.nights import Night, Place, run_nights
from sandbox.oracle.outcomes import Outcome, outcomes, relations
from sandbox.organisation import CURRENCY
from sandbox.records import World
from sandbox.wire import Json, iso

FOLDER = "truth"
_PPM = 1_000_000
_SPENT = frozenset({"family", "ad_hoc", "unattributed"})


def nights_until(now: datetime) -> tuple[datetime, ...]:
    """List the nights of the showcase up to a moment; before the first, that moment alone."""
    return tuple(night for night in script.NIGHTS if night <= now) or (now,)


def truth(
    world: World,
    now: datetime,
    nights: Sequence[datetime] | None = None,
    sources: Collection[str] | None = None,
) -> dict[str, Json]:
    """Give everything that must hold after a night.

    Args:
        world: As `make_world` made it.
        now: The night asked for, aware UTC.
        nights: All nights that ran, in order, this one last; None: those of the showcase.
        sources: Sources that are switched on; None: all that the world has.
    """
    ran = nights_until(now) if nights is None else tuple(nights)
    if ran[-1] != now:
        ran = (*ran, now)
    return _as_json(world, run_nights(world, ran, sources)[-1], ran)


def write_truth(
    world: World,
    folder: Path,
    nights: Sequence[datetime] = script.NIGHTS,
    sources: Collection[str] | None = None,
    days: tuple[date, ...] | None = None,
) -> None:
    """Write `truth/<night>.json` for every night, the day of the night as its name.

    Args:
        world: As `make_world` made it.
        folder: Becomes the parent of `truth/`.
        nights: Aware UTC, in order.
        sources: As in `truth`.
        days: As in `run_nights`.
    """
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    for position, night in enumerate(run_nights(world, nights, sources, days)):
        answer = _as_json(world, night, nights[: position + 1])
        text = json.dumps(answer, indent=1, ensure_ascii=False)
        (target / f"{night.seen.now:%Y-%m-%d}.json").write_text(text + "\n", encoding="utf-8")


def _as_json(world: World, night: Night, ran: Sequence[datetime]) -> dict[str, Json]:
    seen = night.seen
    items, named = outcomes(world, seen.now), relations(world, seen.now)
    expected, missing = seen.expected(), seen.missing()
    present = len(expected) - len(missing)
    return {
        "night": iso(seen.now),
        "nights": [iso(moment) for moment in ran],
        "seed": world.seed,
        "scale": world.scale,
        "window": [seen.days[0].isoformat(), seen.days[-1].isoformat()],
        "runs": {
            "kept": len(seen.runs),
            "duplicates": sum(seen.duplicates.values()),
            "quarantined": sum(seen.broken_lines.values()),
        },
        "charges": _charges(night),
        "books": _books(night.desired.items()),
        "ledger": _books(night.ledger.items()),
        "entries": [
            {
                "issuer": entry.issuer,
                "account": entry.account,
                "day": entry.day.isoformat(),
                "cause": entry.cause,
                "amount_nano": entry.amount_nano,
                "moved_nano": entry.moved_nano,
            }
            for entry in night.entries
        ],
        "breaks": [{**asdict(one), "day": one.day.isoformat()} for one in night.breaks],
        "totals": _totals(night),
        "unattributed": _unattributed(night),
        "families": _by_pool(night, lambda line: (line.portfolio, line.family)),
        "workflows": _by_pool(night, lambda line: (line.portfolio, line.family, line.workflow)),
        "coverage": _coverage(night),
        "completeness": {
            "expected": len(expected),
            "present": present,
            "ppm": _PPM * present // len(expected),
            "missing": [f"{source} {day}" for source, day in missing],
        },
        "leaks": _leaks(night),
        "outcomes": _tally(items, named),
        "items": [outcome.as_json() for outcome in items],
        "relations": [
            {"relation": relation, "item": item, "names": other} for relation, item, other in named
        ],
    }


def _charges(night: Night) -> list[Json]:
    sums: dict[tuple[str, str, str], int] = {}
    for (issuer, day), rows in night.seen.charges.items():
        for row in rows:
            key = (issuer, row.account, day.isoformat())
            sums[key] = sums.get(key, 0) + row.amount_nano
    return [
        {"issuer": issuer, "account": account, "day": day, "amount_nano": amount}
        for (issuer, account, day), amount in sorted(sums.items())
    ]


def _books(books: Iterable[tuple[Place, dict[Destination, int]]]) -> list[Json]:
    lines: list[tuple[Place, Destination, int]] = [
        (place, destination, amount)
        for place, by_destination in books
        for destination, amount in by_destination.items()
    ]
    return [
        {
            "issuer": issuer,
            "account": account,
            "day": day.isoformat(),
            "billing_period": f"{day:%Y-%m}",
            "currency": CURRENCY,
            **destination._asdict(),
            "amount_nano": amount,
        }
        for (issuer, account, day), destination, amount in sorted(lines)
    ]


def _lines(night: Night) -> list[tuple[Destination, int]]:
    return [line for books in night.desired.values() for line in books.items()]


def _totals(night: Night) -> dict[str, Json]:
    sums: dict[str, int] = dict.fromkeys(("family", "ad_hoc", "unattributed", "credit"), 0)
    for destination, amount in _lines(night):
        sums[destination.kind] = sums.get(destination.kind, 0) + amount
    rows = [row for charges in night.seen.charges.values() for row in charges]
    return {
        "booked": sum(row.amount_nano for row in rows),
        "billed": sum(row.amount_nano for row in rows if row.category == "usage"),
        **sums,
    }


def _by_pool(night: Night, level: Callable[[Destination], tuple[str, ...]]) -> list[Json]:
    """Sum what families cost by pool, at the level of families or of workflows."""
    sums: dict[tuple[str, ...], int] = {}
    for line, amount in _lines(night):
        if line.kind == "family":
            key = (*level(line), line.pool)
            sums[key] = sums.get(key, 0) + amount
    names = ("portfolio", "family", "workflow")
    return [
        {**dict(zip(names, key[:-1], strict=False)), "pool": key[-1], "amount_nano": amount}
        for key, amount in sorted(sums.items())
    ]


def _unattributed(night: Night) -> dict[str, Json]:
    """Sum what nobody explains, by portfolio; the empty one is the organisation."""
    sums: dict[str, int] = {}
    for line, amount in _lines(night):
        if line.kind == "unattributed":
            sums[line.portfolio] = sums.get(line.portfolio, 0) + amount
    return dict(sorted(sums.items()))


def _tally(items: Iterable[Outcome], named: Iterable[tuple[str, str, str]]) -> dict[str, Json]:
    """Count what became of the items, and incidents by relation."""
    found, relations_found = list(items), list(named)
    counts: dict[str, Json] = {
        status: sum(1 for item in found if item.status == status)
        for status in ("open", "merged", "closed")
    }
    counts["reverted"] = sum(1 for item in found if item.reverted_by)
    counts["reopened"] = sum(1 for item in found if item.reopened)
    counts["incidents"] = sum(1 for item in found if item.is_incident)
    for relation in ("caused_by", "used_in"):
        counts[relation] = sum(1 for one in relations_found if one[0] == relation)
    return counts


def _coverage(night: Night) -> dict[str, Json]:
    shares = {"evidenced": 0, "inferred": 0, "none": 0}
    for line, amount in _lines(night):
        if line.kind in _SPENT:
            shares[_evidence(line)] += amount
    return dict(shares)


def _evidence(line: Destination) -> str:
    if line.kind != "family":
        return "none"
    is_measured = line.method in ("metered", "estimated")
    is_stamped = is_measured and line.strength == "stamp"
    return "evidenced" if is_stamped or line.method == "direct" else "inferred"


def _leaks(night: Night) -> list[Json]:
    sums: dict[tuple[str, str, str], int] = {}
    for line, amount in _lines(night):
        if line.pool and line.paid_from and line.pool != line.paid_from:
            key = (line.workflow, line.pool, line.paid_from)
            sums[key] = sums.get(key, 0) + amount
    return [
        {"workflow": workflow, "pool": pool, "paid_from": paid_from, "amount_nano": amount}
        for (workflow, pool, paid_from), amount in sorted(sums.items())
    ]
