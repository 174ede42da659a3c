"""Cursor at Meridian Freight: usage events of people and service accounts, in millionths of a cent.

What is charged is the model's price less a discount, plus Cursor's fee. Included and errored
events carry an amount, too, and are not charged.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from sandbox import script
from sandbox.estate.billed import MICRO_CENT_NANO, Charge, Session, days, is_workday, midnight
from sandbox.people import PEOPLE

ISSUER = "cursor"
#: Where commits of some sessions go, and how their branches begin.
REPOSITORY = "meridian-freight/route-planner"
BRANCHES = "agent/migrate/cursor-"
ACCOUNT = "meridian-cursor"
RUNNER_EMAIL = "agent-runner@meridian-freight.example"
NIGHTLY = "sa_01MeridianNightly"
PLAYGROUND = "sa_01MeridianPlayground"
SERVICE_ACCOUNTS = {NIGHTLY: "Nightly maintenance", PLAYGROUND: "Playground"}
#: The billing cycle that is current in all nights of the showcase.
CYCLE_START = datetime(2026, 11, 3, 15, 20, tzinfo=UTC)
#: Two equal events in one hour, an event in the last millisecond, one that is counted late.
TWIN_DAY = date(2026, 11, 5)
EDGE_DAY = date(2026, 11, 10)
LATE_DAY = date(2026, 11, 13)
LATE_FROM = script.BETWEEN_FIRST_AND_SECOND
#: Nano-USD a token.
_PRICES = {
    "claude-4.5-sonnet": {"input": 3000, "write": 3750, "read": 300, "output": 15000},
    "gpt-5": {"input": 1250, "write": 0, "read": 125, "output": 10000},
}
_MODELS = tuple(_PRICES)
#: So many of the people work with sessions.
_DEVELOPERS = 8
_LEGACY_MODEL = "claude-4-sonnet-thinking"
_LEGACY_MICRO_CENTS = 8_000_000
_FEE_NANO = 250
_USAGE_BASED, _INCLUDED, _ERRORED = "Usage-based", "Included in Business", "Errored, Not Charged"


@dataclass(frozen=True, slots=True)
class CursorEvent:
    """One event; amounts in millionths of a cent.

    Attributes:
        person: Position among the people; None for a service account.
        conversation: Empty for an event of no session.
        tokens: Input, output, cache write, cache read; None: not billed by tokens.
        branch: Of the session's commits; empty without any.
        total: At the model's price, before discount and fee.
        charged: As the event says, chargeable or not.
        visible_from: When it is first told.
    """

    at: datetime
    person: int | None
    service_account: str
    conversation: str
    branch: str
    model: str
    kind: str
    tokens: tuple[int, int, int, int] | None
    total: int
    discount_percent: int
    fee: int
    charged: int
    visible_from: datetime

    @property
    def is_chargeable(self) -> bool:
        """Tell whether it is on the bill."""
        return self.kind == _USAGE_BASED

    @property
    def run(self) -> str:
        """Name the session; a service account's day, where it has none; empty for a person."""
        if self.conversation or not self.service_account:
            return self.conversation
        return f"{self.service_account} {self.at.date()}"

    @property
    def email(self) -> str:
        """Give the address it is told under."""
        return RUNNER_EMAIL if self.person is None else PEOPLE[self.person].email


def make_cursor(seed: int, scale: float) -> tuple[CursorEvent, ...]:
    """Make every event, in order of time."""
    made: list[CursorEvent] = []
    for day in days():
        rng = random.Random(f"{seed}:cursor:{day}")
        for number in range(max(1, round(2 * scale))):
            made.extend(_conversation(rng, day, number, NIGHTLY, None))
        at = midnight(day) + timedelta(hours=4, minutes=day.day)
        # An automation has no conversation.
        made.append(_event(rng, at, None, NIGHTLY, _MODELS[0], _USAGE_BASED))
        if day.day % 3 == 0:
            made.extend(_conversation(rng, day, 0, PLAYGROUND, None))
        for number in range(max(6, round(9 * scale)) if is_workday(day) else 1):
            made.extend(_conversation(rng, day, number, "", rng.randrange(_DEVELOPERS)))
        made.append(_completion(rng, day))
    return tuple(sorted(_with_traps(made), key=lambda event: event.at))


def cursor_charges(made: tuple[CursorEvent, ...], now: datetime) -> Iterator[Charge]:
    """Give what Cursor has charged by a moment."""
    for event in made:
        if event.visible_from <= now:
            nano = event.charged * MICRO_CENT_NANO if event.is_chargeable else 0
            day = event.at.date()
            yield Charge(ISSUER, ACCOUNT, day, "usage", event.kind, nano, event.run)


