"""Build the HTTP client of a source from its configuration and its bound secret."""

from datetime import datetime
from functools import lru_cache
from urllib.parse import urlsplit

from config.settings import Settings
from config.shapes.source_base import HttpSource
from config.shapes.sources import (
    AnthropicEnterpriseSource,
    AnthropicSource,
    ClaudeCodeAnalyticsSource,
    CopilotSource,
    CursorSource,
    FileSource,
    GithubSource,
    JiraSource,
    LangfuseSource,
    Source,
)
from config.web_addresses import is_loopback
from tasks.core.errors import ConfigError
from tasks.sources.copilot import HEADERS as COPILOT_HEADERS
from tasks.sources.github import HEADERS as GITHUB_HEADERS
from tasks.transport.client import Client
from tasks.transport.clock import Clock
from tasks.transport.credentials import AnthropicKey, Basic, Bearer, Credential, GithubToken
from tasks.transport.github_app import GithubApp
from tasks.transport.limits import PACES, Vendor
from tasks.transport.pacing import Buckets, Pace
from tasks.transport.waits import WaitStore

#: Requests at once, as a multiple of those a second.
_BURST_S = 4
#: Requests a second to a server on this machine, such as the sandbox.
_LOCAL_PER_S = 1000

_HEADERS = {"github": GITHUB_HEADERS, "copilot": COPILOT_HEADERS}
#: Whose limits hold for a type of source; the others are generic.
_VENDORS = {
    "github": Vendor.GITHUB,
    "copilot": Vendor.GITHUB,
    "jira": Vendor.JIRA,
    "anthropic": Vendor.ANTHROPIC,
    "anthropic_enterprise": Vendor.ANTHROPIC,
    "claude_code_analytics": Vendor.ANTHROPIC,
    "openai": Vendor.OPENAI,
    "cursor": Vendor.CURSOR,
}


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
    vendor = _VENDORS.get(source.type, Vendor.GENERIC)
    base_url = settings.base_url(source.name, source.base_url)
    return Client(
        source.name,
        base_url,
        vendor=vendor,
        credential=_credential(source, settings),
        waits=waits,
        clock=clock,
        deadline=deadline,
        headers=_HEADERS.get(source.type),
        link_origins=[str(origin) for origin in source.link_origins],
        pace=_pace(source.name, vendor, source.requests_per_second or _local_pace(base_url)),
        ca_file=settings.ca_bundle,
    )


def _local_pace(base_url: str) -> int | None:
    """Give the pace of a server on this machine, to which no vendor's limit applies."""
    return _LOCAL_PER_S if is_loopback(urlsplit(base_url).hostname or "") else None


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
        case GithubSource(auth="app"):
            return _app(source, value, hosts)
        case GithubSource() | CopilotSource():
            return GithubToken(value, hosts)
        case AnthropicSource() | AnthropicEnterpriseSource() | ClaudeCodeAnalyticsSource():
            return AnthropicKey(value, hosts)
    pair = _basic_pair(source, value, settings)
    return Bearer(value, hosts) if pair is None else Basic(*pair, hosts)


def _app(source: GithubSource, key: str, hosts: frozenset[str]) -> GithubApp:
    if source.app_id is None or source.installation_id is None:
        message = f"source {source.name!r}: auth is `app`, so set app_id and installation_id"
        raise ConfigError(message)
    return GithubApp(source.app_id, source.installation_id, key, hosts)


def _basic_pair(source: HttpSource, value: str, settings: Settings) -> tuple[str, str] | None:
    """Give user and password of a source that takes HTTP Basic; None for any other."""
    match source:
        case JiraSource(user=str(user)):
            return settings.secret(user).value.get_secret_value(), value
        case JiraSource(deployment="cloud"):
            message = f"source {source.name!r}: Jira Cloud needs `user`, the secret with the login"
            raise ConfigError(message)
        case CursorSource():
            return value, ""
        case LangfuseSource():
            return source.public_key, value
        case _:
            return None
