"""Serve a crowd: the sandbox's answers and files with people in them, written down as they go."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from unittest import mock

from sandbox import log_lines
from sandbox.estate.files import write_files
from sandbox.estate.records import Estate
from sandbox.faults import Faults
from sandbox.people import PEOPLE
from sandbox.records import LogLine
from sandbox.server import Sandbox
from sandbox.wire import Reply, Request
from tests.privacy.crowd import Crowd, crowded_lines
from tests.privacy.estate import SOURCES, EstateCrowd

LINES_DAY = "2026-11-12"


@contextmanager
def crowded(crowd: Crowd, served: Path) -> Iterator[None]:
    """Put people into all answers and logs, and write down everything that was said."""
    plain = Sandbox.answer
    write_logs = log_lines.write_logs
    of_estate = EstateCrowd(crowd)

    def answer(self: Sandbox, request: Request, source: str) -> Reply:
        reply = plain(self, request, source)
        if source in SOURCES:
            reply = replace(reply, body=of_estate.answer(reply.body))
        elif not isinstance(reply.body, bytes):
            reply = replace(reply, body=crowd.joined(reply.body))
        _note(served, reply.encoded())
        return reply

    def write(folder: Path, lines: Iterable[LogLine], now: datetime) -> None:
        write_logs(folder, lines, now)
        file = folder / log_lines.FOLDER / f"{PEOPLE[0].login}.ndjson"
        file.write_text("\n".join(crowded_lines(crowd, LINES_DAY)))
        for one in file.parent.glob("*.ndjson"):
            _note(served, one.read_bytes())

    def write_further(folder: Path, estate: Estate, now: datetime) -> None:
        write_files(folder, estate, now)
        for file in of_estate.files(folder):
            _note(served, file.read_bytes())

    with (
        mock.patch.object(Sandbox, "answer", answer),
        mock.patch("sandbox.server.write_logs", write),
        mock.patch("sandbox.server.write_files", write_further),
        mock.patch.object(Faults, "answer_instead", return_value=None),
    ):
        yield


def _note(served: Path, data: bytes) -> None:
    with served.open("ab") as file:
        file.write(data + b"\n")
