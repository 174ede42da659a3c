"""Loopback servers that say what a test scripts, and clients of them that never really wait."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tasks.transport.client import Client
from tasks.transport.credentials import Credential
from tasks.transport.pacing import Pace
from tasks.transport.waits import MemoryWaitStore

NOW = datetime(2026, 11, 21, 10, 20, 30, tzinfo=UTC)
SECRET = "s3cr3t-t0ken"
UNPACED = Pace(per_second=1e6, burst=1_000_000)


class FakeClock:
    def __init__(self) -> None:
        self.moment = NOW
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.moment += timedelta(seconds=seconds)


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

    @property
    def query(self) -> dict[str, list[str]]:
        """The query, repeated keys as lists."""
        return parse_qs(urlsplit(self.path).query)


@dataclass
class Reply:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | object = b"{}"

    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Script = Callable[[Request], Reply]


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hangs up on a bomb is what a test wants."""


class Server:
    """Answers by script and remembers every request."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Headers and body leave at once, so that no test waits for an ACK.
            wbufsize = -1
            disable_nagle_algorithm = True

            def _answer(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.command, self.path, headers, self.rfile.read(length))
                outer.requests.append(request)
                reply = script(request)
                content = b"" if reply.status in {204, 304} else reply.content()
                self.send_response_only(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - names that http.server calls

            def log_message(self, *_: object) -> None:
                pass

        self._httpd = _QuietServer(("127.0.0.1", 0), Handler)
        self.scheme = "http"
        if tls is not None:
            self._httpd.socket = tls.wrap_socket(self._httpd.socket, server_side=True)
            self.scheme = "https"
        self._thread = threading.Thread(
            target=self._httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    @property
    def netloc(self) -> str:
        return f"127.0.0.1:{self._httpd.server_port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.netloc}"

    def stop(self) -> None:
        self._httpd.shutdown()
        self._httpd.server_close()


class Tap:
    """An origin that takes every byte that anyone sends it, and answers raw bytes."""

    def __init__(self) -> None:
        self.received = b""
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.netloc = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.url = f"http://{self.netloc}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                connection.settimeout(5)
                self.received += connection.recv(65536)
                connection.sendall(self.answer)

    def stop(self) -> None:
        self._socket.close()


@contextmanager
def serving(script: Script) -> Iterator[Server]:
    """Serve until the block ends."""
    server = Server(script)
    try:
        yield server
    finally:
        server.stop()


def caller(server: Server, name: str, credential: Credential, **options: Any) -> Client:
    """A client of a server: unpaced, with a clock and waits of its own."""
    usual: dict[str, Any] = {
        "waits": MemoryWaitStore(),
        "clock": FakeClock(),
        "deadline": NOW + timedelta(hours=8),
        "pace": UNPACED,
    }
    return Client(name, server.url, credential=credential, **(usual | options))


def scripted(*replies: Reply) -> Script:
    """Give the replies in turn; the last one for ever."""
    queue = list(replies)
    return lambda _: queue.pop(0) if len(queue) > 1 else queue[0]
