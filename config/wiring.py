"""Hold the settings against the sources: which source lacks a secret, and what is left over."""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from config.errors import ConfigError
from config.settings import Settings, plain_name
from config.shapes.sources import FileSource, JiraSource, Source, Sources


class WiringProblem(NamedTuple):
    """Why a source cannot be read as things stand; the others can.

    Attributes:
        source: Its name; empty for a setting that belongs to no source.
        message: One sentence that says what to do, without any value.
    """

    source: str
    message: str


def wiring_problems(settings: Settings, sources: Sources) -> tuple[WiringProblem, ...]:
    """Find enabled sources whose secret is missing or bound to other hosts, and stray overrides."""
    problems = [
        WiringProblem(source.name, message)
        for source in sources.sources
        if source.enabled
        for message in _secret_problems(settings, source)
    ]
    known = {plain_name(source.name) for source in sources.sources}
    problems += [
        WiringProblem("", f"base URL override {name!r} names no source of sources.yaml; remove it")
        for name in settings.base_urls
        if name not in known
    ]
    return tuple(problems)


def _secret_problems(settings: Settings, source: Source) -> Iterator[str]:
    if isinstance(source, FileSource):
        return
    names = [source.secret]
    if isinstance(source, JiraSource) and source.user is not None:
        names.append(source.user)
    host = urlsplit(settings.base_url(source.name, source.base_url))
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
                f"secret {name!r} is not bound to {host.netloc}, where the source is read from; "
                "add it to the _HOSTS of the secret or correct the base URL"
            )
