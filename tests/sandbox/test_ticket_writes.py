import base64
import json
from http.client import RemoteDisconnected
from typing import Any
from urllib.parse import quote

import pytest

from sandbox import github_api, github_writes, jira_api, jira_writes
from sandbox.adf import document_of, fault_of
from sandbox.catalog_repository import CATALOG_PATH
from sandbox.server import Sandbox
from tests.sandbox.asking import Answer, Ask

LABEL = "graduand-0a1b2c3d4e5f"


class Client:
    """Asks as one of the accounts that write."""

    def __init__(self, ask: Ask, base_url: str, authorization: str) -> None:
        self._ask = ask
        self.base_url = base_url
        self.headers = {"Authorization": authorization}

    def __call__(self, method: str, path: str, body: object = None) -> Answer:
        return self._ask(f"{self.base_url}{path}", self.headers, body, method)


def basic(user: str, token: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()


@pytest.fixture
def cloud(sandbox: Sandbox, ask: Ask) -> Client:
    base_url = f"{sandbox.base_url('jira')}/rest/api/3"
    return Client(ask, base_url, basic(jira_writes.USER, jira_writes.TOKEN))


@pytest.fixture
def data_center(sandbox: Sandbox, ask: Ask) -> Client:
    base_url = f"{sandbox.base_url('jira')}/rest/api/2"
    return Client(ask, base_url, f"Bearer {jira_writes.DATA_CENTER_TOKEN}")


@pytest.fixture
def github(sandbox: Sandbox, ask: Ask) -> Client:
    return Client(ask, sandbox.base_url("github"), f"Bearer {github_writes.TOKEN}")


@pytest.fixture
def person(sandbox: Sandbox, ask: Ask) -> Any:
    def act(name: str, **values: object) -> Any:
        status, _, answer = ask(f"{sandbox.origin}/_sandbox/tickets", None, {"act": name, **values})
        assert status == 200, answer
        return answer

    return act


@pytest.fixture
def listing(sandbox: Sandbox, ask: Ask) -> Any:
    return lambda: ask(f"{sandbox.origin}/_sandbox/tickets")[2]


REPO = "/repos/meridian-freight/agent-catalog"


def fields(text: object, **more: object) -> dict[str, object]:
    return {
        "fields": {
            "project": {"key": "PROMO"},
            "issuetype": {"name": "Task"},
            "summary": "Review upgrade-swarm",
            "description": text,
            "labels": [LABEL],
            **more,
        }
    }


def created(client: Client) -> str:
    """Open a ticket in whatever system the client asks; give its key."""
    if "/github" in client.base_url:
        made = client(
            "POST", f"{REPO}/issues", {"title": "Review", "body": "46 of 49", "labels": [LABEL]}
        )
        assert made[0] == 201
        return str(made[2]["number"])
    is_cloud = client.base_url.endswith("3")
    text: Any = document_of("46 of 49") if is_cloud else "46 of 49"
    made = client("POST", "/issue", fields(text))
    assert made[0] == 201
    return str(made[2]["key"])


def test_cloud_takes_a_document_and_data_center_takes_wiki_text(
    cloud: Client, data_center: Client
) -> None:
    document, wiki = document_of("46 of 49"), "h2. 46 of 49"

    taken = [cloud("POST", "/issue", fields(document)), data_center("POST", "/issue", fields(wiki))]
    refused = [
        cloud("POST", "/issue", fields(wiki)),
        data_center("POST", "/issue", fields(document)),
    ]

    assert [answer[0] for answer in taken] == [201, 201]
    assert [answer[0] for answer in refused] == [400, 400]
    assert all("description" in answer[2]["errors"] for answer in refused)


def test_cloud_and_data_center_are_two_servers(cloud: Client, data_center: Client) -> None:
    key = created(cloud)

    assert cloud("GET", f"/issue/{key}")[0] == 200
    assert data_center("GET", f"/issue/{key}")[0] == 404


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"summary": "x" * 256}, "summary"),
        ({"summary": "two\nlines"}, "summary"),
        ({"summary": ""}, "summary"),
        ({"labels": ["two words"]}, "labels"),
        ({"customfield_77": "x"}, "customfield_77"),
        ({"project": {"key": "OPS"}}, "project"),
        ({"issuetype": {"name": "Saga"}}, "issuetype"),
        ({"description": document_of("x" * 32_768)}, "description"),
    ],
)
def test_jira_refuses_what_a_field_cannot_hold(
    cloud: Client, listing: Any, change: dict[str, object], named: str
) -> None:
    status, _, answer = cloud("POST", "/issue", fields(document_of("x"), **change))

    assert status == 400
    assert named in answer["errors"]
    assert listing()["counts"]["jira"] == 0


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "text", "text": "loose"}],
        [{"type": "paragraph", "content": [{"type": "text", "text": ""}]}],
        [{"type": "heading", "attrs": {"level": 7}, "content": []}],
        [{"type": "bulletList", "content": []}],
        [{"type": "tableRow", "content": []}],
        [{"type": "paragraph", "text": "x"}],
        [{"type": "paragraph", "style": "x"}],
        [{"type": "script", "content": []}],
        [{"type": "paragraph", "content": [{"type": "text", "text": "x", "marks": [{}]}]}],
    ],
)
def test_a_document_that_breaks_the_format_is_refused(content: list[object]) -> None:
    assert fault_of({"type": "doc", "version": 1, "content": content})


