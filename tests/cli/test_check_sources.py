"""`graduand check` asks every source: one green line each, one clear red line for a fault."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.main import main
from cli.rehearse import environment
from sandbox.server import Sandbox, running
from tests.base_config import write_base_config
from tests.flows.nights import FIRST
from tests.transport.loopback import Reply, Request, Server

Mutate = Callable[[Reply], Reply]
_FORWARDED = ("authorization", "x-api-key", "accept", "content-type", "anthropic-version")
_GREEN = ("agent-logs", "github", "jira", "anthropic", "openai")


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("o"), scale=0.05, now=FIRST, has_limits=False) as started:
        yield started


@pytest.fixture
def ready(organisation: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Set everything a night of the organisation needs, its stores included."""
    for name in [one for one in os.environ if one.startswith("GRADUAND_")]:
        monkeypatch.delenv(name)
    write_base_config(tmp_path / "config")
    for name, value in environment(organisation, organisation.folder).items():
        if name.startswith("GRADUAND_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("GRADUAND_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("GRADUAND_LAKE_DIR", str(tmp_path / "lake"))
    monkeypatch.setenv("GRADUAND_DATABASE_URL", f"sqlite:///{tmp_path / 'ledger.db'}")
    monkeypatch.setenv("GRADUAND_NOW", FIRST.isoformat())
    return organisation


@pytest.fixture
def behind(
    ready: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, Mutate], None]]:
    """Put something between a source and us that changes its answers."""
    servers: list[Server] = []

    def stand(source: str, mutate: Mutate) -> None:
        def forward(request: Request) -> Reply:
            headers = {
                name: request.headers[name] for name in _FORWARDED if name in request.headers
            }
            answer = httpx.get(f"{ready.base_url(source)}{request.path}", headers=headers)
            body = answer.json() if answer.content else b""
            return mutate(Reply(answer.status_code, dict(_kept(answer.headers)), body))

        server = Server(forward)
        servers.append(server)
        name = source.upper()
        monkeypatch.setenv(f"GRADUAND_BASE_URL_{name}", server.url)
        secret = {"ANTHROPIC": "ANTHROPIC_ADMIN_KEY", "GITHUB": "GITHUB_TOKEN"}.get(name, name)
        monkeypatch.setenv(f"GRADUAND_SECRET_{secret}_HOSTS", server.netloc)

    yield stand
    for server in servers:
        server.stop()


def _kept(headers: httpx.Headers) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        if name.startswith("x-") or name == "content-type":
            yield name, value


