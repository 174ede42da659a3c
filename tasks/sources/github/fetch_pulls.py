"""Fetch changed pull requests with their reviews, commits and checks.

The list has no `since`: it is read newest first and left at the first pull request that
did not change. A check that finishes does not touch its pull request, so checks that were
not final are asked for again, until they are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from tasks.core.batches import Json, Pulled, RawRow
from tasks.core.instants import parse_instant
from tasks.sources.github.context import Repo
from tasks.sources.github.parse import parse_commit, parse_pull_request, parse_review
from tasks.sources.github.parse_checks import checks_row, parse_check_run, parse_status
from tasks.sources.github.progress import RECHECK_FOR, Again
from tasks.sources.github.reading import CONCURRENCY, Reading, UnreadableError
from tasks.sources.github.repositories import find_repositories, place_of
from tasks.transport.pacing import map_bounded

_NEWEST_FIRST: dict[str, str | int] = {"state": "all", "sort": "updated", "direction": "desc"}
#: The combined status and the latest check runs: two systems, both still in use.
_CHECK_LISTS: dict[str, tuple[str, dict[str, str | int], str, Callable[[object], RawRow]]] = {
    "check_runs": ("check-runs", {"filter": "latest"}, "check_runs", parse_check_run),
    "statuses": ("status", {}, "statuses", parse_status),
}
_FINAL: RawRow = {"is_final": True}
# A head this young without any check may only not have started them.
_CHECKS_START_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class _Pull:
    """A changed pull request; `is_last` of its repository's in this pull."""

    repo: Repo
    row: RawRow
    is_last: bool


def fetch_pull_requests(reading: Reading) -> Pulled:
    """Read what changed, oldest change first, then the checks that were not final.

    Raises:
        SourceError: The source is down, refuses the credential, or breaks off.
    """
    repos = find_repositories(reading)
    pulls: list[_Pull] = []
    listed = map_bounded(lambda repo: _changed(reading, repo), repos, CONCURRENCY)
    for repo, rows in zip(repos, listed, strict=True):
        if rows is None:
            continue
        if not rows:
            reading.progress.read_to[repo.id] = reading.now
        pulls += [_Pull(repo, row, is_last=row is rows[-1]) for row in rows]
    reading.in_chunks(pulls, partial(_with_parts, reading), partial(_note_read, reading))
    if reading.is_complete:
        _recheck(reading, repos)
    return reading.finish(repos)


def _changed(reading: Reading, repo: Repo) -> list[RawRow] | None:
    """List the pull requests changed since the repository was read; None if unreadable."""
    place = place_of(repo, "pulls")
    since = reading.progress.since(repo.id, reading.beginning)
    changed: dict[Json, RawRow] = {}
    try:
        for page in reading.pages(place, f"{repo.path}/pulls", _NEWEST_FIRST):
            rows = reading.parse(place, page, partial(parse_pull_request, repo=repo))
            fresh = [row for row in rows if parse_instant(row["updated_at"]) >= since]
            for row in fresh:
                changed.setdefault(row["key"], row)
            if len(fresh) < len(rows):
                break
    except UnreadableError as error:
        reading.unreadable[repo.id] = error
        return None
    return sorted(changed.values(), key=lambda row: (str(row["updated_at"]), str(row["key"])))


def _with_parts(reading: Reading, pull: _Pull) -> list[RawRow]:
    """Add reviews and commits to a pull request, and read the checks of its head."""
    repo, row = pull.repo, pull.row
    path = f"{repo.path}/pulls/{row['number']}"
    whole = row | {
        "reviews": _part(reading, repo, f"{path}/reviews", "reviews"),
        "commits": _part(reading, repo, f"{path}/commits", "commits"),
    }
    rows = [whole]
    for kind in _CHECK_LISTS:
        rows += _checks(reading, repo, kind, str(row["key"]), str(row["head"]))
    return rows


def _part(reading: Reading, repo: Repo, path: str, what: str) -> list[Json] | None:
    """Read the reviews or commits of a pull request; None, which is not empty, if refused."""
    place = place_of(repo, f"pulls/{what}")
    found = reading.part(place, path, {})
    parse = (
        parse_review if what == "reviews" else partial(parse_commit, keyed_digest=repo.keyed_digest)
    )
    return None if found is None else [*reading.parse(place, found, parse)]


def _checks(reading: Reading, repo: Repo, kind: str, item: str, sha: str) -> list[RawRow]:
    """Read one kind of checks of a head; nothing if it has none, or they are refused."""
    tail, params, items, parse = _CHECK_LISTS[kind]
    place = place_of(repo, kind)
    path = f"{repo.path}/commits/{sha}/{tail}"
    checks = reading.parse(place, reading.part(place, path, params, items) or (), parse)
    return [checks_row(kind, item, sha, checks)] if checks else []


def _note_read(reading: Reading, pull: _Pull, rows: list[RawRow]) -> None:
    """Record that a pull request is done, and which of its checks are not final."""
    repo, row = pull.repo, pull.row
    progress = reading.progress
    updated_at = parse_instant(row["updated_at"])
    progress.read_to[repo.id] = reading.now if pull.is_last else updated_at
    progress.again -= {one for one in progress.again if one.key.startswith(f"{row['key']}@")}
    age = reading.now - updated_at
    if age > RECHECK_FOR:
        return
    checks = {str(one["record"]): one for one in rows[1:]}
    may_start = not checks and row["state"] == "open" and age < _CHECKS_START_WITHIN
    until = (reading.now + RECHECK_FOR).date()
    for kind in _CHECK_LISTS:
        if may_start or not checks.get(kind, _FINAL)["is_final"]:
            progress.again.add(Again(kind, repo.id, f"{row['key']}@{row['head']}", until))


def _recheck(reading: Reading, repos: list[Repo]) -> None:
    """Ask again for checks that were not final and whose pull request did not change."""
    by_id = {repo.id: repo for repo in repos}
    read = {(row["record"], row["key"]) for row in reading.rows}
    jobs = [
        one
        for one in sorted(reading.progress.again)
        if one.repository_id in by_id and (one.kind, one.key) not in read
    ]

    def work(one: Again) -> list[RawRow]:
        item, _, sha = one.key.partition("@")
        return _checks(reading, by_id[one.repository_id], one.kind, item, sha)

    def done(one: Again, rows: list[RawRow]) -> None:
        if all(row["is_final"] for row in rows):
            reading.progress.again.discard(one)

    reading.in_chunks(jobs, work, done)