def test_a_document_of_every_block_is_taken() -> None:
    def words(text: str, *marks: dict[str, object]) -> dict[str, object]:
        return {"type": "text", "text": text, **({"marks": list(marks)} if marks else {})}

    line = {"type": "paragraph", "content": [words("a"), words("b", {"type": "code"})]}
    link = words("c", {"type": "link", "attrs": {"href": "https://x.example"}})
    cell = {"type": "tableCell", "content": [line]}
    table = {"type": "table", "content": [{"type": "tableRow", "content": [cell]}]}
    item = {"type": "listItem", "content": [{"type": "paragraph", "content": [link]}]}

    assert not fault_of(
        {
            "type": "doc",
            "version": 1,
            "content": [
                {"type": "heading", "attrs": {"level": 2}, "content": [words("h")]},
                line,
                {"type": "bulletList", "content": [item]},
                {"type": "codeBlock", "attrs": {"language": "diff"}, "content": [words("+ x")]},
                {"type": "expand", "attrs": {"title": "t"}, "content": [table, line]},
            ],
        }
    )


def test_properties_are_set_with_the_issue_and_read_with_it(cloud: Client) -> None:
    body = {**fields(document_of("x")), "properties": [{"key": "graduand", "value": {"h": "1"}}]}
    key = cloud("POST", "/issue", body)[2]["key"]

    shown = cloud("GET", f"/issue/{key}?fields=labels&properties=graduand")[2]
    alone = cloud("GET", f"/issue/{key}/properties/graduand")[2]
    again = cloud("PUT", f"/issue/{key}/properties/graduand", {"h": "2"})[0]
    other = cloud("PUT", f"/issue/{key}/properties/other", {"h": "2"})[0]
    missing = cloud("GET", f"/issue/{key}/properties/none")[0]

    assert shown["fields"] == {"labels": [LABEL]}
    assert shown["properties"] == {"graduand": {"h": "1"}}
    assert alone == {"key": "graduand", "value": {"h": "1"}}
    assert (again, other, missing) == (200, 201, 404)


def test_a_jira_issue_says_who_made_it_and_where_it_stands(
    cloud: Client, data_center: Client
) -> None:
    for client, name in ((cloud, "accountId"), (data_center, "name")):
        me = client("GET", "/myself")[2]
        shown = client("GET", f"/issue/{created(client)}")[2]["fields"]

        assert shown["creator"][name] == me[name]
        assert shown["status"]["statusCategory"]["key"] == "new"
        assert shown["resolution"] is None


