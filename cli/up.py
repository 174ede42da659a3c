"""`graduand up`: Prefect server, work pool, deployments and worker on loopback, as one command.

Everything it starts, it ends: one Ctrl-C takes all of it down. What must
survive (the server's database, its password, the ledger) stays under `var/`.
"""

import argparse
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from cli.automations import ensure_zombie_automation
from cli.rehearse import environment, ticket_environment
from cli.surroundings import (
    ticket_secrets,
    without_organisation,
    without_prefect,
    without_secrets,
)
from sandbox.script import NIGHTS
from sandbox.server import running
from tasks.core.errors import GraduandError

#: The checkout: `prefect.yaml` and `var/` are found there.
ROOT = Path(__file__).resolve().parents[1]
#: Seconds the server may take to answer; a first start creates its database.
_START_TIMEOUT_S = 90
#: Seconds a process may take to end before it is killed.
_STOP_TIMEOUT_S = 15
_LAST_PORT = 65535
#: Work pools of `prefect.yaml`.
_POOLS = ("local", "tickets")


class UpError(GraduandError):
    """The server, a deployment or the worker could not be brought up."""


def main(chosen: argparse.Namespace) -> int:
    """Bring everything up; beside the sandbox organisation while no secret is configured."""
    is_sandbox = chosen.sandbox
    if is_sandbox is None:
        is_sandbox = not any(name.startswith("GRADUAND_SECRET_") for name in os.environ)
    if not is_sandbox:
        _migrate(os.environ)
        return up(chosen.port, os.environ, "your own sources, from the environment")
    # Both before either is used: a second `graduand up` meets the first one's sandbox first.
    _refuse_taken_port(chosen.port)
    _refuse_taken_port(chosen.port + 1)
    folder = ROOT / "var" / "sandbox"
    folder.mkdir(parents=True, exist_ok=True)
    # The same port at every start: deployments and stored waits outlive a restart.
    with running(folder, estate=True, now=NIGHTS[-1], port=chosen.port + 1) as sandbox:
        environ = without_organisation(os.environ) | environment(sandbox, folder)
        environ |= ticket_environment(sandbox)
        # A day of the organisation's calendar, so that there is a night to reconcile.
        environ["GRADUAND_NOW"] = NIGHTS[-1].isoformat()
        environ["GRADUAND_DIGEST_KEY"] = _kept_secret(folder / "digest-key")
        _migrate(environ)
        return up(chosen.port, environ, "the sandbox organisation, as of its last night")


def up(port: int, surroundings: Mapping[str, str], reads: str) -> int:
    """Run server and worker until interrupted.

    Args:
        port: TCP port of the server on 127.0.0.1.
        surroundings: Environment of all processes; the Prefect it names is not used.
        reads: What the flows read, for the announcement.

    Returns:
        Exit status: 0 after Ctrl-C, 1 if a process ended by itself.

    Raises:
        UpError: The port is taken, or a step failed; the message says which.
    """
    _refuse_taken_port(port)
    home = ROOT / "var" / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    environ = _environment(home, port, surroundings)
    # Everything below runs under the same stop: a failed step leaves nothing behind.
    with _interrupts_as_exit(), contextlib.ExitStack() as running:
        _say("starting the Prefect server ...")
        server = running.enter_context(
            _process(["server", "start", "--host", "127.0.0.1", "--port", str(port)], environ, home)
        )
        _await_health(server, port, environ)
        without_tickets = without_secrets(environ, ticket_secrets(environ))
        for pool in _POOLS:
            create = ["work-pool", "create", pool, "--type", "process", "--overwrite"]
            _prefect(create, without_tickets)
        _prefect(["--no-prompt", "deploy", "--all"], without_tickets)
        ensure_zombie_automation(without_tickets)
        # Only the worker of the weekly look may hold what can write tickets.
        surroundings_of = {"local": without_tickets, "tickets": environ}
        workers = {
            f"worker of {pool}": running.enter_context(
                _process(["worker", "start", "--pool", pool, "--name", pool], held, home)
            )
            for pool, held in surroundings_of.items()
        }
        _announce(port, home, reads)
        return _watch({"server": server, **workers}, home)


