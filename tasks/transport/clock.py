"""Where waiting takes its time from; a flow builds the real clock and hands it down."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What pacing and waiting need of time."""

    def now(self) -> datetime:
        """Tell the present moment, aware UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after `seconds`, or a little later."""
        ...


class SystemClock:
    """The machine's own clock. It paces and waits; business time is `as_of`."""

    def now(self) -> datetime:
        """Tell the present moment, aware UTC."""
        return datetime.fromtimestamp(time.time(), UTC)

    def sleep(self, seconds: float) -> None:
        """Block this thread for `seconds`."""
        time.sleep(seconds)
