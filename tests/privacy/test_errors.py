"""Errors name no person and no secret, whatever a source answers, at whichever request."""

import gc
import logging
import pickle
import traceback
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from unittest import mock

import pytest

from cli.rehearse import environment
from config.load import load_config
from config.settings import Settings, load_settings
from config.shapes.sources import FileSource
from sandbox.people import PEOPLE
from sandbox.script import NIGHTS
from sandbox.server import Sandbox, running
from sandbox.wire import Json, Reply, Request
from sandbox.world import make_world
from tasks.core.batches import Reject
from tasks.core.digests import keyed_digest
from tasks.core.errors import GraduandError, SourceError
from tasks.core.people import Door
from tasks.ledger.ledger import Ledger
from tasks.sources.connect import connect
from tasks.sources.declared import with_declared
from tasks.sources.registry import adapter_of, source_named
from tasks.transport.waits import MemoryWaitStore
from tests.privacy.search import Blob, Searcher
from tests.transport.loopback import FakeClock

CONFIG = load_config(Path(__file__).resolve().parents[2] / "config")
KEY = "a-digest-key-that-stays-where-it-is-kept"
PASSWORD = "open-the-ledger-please"
FIRST, SECOND = PEOPLE[8], PEOPLE[9]
SAID: dict[str, Json] = {
    "message": FIRST.name,
    FIRST.login: SECOND.email,
    "error": {"code": FIRST.login, "type": SECOND.login, "message": FIRST.name},
    "errors": [{"code": SECOND.login, "type": SECOND.login, "message": FIRST.email}],
    "errorMessages": [f"{FIRST.name} may not see this"],
}
NAMES = f"{FIRST.name} <{FIRST.email}>".encode()
ANSWERS: dict[str, Reply] = {
    **{f"{status}": Reply(status, SAID) for status in (400, 401, 403, 404, 409, 410, 422)},
    **{f"{status}": Reply(status, SAID) for status in (429, 500, 501, 503)},
    "an error in a 200": Reply(200, SAID),
    "an unknown status": Reply(299, SAID),
    "a wait by name": Reply(429, SAID, {"Retry-After": FIRST.name}),
    "a reset by name": Reply(403, SAID, {"x-ratelimit-reset": FIRST.login}),
    "text": Reply(200, NAMES),
    "half a body": Reply(200, b'[{"title": "' + NAMES),
    "no UTF-8": Reply(200, b'{"title": "\xff' + NAMES + b'"}'),
    "a key twice": Reply(200, b'{"' + NAMES + b'": 1, "' + NAMES + b'": 2}'),
    "a huge number": Reply(200, b'{"' + NAMES + b'": 1e999999}'),
    "a name": Reply(200, FIRST.name),
    "names": Reply(200, [FIRST.name, SECOND.email, {FIRST.login: SECOND.name}]),
    "a frame of names": Reply(200, {FIRST.login: FIRST.name, "data": {SECOND.login: FIRST.name}}),
    "data of names": Reply(200, {"data": [FIRST.name, {FIRST.login: 1}], "has_more": FIRST.name}),
    "a bucket of names": Reply(
        200, {"data": [{"starting_at": FIRST.name, "start_time": FIRST.name}], "has_more": False}
    ),
    "a cursor of names": Reply(
        200, {"data": [], "issues": [], "has_more": True, "next_page": {"page": FIRST.login}}
    ),
    "a page of names": Reply(
        200,
        {
            "data": [FIRST.name, {SECOND.login: 1}],
            "total": FIRST.name,
            "page": {FIRST.login: 1},
            "meta": {"cursor": [SECOND.email]},
        },
    ),
    "a link to a name": Reply(200, [], {"Link": f'<https://{FIRST.login}.example/>; rel="next"'}),
    "a way to a name": Reply(302, SAID, {"Location": f"https://{FIRST.login}.example/"}),
    "a way with a user": Reply(302, SAID, {"Location": f"https://{FIRST.login}:x@127.0.0.1/"}),
    "a way to nowhere": Reply(302, SAID, {"Location": f"{FIRST.name}://[{SECOND.name}"}),
    "a named encoding": Reply(200, SAID, {"Content-Encoding": FIRST.login}),
    "a wrong length": Reply(200, SAID, {"Content-Encoding": "gzip"}),
}
STREAMS = [
    (source.name, stream.name)
    for source in CONFIG.sources.sources
    if not isinstance(source, FileSource)
    for stream in adapter_of(source).streams
]


def told(error: BaseException) -> Iterator[Blob]:
    """Everything of an exception that somebody could show, log, pickle or store."""
    yield Blob("log", "".join(traceback.format_exception(error)).encode())
    seen: BaseException | None = error
    while seen is not None:
        yield Blob("text", f"{seen} {seen!r} {seen.args!r} {vars(seen)!r}".encode())
        if isinstance(seen, GraduandError):
            yield Blob("pickle", pickle.dumps(seen))
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    world = make_world(scale=0.02, items=0.1, estate=True)
    folder = tmp_path_factory.mktemp("sandbox")
    with running(folder, world=world, now=NIGHTS[0], has_limits=False) as started:
        yield started


