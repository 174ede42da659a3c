"""The nights, run once in a process of their own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.estate.langfuse_api import PUBLIC_KEY
from sandbox.estate.vendors import ESTATE_SECRETS
from sandbox.server import SECRETS, TICKET_SECRETS
from tests.databases import Database, NewDatabase
from tests.privacy.left import Left
from tests.privacy.marks import MARKS
from tests.privacy.search import Searcher

ROOT = Path(__file__).resolve().parents[2]
_DIGEST_KEY = "kept-to-itself-digest-key-of-these-nights"
_PREFECT = "prefect-warden:opens-the-prefect-server"


@pytest.fixture(scope="session")
def searcher() -> Searcher:
    return Searcher(MARKS)


@pytest.fixture(scope="session")
def new_ledger(
    lasting_databases: Callable[[str], NewDatabase],
) -> NewDatabase | None:
    """Give a maker of PostgreSQL ledgers; without a server the rest is searched all the same."""
    try:
        return lasting_databases("postgresql")
    except pytest.skip.Exception:
        return None


@pytest.fixture(scope="session")
def left(tmp_path_factory: pytest.TempPathFactory, new_ledger: NewDatabase | None) -> Left:
    folder = tmp_path_factory.mktemp("nights")
    database: Database | None = new_ledger() if new_ledger else None
    for name in ("home", "temporary", "work"):
        (folder / name).mkdir()
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GRADUAND_", "PREFECT_", "PYTEST"))
    } | {
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "temporary"),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DO_NOT_TRACK": "1",
        "GRADUAND_DIGEST_KEY": _DIGEST_KEY,
        "PREFECT_API_AUTH_STRING": _PREFECT,
        "PREFECT_SERVER_API_AUTH_STRING": _PREFECT,
        "PRIVACY_LEDGER": database.url if database else "",
    }
    with (folder / "output.txt").open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-m", "tests.privacy.nights", str(folder)],
            check=False,
            cwd=folder / "work",
            env=environ,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=280,
        )
    assert done.returncode == 0, (folder / "output.txt").read_text()[-3000:]
    secrets = {
        **SECRETS,
        **TICKET_SECRETS,
        **ESTATE_SECRETS,
        "traces, as sent": f"{PUBLIC_KEY}:{ESTATE_SECRETS['langfuse-secret-key']}",
        "Cursor, as sent": f"{ESTATE_SECRETS['cursor-admin-key']}:",
        "digest key": _DIGEST_KEY,
        "Prefect": _PREFECT,
        "Prefect, password": _PREFECT.partition(":")[2],
        "Jira, as sent": f"{SECRETS['jira-user']}:{SECRETS['jira-token']}",
        "tickets of Jira, as sent": (
            f"{TICKET_SECRETS['tickets-jira-user']}:{TICKET_SECRETS['tickets-jira-token']}"
        ),
        "ledger, password": "writes-only",
    }
    return Left(folder, database, secrets)
