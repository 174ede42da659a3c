"""Make the estate's requests: sessions at developers' desks, calls through gateways."""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sandbox import script
from sandbox.estate import facts
from sandbox.estate.pulls import REPOSITORY, branch_on
from sandbox.estate.records import AgentRequest
from sandbox.organisation import ANTHROPIC, OPENAI, ORG
from sandbox.people import someone

#: Tokens of an ordinary request, by kind.
_TOKENS = {
    ANTHROPIC: {"input": 900, "cache_read": 62_000, "cache_write_5m": 7_400, "output": 1_900},
    OPENAI: {"input": 9_000, "cache_read": 21_000, "output": 1_500},
}
#: What a gateway's callers write into a cache is kept for an hour by one session in three.
_ONE_HOUR_IN = 3


@dataclass(frozen=True, slots=True)
class Habit:
    """Sessions of one kind.

    Attributes:
        per_day: Sessions a day at scale 1; at least one whatever the scale.
        requests: The most requests of a session.
        unlogged_in: One session in so many leaves no trace; 0: none.
        ungathered_in: Of one session in so many only the vendor and telemetry know; 0: none.
        traced_in: A tracing tool has one request in so many; 0: none.
    """

    name: str
    tool: str
    account: str
    issuer: str
    models: tuple[str, ...]
    per_day: float
    requests: int = 5
    stamp: str = ""
    repo: str = ""
    branch: str = ""
    unlogged_in: int = 0
    ungathered_in: int = 0
    traced_in: int = 0


_DESK = ("claude-opus-5", "claude-sonnet-5")
_GATE = facts.GATEWAY[ANTHROPIC]
_OPEN_GATE = facts.GATEWAY[OPENAI]

HABITS: tuple[Habit, ...] = (
    Habit("notes", "claude-code", facts.CLAUDE_CODE, ANTHROPIC, _DESK[1:], 2, repo="tracking-api",
          stamp=facts.RELEASE_NOTES),
    Habit("migrate", "claude-code", facts.CLAUDE_CODE, ANTHROPIC, _DESK, 3, repo="route-planner",
          branch="agent/migrate/"),
    Habit("desk", "claude-code", facts.CLAUDE_CODE, ANTHROPIC, _DESK, 4, repo="customer-portal",
          branch="spike/", unlogged_in=4, ungathered_in=5),
    Habit("docs", "claude-code", facts.CLAUDE_CODE, ANTHROPIC, _DESK[1:], 2, repo=REPOSITORY,
          branch="docs/"),
    Habit("codex-migrate", "codex", facts.CODEX, OPENAI, ("gpt-5",), 2, repo="billing-engine",
          branch="agent/migrate/"),
    Habit("codex-desk", "codex", facts.CODEX, OPENAI, ("gpt-5", "gpt-5-mini"), 2,
          repo="dock-scheduler", branch="spike/", unlogged_in=5),
    Habit("answers", "gateway", _GATE, ANTHROPIC, ("claude-haiku-4-5",), 5, 3,
          stamp=facts.ANSWERS, traced_in=2),
    Habit("answers-open", "gateway", _OPEN_GATE, OPENAI, ("gpt-5-mini",), 3, 3,
          stamp=facts.ANSWERS, traced_in=2),
    Habit("gateway-desk", "gateway", _GATE, ANTHROPIC, _DESK[1:], 2, 3, unlogged_in=6,
          traced_in=3),
    Habit("customs", "export", facts.CUSTOMS, OPENAI, ("gpt-5-mini",), 4, 4),
    Habit("dispatch", "assistant", facts.ASSISTANTS, ANTHROPIC, ("claude-haiku-4-5",), 3, 3,
          stamp="dispatch-night-shift"),
)  # fmt: skip


def make_requests(seed: int, scale: float) -> tuple[AgentRequest, ...]:
    """Make every request of every generated day, in order of their ends."""
    found = [one for habit in HABITS for one in _of_habit(seed, scale, habit)]
    return tuple(sorted(found, key=lambda one: (one.ended_at, one.id)))


def _of_habit(seed: int, scale: float, habit: Habit) -> Iterator[AgentRequest]:
    number = 0
    rate = habit.per_day * scale
    for offset in range((script.LAST_DAY - script.FIRST_DAY).days + 1):
        day = script.FIRST_DAY + timedelta(days=offset)
        for _ in range(max(1, int((offset + 1) * rate) - int(offset * rate))):
            number += 1
            rng = random.Random(f"{seed}:estate:{habit.name}:{day}:{number}")
            yield from _session(rng, habit, day, number)


def _session(rng: random.Random, habit: Habit, day: date, number: int) -> Iterator[AgentRequest]:
    name = hashlib.sha256(f"{habit.name}:{day}:{number}:{rng.random()}".encode()).hexdigest()
    session = f"{name[:8]}-{name[8:12]}-4{name[13:16]}-8{name[17:20]}-{name[20:32]}"
    # The last request of some sessions ends one second before midnight.
    start = datetime.combine(day, time(), UTC) + timedelta(seconds=rng.randrange(20 * 3600))
    is_late = rng.random() < 0.1  # noqa: PLR2004  # how often, in this made-up world
    if is_late:
        start = datetime.combine(day, time(23, 50), UTC)
    model = rng.choice(habit.models)
    keeps_an_hour = number % _ONE_HOUR_IN == 0
    user = someone(rng.randrange(99))
    count = 1 + rng.randrange(habit.requests)
    branch = f"{habit.branch}step-{number}" if habit.branch else ""
    if habit.branch == "docs/":
        branch = branch_on(day)
    for position in range(count):
        end = start + timedelta(milliseconds=rng.randrange(900, 40_000))
        if is_late and position == count - 1:
            end = datetime.combine(day, time(23, 59, 59), UTC)
        tokens = {
            kind: int(base * (0.2 + 1.6 * rng.random())) + rng.randrange(1, 97)
            for kind, base in _TOKENS[habit.issuer].items()
            # GenAI conventions have no word for a cache write's time to live.
            if habit.tool != "assistant" or kind != "cache_write_5m"
        }
        if keeps_an_hour and "cache_write_5m" in tokens:
            hour = tokens["cache_write_5m"] // (1 + position % 2)
            tokens["cache_write_5m"] -= hour
            tokens["cache_write_1h"] = hour
        yield AgentRequest(
            tool=habit.tool,
            id=_id_of(habit, f"{name}:{position}"),
            session=session,
            issuer=habit.issuer,
            account=habit.account,
            model=model,
            started_at=start,
            ended_at=end,
            tokens=tokens,
            user=user,
            stamp=habit.stamp,
            repo=f"{ORG}/{habit.repo}" if habit.repo else "",
            branch=branch,
            is_logged=not _is_one_in(number, habit.unlogged_in),
            is_gathered=not _is_one_in(number, habit.ungathered_in),
            is_traced=_is_one_in(number + position, habit.traced_in),
        )
        start = end + timedelta(seconds=rng.randrange(1, 60))


def _is_one_in(number: int, many: int) -> bool:
    return bool(many) and number % many == 0


def _id_of(habit: Habit, text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return (
        f"chatcmpl-{digest[:24]}"
        if habit.tool in ("gateway", "export")
        else f"req_011C{digest[:20]}"
    )
