"""Holds requests back: stored waits, pace, pauses between tries, and the deadline over all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tasks.core.errors import WaitUntilError
from tasks.transport.clock import Clock
from tasks.transport.errors import DeadlineError
from tasks.transport.pacing import Buckets
from tasks.transport.waits import Waits

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 60.0


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is: limits hold per host, credential and resource."""

    host: str
    fingerprint: str
    resource: str


class Patience:
    """The waiting of one client; thread safe."""

    def __init__(
        self,
        source: str,
        waits: Waits,
        clock: Clock,
        deadline: datetime,
        longest_wait: timedelta | None,
        buckets: Buckets,
        jitter: Callable[[], float],
    ) -> None:
        self._source = source
        self._waits = waits
        self._clock = clock
        self._deadline = deadline
        self._longest_wait = longest_wait
        self._buckets = buckets
        self._jitter = jitter

    def now(self) -> datetime:
        """Tell the present, aware UTC."""
        return self._clock.now()

    def await_turn(self, turn: Turn) -> None:
        """Return when a request may be sent.

        Raises:
            WaitUntilError: A wait ends at or after the deadline, or is longer than the
                longest one to sleep; nothing is slept.
            DeadlineError: The deadline is over, or pacing leads past it.
        """
        is_paced = False
        while True:
            now = self._clock.now()
            if now >= self._deadline:
                raise DeadlineError(self._source, "the time given to this pull is over")
            until = self._waits.until(turn.host, turn.fingerprint, turn.resource)
            if until is not None and until > now:
                self._wait(until, now)
                is_paced = False  # Threads that waited together must not leave together.
            elif is_paced:
                return
            else:
                self._sleep(self._buckets.of(turn.host).take(now), now)
                is_paced = True  # Look again: another thread may have learnt a wait meanwhile.

    def learn(self, turn: Turn, resource: str, until: datetime) -> None:
        """Keep a wait for a resource of the turn's host and credential."""
        self._waits.learn(turn.host, turn.fingerprint, resource, until)

    def pause(self, attempt: int) -> None:
        """Sleep before another try: half to all of an exponentially growing pause.

        Raises:
            DeadlineError: The pause would end after the deadline.
        """
        longest = min(_FIRST_PAUSE_S * 2**attempt, _LONGEST_PAUSE_S)
        self._sleep(longest * (0.5 + self._jitter() / 2), self._clock.now())

    def _wait(self, until: datetime, now: datetime) -> None:
        is_too_long = self._longest_wait is not None and until - now > self._longest_wait
        if is_too_long or until >= self._deadline:
            raise WaitUntilError(self._source, until)
        self._clock.sleep((until - now).total_seconds())

    def _sleep(self, seconds: float, now: datetime) -> None:
        if seconds <= 0:
            return
        if now + timedelta(seconds=seconds) >= self._deadline:
            raise DeadlineError(self._source, "the time given to this pull is about to end")
        self._clock.sleep(seconds)