@pytest.fixture
def settings(sandbox: Sandbox) -> Settings:
    environ = {"GRADUAND_DIGEST_KEY": KEY}
    environ["GRADUAND_DATABASE_URL"] = f"postgresql://warden:{PASSWORD}@127.0.0.1:1/ledger"
    named = environment(sandbox, sandbox.folder)
    ours = ("GRADUAND_BASE_URL_", "GRADUAND_SECRET_")
    environ |= {name: value for name, value in named.items() if name.startswith(ours)}
    return load_settings(environ)


def secrets_of(sandbox: Sandbox) -> list[str]:
    """Name every secret that the sandbox's vendors ask for."""
    return list(sandbox.secrets.values())


def pull(source: str, stream: str, settings: Settings) -> object:
    """Pull one stream as the stage does, on a clock that does not wait."""
    sources = CONFIG.sources.sources
    config = with_declared(source_named(sources, source), CONFIG.catalog, sources, CONFIG.finance)
    clock = FakeClock()
    deadline = clock.now() + timedelta(hours=8)
    client = connect(config, settings, waits=MemoryWaitStore(), clock=clock, deadline=deadline)
    assert client is not None
    adapter = adapter_of(config)
    with client:
        return adapter.fetch(
            adapter.stream(stream),
            client,
            config,
            (date(2026, 11, 13), date(2026, 11, 17)),
            None,
            NIGHTS[0],
            Door(keyed_digest(KEY), {FIRST.email: "routing"}),
        )


@pytest.mark.parametrize(("source", "stream"), STREAMS)
def test_no_answer_makes_an_error_or_a_log_name_a_person(
    source: str,
    stream: str,
    settings: Settings,
    sandbox: Sandbox,
    searcher: Searcher,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    errors: dict[str, GraduandError] = {}
    brought: list[object] = []
    for name, answer in ANSWERS.items():
        for good in (0, 1, 3):
            try:
                with _after(good, answer):
                    brought.append(pull(source, stream, settings))
            except GraduandError as error:
                errors[f"{name}, after {good}"] = error

    if stream == "controls":  # what one repository refuses is a row that says unknown
        assert repr(brought).count("unknown") >= len(ANSWERS)
        assert searcher.hits([Blob("rows", repr(brought).encode())]) == []
    else:
        assert len(errors) >= len(ANSWERS) // 2
    assert [name for name, error in errors.items() if searcher.hits(told(error))] == []
    assert searcher.hits([Blob("log", caplog.text.encode())]) == []
    secrets = Searcher([*secrets_of(sandbox), KEY, PASSWORD])
    assert secrets.hits([Blob("log", caplog.text.encode())]) == []


def test_a_ledger_that_cannot_be_reached_does_not_tell_its_password(settings: Settings) -> None:
    with pytest.raises(GraduandError) as caught:
        Ledger.open(settings.database_url.get_secret_value(), lake_id="lake-1")

    assert Searcher([PASSWORD]).hits(told(caught.value)) == []


def test_nothing_of_ours_shows_a_secret(settings: Settings, sandbox: Sandbox) -> None:
    sources = [one for one in CONFIG.sources.sources if not isinstance(one, FileSource)]
    clients = [
        connect(
            one, settings, waits=MemoryWaitStore(), clock=FakeClock(), deadline=FakeClock().now()
        )
        for one in sources
    ]
    ours = [one for one in gc.get_objects() if _is_ours(one)]
    shown = [Blob(type(one).__qualname__, f"{one!r} {one!s} {[one]}".encode()) for one in ours]
    secrets = Searcher([*secrets_of(sandbox), KEY, PASSWORD])

    assert secrets.hits(shown) == []
    # The search would be void if the holders of secrets were not among what it saw.
    assert {"Settings", "Secret", "Client", "Sender", "Basic", "AnthropicKey"} <= {
        blob.place for blob in shown
    }
    assert len(clients) == len(sources)


def test_an_object_that_shows_a_secret_is_found() -> None:
    planted = Reject("place", 1, 2, "digest", "", f"password {PASSWORD}")

    assert Searcher([PASSWORD]).hits([Blob("repr", repr(planted).encode())])


def test_a_person_planted_in_an_error_is_found_wherever_it_stands(searcher: Searcher) -> None:
    for planted in (
        SourceError("github", FIRST.name),
        ValueError({FIRST.login: 1}),
        _caused(SourceError("github", "cannot be read"), ValueError(FIRST.email)),
        _noted(SourceError("github", "cannot be read"), FIRST.jira_id),
    ):
        assert searcher.hits(told(planted)) != []


def _caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def _noted(error: Exception, note: str) -> Exception:
    error.add_note(note)
    return error


def _is_ours(one: object) -> bool:
    module = getattr(type(one), "__module__", "")
    return isinstance(module, str) and module.startswith(("tasks.", "config.", "flows.", "cli."))


def _after(good: int, answer: Reply) -> "mock._patch[object]":
    plain = Sandbox.answer
    number = count()

    def instead(self: Sandbox, request: Request, source: str) -> Reply:
        return plain(self, request, source) if next(number) < good else answer

    return mock.patch.object(Sandbox, "answer", instead)
