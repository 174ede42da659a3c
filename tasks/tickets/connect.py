"""Opens the ticket systems of tickets.yaml for writing, each with its bound secret."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.settings import Settings
from config.shapes.tickets import GithubTickets, JiraTickets, Tickets, TicketSystem
from tasks.core.errors import ConfigError
from tasks.tickets.github import HEADERS, GithubPort
from tasks.tickets.jira import JiraPort
from tasks.tickets.port import TicketPort
from tasks.transport.clock import Clock
from tasks.transport.credentials import Basic, Bearer, Credential, GithubToken
from tasks.transport.github_app import GithubApp
from tasks.transport.limits import Vendor
from tasks.transport.waits import WaitStore
from tasks.transport.writer import Writer

#: Longer waits are left to the next run: a create that sleeps could outlive its lease.
_LONGEST_WAIT = timedelta(minutes=1)
_EVERY = "*"


@dataclass(frozen=True, slots=True)
class Systems:
    """What may be written to.

    Attributes:
        ports: By name of the system.
        writers: The same systems' clients.
    """

    ports: Mapping[str, TicketPort]
    writers: Mapping[str, Writer]


def system_of(tickets: Tickets, portfolio: str) -> str:
    """Name the system that a portfolio's tickets go to; empty if no route takes them."""
    routes = {route.portfolio: route.system for route in tickets.routes}
    return routes.get(portfolio, routes.get(_EVERY, ""))


@contextmanager
def connected(
    tickets: Tickets, settings: Settings, *, waits: WaitStore, clock: Clock, deadline: datetime
) -> Iterator[Systems]:
    """Open every system for writing; a dry run must not come here.

    Args:
        tickets: Whose systems are opened.
        settings: Holds their secrets, each bound to hosts.
        waits: Where limits learnt earlier are remembered.
        clock: For pacing and waiting.
        deadline: Aware UTC; no request starts after it.

    Raises:
        ConfigError: A secret is missing, or not bound to the host of its system.
    """
    with ExitStack() as stack:
        writers: dict[str, Writer] = {}
        ports: dict[str, TicketPort] = {}
        for system in tickets.systems:
            writer = Writer(
                system.name,
                settings.base_url(system.name, system.base_url),
                vendor=Vendor(system.type),
                credential=_credential(system, settings),
                headers=HEADERS if isinstance(system, GithubTickets) else {},
                waits=waits,
                clock=clock,
                deadline=deadline,
                longest_wait=_LONGEST_WAIT,
                ca_file=settings.ca_bundle,
            )
            writers[system.name] = stack.enter_context(writer)
            ports[system.name] = _port(writer, system)
        yield Systems(ports, writers)


def _port(writer: Writer, system: TicketSystem) -> TicketPort:
    if isinstance(system, JiraTickets):
        return JiraPort(writer, system)
    return GithubPort(writer, system)


def _credential(system: TicketSystem, settings: Settings) -> Credential:
    secret = settings.secret(system.secret)
    value, hosts = secret.value.get_secret_value(), secret.hosts
    match system:
        case GithubTickets(auth="app", app_id=str(app_id), installation_id=int(installation_id)):
            return GithubApp(app_id, installation_id, value, hosts)
        case GithubTickets(auth="token"):
            return GithubToken(value, hosts)
        case JiraTickets(user=str(user)):
            return Basic(settings.secret(user).value.get_secret_value(), value, hosts)
        case JiraTickets(deployment="data_center"):
            return Bearer(value, hosts)
    message = f"ticket system {system.name!r}: what its kind of login needs is missing"
    raise ConfigError(message)
