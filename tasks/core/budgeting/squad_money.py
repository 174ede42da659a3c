"""Which squads are left without exploration money; of squads alone, never of people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from config.globs import covers
from config.shapes.base import Pool
from config.shapes.catalog import Catalog, Squad, Workflow
from tasks.core.budgeting.pool_months import PoolMonth
from tasks.core.ownership import stage_spans


class Lack(StrEnum):
    """Why a squad has no exploration money."""

    SPENT = "spent"  # no pool behind its exploration accounts has headroom
    NO_ACCOUNT = "no_account"  # workflows are explored in its work, and no account of it pays


@dataclass(frozen=True, slots=True, order=True)
class SquadWithout:
    """A squad without exploration money.

    Attributes:
        about: Portfolios that have none left, or workflows that are explored in its work; sorted.
    """

    squad: str
    lack: Lack
    about: tuple[str, ...]


def squads_without(
    catalog: Catalog, pools: Iterable[PoolMonth], day: date
) -> tuple[SquadWithout, ...]:
    """List the squads of the catalog that are left without exploration money on a day.

    A squad's exploration accounts are the accounts and keys that name it and are paid from
    exploration. Work is explored in a squad's repositories or projects if the scope or the match
    of a workflow in exploration names them; a scope that is left open names nobody's.

    Args:
        catalog: The catalog in force.
        pools: Of families and portfolios. A portfolio has headroom if its own exploration pool
            has; without a budget of its own, if a family's has.
        day: The day.
    """
    left = _portfolios_left(pools)
    explored = _explored(catalog, day)
    found = []
    for squad in catalog.squads:
        accounts = [
            one
            for one in catalog.accounts
            if one.squad == squad.id and one.paid_from is Pool.EXPLORATION
        ]
        keys = [
            one
            for one in catalog.api_keys
            if one.squad == squad.id and one.paid_from is Pool.EXPLORATION
        ]
        # A key does not tell its account, so nobody can say that its money is spent.
        homes = sorted({one.portfolio for one in accounts if one.portfolio})
        if not accounts and not keys:
            names = sorted(one.id for one in explored if _works_for(one, squad))
            if names:
                found.append(SquadWithout(squad.id, Lack.NO_ACCOUNT, tuple(names)))
        elif homes and not keys and not any(left.get(home, True) for home in homes):
            found.append(SquadWithout(squad.id, Lack.SPENT, tuple(homes)))
    return tuple(sorted(found))


def _portfolios_left(pools: Iterable[PoolMonth]) -> dict[str, bool]:
    """Tell of each portfolio with an exploration budget whether anything of it is left."""
    own: dict[str, bool] = {}
    families: dict[str, bool] = {}
    for month in pools:
        name = month.name
        if name.pool != Pool.EXPLORATION or month.budget_nano is None:
            continue
        is_left = month.headroom_nano() > 0
        if name.family:
            families[name.portfolio] = families.get(name.portfolio, False) or is_left
        else:
            own[name.portfolio] = is_left
    return families | own


def _explored(catalog: Catalog, day: date) -> list[Workflow]:
    in_force = {
        span.workflow
        for span in stage_spans(catalog)
        if span.pool == Pool.EXPLORATION
        and span.from_day <= day
        and (span.to_day is None or day <= span.to_day)
    }
    return [one for one in catalog.workflows if one.id in in_force]


def _works_for(workflow: Workflow, squad: Squad) -> bool:
    # A ticket of a scope may be a whole project, e.g. `PAY`, or keys of it, e.g. `PAY-*`.
    projects = [*squad.projects, *(f"{project}-*" for project in squad.projects)]
    repositories = (*workflow.scope.repositories, *workflow.match.repositories)
    return _meet(repositories, squad.repositories) or _meet(workflow.scope.tickets, projects)


def _meet(globs: Sequence[str], others: Sequence[str]) -> bool:
    """Tell whether one glob of two lists lies within one of the other."""
    return any(covers(one, other) or covers(other, one) for one in globs for other in others)
