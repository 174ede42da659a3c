"""Look at GitHub once: which repositories the credential sees, and what else it may do."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from config.shapes.sources import GithubSource
from tasks.core.batches import RawRow
from tasks.core.errors import SourceError
from tasks.core.people import Door
from tasks.core.probe import Probe, counted, expiry_warnings, surplus_warnings
from tasks.core.refusals import fault_words
from tasks.sources.github.context import Repo
from tasks.sources.github.parse import parse_pull_request
from tasks.sources.github.progress import Progress
from tasks.sources.github.reading import FORBIDDEN, UNREADABLE, Reading
from tasks.sources.github.repositories import find_repositories
from tasks.transport.client import Client

#: Scopes of a classic token that reading needs, and those that they bring along.
_NEEDED = frozenset({"repo", "repo:status", "repo_deployment", "public_repo", "read:org"})
#: Lists of a repository that a night reads beside pull requests, by the right that each needs.
_LISTS = {"issues": "issues", "actions": "actions/runs", "deployments": "deployments"}
#: The same of a commit.
_LISTS_OF_COMMIT = {"checks": "check-runs", "commit statuses": "status"}
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
    pulls = reading.parse("pulls", answer.json, lambda one: parse_pull_request(one, repos[0]))
    for reject in reading.rejects.values():
        detail = (
            f"{reject.place} cannot be read: {reject.field_path or 'it'}"
            f" {fault_words(reject.code)}; the shape may have changed, see docs/sources.md"
        )
        raise SourceError(config.name, detail)
    if lacking := _lacking(client, repos[0], pulls):
        detail = (
            f"it may not read {', '.join(lacking)} of the first repository (403): grant the"
            " credential these rights, reading only"
        )
        raise SourceError(config.name, detail)
    return Probe(
        f"{counted(len(repos), 'repository', 'repositories')} to read, pull requests among them",
        (
            *surplus_warnings(surplus_scopes(answer.headers.get(_SCOPES, ""))),
            *expiry_warnings(expiry_of(answer.headers.get(_EXPIRY, "")), now),
        ),
    )


def _lacking(client: Client, repo: Repo, pulls: Sequence[RawRow]) -> list[str]:
    """Name the rights that the credential lacks; a part that is switched off is no lack."""
    paths = {right: f"{repo.path}/{part}" for right, part in _LISTS.items()}
    for pull in pulls:
        for right, part in _LISTS_OF_COMMIT.items():
            paths[right] = f"{repo.path}/commits/{pull['head']}/{part}"
    return [right for right, path in paths.items() if _is_forbidden(client, path)]


def _is_forbidden(client: Client, path: str) -> bool:
    answer = client.get(path, params={"per_page": 1}, accept=tuple(UNREADABLE))
    return answer.status == FORBIDDEN


def surplus_scopes(header: str, needed: frozenset[str] = _NEEDED) -> tuple[str, ...]:
    """List the scopes of a classic token beyond those needed; other tokens send none."""
    scopes = {scope.strip() for scope in header.split(",")} - {""}
    return tuple(sorted(scopes - needed))


def expiry_of(header: str) -> datetime | None:
    """Read when a token ends, e.g. `2026-12-01 09:00:00 UTC`; None where that is not told."""
    found = _MOMENT.match(header)
    return datetime.fromisoformat(found.group()).replace(tzinfo=UTC) if found else None
