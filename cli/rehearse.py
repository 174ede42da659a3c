"""`graduand rehearse`: nights of the sandbox organisation through the real flow, and their proof.

Everything runs here and on loopback: vendors answer over HTTP, stores are embedded, and
Prefect starts a server of its own for as long as the rehearsal takes.
"""

import argparse
import os
import secrets
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.surroundings import without_organisation
from sandbox.estate.directory import FILE as DIRECTORY
from sandbox.estate.vendors import BASES
from sandbox.oracle.truth import FOLDER, write_truth
from sandbox.script import NIGHTS
from sandbox.server import TICKET_SECRETS, Sandbox, running
from tasks.core.errors import GraduandError

_CONFIG = Path(__file__).resolve().parents[1] / "config"
_SOURCES = ("github", "jira", "anthropic", "openai")
#: Systems of tickets.yaml, and which part of the sandbox stands for each.
_TICKET_SYSTEMS = {"TICKETS_JIRA": "jira", "TICKETS_GITHUB": "github"}
#: Runs are told in a few lines each; their faults are still logged.
_QUIET = {
    "PREFECT_LOGGING_LEVEL": "ERROR",
    # A flow's own loggers have their own level: dozens of lines a night, one for each stream.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "ERROR",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
}
#: Differences printed; one is enough to look, hundreds tell no more.
_SHOWN = 20


class RehearsalError(GraduandError):
    """The rehearsal cannot start as it was asked for."""


def main(chosen: argparse.Namespace) -> int:
    """Run the nights; 0 if every figure equals the oracle's."""
    folder: Path = chosen.dir.resolve()
    _empty(folder)
    nights = NIGHTS[: chosen.nights]
    print(f"The sandbox organisation, nights: {len(nights)}, in {folder}", flush=True)
    with running(folder, scale=chosen.scale, estate=True, now=nights[0]) as sandbox:
        write_truth(sandbox.world, folder, nights)
        environ = without_organisation(os.environ) | environment(sandbox, folder) | _QUIET
        os.environ.clear()
        os.environ.update(environ)
        # Only now: Prefect and the flow read the environment when they are imported.
        from cli.rehearsed_nights import run_nights  # noqa: PLC0415  # see above

        started = time.monotonic()
        wrong = run_nights(sandbox, nights, folder / FOLDER)
    for line in wrong[:_SHOWN]:
        print(f"  ✗ {line}", file=sys.stderr)
    if wrong:
        print(f"{len(wrong)} figures differ from the oracle's.", file=sys.stderr)
        return 1
    _close(folder, nights, time.monotonic() - started)
    return 0


def _empty(folder: Path) -> None:
    """Start from nothing, so that the rehearsal proves the whole way and not the last step."""
    if folder.exists() and not (folder / FOLDER).is_dir() and any(folder.iterdir()):
        message = (
            f"{folder} holds what no rehearsal has left there, and would be emptied: choose"
            " another folder with --dir"
        )
        raise RehearsalError(message)
    shutil.rmtree(folder, ignore_errors=True)
    # At once: by it a later rehearsal knows the folder for one of its own.
    (folder / FOLDER).mkdir(parents=True)


def environment(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    """Name the settings that let the flow read a sandbox and keep everything in one folder."""
    host = sandbox.origin.partition("//")[2]
    settings = {
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "GRADUAND_WORK_DIR": str(folder),
        # Another configuration than the organisation's own must show as differences.
        "GRADUAND_CONFIG_DIR": os.environ.get("GRADUAND_CONFIG_DIR") or str(_CONFIG),
        "GRADUAND_DIGEST_KEY": secrets.token_urlsafe(32),
    }
    bases = {source: source for source in _SOURCES}
    if sandbox.world.estate is not None:
        bases |= BASES
        settings["GRADUAND_DIRECTORY"] = str(sandbox.folder / DIRECTORY)
    for source, vendor in bases.items():
        variable = f"GRADUAND_BASE_URL_{source.upper().replace('-', '_')}"
        settings[variable] = sandbox.base_url(vendor)
    return settings | _bound(sandbox.secrets, host)


def ticket_environment(sandbox: Sandbox) -> dict[str, str]:
    """Name the settings with which the weekly look writes tickets of a sandbox."""
    host = sandbox.origin.partition("//")[2]
    settings = {}
    for system, source in _TICKET_SYSTEMS.items():
        settings[f"GRADUAND_BASE_URL_{system}"] = sandbox.base_url(source)
    return settings | _bound(TICKET_SECRETS, host)


def _bound(secrets_by_name: Mapping[str, str], host: str) -> dict[str, str]:
    """Name the settings of secrets that one host may see."""
    settings = {}
    for name, value in secrets_by_name.items():
        variable = "GRADUAND_SECRET_" + name.upper().replace("-", "_")
        settings[variable] = value
        settings[f"{variable}_HOSTS"] = host
    return settings


def _close(folder: Path, nights: Sequence[object], seconds: float) -> None:
    told = "1 night" if len(nights) == 1 else f"{len(nights)} nights"
    print(
        f"""
Every figure of {told} equals the oracle's, to the nano-unit ({seconds:.0f} s).

  ledger      {folder / "var" / "ledger.db"}
  lake        {folder / "var" / "lake"}
  the truth   {folder / FOLDER}
  next        `make up` for the Prefect UI; README.md for your own sources
"""
    )