def test_a_jira_issue_is_edited_moved_commented_and_linked(cloud: Client) -> None:
    key = created(cloud)
    link = {"globalId": "run-1", "object": {"url": "https://x.example/1", "title": "Run"}}

    edited = cloud("PUT", f"/issue/{key}", {"update": {"labels": [{"add": "graduand:approved"}]}})
    moved = cloud("POST", f"/issue/{key}/transitions", {"transition": {"id": "31"}})
    said = cloud("POST", f"/issue/{key}/comment", {"body": document_of("later")})
    linked = [cloud("POST", f"/issue/{key}/remotelink", link)[0] for _ in range(2)]
    shown = cloud("GET", f"/issue/{key}")[2]["fields"]
    changes = cloud("GET", f"/issue/{key}/changelog")[2]["values"]

    assert (edited[0], moved[0], said[0], linked) == (204, 204, 201, [201, 200])
    assert len(cloud("GET", f"/issue/{key}/remotelink")[2]) == 1
    assert shown["labels"] == [LABEL, "graduand:approved"]
    assert shown["status"]["statusCategory"]["key"] == "done"
    assert shown["resolution"]["name"] == "Done"
    assert [item["field"] for change in changes for item in change["items"]] == ["labels", "status"]
    assert changes[0]["items"][0]["toString"] == f"{LABEL} graduand:approved"


def test_comments_are_turned_by_page(cloud: Client, github: Client, person: Any) -> None:
    in_jira, in_github = created(cloud), created(github)
    person("comment", system="jira", key=in_jira, text="seen", times=45)
    person("comment", system="github", key=in_github, text="seen", times=45)

    starts = (0, 20, 40)
    jira = [cloud("GET", f"/issue/{in_jira}/comment?startAt={start}")[2] for start in starts]
    pages = [
        github("GET", f"{REPO}/issues/{in_github}/comments?per_page=100&page={page}")
        for page in (1, 2, 3)
    ]

    assert [len(page["comments"]) for page in jira] == [20, 20, 5]
    assert {page["total"] for page in jira} == {45}
    assert [len(page[2]) for page in pages] == [20, 20, 5]
    assert ['rel="next"' in page[1]["link"] for page in pages] == [True, True, False]


def test_github_checks_what_it_is_given(github: Client, listing: Any) -> None:
    bodies: list[dict[str, object]] = [
        {"body": "no title"},
        {"title": "x" * 257},
        {"title": "x", "body": "x" * 65_537},
        {"title": "x", "labels": ["x" * 51]},
    ]

    answers = [github("POST", f"{REPO}/issues", body) for body in bodies]

    assert [answer[0] for answer in answers] == [422] * 4
    assert [answer[2]["errors"][0]["field"] for answer in answers] == [
        "title",
        "title",
        "body",
        "name",
    ]
    assert listing()["counts"]["github"] == 0


def test_github_lists_what_was_written_at_once(github: Client) -> None:
    number = created(github)

    by_label = github("GET", f"{REPO}/issues?labels={LABEL}&state=all")[2]
    by_other = github("GET", f"{REPO}/issues?labels=other&state=all")[2]
    by_us = github("GET", f"{REPO}/issues?creator=graduand-gate&since=2026-01-01T00:00:00Z")[2]
    by_them = github("GET", f"{REPO}/issues?creator=somebody")[2]

    assert [str(one["number"]) for one in by_label] == [number]
    assert [str(one["number"]) for one in by_us] == [number]
    assert (by_other, by_them) == ([], [])


def test_github_labels_are_added_replaced_and_taken_off(github: Client) -> None:
    path = f"{REPO}/issues/{created(github)}/labels"
    decision = quote("graduand:approved", safe="")

    added = github("POST", path, {"labels": ["graduand:approved"]})[2]
    dropped = github("DELETE", f"{path}/{decision}")
    absent = github("DELETE", f"{path}/{decision}")
    replaced = github("PUT", path, {"labels": ["only"]})[2]
    events = github("GET", path.replace("/labels", "/events"))[2]

    assert [label["name"] for label in added] == [LABEL, "graduand:approved"]
    assert (dropped[0], absent[0]) == (200, 404)
    assert [label["name"] for label in replaced] == ["only"]
    assert [event["event"] for event in events] == [
        "labeled",
        "labeled",
        "unlabeled",
        "unlabeled",
        "labeled",
    ]


