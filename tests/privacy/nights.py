"""Run apart, as `python -m tests.privacy.nights <folder>`: crowded nights, and all they leave.

Three nights through the real flow and a Prefect server of its own, every logger at DEBUG:
one on SQLite in a crowd of people, one on which every source fails with people in its
answers, one on PostgreSQL (where the environment names one) on which our own code is at fault.
What Prefect reads when it is imported is set first, so some imports stand in functions.
"""

import json
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NoReturn
from unittest import mock

from cli import rehearse
from cli.main import main as graduand
from sandbox import log_lines
from sandbox.faults import Faults
from sandbox.people import PEOPLE
from sandbox.records import LogLine
from sandbox.script import NIGHTS
from sandbox.server import Sandbox, running
from sandbox.wire import Json, Reply, Request
from tests.privacy.crowd import Crowd, crowded_lines

#: Small, but with every kind of record.
SCALE = 0.05
LINES_DAY = "2026-11-12"
_LOUD = {
    "PREFECT_LOGGING_LEVEL": "DEBUG",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "tasks,flows,config,cli,httpx,httpcore",
}


def main(folder: Path) -> None:
    """Run the nights; `folder` then holds what they wrote, and what they read in `served.bin`."""
    night = folder / "night"
    crowd = Crowd()
    with _crowded(crowd, folder / "served.bin"):
        with _loud(night):
            arguments = ["--nights", "1", "--scale", str(SCALE), "--dir", str(night)]
            graduand(["rehearse", *arguments])
        with running(night, scale=SCALE, now=NIGHTS[1]) as again:
            _fail(again, night)
            _tell_on(night)
        if url := os.environ.get("PRIVACY_LEDGER"):
            with running(night, scale=SCALE, now=NIGHTS[0]) as third:
                _stumble(third, night, url)
    (folder / "fields.json").write_text(json.dumps(sorted(crowd.fields)))


@contextmanager
def _crowded(crowd: Crowd, served: Path) -> Iterator[None]:
    """Put people into all answers and logs, and write down everything that was said."""
    plain = Sandbox.answer
    write_logs = log_lines.write_logs

    def answer(self: Sandbox, request: Request, source: str) -> Reply:
        reply = plain(self, request, source)
        if not isinstance(reply.body, bytes):
            reply = replace(reply, body=crowd.joined(reply.body))
        _note(served, reply.encoded())
        return reply

    def write(folder: Path, lines: Iterable[LogLine], now: datetime) -> None:
        write_logs(folder, lines, now)
        file = folder / log_lines.FOLDER / f"{PEOPLE[0].login}.ndjson"
        file.write_text("\n".join(crowded_lines(crowd, LINES_DAY)))
        for one in file.parent.glob("*.ndjson"):
            _note(served, one.read_bytes())

    with (
        mock.patch.object(Sandbox, "answer", answer),
        mock.patch("sandbox.server.write_logs", write),
        mock.patch.object(Faults, "answer_instead", return_value=None),
    ):
        yield


@contextmanager
def _loud(night: Path) -> Iterator[None]:
    """Have every logger speak at DEBUG, into a file and into Prefect's database."""
    plain = rehearse.environment

    def environment(sandbox: Sandbox, folder: Path) -> dict[str, str]:
        found = plain(sandbox, folder) | {"GRADUAND_DIGEST_KEY": os.environ["GRADUAND_DIGEST_KEY"]}
        os.environ.update(found | _LOUD)
        import flows.nightly_reconciliation  # noqa: F401, PLC0415  # Prefect sets loggers up here

        handler = logging.FileHandler(night / "debug.log")
        handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
        logging.getLogger().addHandler(handler)
        for name in ("", *_LOUD["PREFECT_LOGGING_EXTRA_LOGGERS"].split(",")):
            logging.getLogger(name).setLevel(logging.DEBUG)
        # Every statement, as an operator who looks for a slow one would have it.
        logging.getLogger("sqlalchemy").setLevel(logging.INFO)
        return found

    with (
        mock.patch.object(rehearse, "environment", environment),
        mock.patch.object(rehearse, "_QUIET", {}),
    ):
        yield


def _night(sandbox: Sandbox, night: Path) -> None:
    from flows.nightly_reconciliation import nightly_reconciliation  # noqa: PLC0415  # only once the environment is set

    key = {"GRADUAND_DIGEST_KEY": os.environ["GRADUAND_DIGEST_KEY"]}
    os.environ.update(rehearse.environment(sandbox, night) | key)
    os.environ["GRADUAND_NOW"] = sandbox.now.isoformat()
    state = nightly_reconciliation(return_state=True)
    report = state.result(raise_on_failure=False)
    # A person who tries this in a shell sees as much.
    sys.stdout.write(f"{state!r}\n{state.message}\n{report!r}\n")


def _fail(sandbox: Sandbox, night: Path) -> None:
    """Have every source fail for good, with people in keys, codes, headers and bodies."""
    first, second = PEOPLE[3], PEOPLE[4]
    said: dict[str, Json] = {"message": first.name, first.login: second.email, "code": first.login}
    failures = {
        "github": Reply(422, {**said, "errors": [{"code": second.login, "message": first.name}]}),
        "jira": Reply(200, f'{{"{first.name}": "{second.email}", "issues": ["'.encode()),
        "anthropic": Reply(200, {"type": "error", "error": {"type": first.login, **said}}),
        "openai": Reply(302, said, {"Location": f"https://{first.login}.example/{second.email}"}),
    }
    for file in (night / log_lines.FOLDER).glob("*.ndjson"):
        file.write_bytes(f"{first.name}\n".encode("utf-16"))
    with mock.patch.object(Sandbox, "answer", lambda _self, _request, source: failures[source]):
        _night(sandbox, night)


def _tell_on(night: Path) -> None:
    """Close a month, and write everything that is told of booked nights afterwards."""
    from flows.month_close import month_close  # noqa: PLC0415  # only once the environment is set

    state = month_close(period="2026-10", return_state=True)
    sys.stdout.write(f"{state!r}\n{state.result(raise_on_failure=False)!r}\n")
    other = rehearse._CONFIG / "sources.yaml"
    for words in (
        "export focus --period 2026-11",
        "export journal --period 2026-10",
        "explain family dependency-upgrades",
        "explain figure coverage",
        "explain posting 1.0",
        f"reprice --from 2026-11-01 --to 2026-11-15 --sources {other} --csv {night}/reprice.csv",
        "check --deep",
    ):
        sys.stdout.write(f"{words}: {graduand(words.split())}\n")


def _stumble(sandbox: Sandbox, night: Path, url: str) -> None:
    """Have our own code fail on a person's name, where no test foresaw it."""
    from tasks.sources import registry  # noqa: PLC0415  # only once the environment is set

    os.environ["GRADUAND_DATABASE_URL"] = url
    os.environ["GRADUAND_LAKE_DIR"] = str(night / "var" / "lake-of-postgresql")
    adapters = dict(registry._ADAPTERS)
    adapters["openai"] = replace(adapters["openai"], fetch=_fault)
    adapters["jira"] = replace(adapters["jira"], conform=_fault)
    with mock.patch.object(registry, "_ADAPTERS", adapters):
        _night(sandbox, night)


def _fault(*_: object, **__: object) -> NoReturn:
    try:
        int(PEOPLE[5].name)
    except ValueError as error:
        raise KeyError(PEOPLE[6].email) from error
    raise AssertionError


def _note(served: Path, data: bytes) -> None:
    with served.open("ab") as file:
        file.write(data + b"\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
