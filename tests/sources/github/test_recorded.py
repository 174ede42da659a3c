"""Everything that was recorded from real GitHub servers and concerns us is taken as it is.

What is left out stands in the tables below, each with its reason.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tasks.sources.github import parse, parse_checks, parse_issues, payloads
from tasks.sources.github.context import Repo
from tasks.sources.github.texts import Names
from tasks.transport.client import Client
from tasks.transport.limits import Vendor
from tasks.transport.pages import link_pages
from tasks.transport.waits import MemoryWaitStore
from tests.sources.github.conftest import NOW, keyed_digest
from tests.sources.recordings import (
    Exchange,
    Replay,
    fixtures,
    manifest,
    members,
    raw_rows,
    wiremock,
)
from tests.transport.loopback import UNPACED, FakeClock, Script, Server

pytestmark = pytest.mark.shared

REPO = Repo(
    id=134018330,
    name="panjf2000/ants",
    is_personal=False,
    path="/repos/panjf2000/ants",
    names=Names(134018330, {"panjf2000/ants": 134018330}, keyed_digest),
    prefixes=(),
    incident_labels=frozenset({"bug"}),
    keyed_digest=keyed_digest,
)
Parser = Callable[[Any], object]

PULL: Parser = lambda payload: parse.parse_pull_request(payload, REPO)  # noqa: E731  # a table of parsers
ISSUE: Parser = lambda payload: parse_issues.parse_incident(payload, REPO)  # noqa: E731  # a table of parsers
EVENT: Parser = lambda payload: parse_issues.parse_item_event(payload, REPO)  # noqa: E731  # a table of parsers
RUN: Parser = lambda payload: parse_checks.parse_workflow_run(payload, REPO)  # noqa: E731  # a table of parsers
DEPLOYMENT: Parser = lambda payload: parse_checks.parse_deployment(payload, REPO)  # noqa: E731  # a table of parsers
ACCOUNT: Parser = payloads.Account.model_validate
REPOSITORY: Parser = payloads.Repository.model_validate

COMMIT: Parser = partial(parse.parse_commit, keyed_digest=keyed_digest)
TABLES: dict[str, Parser] = {
    "accounts": ACCOUNT,
    "issues": ISSUE,
    "events": EVENT,
    "pull_requests": PULL,
    "pull_requests_bot_filter": PULL,
    "pull_request_reviews": parse.parse_review,
    "pr_reviews_bot_filter": parse.parse_review,
    "pull_request_commits": COMMIT,
}
TABLES_LEFT_OUT = {
    "account_orgs": "organisations of a person; we never ask about people",
    "comments": "free text; never asked for",
    "pull_request_review_comments": "free text; never asked for",
    "milestones": "no event of an item hangs on one",
}
MEMBERS: dict[str, Parser] = {
    "pull_request": PULL,
    "issue": ISSUE,
    "review": parse.parse_review,
    "check_run": parse_checks.parse_check_run,
    "workflow_run": RUN,
    "deployment": DEPLOYMENT,
    "deployment_status": parse_checks.parse_deployment_status,
    "repository": REPOSITORY,
    "organization": lambda payload: ACCOUNT({**payload, "type": "Organization"}),
    "sender": ACCOUNT,
}
_R = r"/(?:repos/[^/]+/[^/]+|repositories/\d+)"
#: Which parser takes the answer of an endpoint, and which member of it holds a list.
ENDPOINTS: list[tuple[str, Parser, str | None]] = [
    (_R, REPOSITORY, None),
    (rf"{_R}/pulls(?:/\d+)?", PULL, None),
    (rf"{_R}/pulls/\d+/requested_reviewers", PULL, None),
    (rf"{_R}/pulls/\d+/reviews(?:/\d+(?:/events)?)?", parse.parse_review, None),
    (rf"{_R}/pulls/\d+/commits", COMMIT, None),
    (rf"{_R}/commits/[0-9a-f]+", COMMIT, None),
    (rf"{_R}/compare/.*", COMMIT, "commits"),
    (rf"{_R}/commits/[0-9a-f]+/check-runs", parse_checks.parse_check_run, "check_runs"),
    (rf"{_R}/check-runs(?:/\d+)?", parse_checks.parse_check_run, None),
    (rf"{_R}/(?:commits/[0-9a-f]+/)?statuses(?:/[0-9a-f]+)?", parse_checks.parse_status, None),
    (rf"{_R}/commits/[0-9a-f]+/status", parse_checks.parse_status, "statuses"),
    (rf"{_R}/deployments(?:/\d+)?", DEPLOYMENT, None),
    (rf"{_R}/deployments/\d+/statuses", parse_checks.parse_deployment_status, None),
    (rf"{_R}/issues(?:/\d+)?", ISSUE, None),
    (r"/search/issues", ISSUE, "items"),
    (r"/search/repositories", REPOSITORY, "items"),
    (r"/installation/repositories", REPOSITORY, "repositories"),
    (r"/user", ACCOUNT, None),
    (r"/users/[^/]+", ACCOUNT, None),
    (r"/orgs/[^/]+", ACCOUNT, None),
    (r"/orgs/[^/]+/repos", REPOSITORY, None),
]
#: Endpoints that neither the streams nor their parsers meet.
ENDPOINTS_LEFT_OUT = {
    r"/app(?:/installations.*)?": "the App's own side; the transport's tests replay it",
    r"/(?:users|repos|orgs)/.*installation": "the App's own side; the transport's tests replay it",
    r"/marketplace_listing/.*": "never asked for",
    rf"{_R}/(?:issues|pulls)/.*comments.*": "free text; never asked for",
    rf"{_R}/pulls/comments/.*": "free text; never asked for",
    rf"{_R}/issues/\d+/(?:labels.*|lock)": "labels of one issue, or a write; never asked for",
    rf"{_R}/labels.*": "labels come with their items",
    rf"{_R}/(?:git|contents|tarball|branches|releases|milestones)(?:/.*)?": "never asked for",
    rf"{_R}/(?:collaborators|invitations)(?:/.*)?": "people; never asked for",
    rf"{_R}/pulls/\d+/merge": "a write; the product merges nothing",
    rf"{_R}/actions/workflows.*": "definitions of workflows; runs name them by id",
    r"/[^/]+/[^/]+/legacy\.tar\.gz/.*": "code; never asked for",
    rf"{_R}/projects|/teams/.*": "never asked for",
    r"/projects/.*|/notifications|/markdown.*|/user/.*|/": "never asked for",
}


def recorded(shared: Path) -> Path:
    return shared / "data" / "recorded"


def test_every_raw_row_is_parsed_or_left_out_for_a_reason(shared: Path) -> None:
    expected = {
        Path(path).stem.removeprefix("_raw_github_api_"): count
        for path, count in manifest(recorded(shared)).items()
        if path.startswith("devlake/github/")
    }
    parsed = Counter[str]()
    for path in (recorded(shared) / "devlake" / "github").glob("**/*.csv"):
        name = path.stem.removeprefix("_raw_github_api_")
        for payload in raw_rows(path) if name in TABLES else ():
            TABLES[name](payload)
            parsed[name] += 1

    assert set(expected) == set(TABLES) | set(TABLES_LEFT_OUT)
    assert parsed == {name: expected[name] for name in TABLES}


def test_every_webhook_example_is_parsed_member_by_member(shared: Path) -> None:
    folder = recorded(shared)
    paths = [
        *folder.glob("octokit-webhooks/*/*.json"),
        *folder.glob("hub4j/GHEventPayloadTest/*.json"),
    ]
    parsed = Counter[str]()
    for path in paths:
        payload = json.loads(path.read_text(encoding="utf-8"))
        found = list(members(payload, MEMBERS))
        for name, member in found:
            MEMBERS[name](member)
            parsed[name] += 1
        if path.name.startswith("status") or path.parent.name == "status":
            parse_checks.parse_status(payload)
            COMMIT(payload["commit"])
            parsed["status"] += 1
        assert found, path

    said = manifest(folder)
    whole = sum(count for path, count in said.items() if path.startswith("octokit-webhooks/"))
    events = sum(path.startswith("hub4j/GHEventPayloadTest/") for path in said)
    assert len(paths) == whole + events
    assert min(parsed[name] for name in [*MEMBERS, "status"]) > 0


def replays(shared: Path) -> Iterator[list[Exchange]]:
    for folder in sorted((recorded(shared) / "hub4j").glob("*/wiremock/*")):
        yield wiremock(folder)
    scenarios = recorded(shared) / "octokit-fixtures" / "scenarios"
    for path in sorted(scenarios.glob("**/*-fixture.json")):
        yield fixtures(path)


def endpoint_of(exchange: Exchange) -> tuple[Parser, str | None] | None:
    for pattern, parser, member in ENDPOINTS:
        if re.fullmatch(pattern, exchange.path):
            return parser, member
    return None


def is_left_out(exchange: Exchange) -> bool:
    return any(re.fullmatch(pattern, exchange.path) for pattern in ENDPOINTS_LEFT_OUT)


def records(body: Any, member: str | None) -> list[Any]:
    found = body[member] if member else body
    return found if isinstance(found, list) else [found]


def test_every_exchange_has_a_parser_or_a_reason(shared: Path) -> None:
    every = [exchange for exchanges in replays(shared) for exchange in exchanges]
    nowhere = {one.path for one in every if endpoint_of(one) is None and not is_left_out(one)}
    both = {one.path for one in every if endpoint_of(one) is not None and is_left_out(one)}

    said = sum(
        count
        for path, count in manifest(recorded(shared)).items()
        if path.startswith("hub4j/") and "/wiremock/" in path
    )
    assert (nowhere, both) == (set(), set())
    assert sum(len(one) for one in replays(shared)) >= said > 0


def test_every_read_is_replayed_over_a_socket_and_its_answer_parsed(
    shared: Path, serve: Callable[[Script], Server]
) -> None:
    asked = 0
    for exchanges in replays(shared):
        reads = [
            one
            for one in exchanges
            if one.method == "GET" and endpoint_of(one) and one.status in {200, 301}
        ]
        replay = Replay(exchanges)
        server = serve(replay)
        with anonymous(server) as client:
            for exchange in reads:
                found = endpoint_of(exchange)
                assert found is not None
                parser, member = found
                for page in link_pages(client, exchange.path, params=exchange.query):
                    for record in records(page.json, member):
                        parser(record)
                asked += 1
        assert {one.place for one in reads} <= {one.place for one in replay.replayed}
    assert asked > 0


def test_every_written_record_is_parsed_from_its_answer(shared: Path) -> None:
    parsed = 0
    for exchanges in replays(shared):
        for exchange in exchanges:
            found = endpoint_of(exchange)
            is_write = exchange.method != "GET" and exchange.status in {200, 201}
            if found and is_write and isinstance(exchange.body, dict):
                parser, member = found
                for record in records(exchange.body, member):
                    parser(record)
                    parsed += 1
    assert parsed > 0


def anonymous(server: Server) -> Client:
    return Client(
        "forge",
        server.url,
        vendor=Vendor.GITHUB,
        waits=MemoryWaitStore(),
        clock=FakeClock(),
        deadline=NOW.replace(hour=20),
        pace=UNPACED,
    )