def test_github_issues_and_comments_are_changed_in_place(github: Client) -> None:
    number = created(github)
    said = github("POST", f"{REPO}/issues/{number}/comments", {"body": "one"})[2]

    closed = github(
        "PATCH", f"{REPO}/issues/{number}", {"state": "closed", "state_reason": "not_planned"}
    )[2]
    again = github("PATCH", f"{REPO}/issues/comments/{said['id']}", {"body": "two"})[2]
    texts = [one["body"] for one in github("GET", f"{REPO}/issues/{number}/comments")[2]]

    assert (closed["state"], closed["state_reason"]) == ("closed", "not_planned")
    assert again["id"] == said["id"]
    assert texts == ["two"]


def test_an_app_writes_as_itself(sandbox: Sandbox, ask: Ask) -> None:
    base_url = sandbox.base_url("github")
    path = f"/app/installations/{github_writes.INSTALLATION_ID}/access_tokens"
    jwt = {"Authorization": "Bearer a.b.c"}
    granted = ask(f"{base_url}{path}", jwt, {}, "POST")[2]
    slug = ask(f"{base_url}/app", jwt)[2]["slug"]
    app = Client(ask, base_url, f"token {granted['token']}")

    number = created(app)
    shown = app("GET", f"{REPO}/issues/{number}")[2]

    assert granted["permissions"]["issues"] == "write"
    assert shown["user"]["login"] == f"{slug}[bot]"
    assert shown["user"]["type"] == "Bot"
    assert shown["performed_via_github_app"]["slug"] == slug
    assert app("GET", "/user")[0] == 403


def test_searches_lag_and_lists_do_not(cloud: Client, github: Client, person: Any) -> None:
    person("search_lag", minutes=30)
    key, number = created(cloud), created(github)
    jql = f"project = PROMO AND labels = {LABEL}"
    query = quote(f'repo:meridian-freight/agent-catalog label:"{LABEL}" is:issue')

    def found() -> tuple[int, int]:
        jira = cloud("POST", "/search/jql", {"jql": jql, "fields": ["labels"]})[2]
        hub = github("GET", f"/search/issues?q={query}")[2]
        return len(jira["issues"]), hub["total_count"]

    early = found()
    listed = len(github("GET", f"{REPO}/issues?labels={LABEL}")[2])
    read = cloud("GET", f"/issue/{key}")[0]
    number_of_key = int(cloud("GET", f"/issue/{key}")[2]["id"])
    reconciled = cloud("POST", "/search/jql", {"jql": jql, "reconcileIssues": [number_of_key]})[2][
        "issues"
    ]
    person("wait", minutes=29)
    still = found()
    person("wait", minutes=1)

    assert (early, still, found()) == ((0, 0), (0, 0), (1, 1))
    assert (listed, read, len(reconciled)) == (1, 200, 1)
    assert number == "1"


def test_cloud_turns_pages_of_a_search_by_token_and_data_center_by_offset(
    cloud: Client, data_center: Client
) -> None:
    for _ in range(3):
        created(cloud)
        created(data_center)
    jql = "project = PROMO ORDER BY created ASC"

    first = cloud("POST", "/search/jql", {"jql": jql, "maxResults": 2, "fields": ["summary"]})[2]
    token = first["nextPageToken"]
    rest = cloud("POST", "/search/jql", {"jql": jql, "maxResults": 2, "nextPageToken": token})[2]
    gone = cloud("POST", "/search", {"jql": jql})[0]
    offset = data_center("GET", f"/search?jql={quote(jql)}&startAt=2&maxResults=2")[2]

    assert [one["key"] for one in first["issues"]] == ["PROMO-1", "PROMO-2"]
    assert (first["isLast"], rest["isLast"], len(rest["issues"]), gone) == (False, True, 1, 410)
    assert (offset["total"], len(offset["issues"])) == (3, 1)


