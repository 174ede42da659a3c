"""A client that also writes: each write is sent once, and one without an answer is told as such."""

import threading
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from tasks.core.errors import AmbiguousWriteError, SourceUnavailableError, WaitUntilError
from tasks.transport.calls import Call, Response, json_body
from tasks.transport.client import Client
from tasks.transport.clock import Clock
from tasks.transport.errors import BodyError, DeadlineError
from tasks.transport.limits import Permanent, Proceed, WaitUntil
from tasks.transport.pacing import Bucket, Pace
from tasks.transport.sender import Sent
from tasks.transport.verdicts import Judgement
from tasks.transport.wire import PassingError, Raw, UnsentError

Method = Literal["POST", "PUT", "PATCH", "DELETE"]

#: GitHub asks for at least a second between writes (docs.github.com, "Best practices for using
#: the REST API"); the others do not mind.
WRITE_PACE = Pace(per_second=1, burst=1)
#: From here to below the other, a server says that it did not do what was asked.
_FIRST_REFUSAL, _FIRST_FAULT = 400, 500


class Writer(Client):
    """Reads and writes one system; thread safe.

    It shares origins, caps, waits, pacing and the bound credential with its own reads.

    Args:
        source: Name of the system, for messages.
        base_url: Where paths start.
        clock: Time for pacing and waiting.
        deadline: Aware UTC; no request starts after it.
        write_pace: How fast writes follow each other, on top of the pace of all requests.
        others: Everything else that `Client` takes.
    """

    def __init__(
        self,
        source: str,
        base_url: str,
        *,
        clock: Clock,
        deadline: datetime,
        write_pace: Pace = WRITE_PACE,
        **others: Any,  # noqa: ANN401 - the keyword arguments of Client, whose own types hold
    ) -> None:
        super().__init__(source, base_url, clock=clock, deadline=deadline, **others)
        self._clock = clock
        self._deadline = deadline
        self._writes = Bucket(write_pace)
        self._turn = threading.Lock()

    def write(
        self,
        method: Method,
        path: str,
        *,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
    ) -> Response:
        """Send one write, once.

        Args:
            method: HTTP method.
            path: Below the base URL, or an absolute address of a declared origin.
            json: Body; None for none.
            headers: Sent to the base origin only.
            accept: Error statuses to return (with no json) rather than to raise.

        Raises:
            AmbiguousWriteError: No usable answer came: it may have happened or not.
            StatusError: Refused for good: it did not happen.
            WaitUntilError: A limit: it did not happen, and nothing is to be sent before then.
            SourceUnavailableError: It was not sent: no connection, or no time left.
            OriginError: The address, or a redirect, leads to an undeclared origin.
        """
        content = None if json is None else json_body(json)
        call = Call(method, self._sender.locate(path), headers or {}, content, accept)
        with self._turn:
            self._pace_write()
            return self._write_once(call)

    def _write_once(self, call: Call) -> Response:
        sent, found = self._send_once(call)
        raw = sent.raw
        match found.verdict:
            case Proceed(ahead):
                if ahead is not None:
                    self._patience.learn(sent.turn, ahead.resource, ahead.until)
                return Response(raw.status, raw.headers, found.parsed, str(sent.url))
            case WaitUntil(until, resource):
                self._patience.learn(sent.turn, resource, until)
                if _is_refusal(raw):
                    raise WaitUntilError(self.source, until)
            case Permanent(reason) if _is_refusal(raw):
                return self._refused(call, sent, reason, found.code)
        raise self._ambiguous(call, f"status {raw.status}")

    def _send_once(self, call: Call) -> tuple[Sent, Judgement]:
        try:
            return self._ask(call, 0)
        except UnsentError as error:
            detail = f"{call.endpoint} was not sent ({error}); try again later"
            raise SourceUnavailableError(self.source, detail) from None
        except PassingError as error:
            raise self._ambiguous(call, str(error)) from None
        except BodyError:
            raise self._ambiguous(call, "its answer cannot be used") from None

    def _pace_write(self) -> None:
        now = self._clock.now()
        seconds = self._writes.take(now)
        if seconds <= 0:
            return
        if now + timedelta(seconds=seconds) >= self._deadline:
            raise DeadlineError(self.source, "the time given to this run is about to end")
        self._clock.sleep(seconds)

    def _ambiguous(self, call: Call, how: str) -> AmbiguousWriteError:
        detail = (
            f"{call.endpoint} may have happened or not ({how}); it is looked for before it is"
            " sent again"
        )
        return AmbiguousWriteError(self.source, detail)


def _is_refusal(raw: Raw) -> bool:
    """Tell an answer that proves that nothing happened: a 4xx."""
    return _FIRST_REFUSAL <= raw.status < _FIRST_FAULT