def lines(capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    """Give what was told, by the name of the thing checked: its sign and its words."""
    told: dict[str, list[str]] = {}
    for line in capsys.readouterr().out.splitlines():
        sign, name, words = line.split(maxsplit=2)
        told.setdefault(name, []).append(f"{sign} {words}")
    return told


@pytest.mark.usefixtures("ready")
def test_every_source_has_one_green_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate"]) == 0
    capsys.readouterr()

    assert main(["check"]) == 0

    told = lines(capsys)
    for source in _GREEN:
        (line,) = told[source]
        assert line.startswith("✓ "), line
    assert "rows of usage" in told["anthropic"][0]
    assert "6 repositories to read" in told["github"][0]


@pytest.mark.usefixtures("ready")
def test_one_source_is_asked_alone_and_none_offline(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--source", "openai"]) == 0
    assert list(lines(capsys)) == ["settings", "openai"]

    main(["check", "--offline"])
    assert not set(_GREEN) & set(lines(capsys))


@pytest.mark.usefixtures("ready")
def test_a_wrong_key_is_one_red_line_that_says_which_key_it_takes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GRADUAND_SECRET_ANTHROPIC_ADMIN_KEY", "sk-ant-admin-of-somebody-else")

    assert main(["check", "--source", "anthropic", "--source", "openai"]) == 1

    told = lines(capsys)
    (line,) = told["anthropic"]
    assert line.startswith("✗ ")
    assert "answered 401: credential" in line
    assert "It needs an Admin API key" in line
    assert "somebody-else" not in line
    assert told["openai"][0].startswith("✓ ")


def test_a_missing_right_is_one_red_line_that_says_which(
    behind: Callable[[str, Mutate], None], capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = {"message": "Resource not accessible by personal access token"}

    def refuse_pulls(reply: Reply) -> Reply:
        is_pulls = isinstance(reply.body, list) and reply.body and "head" in reply.body[0]
        return Reply(403, reply.headers, refusal) if is_pulls else reply

    behind("github", refuse_pulls)

    assert main(["check", "--source", "github"]) == 1

    (line,) = lines(capsys)["github"]
    assert "answered 403: permission" in line
    assert "It needs a token that may read contents, pull requests" in line


def test_a_right_that_only_a_list_beside_pull_requests_needs_is_named(
    behind: Callable[[str, Mutate], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse_some(reply: Reply) -> Reply:
        body = reply.body if isinstance(reply.body, dict) else {}
        is_refused = bool({"workflow_runs", "check_runs"} & set(body))
        return Reply(403, reply.headers, {"message": "no"}) if is_refused else reply

    behind("github", refuse_some)

    assert main(["check", "--source", "github"]) == 1

    (line,) = lines(capsys)["github"]
    assert line.startswith("✗ it may not read actions, checks of the first repository (403)")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("anthropic", "see whether 127.0.0.1:"),
        ("github", "what answers is not GitHub's API"),
    ],
)
def test_a_login_page_in_between_is_told_for_one(
    source: str,
    told: str,
    behind: Callable[[str, Mutate], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    behind(source, lambda _: Reply(200, {"content-type": "text/html"}, b"<html>Sign in</html>"))

    assert main(["check", "--source", source]) == 1

    (line,) = lines(capsys)[source]
    assert told in line
    assert "login page" in line


def test_a_source_that_wants_to_be_left_alone_says_until_when(
    behind: Callable[[str, Mutate], None], capsys: pytest.CaptureFixture[str]
) -> None:
    behind("anthropic", lambda _: Reply(429, {"retry-after": "7200"}, {}))

    assert main(["check", "--source", "anthropic"]) == 1

    (line,) = lines(capsys)["anthropic"]
    assert "rate limited until 20" in line
    assert line.endswith("it answers: ask again then")


@pytest.mark.usefixtures("ready")
def test_what_sources_say_stands_in_one_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config" / "sources.yaml"
    file.write_text(file.read_text().replace("name: agent-logs", "name: logs-of-all-our-agents"))

    main(["check"])

    told = [one for one in capsys.readouterr().out.splitlines() if " rows of " in one]
    assert len({one.index(one.split(maxsplit=2)[2]) for one in told}) == 1


@pytest.mark.usefixtures("ready")
def test_an_unreachable_host_is_one_red_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GRADUAND_BASE_URL_OPENAI", "http://127.0.0.1:9")
    monkeypatch.setenv("GRADUAND_SECRET_OPENAI_ADMIN_KEY_HOSTS", "127.0.0.1:9")

    assert main(["check", "--source", "openai"]) == 1

    (line,) = lines(capsys)["openai"]
    assert line.startswith("✗ ")
    assert "ConnectError" in line
    assert "see whether 127.0.0.1:9 is right and can be reached from here" in line


def test_a_changed_shape_is_one_red_line_that_names_the_field(
    behind: Callable[[str, Mutate], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def renamed(reply: Reply) -> Reply:
        body: Any = reply.body
        for bucket in body.get("data", []):
            for row in bucket["results"]:
                if "amount" in row:
                    row["cost"] = row.pop("amount")
        return reply

    behind("anthropic", renamed)

    assert main(["check", "--source", "anthropic"]) == 1

    (line,) = lines(capsys)["anthropic"]
    assert "rows of cost cannot be read: amount is missing" in line


def test_rights_beyond_reading_and_a_near_end_are_told_and_are_no_fault(
    behind: Callable[[str, Mutate], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def generous(reply: Reply) -> Reply:
        ends = "2026-11-21 09:00:00 UTC"
        told = {
            "x-oauth-scopes": "repo, delete_repo, admin:org",
            "github-authentication-token-expiration": ends,
        }
        return Reply(reply.status, reply.headers | told, reply.body)

    behind("github", generous)

    assert main(["check", "--source", "github"]) == 0

    green, surplus, soon = lines(capsys)["github"]
    assert green.startswith("✓ ")
    assert surplus.startswith("! ")
    assert "(admin:org, delete_repo)" in surplus
    assert "ends on 2026-11-21, in 3 days" in soon


@pytest.mark.usefixtures("ready")
def test_a_name_that_is_no_source_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--source", "nobody"]) == 1
    assert "'nobody' is not a source of sources.yaml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "sign", "told"),
    [
        ('{"a": 1}\n{"b": \n', "✓", "1 file"),
        ('{"a": \n{"b": \n{"c": 1}\n', "✗", "2 of the first 3 lines"),
        ('{"half', "✓", "1 file"),
        ("[1]\n", "✗", "1 of the first 1 lines"),
    ],
)
def test_a_log_in_files_is_looked_at_by_its_first_lines(
    text: str,
    sign: str,
    told: str,
    tmp_path: Path,
    ready: Sandbox,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "config" / "sources.yaml"
    entry = "\n  - name: transcripts\n    type: claude_code_log\n    paths: [transcripts/*.jsonl]\n"
    file.write_text(file.read_text() + entry)
    (ready.folder / "transcripts").mkdir(exist_ok=True)
    (ready.folder / "transcripts" / "one.jsonl").write_text(text)

    main(["check", "--source", "transcripts"])

    (line,) = lines(capsys)["transcripts"]
    assert line.startswith(sign)
    assert told in line
