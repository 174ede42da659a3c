"""Devin at Meridian Freight: sessions, what they consumed, and what nobody's session did.

Consumption is counted in agent compute units (ACU), here in thousandths, by days that start at
08:00 UTC. What an ACU costs stands in the order form only.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sandbox.estate.billed import Charge, Session, days, is_workday, midnight
from sandbox.people import PEOPLE, Person

ISSUER = "devin"
ORGANIZATION = "org-meridian"
ACCOUNT = ORGANIZATION
DAY_STARTS = timedelta(hours=8)
STAMPED = "schema-changes"
SERVICE_USER = "service-user-meridian"
#: Nano-USD for a thousandth of an ACU, from a day on; ascending.
PRICES = ((date(2026, 1, 1), 2_250_000), (date(2026, 11, 1), 2_000_000))
#: What a session is told to have consumed trails its work for so long.
TRAILS_FOR = timedelta(hours=24)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AgentPull:
    """A pull request that Devin opened, as `owner/name#number`."""

    item: str
    opened_at: datetime
    merged_at: datetime | None

    def state(self, now: datetime) -> str:
        """Give its state at a moment."""
        return "merged" if self.merged_at is not None and self.merged_at <= now else "open"


@dataclass(frozen=True, slots=True)
class DevinSession:
    """One session.

    Attributes:
        parts: (vendor's day, thousandths of an ACU), in order.
        user: None for a service user.
        pull: What came of it; None: nothing yet.
    """

    id: str
    started_at: datetime
    ended_at: datetime
    parts: tuple[tuple[date, int], ...]
    tags: tuple[str, ...]
    user: Person | None
    pull: AgentPull | None
    has_failed: bool

    @property
    def total(self) -> int:
        """Give all it consumed."""
        return sum(milli for _, milli in self.parts)

    def told(self, now: datetime) -> int:
        """Give what it is told to have consumed at a moment: behind for a day."""
        if now < self.ended_at:
            return 0
        return self.total if now >= self.ended_at + TRAILS_FOR else self.total * 3 // 4


@dataclass(frozen=True, slots=True)
class Devin:
    """Everything that Devin did.

    Attributes:
        sessions: In order of their start.
        others: Day -> what Cascade and the terminal consumed, without a session.
    """

    sessions: tuple[DevinSession, ...]
    others: dict[date, tuple[int, int]]

    def consumed(self, day: date, now: datetime) -> int:
        """Give what sessions consumed on a day, by a moment."""
        return sum(
            milli
            for session in self.sessions
            for of, milli in session.parts
            if of == day and session.ended_at <= now
        )


def vendor_day(moment: datetime) -> date:
    """Give the vendor's day of a moment."""
    return (moment - DAY_STARTS).date()


def starts_at(day: date) -> datetime:
    """Give the start of a vendor's day."""
    return midnight(day) + DAY_STARTS


def price_nano(day: date) -> int:
    """Price a thousandth of an ACU."""
    return [nano for since, nano in PRICES if since <= day][-1]


def make_devin(seed: int, scale: float, pulls: Sequence[AgentPull]) -> Devin:
    """Make every session.

    Args:
        seed: Any integer.
        scale: 1.0 makes four sessions on a workday.
        pulls: Those that Devin opened, in order.
    """
    sessions: list[DevinSession] = []
    others: dict[date, tuple[int, int]] = {}
    for day in days():
        rng = random.Random(f"{seed}:devin:{day}")
        count = max(2, round(4 * scale)) if is_workday(day) else 1
        sessions += [_session(rng, day, number, pulls) for number in range(count)]
        others[day] = (rng.randrange(100, 900), rng.randrange(50, 400) if day.day % 3 else 0)
    return Devin(tuple(sorted(sessions, key=lambda one: (one.started_at, one.id))), others)


def devin_charges(devin: Devin, now: datetime) -> Iterator[Charge]:
    """Give what the closed days cost by a moment: session by session, then the rest."""
    for day, (cascade, terminal) in devin.others.items():
        if now < starts_at(day) + _ONE_DAY:
            continue
        price = price_nano(day)
        left = devin.consumed(day, now) + cascade + terminal
        for session in devin.sessions:
            milli = _detail(session, day, now)
            if milli:
                left -= milli
                yield Charge(ISSUER, ACCOUNT, day, "usage", "devin", milli * price, session.id)
        yield Charge(ISSUER, ACCOUNT, day, "usage", "rest", left * price)


def devin_sessions(devin: Devin, now: datetime) -> Iterator[Session]:
    """Give the sessions that show, with what tells whose they are."""
    for one in devin.sessions:
        if one.started_at <= now:
            stamps = [tag for tag in one.tags if tag.startswith("workflow:")]
            item = one.pull.item if one.pull else ""
            yield Session(
                one.id,
                ISSUER,
                one.started_at,
                stamp=stamps[0].partition(":")[2] if stamps else "",
                item=item,
                repo=item.partition("#")[0],
            )


def _detail(session: DevinSession, day: date, now: datetime) -> int:
    """Give what is known of a session's day: its total, or its part where it spans days."""
    if len(session.parts) > 1 and now >= session.ended_at:
        return sum(milli for of, milli in session.parts if of == day)
    return session.told(now) if session.parts[0][0] == day else 0


def _session(
    rng: random.Random, day: date, number: int, pulls: Sequence[AgentPull]
) -> DevinSession:
    started = starts_at(day) + timedelta(minutes=rng.randrange(20, 9 * 60))
    if number == 0 and day.day % 2:  # one works at night: at the next one its count still trails
        started = starts_at(day) + timedelta(hours=18, minutes=rng.randrange(60))
    ended = started + timedelta(minutes=rng.randrange(150, 240))
    milli = rng.randrange(150, 2_500)
    parts: tuple[tuple[date, int], ...] = ((day, milli),)
    if number == 1 and day.day % 4 == 0:  # one works through the start of the next day
        ended = starts_at(day) + _ONE_DAY + timedelta(minutes=rng.randrange(30, 100))
        started = ended - timedelta(hours=5)
        before = milli * 2 // 5
        parts = ((day, before), (day + _ONE_DAY, milli - before))
    near = [one for one in pulls if one.opened_at <= ended]
    kind = (day.day + number) % 3
    tags: tuple[str, ...] = ("team:payments", f"OPS-{rng.randrange(1, 40)}")
    if kind == 0:
        tags = (f"workflow:{STAMPED}", *tags)
    return DevinSession(
        id=f"devin-{rng.getrandbits(48):012x}",
        started_at=started,
        ended_at=ended,
        parts=parts,
        tags=tags,
        user=PEOPLE[rng.randrange(len(PEOPLE))] if number % 2 == 0 else None,
        pull=near[-1] if kind == 1 and near else None,
        has_failed=rng.random() < 0.1,  # noqa: PLR2004  # one in ten
    )
