"""Make the whole organisation from a seed and a scale; the same pair makes the same world."""

from collections.abc import Iterable
from datetime import date

from sandbox import script
from sandbox.billing import publish
from sandbox.estate.pulls import make_estate_pulls
from sandbox.estate.world import make_estate, metered
from sandbox.log_lines import make_lines
from sandbox.metering import add_up, meter
from sandbox.organisation import ANTHROPIC
from sandbox.pulls import make_deployments, make_issues, make_pulls
from sandbox.records import PullRequest, World
from sandbox.runs import make_runs
from sandbox.tickets import make_tickets
from sandbox.track_records import make_track_records

DEFAULT_SEED = 7


def make_world(
    seed: int = DEFAULT_SEED,
    scale: float = 1.0,
    items: float | None = None,
    *,
    estate: bool = False,
) -> World:
    """Make everything that ever happens, on all generated days.

    Args:
        seed: Any integer.
        scale: 1.0 makes about 1,500 runs in 31 days.
        items: Scale of pull requests and tickets; None: as `scale`.
        estate: With further agents, gateways and telemetry on accounts of their own; the rest
            is the same to the byte.

    Raises:
        ValueError: A scale is not positive.
    """
    for value in (scale, items):
        if value is not None and value <= 0:
            message = f"a scale must be positive, not {value}"
            raise ValueError(message)
    item_scale = scale if items is None else items
    pulls = make_pulls(seed, item_scale)
    tickets = make_tickets(seed, item_scale)
    runs = make_runs(seed, scale, pulls, tickets)
    usage = meter(seed, scale, runs)
    further = make_estate_pulls(seed) if estate else ()
    made = make_estate(seed, scale, (*pulls, *further)) if estate else None
    if made is not None:
        usage = add_up((*usage, *metered(made.requests)))
    return World(
        seed=seed,
        scale=scale,
        first_day=script.FIRST_DAY,
        last_day=script.LAST_DAY,
        usage=usage,
        missing_usage=_MISSING_USAGE,
        charges=publish(usage),
        lines=make_lines(runs),
        # No run works on these: they were done before the first one was logged.
        pulls=_in_order((*pulls, *further, *make_track_records(seed, item_scale))),
        issues=make_issues(pulls),
        deployments=make_deployments(pulls),
        tickets=tickets,
        estate=made,
    )


def _in_order(pulls: Iterable[PullRequest]) -> tuple[PullRequest, ...]:
    return tuple(sorted(pulls, key=lambda pull: (pull.created_at, pull.id)))


_MISSING_USAGE: frozenset[tuple[str, date]] = frozenset({(ANTHROPIC, script.USAGE_GAP_DAY)})
