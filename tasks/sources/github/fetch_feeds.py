"""Fetch incidents, events of items, workflow runs and deployments."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from pydantic import ValidationError

from tasks.core.batches import Json, Pulled, RawRow
from tasks.core.instants import instant_text, parse_instant
from tasks.sources.github import payloads
from tasks.sources.github.context import Repo
from tasks.sources.github.parse_checks import (
    PENDING,
    deployment_row,
    is_final_deployment,
    parse_deployment,
    parse_deployment_status,
    parse_workflow_run,
)
from tasks.sources.github.parse_issues import parse_incident, parse_item_event
from tasks.sources.github.progress import RECHECK_FOR, Again
from tasks.sources.github.reading import Reading, UnreadableError
from tasks.sources.github.repositories import find_repositories, place_of

# A filtered list of runs gives at most 1,000 of them, whatever its count says.
_RUN_CAP = 1000
_SHORTEST_SLICE = timedelta(minutes=1)
# A rerun changes an old run, which no filter by date of change can find.
_RUNS_AGAIN = timedelta(days=3)
# GitHub ends a run after 35 days; a pending one is looked for no longer than that.
_LONGEST_RUN = timedelta(days=35)


def fetch_item_events(reading: Reading) -> Pulled:
    """Read events of issues and pull requests, newest first, back to the known."""
    return _each_repository(reading, _item_events)


def fetch_incidents(reading: Reading) -> Pulled:
    """Read changed issues that carry an incident label."""
    return _each_repository(reading, _incidents)


def fetch_workflow_runs(reading: Reading) -> Pulled:
    """Read the workflow runs of a trailing window, and back to the oldest unfinished one."""
    return _each_repository(reading, _workflow_runs, _note_runs)


def fetch_deployments(reading: Reading) -> Pulled:
    """Read new deployments, and again those that had not come to an end."""
    return _each_repository(reading, _deployments, _note_deployments)


def _note_nothing(reading: Reading, repo: Repo, rows: list[RawRow]) -> None:
    """A list that is read by date alone has nothing to look at again."""


def _each_repository(
    reading: Reading,
    read: Callable[[Reading, Repo, datetime], list[RawRow]],
    note: Callable[[Reading, Repo, list[RawRow]], None] = _note_nothing,
) -> Pulled:
    repos = find_repositories(reading)

    def work(repo: Repo) -> list[RawRow]:
        try:
            return read(reading, repo, reading.progress.since(repo.id, reading.beginning))
        except UnreadableError as error:
            reading.unreadable[repo.id] = error
            return []

    def done(repo: Repo, rows: list[RawRow]) -> None:
        if repo.id not in reading.unreadable:
            reading.progress.read_to[repo.id] = reading.now
            note(reading, repo, rows)

    reading.in_chunks(repos, work, done)
    return reading.finish(repos)


def _item_events(reading: Reading, repo: Repo, since: datetime) -> list[RawRow]:
    place = place_of(repo, "events")
    rows: list[RawRow] = []
    for page in reading.pages(place, f"{repo.path}/issues/events", {}):
        parsed = reading.parse(place, page, partial(parse_item_event, repo=repo))
        rows += [row for row in parsed if row and parse_instant(row["at"]) >= since]
        if any(_is_before(one, since) for one in page):
            break
    return rows


def _incidents(reading: Reading, repo: Repo, since: datetime) -> list[RawRow]:
    place = place_of(repo, "issues")
    rows: list[RawRow] = []
    for label in reading.config.incident_labels:
        params: dict[str, str | int] = {
            "labels": label,
            "state": "all",
            "sort": "updated",
            "direction": "asc",
            "since": _seconds(since),
        }
        for page in reading.pages(place, f"{repo.path}/issues", params):
            rows += filter(None, reading.parse(place, page, partial(parse_incident, repo=repo)))
    return rows


def _workflow_runs(reading: Reading, repo: Repo, since: datetime) -> list[RawRow]:
    unfinished = [parse_instant(one.key) for one in _again(reading, repo)]
    start = max(reading.beginning, min([since - _RUNS_AGAIN, *unfinished]))
    return _runs_between(reading, repo, start, reading.now)


def _runs_between(reading: Reading, repo: Repo, start: datetime, end: datetime) -> list[RawRow]:
    """Read the runs created in a span, cut in halves until each half is below the cap."""
    place = place_of(repo, "runs")
    params = {"created": f"{_seconds(start)}..{_seconds(end)}"}
    rows: list[RawRow] = []
    for body in reading.bodies(place, f"{repo.path}/actions/runs", params):
        count = body.get("total_count") if isinstance(body, dict) else None
        if isinstance(count, int) and count > _RUN_CAP:
            if end - start > _SHORTEST_SLICE:
                middle = start + (end - start) / 2
                return [
                    *_runs_between(reading, repo, start, middle),
                    *_runs_between(reading, repo, middle, end),
                ]
            reading.refuse_whole(place, "capped")
        records = reading.records(place, body, "workflow_runs")
        rows += reading.parse(place, records, partial(parse_workflow_run, repo=repo))
    return rows


def _note_runs(reading: Reading, repo: Repo, rows: list[RawRow]) -> None:
    progress = reading.progress
    progress.again -= set(_again(reading, repo))
    unfinished = [str(row["created_at"]) for row in rows if row["result"] == PENDING]
    if unfinished:
        until = (parse_instant(min(unfinished)) + _LONGEST_RUN).date()
        progress.again.add(Again("run", repo.id, min(unfinished), until))


def _deployments(reading: Reading, repo: Repo, since: datetime) -> list[RawRow]:
    place = place_of(repo, "deployments")
    found = {row["key"]: row for row in (_of_key(repo, one) for one in _again(reading, repo))}
    for page in reading.pages(place, f"{repo.path}/deployments", {}):
        fresh = [one for one in page if not _is_before(one, since)]
        parsed = reading.parse(place, fresh, partial(parse_deployment, repo=repo))
        found |= {row["key"]: row for row in parsed}
        if len(fresh) < len(page):
            break
    return [row | {"states": _states(reading, repo, row)} for row in found.values()]


def _states(reading: Reading, repo: Repo, row: RawRow) -> list[Json] | None:
    """Read the statuses of a deployment, oldest first; None if that is refused."""
    place = place_of(repo, "deployments/statuses")
    path = f"{repo.path}/deployments/{row['deployment_id']}/statuses"
    found = reading.part(place, path, {})
    if found is None:
        return None
    states = reading.parse(place, found, parse_deployment_status)
    return [*sorted(states, key=lambda state: (str(state["at"]), str(state["id"])))]


def _note_deployments(reading: Reading, repo: Repo, rows: list[RawRow]) -> None:
    progress = reading.progress
    known = {one.key: one for one in _again(reading, repo)}
    until = (reading.now + RECHECK_FOR).date()
    progress.again -= set(known.values())
    for row in rows:
        if not is_final_deployment(row):
            key = f"{row['deployment_id']},{row['sha']},{'p' if row['is_production'] else 'o'}"
            progress.again.add(known.get(key) or Again("deployment", repo.id, key, until))


def _of_key(repo: Repo, one: Again) -> RawRow:
    number, sha, kind = one.key.split(",")
    return deployment_row(repo, int(number), sha, is_production=kind == "p")


def _again(reading: Reading, repo: Repo) -> list[Again]:
    return [one for one in sorted(reading.progress.again) if one.repository_id == repo.id]


def _is_before(payload: object, instant: datetime) -> bool:
    """Tell whether a record is older; a malformed one, refused elsewhere, is not."""
    try:
        return payloads.Dated.model_validate(payload).created_at < instant
    except ValidationError:
        return False


def _seconds(instant: datetime) -> str:
    return instant_text(instant.replace(microsecond=0))
