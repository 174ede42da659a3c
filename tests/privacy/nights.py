"""Run apart, as `python -m tests.privacy.nights <folder>`: crowded nights, and all they leave.

Three nights through the real flow and a Prefect server of its own, every logger at DEBUG:
one on SQLite in a crowd of people, one on which every source fails with people in its
answers, one on PostgreSQL (where the environment names one) on which our own code is at fault.
Then a week with a ledger of its own, whose look opens a ticket that people write upon.
What Prefect reads when it is imported is set first, so some imports stand in functions.
"""

import json
import logging
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

from cli import rehearse
from cli.main import main as graduand
from sandbox import ticket_acts
from sandbox.estate.directory import FILE
from sandbox.people import PEOPLE
from sandbox.script import NIGHTS
from sandbox.server import Sandbox, running
from sandbox.wire import Json, Reply, Request
from tests.flows.weekly import weekly_organisation
from tests.privacy.configurations import brief, lenient
from tests.privacy.crowd import Crowd
from tests.privacy.estate import spoilt_files
from tests.privacy.serving import crowded

#: Small, but with every kind of record.
SCALE = 0.05
#: What an organisation without an estate has.
FEW = ("agent-logs", "github", "jira", "anthropic", "openai")
#: What a first day is drafted from here; how each is read, nights show.
FIRST_DAY = ("github", "anthropic", "claude-code-logs", "cursor", "devin")
_LOUD = {
    "PREFECT_LOGGING_LEVEL": "DEBUG",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "tasks,flows,config,cli,httpx,httpcore",
}


def main(folder: Path) -> None:
    """Run the nights; `folder` then holds what they wrote, and what they read in `served.bin`."""
    night = folder / "night"
    os.environ["GRADUAND_CONFIG_DIR"] = str(brief(folder / "brief"))
    crowd = Crowd()
    with crowded(crowd, folder / "served.bin"):
        with _loud(night):
            arguments = ["--nights", "1", "--scale", str(SCALE), "--dir", str(night)]
            graduand(["rehearse", *arguments])
        with running(night, scale=SCALE, estate=True, now=NIGHTS[1]) as again:
            _fail(again, night)
            again.move_to(NIGHTS[1])  # the logs can be read again
            _tell_on(night)
            _adopt(night)
        with weekly_organisation(night) as fourth:
            _judge(fourth, night)
        if url := os.environ.get("PRIVACY_LEDGER"):
            with running(night, scale=SCALE, now=NIGHTS[0]) as third:
                _stumble(third, night, url)
    (folder / "fields.json").write_text(json.dumps(sorted(crowd.fields)))


@contextmanager
def _loud(night: Path) -> Iterator[None]:
    """Have every logger speak at DEBUG, into a file and into Prefect's database."""
    plain = rehearse.environment

    def environment(sandbox: Sandbox, folder: Path) -> dict[str, str]:
        found = plain(sandbox, folder) | {
            "GRADUAND_DIGEST_KEY": os.environ["GRADUAND_DIGEST_KEY"],
            "GRADUAND_DIRECTORY": str(folder / FILE),
        }
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


def _night(sandbox: Sandbox, night: Path, only: Sequence[str] = ()) -> None:
    from flows.nightly_reconciliation import nightly_reconciliation  # noqa: PLC0415  # only once the environment is set

    key = {"GRADUAND_DIGEST_KEY": os.environ["GRADUAND_DIGEST_KEY"]}
    os.environ.update(rehearse.environment(sandbox, night) | key)
    os.environ["GRADUAND_NOW"] = sandbox.now.isoformat()
    asked = {"sources": list(only)} if only else {}
    state = nightly_reconciliation(**asked, return_state=True)
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
        "copilot": Reply(422, {**said, "errors": [{"resource": second.name, "code": first.login}]}),
        "cursor": Reply(400, {"error": first.name, "message": second.email, first.login: said}),
        "devin": Reply(409, {"detail": [{"loc": [first.login], "msg": first.name, "input": said}]}),
        "claude-enterprise": Reply(200, {"error": {"type": second.login, **said}}),
        "langfuse": Reply(200, {"data": [said], "meta": {"cursor": [first.name, said]}}),
        "litellm": Reply(200, {"data": [said], "total": second.email, "page": said}),
    }

    def answer(_self: Sandbox, _request: Request, source: str) -> Reply:
        return failures[source]

    with mock.patch.object(Sandbox, "answer", answer), spoilt_files(night, first):
        _night(sandbox, night)
        sys.stdout.write(f"check of what fails: {graduand(['check'])}\n")


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


