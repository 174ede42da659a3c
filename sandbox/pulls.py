"""Generate GitHub's side of the work: pull requests, incidents, deployments."""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from sandbox import script
from sandbox.organisation import INCIDENT_LABEL, ORG, RENAME_DAY, REPOSITORIES, Repository
from sandbox.people import Person, someone
from sandbox.records import Check, Comment, Commit, Deployment, GitHubIssue, PullRequest, Review

FIRST_OPENED = date(2026, 9, 25)
BASE_PULLS = 60
#: Scripted ones need this many ordinary ones around them.
FEWEST_PULLS = 12


@dataclass(frozen=True, slots=True)
class Kind:
    """Pull requests of one origin: whose, where, on which branches."""

    workflow: str
    prefix: str
    repositories: tuple[str, ...]
    bot: str = ""
    trailer: str = ""


CLAUDE_TRAILER = "Co-Authored-By: Claude <noreply@anthropic.com>"
_EVERY = tuple(repository.name for repository in REPOSITORIES)
_KINDS = (
    Kind("upgrade-guarded", "agent/upgrade/", _EVERY, trailer=CLAUDE_TRAILER),
    Kind("flaky-test-fixer", "agent/flaky/", ("route-planner", "tracking-api", "dock-scheduler")),
    Kind("", "", _EVERY),
    Kind("upgrade-guarded", "copilot/", ("customer-portal", "route-planner"), "Copilot"),
    Kind("upgrade-swarm", "agent/swarm/", ("route-planner", "tracking-api"), "", CLAUDE_TRAILER),
    Kind("coverage-writer", "coverage/", ("customer-portal", "tracking-api"), "devin"),
    Kind("upgrade-guarded", "agent/upgrade/", _EVERY),
    Kind("ci-doctor", "ci-doctor/", ("infra-live",)),
    Kind("upgrade-legacy", "legacy-bump/", ("billing-engine", "tracking-api")),
    Kind("flaky-test-fixer", "agent/flaky/", ("route-planner", "billing-engine")),
)
BOT_LOGINS = {
    "Copilot": ("Copilot", 198_982_749),
    "devin": ("devin-ai-integration[bot]", 158_243_242),
}


def repository_named(name: str) -> Repository:
    """Look a repository up by its present name.

    Raises:
        KeyError: No such repository.
    """
    for repository in REPOSITORIES:
        if repository.name == name:
            return repository
    raise KeyError(name)


def name_at(repository: Repository, moment: datetime) -> str:
    """Say what a repository was called at a moment, without its owner."""
    if repository.renamed_from and moment.date() < RENAME_DAY:
        return repository.renamed_from
    return repository.name


