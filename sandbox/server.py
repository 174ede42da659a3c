"""Serve the organisation's vendors on localhost, one prefix each, with a clock that tests move.

`/github`, `/jira`, `/anthropic` and `/openai` answer as these vendors do, and so do those of the
estate (`sandbox.estate.vendors`) where the world has one. Below `/_sandbox`:
`GET /` says where everything is, `POST /now` moves the clock, `POST /fail` breaks a source,
`POST /latency` slows all, `GET /requests` counts, `GET /truth` and `GET /scorecards` give the
oracle's answers.
`GET /tickets` lists what was written into Jira and GitHub, `POST /tickets` does what people do.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from sandbox import (
    anthropic_api,
    github_api,
    github_writes,
    jira_api,
    jira_writes,
    openai_api,
    ticket_acts,
)
from sandbox.estate.directory import write_directory
from sandbox.estate.files import write_files
from sandbox.estate.vendors import ESTATE_SECRETS, FURTHER, Answer
from sandbox.faults import Faults
from sandbox.log_lines import FOLDER, write_logs
from sandbox.oracle.promotion import scorecards
from sandbox.oracle.truth import truth
from sandbox.records import World
from sandbox.script import NIGHTS
from sandbox.ticket_desk import is_for_desk, serve
from sandbox.tickets_board import Board
from sandbox.wire import Json, Reply, Request, iso, parse_moment, parse_query
from sandbox.world import DEFAULT_SEED, make_world
from sandbox.year.cloud_bill import write_bills

#: Small pages, so that every pull has to turn some.
PAGE_ITEMS = 20
PAGE_DAYS = 10
_MOST_BODY_BYTES = 10_000_000
#: Answers by prefix, of the vendors that every world has.
_FIRST: Mapping[str, Answer] = {
    "github": github_api.answer,
    "jira": jira_api.answer,
    "anthropic": anthropic_api.answer,
    "openai": openai_api.answer,
}
#: Those that page by days, all others by items.
_BY_DAYS = frozenset({"anthropic", "openai"})

SECRETS = {
    "github-token": github_api.TOKEN,
    "jira-token": jira_api.TOKEN,
    "jira-user": jira_api.USER,
    "anthropic-admin-key": anthropic_api.KEY,
    "openai-admin-key": openai_api.KEY,
}
#: Of the accounts that write tickets; a night never needs them.
TICKET_SECRETS = {
    "tickets-github-token": github_writes.TOKEN,
    "tickets-jira-token": jira_writes.TOKEN,
    "tickets-jira-user": jira_writes.USER,
    "tickets-jira-data-center-token": jira_writes.DATA_CENTER_TOKEN,
}


class Sandbox:
    """A running sandbox: where it listens, and its switches.

    Attributes:
        world: What happened and will happen.
        folder: Holds `agent-logs/`; rewritten whenever the clock moves.
        faults: Limits, failures and latency.
        board: The tickets that were written.
        page_items, page_days: The most items and report days on a page, whatever is asked for.
    """

    def __init__(
        self,
        world: World,
        folder: Path,
        now: datetime,
        faults: Faults,
        *,
        port: int = 0,
        page_items: int = PAGE_ITEMS,
        page_days: int = PAGE_DAYS,
    ) -> None:
        self.world = world
        self.folder = folder
        self.faults = faults
        self.board = Board()
        self.page_items = page_items
        self.page_days = page_days
        self._now = now
        self._stopped = threading.Event()
        self._server = _Server(("127.0.0.1", port), self)
        self.move_to(now)

    @property
    def now(self) -> datetime:
        """The organisation's clock, aware UTC."""
        return self._now

    @property
    def origin(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def vendors(self) -> tuple[str, ...]:
        """Prefixes that answer."""
        return (*_FIRST, *(FURTHER if self.world.estate else ()))

    @property
    def secrets(self) -> dict[str, str]:
        """Keys by the name that the shipped sources call them by."""
        return {**SECRETS, **(ESTATE_SECRETS if self.world.estate else {})}

    def base_url(self, source: str) -> str:
        """Give the base URL of a vendor."""
        return f"{self.origin}/{source}"

    def move_to(self, now: datetime) -> None:
        """Move the clock, write the logs as they stand then, and start a new night."""
        self._now = now
        self.faults.new_night()
        write_logs(self.folder, self.world.lines if self.world.has_logs(now) else (), now)
        write_bills(self.folder, self.world, now)
        if self.world.estate is not None:
            write_files(self.folder, self.world.estate, now)
            write_directory(self.folder)

    def description(self) -> dict[str, Json]:
        """Say where everything is; the keys are made up and open nothing else."""
        return {
            "origin": self.origin,
            "base_urls": {source: self.base_url(source) for source in self.vendors},
            "secrets": self.secrets,
            "ticket_secrets": TICKET_SECRETS,
            "agent_logs": str(self.folder / FOLDER),
            "now": iso(self._now),
            "seed": self.world.seed,
            "scale": self.world.scale,
        }

    def serve_forever(self) -> None:
        """Answer until `close` is called."""
        self._server.serve_forever(poll_interval=0.05)

    def wait(self) -> None:
        """Block until somebody calls `stop` or `close`."""
        self._stopped.wait()

    def stop(self) -> None:
        """Let `wait` return; safe in a signal handler."""
        self._stopped.set()

    def close(self) -> None:
        """Stop answering and let go of the port."""
        self._stopped.set()
        self.faults.close()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: Request, source: str) -> Reply:
        """Answer one request to a vendor."""
        instead = self.faults.answer_instead(source)
        if instead is not None:
            return instead
        if is_for_desk(request, source):
            return serve(self.world, self.board, self.faults, request, source, self.page_items)
        most = self.page_days if source in _BY_DAYS else self.page_items
        return {**_FIRST, **FURTHER}[source](self.world, request, most)

    def control(self, method: str, path: str, body: dict[str, object]) -> Reply:
        """Answer a request below `/_sandbox`."""
        try:
            return self._control(method, path, body)
        except (KeyError, TypeError, ValueError) as error:
            return Reply(400, {"error": str(error)})

    def _control(self, method: str, path: str, body: dict[str, object]) -> Reply:
        answers: dict[tuple[str, str], Callable[[], Json]] = {
            ("GET", "/"): self.description,
            ("GET", "/requests"): lambda: dict(self.faults.counts()),
            ("GET", "/truth"): lambda: truth(self.world, self._now),
            ("POST", "/now"): lambda: self._moved(str(body["now"])),
            ("GET", "/scorecards"): lambda: list(scorecards(self.world, self._now)),
            ("GET", "/tickets"): lambda: ticket_acts.listing(self.board),
            ("POST", "/tickets"): lambda: ticket_acts.act(self.board, body, self._now),
            ("POST", "/fail"): lambda: self._failing(body),
            ("POST", "/latency"): lambda: self._slowed(float(str(body["seconds"]))),
        }
        answer = answers.get((method, path))
        return Reply(200, answer()) if answer else Reply(404, {"error": f"nothing at {path}"})

    def _moved(self, now: str) -> Json:
        self.move_to(parse_moment(now))
        return self.description()

    def _failing(self, body: dict[str, object]) -> Json:
        return self.faults.fail(
            str(body["source"]),
            str(body["mode"]),
            after=int(str(body.get("after", 0))),
            times=int(str(body.get("times", 0))),
        )

    def _slowed(self, seconds: float) -> Json:
        self.faults.latency_s = seconds
        return {"seconds": seconds}


