"""Checks of tickets.yaml: every route leads somewhere, every system has what it needs."""

from collections.abc import Iterator

from config.catalog_checks import unknown_reference
from config.misfits import CATALOG, TICKETS, Misfit, repeated
from config.problems import Path
from config.shapes.catalog import Catalog
from config.shapes.tickets import GithubTickets, JiraTickets, Tickets, TicketSystem
from config.variable_names import name_misfits

_EVERY = "*"


def tickets_misfits(tickets: Tickets, catalog: Catalog) -> Iterator[Misfit]:
    """Check what the file's own content, and the portfolios of the catalog, can tell."""
    yield from repeated(TICKETS, "systems", tickets.systems, lambda one: one.name, "name")
    yield from repeated(TICKETS, "routes", tickets.routes, lambda one: one.portfolio, "portfolio")
    variables: dict[str, str] = {}
    for position, system in enumerate(tickets.systems):
        path: Path = ("systems", position)
        yield from _system(path, system)
        yield from name_misfits(TICKETS, path, _names(system), variables)
    yield from _routes(tickets, {portfolio.id for portfolio in catalog.portfolios})
    yield from _catalog(tickets)


def _system(path: Path, system: TicketSystem) -> Iterator[Misfit]:
    if isinstance(system, JiraTickets):
        if system.deployment == "cloud" and system.user is None:
            message = "is missing; Jira Cloud needs the name of the secret with the login."
            yield Misfit(TICKETS, (*path, "user"), message)
        return
    if system.auth == "app":
        for field in ("app_id", "installation_id"):
            if getattr(system, field) is None:
                yield Misfit(TICKETS, (*path, field), "is missing; `auth: app` needs it.")


def _names(system: TicketSystem) -> list[tuple[str, str, str]]:
    names = [("name", "BASE_URL_", system.name), ("secret", "SECRET_", system.secret)]
    if isinstance(system, JiraTickets) and system.user is not None:
        names.append(("user", "SECRET_", system.user))
    return names


def _routes(tickets: Tickets, portfolios: set[str]) -> Iterator[Misfit]:
    systems = {system.name for system in tickets.systems}
    for position, route in enumerate(tickets.routes):
        if route.system not in systems:
            path: Path = ("routes", position, "system")
            yield unknown_reference(TICKETS, path, route.system, "name of `systems`", systems)
        if route.portfolio not in {_EVERY, *portfolios}:
            path = ("routes", position, "portfolio")
            what = f"portfolio of {CATALOG}"
            yield unknown_reference(TICKETS, path, route.portfolio, what, portfolios)


def _catalog(tickets: Tickets) -> Iterator[Misfit]:
    if tickets.catalog is None:
        return
    hubs = {one.name for one in tickets.systems if isinstance(one, GithubTickets)}
    if tickets.catalog.system not in hubs:
        what = "name of a `github` system"
        yield unknown_reference(TICKETS, ("catalog", "system"), tickets.catalog.system, what, hubs)