def _environment(home: Path, port: int, surroundings: Mapping[str, str]) -> dict[str, str]:
    password = f"graduand:{_kept_secret(home / 'password')}"
    return {
        **without_prefect(surroundings),
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_API_AUTH_STRING": password,
        "PREFECT_API_AUTH_STRING": password,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # The automation calls a run dead after 100 s of silence; a healthy one must speak.
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "tasks,flows",
        "DO_NOT_TRACK": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _kept_secret(path: Path) -> str:
    """Read a secret that survives restarts, or make one that only this user can read."""
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text(encoding="utf-8").strip()


def _refuse_taken_port(port: int) -> None:
    if not 0 < port <= _LAST_PORT:
        message = f"{port} is no port: choose one from 1 to {_LAST_PORT} with --port"
        raise UpError(message)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            message = (
                f"port {port} on 127.0.0.1 is taken: end what listens there"
                " (another `graduand up`?) or choose another with --port"
            )
            raise UpError(message) from error


@contextlib.contextmanager
def _process(
    arguments: list[str], environ: Mapping[str, str], home: Path
) -> Iterator[subprocess.Popen[bytes]]:
    log = home / f"{arguments[0]}.log"
    with log.open("ab") as sink:
        # A session of its own: Ctrl-C reaches us alone, and we end the parts in order.
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and fixed words
            [sys.executable, "-m", "prefect", *arguments],
            cwd=ROOT,  # deployments and paths in settings start there, wherever this was called
            env=dict(environ),
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _await_health(server: subprocess.Popen[bytes], port: int, environ: Mapping[str, str]) -> None:
    give_up = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < give_up:
        if server.poll() is not None:
            break
        with contextlib.suppress(URLError, HTTPError, OSError):
            urlopen(Request(f"http://127.0.0.1:{port}/api/health"), timeout=2).close()
            return
        time.sleep(0.3)
    message = f"the Prefect server did not answer; its log is {environ['PREFECT_HOME']}/server.log"
    raise UpError(message)


def _migrate(environ: Mapping[str, str]) -> None:
    """Bring the ledger to the newest schema before anything may run against it."""
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "migrate"],
        cwd=ROOT,
        env=dict(environ),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise UpError(done.stderr.strip() or "the ledger could not be migrated")


def _prefect(arguments: list[str], environ: Mapping[str, str]) -> None:
    done = subprocess.run(  # noqa: S603 - our own interpreter and fixed words
        [sys.executable, "-m", "prefect", *arguments],
        cwd=ROOT,  # prefect.yaml is looked for there
        env=dict(environ),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        tail = (done.stdout + done.stderr).strip()[-1500:]
        message = f"`prefect {' '.join(arguments)}` failed:\n{tail}"
        raise UpError(message)


@contextlib.contextmanager
def _interrupts_as_exit() -> Iterator[None]:
    def leave(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _announce(port: int, home: Path, reads: str) -> None:
    _say(
        f"""
  graduand is up.

    Prefect UI    http://127.0.0.1:{port}
    log in        graduand:{_kept_secret(home / "password")}
    reads         {reads}
    run one now   Deployments > on-demand > Run
    logs          {home}/server.log, {home}/worker.log

  Ctrl-C ends everything; nothing is lost, `graduand up` continues.
"""
    )


def _watch(processes: Mapping[str, subprocess.Popen[bytes]], home: Path) -> int:
    try:
        while True:
            for name, process in processes.items():
                if process.poll() is not None:
                    _say(f"the {name} ended by itself (exit {process.returncode}); see {home}")
                    return 1
            time.sleep(0.5)
    except KeyboardInterrupt:
        _say("\nstopping ...")
        return 0


def _say(text: str) -> None:
    print(text, flush=True)
