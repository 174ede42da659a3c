"""Make the year from a seed, once: the vendors then answer by the sandbox's clock."""

from sandbox.organisation import ANTHROPIC
from sandbox.records import World
from sandbox.year import calendar, cloud_bill
from sandbox.year.bills import publish
from sandbox.year.work import make_lines, make_runs, meter


def make_year(seed: int = 7) -> World:
    """Make everything that happens in the year; it has no pull requests and no tickets."""
    runs = make_runs(seed)
    usage = meter(runs)
    return World(
        seed=seed,
        scale=1.0,
        first_day=calendar.FIRST_DAY,
        last_day=calendar.LAST_DAY,
        usage=usage,
        missing_usage=frozenset((ANTHROPIC, day) for day in calendar.USAGE_GAPS),
        charges={**publish(usage), **cloud_bill.publish(seed)},
        lines=make_lines(runs),
        pulls=(),
        issues=(),
        deployments=(),
        tickets=(),
        log_outages=tuple(
            (calendar.night_of(first), calendar.night_of(last))
            for first, last in calendar.LOG_OUTAGES
        ),
    )
