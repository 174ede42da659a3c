"""Nights in processes of their own that are killed: at a named moment, or after a while.

Run as a module it is a server that has imported everything: each night is a cheap fork of
a quiet process. It reads one job a line, and answers each with the child's exit code.
"""

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

# Preloaded: a night imports it only when there is something to check.
import tasks.checks.engine  # noqa: F401  # imported before the clock of the kill starts
from tests.flows.nights import Night, run, watched

_ROOT = Path(__file__).resolve().parents[2]


class Moments:
    """Counts named moments, and kills its own process at one of them."""

    def __init__(self, name: str, nth: int) -> None:
        self._name = name
        self._nth = nth
        self._seen: Counter[str] = Counter()

    def __call__(self, name: str) -> None:
        self._seen[name] += 1
        if name == self._name and self._seen[name] == self._nth:
            os.kill(os.getpid(), signal.SIGKILL)


class Killer:
    """A client of the server; a context, at whose end the server is gone."""

    def __enter__(self) -> Self:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.flows.killed"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate()
        self._server.wait()

    def at(self, environment: Mapping[str, str], night: Night, name: str, nth: int = 1) -> int:
        """Kill a night at the nth time that it passes a moment; give its exit code."""
        return self._end_of({"environment": environment, "night": asdict(night), "at": [name, nth]})

    def after(self, environment: Mapping[str, str], night: Night, seconds: float) -> int:
        """Kill a night after a while; give its exit code, 0 if it was faster."""
        return self._end_of({"environment": environment, "night": asdict(night), "after": seconds})

    def _end_of(self, job: Mapping[str, object]) -> int:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(job, default=str) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())


def serve() -> None:
    """Answer jobs until the input ends."""
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(_work(job))
        print(_end_of(child, job.get("after")), flush=True)  # noqa: T201 - the answer


def _end_of(child: int, seconds: float | None) -> int:
    """Wait for a child, no longer than some seconds; give its exit code."""
    if seconds is not None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found, status = os.waitpid(child, os.WNOHANG)
            if found:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.002)
        # It has not been waited for: its id is still its own.
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _work(job: dict[str, Any]) -> int:
    os.environ.update(job["environment"])
    said = job["night"]
    start, end = said["window"]
    night = replace(
        Night(datetime.fromisoformat(said["now"])),
        window=(date.fromisoformat(start), date.fromisoformat(end)),
        only=tuple(said["only"]),
        repull=said["repull"],
    )
    try:
        with watched(Moments(*job.get("at", ("", 0)))):
            run(night)
    except BaseException:  # noqa: BLE001 - nothing may return into the server's loop
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    serve()