def cursor_sessions(made: tuple[CursorEvent, ...]) -> Iterator[Session]:
    """Give every session once, from its first event on."""
    seen = set()
    for event in made:
        if event.run and event.run not in seen:
            seen.add(event.run)
            yield Session(
                event.run,
                ISSUER,
                event.at,
                api_key=event.service_account,
                repo=REPOSITORY if event.branch else "",
                branch=event.branch,
            )


def user_id(person: int) -> str:
    """Give the id that Cursor knows a person by."""
    return f"user_{PEOPLE[person].login.replace('-', '')}"


def _conversation(
    rng: random.Random, day: date, number: int, service_account: str, person: int | None
) -> Iterator[CursorEvent]:
    """Make the events of one session: of one service account, or of one person."""
    identity = f"{rng.getrandbits(128):032x}"
    conversation = "-".join(
        (identity[:8], identity[8:12], identity[12:16], identity[16:20], identity[20:])
    )
    hour = 3 if service_account else rng.randrange(7, 19)
    at = midnight(day) + timedelta(hours=hour, minutes=7 * number % 60)
    model = _MODELS[rng.randrange(len(_MODELS))]
    has_commits = not service_account and rng.random() < 0.35  # noqa: PLR2004  # one in three
    branch = f"{BRANCHES}{rng.randrange(1_000)}" if has_commits else ""
    for _ in range(rng.randint(1, 4)):
        at += timedelta(seconds=rng.randrange(20, 1500), milliseconds=rng.randrange(1000))
        kind = _USAGE_BASED if service_account else _kind(rng)
        priced = _event(rng, at, person, service_account, model, kind)
        yield replace(priced, conversation=conversation, branch=branch)


def _kind(rng: random.Random) -> str:
    return rng.choices((_USAGE_BASED, _INCLUDED, _ERRORED), (60, 32, 8))[0]


def _event(
    rng: random.Random,
    at: datetime,
    person: int | None,
    service_account: str,
    model: str,
    kind: str,
) -> CursorEvent:
    """Make an event of no session and price it."""
    tokens = (
        rng.randrange(100, 9_000),
        rng.randrange(200, 4_000),
        rng.randrange(0, 12_000) if _PRICES[model]["write"] else 0,
        rng.randrange(0, 400_000),
    )
    price = _PRICES[model]
    nano = sum(
        count * price[of]
        for count, of in zip(tokens, ("input", "output", "write", "read"), strict=True)
    )
    total = nano // MICRO_CENT_NANO
    discount = 10 if person is not None and person % 4 == 0 else 0
    fee = sum(tokens) * _FEE_NANO // MICRO_CENT_NANO
    charged = round(Fraction(total * (100 - discount), 100)) + fee
    if discount:
        charged = round(Fraction(charged, 10_000)) * 10_000  # told to two decimals only
    return CursorEvent(
        at,
        person,
        service_account,
        "",
        "",
        model,
        kind,
        tokens,
        total,
        discount,
        fee,
        charged,
        _hour_after(at),
    )


def _completion(rng: random.Random, day: date) -> CursorEvent:
    """Make an event of no session, billed by the request: included in the plan or not."""
    at = midnight(day) + timedelta(hours=10, seconds=rng.randrange(3600))
    kind = _USAGE_BASED if day.day % 2 else _INCLUDED
    person = rng.randrange(len(PEOPLE))
    charged = _LEGACY_MICRO_CENTS
    return CursorEvent(
        at, person, "", "", "", _LEGACY_MODEL, kind, None, 0, 0, 0, charged, _hour_after(at)
    )


def _hour_after(at: datetime) -> datetime:
    """Say when an event is told: Cursor adds up by the hour."""
    return at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)


def _with_traps(made: list[CursorEvent]) -> list[CursorEvent]:
    """Repeat an event, move one to the edge of its day, and hold one back."""

    def first(day: date) -> CursorEvent:
        return next(
            event
            for event in made
            if event.at.date() == day and event.conversation and event.is_chargeable
        )

    edge = midnight(EDGE_DAY) + timedelta(days=1) - timedelta(milliseconds=1)
    changed = {
        first(EDGE_DAY): [replace(first(EDGE_DAY), at=edge, visible_from=_hour_after(edge))],
        first(LATE_DAY): [replace(first(LATE_DAY), visible_from=LATE_FROM)],
        first(TWIN_DAY): [first(TWIN_DAY), first(TWIN_DAY)],
    }
    return [one for event in made for one in changed.get(event, [event])]
