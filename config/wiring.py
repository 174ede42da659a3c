"""Hold the settings against the files: which source lacks a secret, and what is left over."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from config.errors import ConfigError
from config.settings import Settings, plain_name
from config.shapes.sources import FileSource, JiraSource, Source, Sources
from config.shapes.tickets import JiraTickets, Tickets, TicketSystem


class WiringProblem(NamedTuple):
    """Why a source cannot be read as things stand; the others can.

    Attributes:
        source: Its name; empty for a setting that belongs to no source.
        message: One sentence that says what to do, without any value.
    """

    source: str
    message: str


def wiring_problems(
    settings: Settings, sources: Sources, tickets: Tickets | None = None
) -> tuple[WiringProblem, ...]:
    """Find enabled sources whose secret is missing or bound to other hosts, and stray overrides.

    Args:
        settings: Of this process.
        sources: Which all have to be readable.
        tickets: Whose systems may have overrides, too; their secrets are not asked for.
    """
    problems = [
        WiringProblem(source.name, message)
        for source in sources.sources
        if source.enabled
        for message in _secret_problems(settings, source)
    ]
    systems = tickets.systems if tickets is not None else ()
    known = {plain_name(one.name) for one in (*sources.sources, *systems)}
    problems += [
        WiringProblem("", f"base URL override {name!r} names no source of sources.yaml; remove it")
        for name in settings.base_urls
        if name not in known
    ]
    return tuple(problems)


def ticket_problems(settings: Settings, tickets: Tickets) -> tuple[WiringProblem, ...]:
    """Find ticket systems that could not be written to; only the weekly deployment has to."""
    return tuple(
        WiringProblem(system.name, message)
        for system in tickets.systems
        for message in _secret_problems(settings, system)
    )


def _secret_problems(settings: Settings, source: Source | TicketSystem) -> Iterator[str]:
    if isinstance(source, FileSource):
        return
    names = [source.secret]
    if isinstance(source, JiraSource | JiraTickets) and source.user is not None:
        names.append(source.user)
    yield from _unbound(settings, settings.base_url(source.name, source.base_url), names)


def _unbound(settings: Settings, address: str, names: Iterable[str]) -> Iterator[str]:
    host = urlsplit(address)
    accepted = {host.netloc, host.hostname}
    if host.port is None:
        accepted.add(f"{host.hostname}:{443 if host.scheme == 'https' else 80}")
    for name in names:
        try:
            secret = settings.secret(name)
        except ConfigError as error:
            yield str(error)
            continue
        if not secret.hosts & accepted:
            yield (
                f"secret {name!r} is not bound to {host.netloc}, which it is for; "
                "add it to the _HOSTS of the secret or correct the base URL"
            )