def sha_of(*parts: object) -> str:
    """Make a commit id out of what it is about."""
    return hashlib.sha1("|".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()


def make_pulls(seed: int, scale: float) -> tuple[PullRequest, ...]:
    """Make every pull request, in order of opening."""
    count = max(FEWEST_PULLS, round(BASE_PULLS * scale))
    span = (script.LAST_DAY - FIRST_OPENED).days * 24 * 60
    numbers = dict.fromkeys((repository.id for repository in REPOSITORIES), 100)
    pulls: list[PullRequest] = []
    for index in range(count):
        rng = random.Random(f"{seed}:pull:{index}")
        opened = datetime.combine(FIRST_OPENED, datetime.min.time(), UTC) + timedelta(
            minutes=index * span // count, seconds=rng.randrange(60)
        )
        kind = _KINDS[index % len(_KINDS)]
        repository = repository_named(kind.repositories[rng.randrange(len(kind.repositories))])
        numbers[repository.id] += rng.randint(1, 3)
        pulls.append(make_pull(rng, index, repository, numbers[repository.id], kind, opened))
    pulls[5] = _with_deleted_people(pulls[5])
    pulls.extend(_scripted(seed, numbers))
    return tuple(sorted(pulls, key=lambda pull: (pull.created_at, pull.id)))


def make_issues(pulls: tuple[PullRequest, ...]) -> tuple[GitHubIssue, ...]:
    """Make the issues: two incidents, one of each relation, and an ordinary one.

    The relation stands in the body as a trailer, the way the organisation's form asks for it.
    """
    reverted = next(pull for pull in pulls if pull.title == _REVERTED_TITLE)
    fix = next(pull for pull in pulls if pull.title == _FIX_TITLE)
    route = repository_named("route-planner")
    first = 990_001
    return (
        GitHubIssue(
            route.id,
            first,
            88_000_001,
            f"Route cache stale after upgrade, reported by {someone(3).name}",
            f"Paged {someone(4).name}.\n\nCaused-By: {ORG}/route-planner#{reverted.number}",
            (INCIDENT_LABEL, "sev2"),
            someone(3),
            script.INCIDENT_CAUSED_AT,
            script.REVERT_MERGE + timedelta(hours=2),
        ),
        GitHubIssue(
            route.id,
            first + 1,
            88_000_002,
            "Planner timeouts in the evening peak",
            f"Fixed with an agent by {someone(6).name}.\n\n"
            f"Used-In: {ORG}/route-planner#{fix.number}",
            (INCIDENT_LABEL, "sev3"),
            someone(5),
            script.INCIDENT_USED_AT,
            script.INCIDENT_USED_AT + timedelta(hours=3),
        ),
        GitHubIssue(
            route.id,
            first + 2,
            88_000_003,
            "Document the planner's limits",
            f"cc @{someone(7).login}",
            ("documentation",),
            someone(8),
            datetime(2026, 10, 25, 9, tzinfo=UTC),
            None,
        ),
    )


def make_deployments(pulls: tuple[PullRequest, ...]) -> tuple[Deployment, ...]:
    """Deploy what was merged in two repositories; every ninth deployment fails."""
    deployed = {repository_named(name).id for name in ("route-planner", "infra-live")}
    merged = [pull for pull in pulls if pull.merged_at and pull.repository in deployed]
    return tuple(
        Deployment(
            55_000_000 + index,
            pull.repository,
            pull.merge_sha,
            "production",
            pull.merged_at + timedelta(minutes=12),
            pull.merged_at + timedelta(minutes=19),
            "failure" if index % 9 == 8 else "success",  # noqa: PLR2004  # every ninth
        )
        for index, pull in enumerate(merged)
        if pull.merged_at
    )


def make_pull(
    rng: random.Random,
    index: int,
    repository: Repository,
    number: int,
    kind: Kind,
    opened: datetime,
) -> PullRequest:
    """Make one pull request; `index` is its own among all, and what its ids are made of."""
    author = someone(rng.randrange(99))
    branch = f"{kind.prefix}{'OPS' if index % 3 else 'PAY'}-{index % 40 + 1}-step-{number}"
    if not kind.workflow:
        branch = f"{author.login}/tidy-{number}"
    fate = rng.random()
    life = timedelta(hours=rng.randint(2, 140), seconds=rng.randrange(3600))
    merged_at = opened + life if fate < 0.7 else None  # noqa: PLR2004  # seven of ten merge
    closings, reopenings = _closings(rng, fate, opened, life)
    commits = tuple(
        _commit(repository, number, step, author, opened, kind)
        for step in range(1 + rng.randrange(3))
    )
    labels = (f"workflow:{kind.workflow}",) if kind.workflow and index % 2 else ()
    return PullRequest(
        repository=repository.id,
        number=number,
        id=2_100_000_000 + index,
        title=f"Step {number} for {author.name}",
        body=f"Asked for by @{author.login} <{author.email}>. Closes #{number - 1}.",
        branch=branch,
        workflow=kind.workflow,
        author=author,
        bot=kind.bot,
        created_at=opened,
        merged_at=merged_at,
        closings=closings,
        reopenings=reopenings,
        labels=(*labels, f"reviewer:{someone(index).login}"),
        commits=commits,
        reviews=_reviews(rng, index, opened, life),
        checks=tuple(_checks(rng, index, repository, commits)),
        comments=(
            Comment(
                31_000_000 + index,
                someone(index + 5),
                f"Thanks {author.name}!",
                opened + timedelta(minutes=50),
            ),
        ),
        merge_sha=sha_of("merge", repository.id, number) if merged_at else "",
    )


def _closings(
    rng: random.Random, fate: float, opened: datetime, life: timedelta
) -> tuple[tuple[datetime, ...], tuple[datetime, ...]]:
    """Decide when a pull request is closed without a merge, and when it is reopened."""
    if fate < 0.7 and rng.random() < 0.12:  # noqa: PLR2004  # one merged in eight had a detour
        return (opened + life / 3,), (opened + life / 2,)
    if 0.7 <= fate < 0.85:  # noqa: PLR2004  # three of twenty end unmerged
        return (opened + life,), ()
    return (), ()


def _commit(
    repository: Repository, number: int, step: int, author: Person, opened: datetime, kind: Kind
) -> Commit:
    lines = [f"Step {step} of {number}", "", f"Signed-off-by: {author.name} <{author.email}>"]
    if kind.trailer:
        lines.append(kind.trailer)
    if kind.workflow:
        lines.append(f"Agent-Workflow: {kind.workflow}")
    return Commit(
        sha_of(repository.id, number, step),
        "\n".join(lines),
        author,
        opened - timedelta(minutes=30 - 7 * step),
    )


def _reviews(
    rng: random.Random, index: int, opened: datetime, life: timedelta
) -> tuple[Review, ...]:
    states = ("APPROVED", "CHANGES_REQUESTED", "COMMENTED")
    return tuple(
        Review(
            41_000_000 + 10 * index + position,
            someone(index + position + 1),
            states[rng.randrange(3)] if position else "APPROVED",
            opened + life * (position + 1) / 4,
            dismissed_at=opened + life * 3 / 4 if index % 11 == 7 and position == 0 else None,  # noqa: PLR2004  # how often, in this made-up world
        )
        for position in range(rng.randrange(3))
    )


def _checks(
    rng: random.Random, index: int, repository: Repository, commits: tuple[Commit, ...]
) -> Iterator[Check]:
    for step, commit in enumerate(commits):
        for position, name in enumerate(("build", "test")):
            took = timedelta(minutes=rng.randint(3, 40))
            passed = step == len(commits) - 1 or rng.random() < 0.6  # noqa: PLR2004  # how often, in this made-up world
            yield Check(
                51_000_000 + 100 * index + 10 * step + position,
                f"ci / {name}",
                commit.sha,
                commit.at + timedelta(minutes=1),
                None if index % 29 == 28 else commit.at + took,  # noqa: PLR2004  # never ends
                "success" if passed else "failure",
            )
        if repository.name == "billing-engine":
            yield Check(
                51_000_000 + 100 * index + 10 * step + 9,
                "jenkins/integration",
                commit.sha,
                commit.at + timedelta(minutes=2),
                commit.at + timedelta(minutes=25),
                "success",
                is_status=True,
            )


def _with_deleted_people(pull: PullRequest) -> PullRequest:
    commits = tuple(replace(commit, author=None) for commit in pull.commits)
    reviews = (Review(41_999_001, None, "APPROVED", pull.created_at + timedelta(hours=1)),)
    return replace(
        pull, author=None, bot="", commits=commits, reviews=reviews, from_deleted_fork=True
    )


_FIX_TITLE = "Pin the planner's timeouts"
_REVERTED_TITLE = "Raise the planner's framework to its next major"


def _scripted(seed: int, numbers: dict[int, int]) -> tuple[PullRequest, PullRequest, PullRequest]:
    """Make one that is merged, one that takes it back two weeks later, and an incident's fix."""
    repository = repository_named("route-planner")
    rng = random.Random(f"{seed}:revert")
    number = numbers[repository.id] + 11
    opened = script.REVERTED_MERGE - timedelta(hours=20)
    first = replace(
        make_pull(rng, 900_001, repository, number, _KINDS[0], opened),
        title=_REVERTED_TITLE,
        merged_at=script.REVERTED_MERGE,
        closings=(),
        reopenings=(),
        merge_sha=sha_of("merge", repository.id, number),
        labels=("workflow:upgrade-guarded",),
    )
    human = someone(9)
    opened_back = script.REVERT_MERGE - timedelta(hours=2)
    message = f'Revert "{_REVERTED_TITLE}"\n\nThis reverts commit {first.merge_sha}.'
    back = replace(
        make_pull(rng, 900_002, repository, number + 5, _KINDS[2], opened_back),
        title=f'Revert "{_REVERTED_TITLE}"',
        body=f"Reverts {ORG}/route-planner#{number}",
        branch=f"revert-{number}-agent/upgrade/step",
        author=human,
        merged_at=script.REVERT_MERGE,
        closings=(),
        reopenings=(),
        merge_sha=sha_of("merge", repository.id, number + 5),
        labels=(),
        reverts=number,
        commits=(
            Commit(
                sha_of(repository.id, number + 5, 0),
                message,
                human,
                opened_back - timedelta(minutes=5),
            ),
        ),
    )
    opened_fix = script.INCIDENT_USED_AT + timedelta(minutes=40)
    fix = replace(
        make_pull(rng, 900_003, repository, number + 9, _KINDS[0], opened_fix),
        title=_FIX_TITLE,
        merged_at=opened_fix + timedelta(minutes=75),
        closings=(),
        reopenings=(),
        merge_sha=sha_of("merge", repository.id, number + 9),
        labels=("workflow:upgrade-guarded",),
    )
    return first, back, fix
