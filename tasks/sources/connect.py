"""Build the HTTP client of a source from its configuration and its bound secret."""

from datetime import datetime
from functools import lru_cache

from config.settings import Settings
from config.shapes.sources import (
    AnthropicSource,
    FileSource,
    GithubSource,
    JiraSource,
    OpenAISource,
    Source,
)
from tasks.core.errors import ConfigError
from tasks.sources.github import HEADERS as GITHUB_HEADERS
from tasks.transport.client import Client
from tasks.transport.clock import Clock
from tasks.transport.credentials import AnthropicKey, Bearer, Credential, GithubToken, JiraBasic
from tasks.transport.github_app import GithubApp
from tasks.transport.limits import PACES, Vendor
from tasks.transport.pacing import Buckets, Pace
from tasks.transport.waits import WaitStore

#: Sources that are read over HTTP.
HttpSource = GithubSource | JiraSource | AnthropicSource | OpenAISource

#: Requests at once, as a multiple of those a second.
_BURST_S = 4

_HEADERS = {"github": GITHUB_HEADERS}


def located(source: Source, settings: Settings) -> Source:
    """Let the paths of a source of files start from the work folder."""
    if not isinstance(source, FileSource):
        return source
    paths = tuple(str(settings.work_dir / path) for path in source.paths)
    return source.model_copy(update={"paths": paths})


def connect(
    source: Source, settings: Settings, *, waits: WaitStore, clock: Clock, deadline: datetime
) -> Client | None:
    """Open the client of one source.

    Args:
        source: As configured; its base URL may be overridden by the environment.
        settings: Holds the secrets, each bound to hosts.
        waits: Where limits learnt earlier are remembered.
        clock: For pacing and waiting.
        deadline: Aware UTC; no limit is waited for beyond it.

    Returns:
        The client; None for a source that is read from files.

    Raises:
        ConfigError: A secret is missing, or not bound to the host of the base URL.
    """
    if isinstance(source, FileSource):
        return None
    return Client(
        source.name,
        settings.base_url(source.name, source.base_url),
        vendor=Vendor(source.type),
        credential=_credential(source, settings),
        waits=waits,
        clock=clock,
        deadline=deadline,
        headers=_HEADERS.get(source.type),
        link_origins=[str(origin) for origin in source.link_origins],
        pace=_pace(source.name, Vendor(source.type), source.requests_per_second),
        ca_file=settings.ca_bundle,
    )


@lru_cache
def _pace(_source: str, vendor: Vendor, per_second: int | None) -> Buckets:
    """Keep one pace for all streams of a source: they are pulled at once, in one process."""
    if per_second is None:
        return Buckets(PACES[vendor])
    return Buckets(Pace(per_second, per_second * _BURST_S))


def _credential(source: HttpSource, settings: Settings) -> Credential:
    secret = settings.secret(source.secret)
    value, hosts = secret.value.get_secret_value(), secret.hosts
    match source:
        case GithubSource(auth="app", app_id=str(app_id), installation_id=int(installation_id)):
            return GithubApp(app_id, installation_id, value, hosts)
        case GithubSource(auth="app"):
            message = f"source {source.name!r}: auth is `app`, so set app_id and installation_id"
            raise ConfigError(message)
        case GithubSource():
            return GithubToken(value, hosts)
        case JiraSource(user=str(user)):
            login = settings.secret(user).value.get_secret_value()
            return JiraBasic(login, value, hosts)
        case JiraSource(deployment="cloud"):
            message = f"source {source.name!r}: Jira Cloud needs `user`, the secret with the login"
            raise ConfigError(message)
        case AnthropicSource():
            return AnthropicKey(value, hosts)
        case _:
            return Bearer(value, hosts)
