"""What a workflow's scope allows: how many repositories and squads, and which kinds of work.

Promotion entitles work inside the scope and nothing else, so evidence is asked from inside it and
nowhere else: a narrow scope needs no second repository.
"""

from collections.abc import Mapping, Sequence

from config.globs import covers, is_exact
from config.shapes.catalog import Catalog, Scope
from tasks.core.globs import compiled

_KEYS = "-*"


def repositories_allowed(scope: Scope) -> int | None:
    """Count the repositories of a scope; None where it is open, or a pattern leaves it open."""
    names = set(scope.repositories)
    return len(names) if names and all(map(is_exact, names)) else None


def squads_allowed(catalog: Catalog, scope: Scope) -> int:
    """Count the squads of the catalog whose repositories or projects a scope can reach."""
    if not scope.repositories and not scope.tickets:
        return len(catalog.squads)
    projects = [glob.removesuffix(_KEYS) for glob in scope.tickets]
    return sum(
        _meet(scope.repositories, squad.repositories) or _meet(projects, squad.projects)
        for squad in catalog.squads
    )


def is_all_of(scope: Scope, kind: str) -> bool:
    """Tell whether a scope allows this one kind of work alone."""
    return (
        scope.task_classes == (kind,)
        or scope.repositories == (kind,)
        or scope.tickets in {(kind,), (f"{kind}{_KEYS}",)}
    )


def within(scope: Scope, sizes: Mapping[str, int]) -> dict[str, int]:
    """Keep the kinds of work that a scope allows.

    A kind is named by its task class, else its repository, else its project: whichever part of
    the scope says something about such a name decides.
    """
    projects = [glob.removesuffix(_KEYS) for glob in scope.tickets]
    globs = [compiled(glob) for glob in (*scope.task_classes, *scope.repositories, *projects)]
    if not globs:
        return dict(sizes)
    return {name: size for name, size in sizes.items() if any(glob(name) for glob in globs)}


def _meet(globs: Sequence[str], others: Sequence[str]) -> bool:
    """Tell whether one glob of two lists lies within one of the other."""
    return any(covers(one, other) or covers(other, one) for one in globs for other in others)
