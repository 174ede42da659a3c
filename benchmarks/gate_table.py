"""The tables of the gate's benchmark: what is measured, and how it is printed."""

from dataclasses import asdict, dataclass

import numpy as np

from benchmarks.gate_watch import Suspended, Watched
from benchmarks.gate_worlds import WORLDS, Bools

#: How far above the floor the workflows are that should pass; the small ones for high floors.
STEPS = (0.10, 0.15)
SMALL_STEPS = (0.05, 0.08)


@dataclass(frozen=True)
class Share:
    """A measured share with its standard error."""

    share: float
    error: float


@dataclass(frozen=True)
class Reached:
    """Who is promoted, and when.

    Attributes:
        by_week: Share promoted by week 13, 26 and 52.
        median_weeks: None: less than half in a year.
    """

    by_week: tuple[float, float, float]
    median_weeks: int | None


@dataclass(frozen=True)
class Row:
    """One rule in one world.

    Attributes:
        at_floor, below: Promoted in a year at the floor, and 5 points below it: wrongly.
        above, far_above: At `STEPS` above it, or `SMALL_STEPS` where no rate is so high.
        retired: Share of workflows equal to golden that are retired in a year; None: not asked.
    """

    world: str
    rule: str
    at_floor: Share
    below: Share
    above: Reached
    far_above: Reached
    retired: Share | None


def share_of(decided: Bools) -> Share:
    """Give the share of workflows that a decision hit in any week."""
    share = float(decided.any(axis=1).mean())
    return Share(share, float(np.sqrt(share * (1.0 - share) / len(decided))))


def reached(decided: Bools) -> Reached:
    """Give how soon workflows are promoted for the first time."""
    first = np.where(decided.any(axis=1), decided.argmax(axis=1) + 1, np.inf)
    median = float(np.quantile(first, 0.5, method="higher"))
    by_week = [float((first <= week).mean()) for week in (13, 26, 52)]
    return Reached(
        (by_week[0], by_week[1], by_week[2]), int(median) if np.isfinite(median) else None
    )


_TIERS = "Our gate, independent items, by the defaults of each tier (tier 4: +5 and +8):"


def readable(rows: list[Row], tiers: list[Row], watched: list[str], head: str) -> str:
    """Lay the tables out for a terminal."""
    lines = [head, "", *_table(rows), "", _TIERS, "", *_table(tiers), "", *watched]
    notes = [f"  {world.name}: {world.note}" for world in WORLDS]
    return "\n".join([*lines, "", "Worlds:", *notes])


def watch_lines(watched: list[Watched]) -> list[str]:
    """Lay out the watch on golden workflows."""
    lines = ["The watch on golden workflows, five items a week, weekly looks:", ""]
    head = f"{'rate':>6} {'alarm in a year':>16} {'weeks between':>14}  weeks to an alarm"
    lines += [f"{head}; alarm in a year where the rate was measured on 100 items"]
    for one in watched:
        falls = ", ".join(f"{w:.0f} after -{drop:.2f}" for drop, w in one.weeks_to_alarm.items())
        measured = ", ".join(
            f"{share:.0%}" + (f" at correlation {icc:.2f}" if icc else "")
            for icc, share in one.measured.items()
        )
        figures = f"{one.rate:>6.2f} {one.false_alarms:>16.0%} {one.weeks_between:>14.0f}"
        lines.append(f"{figures}  {falls}; {measured}")
    return lines


def explored_lines(suspended: list[Suspended]) -> list[str]:
    """Lay out the watch on explored workflows."""
    lines = ["The watch on explored workflows, by how far they are above the floor:", ""]
    for one in suspended:
        line = (
            f"  +{one.above:.2f}: alarm at {one.looks:.1%} of looks, {one.in_a_year:.0%} in a year"
        )
        if one.drop:
            line += (
                f"; falling by {one.drop:.2f} in week 14: first proven after it {one.unwatched:.1%}"
                f", without an alarm {one.watched:.1%}, still so two looks later {one.decided:.1%}"
            )
        lines.append(line)
    return lines


def plain(rows: list[Row]) -> list[dict[str, object]]:
    """Give rows as JSON takes them."""
    return [asdict(row) for row in rows]


def _table(rows: list[Row]) -> list[str]:
    by_week = f"{'13':>5} {'26':>5} {'52':>5} {'median':>7}"
    names, wrong, golden = f"{'':<43}", f"{'promoted wrongly':^23}", f"{'like golden:':>13}"
    lines = [
        f"{names} {wrong}  {'+10: promoted by week':^25}  {'+15: promoted by week':^25} {golden}",
        f"{names} {'at floor':>12} {'-5 points':>10}  {by_week}  {by_week} {'retired':>13}",
    ]
    world = ""
    for row in rows:
        wrongly = f"{_percent(row.at_floor.share)} ±{_percent(row.at_floor.error)}"
        retired = "-" if row.retired is None else _percent(row.retired.share)
        lines.append(
            f"{row.world if row.world != world else '':<20} {row.rule:<22} {wrongly:>12} "
            f"{_percent(row.below.share):>10}  {_reached(row.above)}  {_reached(row.far_above)} "
            f"{retired:>13}"
        )
        world = row.world
    return lines


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.0995 else f"{share:.1%}"


def _reached(one: Reached) -> str:
    shares = " ".join(f"{share:>5.0%}" for share in one.by_week)
    median = "never" if one.median_weeks is None else one.median_weeks
    return f"{shares} {median:>7}"
