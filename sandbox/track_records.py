"""What workflows had done before their runs were logged: one well, one badly, two not enough yet.

These pull requests are from before the days that a night reconciles, or no run works on them: no
money depends on them. With them the gate has something to say about a workflow that qualifies,
about one that should retire, about one that lacks the proof alone, and about one that lacks work.
"""

import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from sandbox.pulls import CLAUDE_TRAILER, Kind, make_pull, repository_named, sha_of
from sandbox.records import PullRequest

#: Days on which they are opened: all of them are old enough to count on the showcase's nights.
FIRST_OPENED = date(2026, 9, 21)
LAST_OPENED = date(2026, 10, 30)
#: Far from the numbers and ids of all others, at any scale.
_FIRST_NUMBER = 500_001
_FIRST_INDEX = 700_000


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """The past of one workflow.

    Attributes:
        kind: Whose, where, on which branches.
        count: Pull requests at scale 1.
        merged_of: (a, b): a of every b are merged, the others closed.
    """

    kind: Kind
    count: int
    merged_of: tuple[int, int]


TRACK_RECORDS = (
    TrackRecord(
        Kind("coverage-writer", "coverage/", ("customer-portal", "tracking-api"), "devin"),
        count=36,
        merged_of=(17, 18),
    ),
    TrackRecord(
        Kind(
            "upgrade-swarm",
            "agent/swarm/",
            ("route-planner", "tracking-api"),
            trailer=CLAUDE_TRAILER,
        ),
        count=30,
        merged_of=(1, 3),
    ),
    TrackRecord(
        Kind("ci-doctor", "ci-doctor/", ("infra-live",), trailer=CLAUDE_TRAILER),
        count=30,
        merged_of=(9, 10),
    ),
    TrackRecord(
        Kind(
            "upgrade-lockfiles",
            "agent/lockfiles/",
            ("billing-engine", "customer-portal"),
            trailer=CLAUDE_TRAILER,
        ),
        count=15,
        merged_of=(14, 15),
    ),
)


def make_track_records(seed: int, scale: float) -> tuple[PullRequest, ...]:
    """Make them all, in order of opening."""
    made: list[PullRequest] = []
    for record in TRACK_RECORDS:
        count = round(record.count * scale)
        for position in range(count):
            made.append(_pull(seed, record, position, count, len(made)))
    return tuple(sorted(made, key=lambda pull: (pull.created_at, pull.id)))


def _pull(seed: int, record: TrackRecord, position: int, count: int, index: int) -> PullRequest:
    rng = random.Random(f"{seed}:record:{record.kind.workflow}:{position}")
    span = (LAST_OPENED - FIRST_OPENED).days * 24 * 60
    opened = datetime.combine(FIRST_OPENED, time(8), UTC) + timedelta(
        minutes=position * span // count, seconds=rng.randrange(60)
    )
    repositories = record.kind.repositories
    repository = repository_named(repositories[position % len(repositories)])
    number = _FIRST_NUMBER + index
    pull = make_pull(rng, _FIRST_INDEX + index, repository, number, record.kind, opened)
    ended = opened + timedelta(hours=rng.randint(3, 72), seconds=rng.randrange(3600))
    part, of = record.merged_of
    is_merged = position % of < part
    return replace(
        pull,
        merged_at=ended if is_merged else None,
        closings=() if is_merged else (ended,),
        reopenings=(),
        merge_sha=sha_of("merge", repository.id, number) if is_merged else "",
    )
