"""Ask every source once, before a night has to: one line each, and what to do about it."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from config.load import Config
from config.settings import Settings
from config.shapes.source_base import HttpSource
from config.shapes.sources import Source
from tasks.core.digests import keyed_digest
from tasks.core.errors import GraduandError, SourceUnavailableError, WaitUntilError
from tasks.core.people import Door
from tasks.core.probe import Probe
from tasks.sources.connect import connect, located
from tasks.sources.declared import with_declared
from tasks.sources.directory import read_directory
from tasks.sources.probe import probe
from tasks.sources.registry import enabled_sources, source_named
from tasks.transport.clock import SystemClock
from tasks.transport.errors import BodyError, OriginError, StatusError
from tasks.transport.waits import MemoryWaitStore

#: A source that wants to be left alone for longer is told as such.
_PATIENCE = timedelta(minutes=2)
#: What the credential of a type has to be; docs/sources.md says how to make one.
_NEEDS = {
    "github": "a token that may read contents, pull requests, issues, checks and deployments",
    "jira": "an account that may browse the projects",
    "anthropic": "an Admin API key (sk-ant-admin...)",
    "anthropic_enterprise": "a key with read:analytics",
    "claude_code_analytics": "an Admin API key (sk-ant-admin...)",
    "openai": "an Admin API key (sk-admin-...) with api.usage.read",
    "copilot": "a token that may read billing and Copilot metrics of the organisation",
    "cursor": "an Admin API key of the team",
    "devin": "a service user's key with ViewAccountConsumption and ViewOrgSessions",
    "litellm": "a key that may read spend logs",
    "langfuse": "a key pair of the project",
}
_REFUSED = frozenset({"credential", "permission", "not_found"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What one source had to say.

    Attributes:
        told: What it answered; None where it cannot be read.
        fault: Why not, and what to do; empty where it can.
    """

    source: str
    told: Probe | None
    fault: str = ""


def asked(config: Config, settings: Settings, names: Sequence[str] | None) -> Iterator[Asked]:
    """Ask sources one by one.

    Args:
        config: As loaded.
        settings: Of this process.
        names: Of sources; None for all that are enabled.

    Raises:
        ConfigError: A name is none of `sources.yaml`, or the directory cannot be read.
    """
    chosen = enabled_sources(config.sources)
    if names:
        chosen = [source_named(config.sources.sources, name) for name in names]
    squads = read_directory(settings.directory) if settings.directory else None
    door = Door(keyed_digest(settings.digest_key.get_secret_value()), squads)
    for source in chosen:
        try:
            yield Asked(source.name, _probe(source, config, settings, door))
        except GraduandError as error:
            yield Asked(source.name, None, _fault(source, settings, error))


def _probe(source: Source, config: Config, settings: Settings, door: Door) -> Probe:
    declared = with_declared(source, config.catalog, config.sources.sources, config.finance)
    configured = located(declared, settings)
    clock = SystemClock()
    client = connect(
        configured,
        settings,
        waits=MemoryWaitStore(),
        clock=clock,
        deadline=clock.now() + _PATIENCE,
    )
    with client or nullcontext():
        return probe(configured, client, settings.now or datetime.now(UTC), door)


def _fault(source: Source, settings: Settings, error: GraduandError) -> str:
    text = str(error).removeprefix(f"source {source.name!r}: ")
    if isinstance(error, StatusError) and error.reason in _REFUSED and source.type in _NEEDS:
        if error.reason == "not_found":
            text += ", or `base_url`"
        return f"{text}. It needs {_NEEDS[source.type]}"
    if isinstance(error, WaitUntilError):
        return f"{text}; it answers: ask again then"
    if not isinstance(source, HttpSource):
        return text
    host = urlsplit(settings.base_url(source.name, source.base_url)).netloc
    if isinstance(error, BodyError | OriginError):
        return f"{text}; see whether {host} is right: a login page or a proxy answers like that"
    if isinstance(error, SourceUnavailableError):
        return f"{text}, or see whether {host} is right and can be reached from here"
    return text
