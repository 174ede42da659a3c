"""Look at GitHub once: which repositories the credential sees, and what else it may do."""

import re
from datetime import UTC, datetime

from config.shapes.sources import GithubSource
from tasks.core.errors import SourceError
from tasks.core.people import Door
from tasks.core.probe import Probe, counted, expiry_warnings, surplus_warnings
from tasks.sources.github.parse import parse_pull_request
from tasks.sources.github.progress import Progress
from tasks.sources.github.reading import Reading
from tasks.sources.github.repositories import find_repositories
from tasks.transport.client import Client

#: Scopes of a classic token that reading needs, and those that they bring along.
_NEEDED = frozenset({"repo", "repo:status", "repo_deployment", "public_repo", "read:org"})
_EXPIRY = "github-authentication-token-expiration"
_SCOPES = "x-oauth-scopes"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def probe(client: Client, config: GithubSource, now: datetime, door: Door) -> Probe:
    """Find the repositories, and read the newest pull request of the first.

    Raises:
        SourceError: Nothing can be read, or it has another shape.
    """
    reading = Reading(
        client=client,
        config=config,
        keyed_digest=door,
        now=now,
        beginning=now,
        progress=Progress.of(None),
    )
    repos = find_repositories(reading)
    answer = client.get(f"{repos[0].path}/pulls", params={"state": "all", "per_page": 1})
    if not isinstance(answer.json, list):
        raise SourceError(config.name, "the list of pull requests is no list")
    reading.parse("pulls", answer.json, lambda one: parse_pull_request(one, repos[0]))
    for reject in reading.rejects.values():
        detail = (
            f"{reject.place} cannot be read: {reject.field_path or 'it'} is {reject.code}; the"
            " shape may have changed, see docs/sources.md"
        )
        raise SourceError(config.name, detail)
    return Probe(
        f"{counted(len(repos), 'repository', 'repositories')} to read, pull requests among them",
        (
            *surplus_warnings(surplus_scopes(answer.headers.get(_SCOPES, ""))),
            *expiry_warnings(expiry_of(answer.headers.get(_EXPIRY, "")), now),
        ),
    )


def surplus_scopes(header: str, needed: frozenset[str] = _NEEDED) -> tuple[str, ...]:
    """List the scopes of a classic token beyond those needed; other tokens send none."""
    scopes = {scope.strip() for scope in header.split(",")} - {""}
    return tuple(sorted(scopes - needed))


def expiry_of(header: str) -> datetime | None:
    """Read when a token ends, e.g. `2026-12-01 09:00:00 UTC`; None where that is not told."""
    found = _MOMENT.match(header)
    return datetime.fromisoformat(found.group()).replace(tzinfo=UTC) if found else None