@pytest.mark.parametrize("name", ["cloud", "data_center", "github"])
@pytest.mark.parametrize(
    ("mode", "is_written"),
    [
        ("timeout_before_create", False),
        ("timeout_after_create", True),
        ("lost_request", False),
        ("lost_response", True),
    ],
)
def test_a_write_without_an_answer_may_have_happened(
    sandbox: Sandbox,
    request: pytest.FixtureRequest,
    listing: Any,
    name: str,
    mode: str,
    is_written: bool,
) -> None:
    client = request.getfixturevalue(name)
    sandbox.faults.fail("github" if name == "github" else "jira", mode, times=1)
    sandbox.faults.close()  # silence ends at once, so that this test need not wait

    if mode.startswith("lost"):
        with pytest.raises((RemoteDisconnected, ConnectionError)):
            created(client)
    else:
        with pytest.raises(AssertionError):
            created(client)

    assert len(listing()["tickets"]) == int(is_written)
    assert created(client)  # only one write went wrong


@pytest.mark.parametrize(
    ("mode", "jira", "hub"),
    [("refuse_403", 403, 403), ("rate_limit", 429, 403), ("down", 503, 503)],
)
def test_a_write_can_be_refused(
    sandbox: Sandbox, ask: Ask, cloud: Client, github: Client, mode: str, jira: int, hub: int
) -> None:
    key = created(cloud)
    for source in ("jira", "github"):
        ask(f"{sandbox.origin}/_sandbox/fail", None, {"source": source, "mode": mode})

    in_jira = cloud("POST", "/issue", fields(document_of("x")))
    in_github = github("POST", f"{REPO}/issues", {"title": "x"})
    read = cloud("GET", f"/issue/{key}")[0]

    assert (in_jira[0], in_github[0]) == (jira, hub)
    assert read == (503 if mode == "down" else 200)
    if mode == "rate_limit":
        assert in_jira[1]["retry-after"]
        assert "retry-after" not in in_github[1]
        assert in_github[1]["x-ratelimit-remaining"] != "0"


def test_a_failure_can_wait_for_some_writes(sandbox: Sandbox, github: Client) -> None:
    sandbox.faults.fail("github", "down", after=2)

    statuses = [github("POST", f"{REPO}/issues", {"title": "x"})[0] for _ in range(3)]
    sandbox.faults.fail("github", "ok")

    assert statuses == [201, 201, 503]


def test_a_source_without_tickets_knows_no_failure_of_writes(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="modes are"):
        sandbox.faults.fail("openai", "lost_response")


@pytest.mark.parametrize("name", ["cloud", "data_center", "github"])
def test_people_close_reopen_edit_and_decide(
    request: pytest.FixtureRequest, person: Any, name: str
) -> None:
    client = request.getfixturevalue(name)
    system = {"cloud": "jira", "data_center": "jira-data-center", "github": "github"}[name]
    key = created(client)

    closed = person("close", system=system, key=key)
    opened = person("reopen", system=system, key=key)
    edited = person("edit", system=system, key=key, text="mine now")
    decided = person("decide", system=system, key=key, decision="approved", by=5)

    assert (closed["is_done"], opened["is_done"]) == (True, False)
    assert edited["text"] == "mine now"
    assert decided["labels"] == [LABEL, "graduand:approved"]
    assert decided["is_ours"]


def test_what_a_person_deleted_is_gone(cloud: Client, github: Client, person: Any) -> None:
    key, number = created(cloud), created(github)
    person("delete", system="jira", key=key)
    person("delete", system="github", key=number)

    assert cloud("GET", f"/issue/{key}")[0] == 404
    assert cloud("POST", "/search/jql", {"jql": f"labels = {LABEL}"})[2]["issues"] == []
    assert github("GET", f"{REPO}/issues/{number}")[0] == 410
    assert github("GET", f"{REPO}/issues?state=all")[2] == []
    assert created(github) == "2"  # numbers are never given twice