@contextmanager
def running(
    folder: Path,
    *,
    seed: int = DEFAULT_SEED,
    scale: float = 1.0,
    items: float | None = None,
    estate: bool = False,
    now: datetime = NIGHTS[0],
    port: int = 0,
    has_limits: bool = True,
    page_items: int = PAGE_ITEMS,
    page_days: int = PAGE_DAYS,
    world: World | None = None,
) -> Iterator[Sandbox]:
    """Run a sandbox in a thread of its own, and stop it at the end.

    Args:
        folder: Where `agent-logs/` is written.
        seed: As in `make_world`.
        scale: As in `make_world`.
        items: As in `make_world`.
        estate: As in `make_world`.
        now: Where the clock starts, aware UTC.
        port: 0 takes a free one.
        has_limits: Whether each source refuses its first request of a night.
        page_items: The most items on a page of GitHub or Jira.
        page_days: The most days on a page of a report.
        world: Use this world instead of making one.
    """
    made = make_world(seed, scale, items, estate=estate) if world is None else world
    sandbox = Sandbox(
        made,
        folder,
        now,
        Faults(scripted=has_limits),
        port=port,
        page_items=page_items,
        page_days=page_days,
    )
    thread = threading.Thread(target=sandbox.serve_forever, name="sandbox", daemon=True)
    thread.start()
    try:
        yield sandbox
    finally:
        sandbox.close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A refused connection would look like a fault of the client under test.
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Let clients hang up as they like; anything else is a fault of the sandbox."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # typeshed's socket is narrower than its caller's


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One write for head and body, at once: small answers would wait for an acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Answer a GET."""
        self._serve()

    def do_POST(self) -> None:
        """Answer a POST."""
        self._serve()

    def do_PUT(self) -> None:
        """Answer a PUT."""
        self._serve()

    def do_PATCH(self) -> None:
        """Answer a PATCH."""
        self._serve()

    def do_DELETE(self) -> None:
        """Answer a DELETE."""
        self._serve()

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, _MOST_BODY_BYTES))
        parts = urlsplit(self.path)
        source, _, rest = parts.path.lstrip("/").partition("/")
        sandbox = self.server.sandbox
        request = Request(
            method=self.command,
            path=f"/{rest}",
            params=parse_query(parts.query),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            base_url=sandbox.base_url(source),
            now=sandbox.now,
        )
        if source == "_sandbox":
            reply = sandbox.control(self.command, request.path, request.json())
        elif source in sandbox.vendors:
            reply = sandbox.answer(request, source)
        else:
            reply = Reply(404, {"error": f"no vendor at /{source}"})
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        if reply.is_lost:
            self.close_connection = True
            return
        content = reply.encoded()
        is_json = not content.startswith(b"<")
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json" if is_json else "text/html")
        self.send_header("Content-Length", str(len(content)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(content)
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client gave up waiting; that is its right

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Stay silent: tests read what the product says, not what the vendors do."""


def description_text(sandbox: Sandbox) -> str:
    """Give the description as one line of JSON."""
    return json.dumps(sandbox.description())
