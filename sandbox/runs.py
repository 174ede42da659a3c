"""Generate runs: what each one used, where it was metered, and what its log line says."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

from sandbox import script
from sandbox.organisation import ANTHROPIC, OPENAI, ORG, REPOSITORIES
from sandbox.people import someone
from sandbox.prices import UNPRICED_MODEL
from sandbox.pulls import name_at
from sandbox.recipes import RECIPES, ShowcaseRecipe
from sandbox.records import LogRecord, PullRequest, Ticket

#: Tokens of an ordinary run, by kind.
BASE_TOKENS = {
    ANTHROPIC: {
        "input": 20_000,
        "cache_read": 600_000,
        "cache_write_5m": 60_000,
        "cache_write_1h": 25_000,
        "output": 15_000,
    },
    OPENAI: {"input": 60_000, "cache_read": 400_000, "output": 20_000},
}


@dataclass(frozen=True, slots=True)
class Run:
    """One run as it really was.

    Attributes:
        model: Canonical name.
        metered: (day, tokens by kind) as the vendor saw it.
        record: What its log says; None where nothing was written.
        index: Position among all runs; picks the people around it.
    """

    index: int
    recipe: ShowcaseRecipe
    model: str
    metered: tuple[tuple[date, dict[str, int]], ...]
    record: LogRecord | None
    cost_estimate_nano: int


def make_runs(
    seed: int, scale: float, pulls: Sequence[PullRequest], tickets: Sequence[Ticket]
) -> list[Run]:
    """Make every run of every generated day, the scripted ones last."""
    runs: list[Run] = []
    work = _Work(pulls, tickets)
    days = (script.LAST_DAY - script.FIRST_DAY).days + 1
    for recipe in RECIPES:
        rate = recipe.per_day * scale
        for offset in range(days):
            day = script.FIRST_DAY + timedelta(days=offset)
            count = int((offset + 1) * rate) - int(offset * rate)
            if recipe.at_least_one:
                count = max(1, count)
            for position in range(count):
                rng = random.Random(f"{seed}:run:{recipe.name}:{day}:{position}")
                runs.append(_ordinary(rng, len(runs), recipe, day, position, work))
    runs.extend(_scripted(seed, len(runs), work))
    return runs


class _Work:
    """The items that runs can be about, by workflow or project."""

    def __init__(self, pulls: Sequence[PullRequest], tickets: Sequence[Ticket]) -> None:
        self._pulls: dict[str, list[PullRequest]] = {}
        for pull in pulls:
            self._pulls.setdefault(pull.workflow, []).append(pull)
        self._tickets: dict[str, list[Ticket]] = {}
        for ticket in tickets:
            self._tickets.setdefault(ticket.project, []).append(ticket)
        self._names = {repository.id: repository for repository in REPOSITORIES}

    def pick(
        self, rng: random.Random, recipe: ShowcaseRecipe, moment: datetime
    ) -> tuple[str | None, str | None, str | None]:
        """Pick (repo, branch, work item) for a run that starts at a moment."""
        if recipe.works_on in self._tickets:
            open_ones = [t for t in self._tickets[recipe.works_on] if t.created_at <= moment]
            return None, None, open_ones[-1 - rng.randrange(min(4, len(open_ones)))].key
        near = [
            pull
            for pull in self._pulls.get(recipe.works_on, [])
            if moment - timedelta(days=9) <= pull.created_at <= moment
            and not (recipe.is_known_by_item and self._names[pull.repository].renamed_from)
        ]
        if recipe.works_on and near:
            pull = near[rng.randrange(len(near))]
            repo = f"{ORG}/{name_at(self._names[pull.repository], moment)}"
            branch = None if recipe.is_known_by_item else pull.branch
            return repo, branch, f"{repo}#{pull.number}"
        name = recipe.repo or ("tracking-api" if recipe.works_on else "")
        if not name:
            return None, None, None
        branch = f"{recipe.branch}step-{rng.randrange(10_000)}" if recipe.branch else None
        return f"{ORG}/{name}", branch, None


def _ordinary(
    rng: random.Random, index: int, recipe: ShowcaseRecipe, day: date, position: int, work: _Work
) -> Run:
    start = datetime.combine(day, time(), UTC) + timedelta(seconds=rng.randrange(22 * 3600))
    end = start + timedelta(seconds=rng.randrange(60, 5400))
    return _run(
        rng, index, recipe, start, end, 1.0, work, f"{recipe.name}-{day:%m%d}-{position:04d}"
    )


def _scripted(seed: int, first: int, work: _Work) -> Iterator[Run]:
    """Make the two runs over midnight: one big, one over the night of a stage change."""
    by_name = {recipe.name: recipe for recipe in RECIPES}
    for index, (name, day, size) in enumerate(
        (
            ("swarm", script.MIDNIGHT_DAY, 25.0),
            ("flaky", script.STAGE_CHANGE_DAY - timedelta(days=1), 6.0),
        )
    ):
        rng = random.Random(f"{seed}:midnight:{name}")
        start = datetime.combine(day, time(22, 10), UTC)
        yield _run(
            rng,
            first + index,
            by_name[name],
            start,
            start + timedelta(hours=5),
            size,
            work,
            f"{name}-midnight",
        )


def _run(
    rng: random.Random,
    index: int,
    recipe: ShowcaseRecipe,
    start: datetime,
    end: datetime,
    size: float,
    work: _Work,
    run_id: str,
) -> Run:
    tokens = {
        kind: int(base * size * (0.5 + 1.5 * rng.random())) + rng.randrange(1, 997)
        for kind, base in BASE_TOKENS[recipe.issuer].items()
        if kind != "cache_write_1h" or recipe.one_hour_cache
    }
    day = end.date()
    model = recipe.model
    if recipe.name == "swarm" and day == script.UNKNOWN_MODEL_DAY:
        model = UNPRICED_MODEL  # the lab tries a model that no card can price
    factor = _overlogging(recipe, day)
    logged = {kind: int(count * factor) for kind, count in tokens.items()}
    return Run(
        index=index,
        recipe=recipe,
        model=model,
        metered=by_day(recipe.metered(tokens), start, end),
        record=_record(rng, recipe, model, start, end, logged, work, run_id),
        cost_estimate_nano=sum(logged.values()) * 2_000,
    )


def _overlogging(recipe: ShowcaseRecipe, day: date) -> Fraction:
    if recipe.name == "router" and day == script.OVERLOGGED_DAY:
        return Fraction(13, 10)
    if recipe.name == "router" and day == script.FAR_OVERLOGGED_DAY:
        return Fraction(3)
    return Fraction(1)


def by_day(
    tokens: dict[str, int], start: datetime, end: datetime
) -> tuple[tuple[date, dict[str, int]], ...]:
    """Meter each part of a run on its own day; two fifths before midnight."""
    if start.date() == end.date():
        return ((end.date(), tokens),)
    before = {kind: count * 2 // 5 for kind, count in tokens.items()}
    after = {kind: count - before[kind] for kind, count in tokens.items()}
    return ((start.date(), before), (end.date(), after))


def _record(
    rng: random.Random,
    recipe: ShowcaseRecipe,
    model: str,
    start: datetime,
    end: datetime,
    tokens: dict[str, int],
    work: _Work,
    run_id: str,
) -> LogRecord | None:
    day = end.date()
    if day in recipe.unlogged or (recipe.logs_from is not None and day < recipe.logs_from):
        return None
    repo, branch, item = work.pick(rng, recipe, start)
    if recipe.name == "scratch-lab" and rng.random() < 0.2:  # noqa: PLR2004  # a private repository
        repo, branch = f"{someone(rng.randrange(99)).login}/dotfiles", None
    shown: dict[str, int | None] = dict(tokens)
    says_start = rng.random() < 0.9  # noqa: PLR2004  # one in ten only knows its end
    if recipe.name == "drafter" and rng.random() < 0.3:  # noqa: PLR2004  # how often, in this made-up world
        shown["cache_read"] = None
    return LogRecord(
        # Some writers know no run id; their line is its own identity.
        run_id=None if recipe.name == "guarded-by-branch" else run_id,
        process_id=recipe.stamp or None,
        issuer=recipe.issuer,
        model=model,
        ended_at=end,
        started_at=start if says_start or end.date() != start.date() else None,
        tokens=shown,
        account=recipe.account if recipe.names_account else None,
        repo=repo,
        branch=branch,
        work_item=item,
        purpose=recipe.purpose,
    )