def test_a_clone_and_a_forgery_look_alike_but_are_not_ours(
    cloud: Client, person: Any, listing: Any
) -> None:
    key = created(cloud)
    cloud("PUT", f"/issue/{key}/properties/graduand", {"hmac": "1"})
    person("clone", system="jira", key=key)
    person("clone", system="jira", key=key, properties=True)
    person("forge", system="jira", key=key)
    person("forge", system="jira", labels=[LABEL], text="guess")

    every = listing()
    found = cloud("POST", "/search/jql", {"jql": f"labels = {LABEL}"})[2]["issues"]
    creators = {
        cloud("GET", f"/issue/{one['id']}")[2]["fields"]["creator"]["accountId"] for one in found
    }

    assert len(found) == 5
    assert len(creators) == 2
    assert [one["is_ours"] for one in every["tickets"]] == [True, False, False, False, False]
    assert [bool(one["properties"]) for one in every["tickets"]] == [True, False, True, True, False]
    assert every["by_label"] == {LABEL: 1}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"act": "sing"},
        {"act": "close", "system": "jira", "key": "PROMO-99"},
        {"act": "close", "system": "moon", "key": "1"},
        {"act": "search_lag", "minutes": 1, "system": "moon"},
        {"act": "protect", "state": "maybe"},
        {"act": "wait", "minutes": "long"},
    ],
)
def test_an_act_that_makes_no_sense_is_refused(
    sandbox: Sandbox, ask: Ask, body: dict[str, object]
) -> None:
    assert ask(f"{sandbox.origin}/_sandbox/tickets", None, body)[0] == 400


def written_patch(github: Client, branch: str, text: str) -> Answer:
    head = github("GET", f"{REPO}/git/ref/heads/main")[2]["object"]["sha"]
    made = github("POST", f"{REPO}/git/refs", {"ref": f"refs/heads/{branch}", "sha": head})
    assert made[0] == 201
    old = github("GET", f"{REPO}/contents/{CATALOG_PATH}?ref={branch}")[2]
    return github(
        "PUT",
        f"{REPO}/contents/{CATALOG_PATH}",
        {
            "message": "Promote upgrade-swarm",
            "content": base64.b64encode(text.encode()).decode(),
            "sha": old["sha"],
            "branch": branch,
        },
    )


def test_a_patch_becomes_one_pull_request_and_a_merge_changes_the_file(
    github: Client, person: Any
) -> None:
    person("put_file", path=CATALOG_PATH, text="version: 1\n")
    written = written_patch(github, "graduand/promote-x", "version: 2\n")
    body = {"title": "Promote x", "head": "graduand/promote-x", "base": "main"}

    opened = github("POST", f"{REPO}/pulls", body)
    twice = github("POST", f"{REPO}/pulls", body)
    found = github("GET", f"{REPO}/pulls?state=all&head=meridian-freight:graduand/promote-x")[2]
    files = github("GET", f"{REPO}/pulls/{opened[2]['number']}/files")[2]
    as_issue = github("GET", f"{REPO}/issues?state=all")[2]
    person("merge", system="github", key=opened[2]["number"])
    merged = github("GET", f"{REPO}/pulls/{opened[2]['number']}")[2]
    now = github("GET", f"{REPO}/contents/{CATALOG_PATH}")[2]
    commits = github("GET", f"{REPO}/commits?path={CATALOG_PATH}")[2]

    assert (written[0], opened[0], twice[0]) == (200, 201, 422)
    assert "already exists" in twice[2]["errors"][0]["message"]
    assert [one["number"] for one in found] == [opened[2]["number"]]
    assert [(one["additions"], one["deletions"]) for one in files] == [(1, 1)]
    assert "pull_request" in as_issue[0]
    assert (merged["state"], merged["merged"]) == ("closed", True)
    assert base64.b64decode(now["content"]) == b"version: 2\n"
    assert commits[0]["sha"] == merged["merge_commit_sha"]


def test_a_commit_leads_to_who_proposed_reviewed_and_merged_it(github: Client, person: Any) -> None:
    written_patch(github, "graduand/promote-x", "version: 2\n")
    body = {"title": "Promote x", "head": "graduand/promote-x", "base": "main"}
    number = github("POST", f"{REPO}/pulls", body)[2]["number"]
    reviewed = github("GET", f"{REPO}/commits?sha=graduand/promote-x")[2][0]["sha"]
    person("review", system="github", key=number, state="approved", by=4)
    person("merge", system="github", key=number, by=5)

    squashed = github("GET", f"{REPO}/commits?path={CATALOG_PATH}")[2][0]
    brought = github("GET", f"{REPO}/commits/{squashed['sha']}/pulls")[2]
    pull = github("GET", f"{REPO}/pulls/{number}")[2]
    (review,) = github("GET", f"{REPO}/pulls/{number}/reviews")[2]

    assert [one["number"] for one in brought] == [number]
    assert "merged_by" not in brought[0]
    assert squashed["author"]["id"] == pull["user"]["id"] != pull["merged_by"]["id"]
    assert (review["state"], review["commit_id"]) == ("APPROVED", reviewed)
    assert review["user"]["id"] not in {pull["user"]["id"], pull["merged_by"]["id"]}
    assert github("GET", f"{REPO}/commits/{'0' * 40}/pulls")[0] == 422
    since = quote(squashed["commit"]["committer"]["date"])
    newest = github("GET", f"{REPO}/commits?path={CATALOG_PATH}&since={since}")[2]
    assert [one["sha"] for one in newest] == [squashed["sha"]]