def _adopt(night: Path) -> None:
    """Have a first day, on which nothing is declared."""
    first_day = night / "first-day"
    first_day.mkdir()
    shutil.copy(Path(os.environ["GRADUAND_CONFIG_DIR"]) / "sources.yaml", first_day)
    with mock.patch.dict(os.environ, {"GRADUAND_CONFIG_DIR": str(first_day)}):
        of = [word for source in FIRST_DAY for word in ("--source", source)]
        sys.stdout.write(f"adopt: {graduand(['adopt', '--days', '7', '--json', *of])}\n")


def _judge(sandbox: Sandbox, night: Path) -> None:
    """Take looks that open tickets, keep what was written, and have people write upon it."""
    from flows.weekly_promotion import weekly_promotion  # noqa: PLC0415  # only once the environment is set
    from tasks.ledger.upgrade import upgrade  # noqa: PLC0415  # as above

    url = f"sqlite:///{night / 'var' / 'weekly.db'}"
    upgrade(url)
    others = {
        "GRADUAND_CONFIG_DIR": str(lenient(night / "lenient")),
        "GRADUAND_DATABASE_URL": url,
        "GRADUAND_LAKE_DIR": str(night / "var" / "lake-of-weekly"),
        **rehearse.ticket_environment(sandbox),
    }
    with mock.patch.dict(os.environ, others):
        _night(sandbox, night, FEW)
        for opens_tickets in (True, True, False):
            state = weekly_promotion(open_tickets=opens_tickets, return_state=True)
            found = state.result(raise_on_failure=False)
            sys.stdout.write(f"{state!r}\n{state.message}\n{found!r}\n")
            if not (night / "tickets.json").exists():
                written = json.dumps(ticket_acts.listing(sandbox.board))
                (night / "tickets.json").write_text(written)
                _decide(sandbox)
        sys.stdout.write(f"backtest: {graduand(['backtest'])}\n")


def _decide(sandbox: Sandbox) -> None:
    """Decline by label as people do, and name them wherever a ticket lets one write."""
    first, second = PEOPLE[7], PEOPLE[8]
    every: Any = ticket_acts.listing(sandbox.board)
    for one in every["tickets"]:
        ticket = {"system": one["system"], "key": one["key"]}
        for said in (
            {"act": "comment", "text": f"{first.name} <{first.email}> asks @{second.login}"},
            {"act": "label", "add": f"graduand:{first.login}"},
            {"act": "label", "add": f"graduand:declined:{second.login}"},
            {"act": "label", "add": "graduand:declined"},
        ):
            ticket_acts.act(sandbox.board, {**ticket, **said}, sandbox.now)


def _stumble(sandbox: Sandbox, night: Path, url: str) -> None:
    """Have our own code fail on a person's name, where no test foresaw it."""
    from tasks.sources import registry  # noqa: PLC0415  # only once the environment is set

    os.environ["GRADUAND_DATABASE_URL"] = url
    os.environ["GRADUAND_LAKE_DIR"] = str(night / "var" / "lake-of-postgresql")
    adapters = dict(registry._ADAPTERS)
    adapters["openai"] = replace(adapters["openai"], fetch=_fault)
    adapters["jira"] = replace(adapters["jira"], conform=_fault)
    with mock.patch.object(registry, "_ADAPTERS", adapters):
        _night(sandbox, night, FEW)


def _fault(*_: object, **__: object) -> NoReturn:
    try:
        int(PEOPLE[5].name)
    except ValueError as error:
        raise KeyError(PEOPLE[6].email) from error
    raise AssertionError


if __name__ == "__main__":
    main(Path(sys.argv[1]))
