"""Fetch the controls of those repositories that scopes name: about six requests each."""

from datetime import UTC
from urllib.parse import quote

from config.globs import is_exact
from tasks.core.batches import Batch, Json, Pulled, RawRow
from tasks.core.errors import SourceUnavailableError
from tasks.core.globs import compiled
from tasks.core.instants import instant_text
from tasks.core.promotion.controls import ControlName
from tasks.core.work.work_items import github_repository
from tasks.sources.github.answers import (
    ERRORS_TOLD,
    MALFORMED,
    NO_PERMISSION,
    NOT_FOUND,
    REFUSED,
    UNAVAILABLE,
    Answer,
    Judged,
)
from tasks.sources.github.branch_guards import (
    classic_guard,
    is_unprotected,
    judge_branch,
    ruleset_guards,
    ruleset_ids,
)
from tasks.sources.github.codeowners import PLACES
from tasks.sources.github.context import Repo, repository_fields
from tasks.sources.github.parse_controls import (
    has_sound_owners,
    judge_code_owners,
    judge_environments,
)
from tasks.sources.github.payloads import Repository
from tasks.sources.github.reading import FAILED_PARTS, PAGE, UNREADABLE, Reading
from tasks.sources.github.repositories import find_repositories
from tasks.transport.errors import BodyError, DeadlineError, PagingError, StatusError
from tasks.transport.pages import link_pages

_GAPS = {200: ERRORS_TOLD, 403: NO_PERMISSION, 404: NOT_FOUND}


def fetch_controls(reading: Reading) -> Pulled:
    """Read the controls of every repository that `config.controls` matches, as of today.

    One question that cannot be answered leaves its controls unknown, and the others go on.
    Repositories of people are left out.

    Raises:
        SourceError: The source is down or refuses the credential, or there is no repository.
    """
    if reading.config.controls:
        repos = find_repositories(reading)
        names = _names(reading, repos)
        reading.in_chunks(
            [repo for repo in repos if repo.id in names],
            lambda repo: [_row(reading, repo, names[repo.id])],
            _note_nothing,
        )
    # What could not be read of repositories is told by the streams that need it.
    batch = Batch(
        key=reading.now.astimezone(UTC).date(), rows=reading.rows, is_complete=reading.is_complete
    )
    return Pulled((batch,), None, requests=reading.client.requests - reading.requests_before)


def _note_nothing(repo: Repo, rows: list[RawRow]) -> None:
    """Controls are read anew each day: there is no progress to record."""


def _names(reading: Reading, repos: list[Repo]) -> dict[int, list[str]]:
    """Name the repositories in question by id; a renamed one also as a scope still calls it."""
    repos = [repo for repo in repos if not repo.is_personal]
    globs = reading.config.controls
    names = {
        repo.id: [repo.name] for repo in repos if any(compiled(glob)(repo.name) for glob in globs)
    }
    present = {repo.name.lower(): repo for repo in repos}
    owners = {name.partition("/")[0] for name in present}
    for old in sorted({glob for glob in globs if is_exact(glob)} - set(names)):
        is_ours = old.lower().partition("/")[0] in owners
        repo = present.get(old.lower()) or (_moved(reading, repos, old) if is_ours else None)
        if repo is not None and old not in names.setdefault(repo.id, [repo.name]):
            names[repo.id].append(old)
    return names


def _moved(reading: Reading, repos: list[Repo], old: str) -> Repo | None:
    """Find a repository by a name it had before; GitHub redirects it (301)."""
    answer = _ask(reading, f"/repos/{old}")
    found = reading.parse("renamed", [answer.body], Repository.model_validate)
    return next((repo for repo in repos for one in found if one.id == repo.id), None)


def _row(reading: Reading, repo: Repo, names: list[str]) -> RawRow:
    judged = {
        **_branch(reading, repo),
        ControlName.CODE_OWNERS: _code_owners(reading, repo),
        ControlName.ENVIRONMENT_APPROVAL: judge_environments(
            _ask_all(reading, f"{repo.path}/environments", "environments")
        ),
    }
    controls: list[Json] = [
        {"control": control.value, "state": state.value, "detail": detail}
        for control, (state, detail) in sorted(judged.items())
    ]
    return {
        "key": github_repository(repo.id),
        **repository_fields(repo),
        "names": list(names),
        "controls": controls,
        "observed_at": instant_text(reading.now),
    }


def _branch(reading: Reading, repo: Repo) -> dict[ControlName, Judged]:
    if repo.default_branch is None:
        nothing = Answer(gap=NOT_FOUND)
        return judge_branch([classic_guard(nothing, nothing, None)])
    app = reading.config.app_id if reading.config.auth == "app" else None
    name = quote(repo.default_branch, safe="")
    branch = _ask(reading, f"{repo.path}/branches/{name}")
    rules = _ask_all(reading, f"{repo.path}/rules/branches/{name}")
    protection = Answer(gap=NOT_FOUND)
    if not is_unprotected(branch):
        protection = _ask(reading, f"{repo.path}/branches/{name}/protection")
    rulesets = {
        number: _ask(reading, f"{repo.path}/rulesets/{number}") for number in ruleset_ids(rules)
    }
    return judge_branch(
        [classic_guard(branch, protection, app), *ruleset_guards(rules, rulesets, app)]
    )


def _code_owners(reading: Reading, repo: Repo) -> Judged:
    errors = _ask(reading, f"{repo.path}/codeowners/errors")
    file = Answer(gap=NOT_FOUND)
    if has_sound_owners(errors):
        for place in PLACES:
            file = _ask(reading, f"{repo.path}/contents/{place}")
            if file.gap != NOT_FOUND:
                break
    return judge_code_owners(errors, file)


def _ask(reading: Reading, path: str) -> Answer:
    try:
        return Answer(reading.client.get(path).json)
    except (StatusError, BodyError, SourceUnavailableError) as error:
        return _gap(reading, error)


def _ask_all(reading: Reading, path: str, items: str | None = None) -> Answer:
    """Read all pages of a list, or nothing of it."""
    records: list[object] = []
    try:
        for page in link_pages(reading.client, path, params={"per_page": PAGE}):
            body = page.json
            found = body.get(items) if items and isinstance(body, dict) else body
            if not isinstance(found, list):
                return Answer(gap=MALFORMED)
            records += found
    except (StatusError, BodyError, PagingError, SourceUnavailableError) as error:
        return _gap(reading, error)
    return Answer(records)


def _gap(reading: Reading, error: Exception) -> Answer:
    """Say why a question has no answer; an outage or a wrong credential ends the pull instead."""
    if isinstance(error, StatusError) and error.status in UNREADABLE | _GAPS.keys():
        return Answer(gap=_GAPS.get(error.status, REFUSED))
    if isinstance(error, BodyError | PagingError):
        return Answer(gap=MALFORMED)
    reading.failed_parts += 1
    is_over = isinstance(error, DeadlineError | StatusError)
    if is_over or reading.failed_parts > FAILED_PARTS:
        raise error
    return Answer(gap=UNAVAILABLE)