def test_the_default_branch_takes_no_push_and_no_stale_file(github: Client) -> None:
    old = github("GET", f"{REPO}/contents/{CATALOG_PATH}")[2]
    body = {"message": "x", "content": base64.b64encode(b"x").decode(), "branch": "main"}

    answers = [
        github("PUT", f"{REPO}/contents/{CATALOG_PATH}", body)[0],
        github("PUT", f"{REPO}/contents/{CATALOG_PATH}", {**body, "sha": "0" * 40})[0],
        github("PUT", f"{REPO}/contents/{CATALOG_PATH}", {**body, "sha": old["sha"]})[0],
    ]

    assert answers == [422, 409, 409]
    assert github("GET", f"{REPO}/contents/{CATALOG_PATH}")[2] == old


@pytest.mark.parametrize(
    ("kind", "classic", "rules", "bypass"),
    [
        ("protected", 200, 2, "never"),
        ("bypass", 200, 2, "always"),
        ("open", 404, 0, None),
        ("forbidden", 403, None, None),
    ],
)
def test_protection_of_the_default_branch_is_told(
    github: Client, person: Any, kind: str, classic: int, rules: int | None, bypass: str | None
) -> None:
    person("protect", state=kind)

    protection = github("GET", f"{REPO}/branches/main/protection")
    listed = github("GET", f"{REPO}/rules/branches/main")
    about = github("GET", REPO)[2]

    assert protection[0] == classic
    assert about["default_branch"] == "main"
    assert listed[0] == (403 if rules is None else 200)
    if rules is not None:
        assert len(listed[2]) == rules
    if bypass:
        ruleset = github("GET", f"{REPO}/rulesets/{listed[2][0]['ruleset_id']}")[2]
        allowed = protection[2]["required_pull_request_reviews"]["bypass_pull_request_allowances"]
        assert ruleset["current_user_can_bypass"] == bypass
        assert bool(allowed["apps"]) == (bypass == "always")


def test_a_nightly_pull_sees_nothing_of_what_was_written(
    sandbox: Sandbox, ask: Ask, cloud: Client, github: Client
) -> None:
    reads = [
        (
            f"{sandbox.base_url('jira')}/rest/api/3/search/jql",
            {"Authorization": basic(jira_api.USER, jira_api.TOKEN)},
            {"jql": "project in (OPS, PAY) ORDER BY key", "fields": ["*all"], "maxResults": 100},
        ),
        (
            f"{sandbox.base_url('github')}/orgs/meridian-freight/repos",
            {"Authorization": f"token {github_api.TOKEN}"},
            None,
        ),
    ]
    before = [json.dumps(ask(*read)[2]) for read in reads]
    created(cloud)
    created(github)
    reader = Client(ask, sandbox.base_url("github"), f"token {github_api.TOKEN}")
    in_jira = Client(ask, f"{sandbox.base_url('jira')}/rest/api/3", reads[0][1]["Authorization"])

    assert [json.dumps(ask(*read)[2]) for read in reads] == before
    assert reader("GET", f"{REPO}/issues")[0] == 404
    assert reader("POST", f"{REPO}/issues", {"title": "x"})[0] == 404
    assert in_jira("GET", "/issue/PROMO-1")[0] == 404
    assert in_jira("POST", "/issue", fields(document_of("x")))[0] == 404
    assert in_jira("POST", "/search/jql", {"jql": "project = PROMO"})[0] == 400
