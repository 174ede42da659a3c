import base64
import re
from typing import Any

import pytest

from sandbox import github_api, jira_api, script
from sandbox.records import World
from sandbox.server import Sandbox
from tests.sandbox.asking import Ask

GITHUB = {"Authorization": f"Bearer {github_api.TOKEN}"}
JIRA = {
    "Authorization": "Basic "
    + base64.b64encode(f"{jira_api.USER}:{jira_api.TOKEN}".encode()).decode()
}
DATA_CENTER = {"Authorization": f"Bearer {jira_api.DATA_CENTER_TOKEN}"}
ROUTE_PLANNER = "/repos/meridian-freight/route-planner"


def pages(sandbox: Sandbox, ask: Ask, path: str) -> list[Any]:
    url = f"{sandbox.base_url('github')}{path}"
    found: list[Any] = []
    while url:
        status, headers, body = ask(url, GITHUB)
        assert status == 200, body
        found += body if isinstance(body, list) else body["workflow_runs"]
        following = re.search(r'<([^>]+)>; rel="next"', headers.get("link", ""))
        url = following.group(1) if following else ""
        assert not url or url.startswith(f"{sandbox.base_url('github')}/repositories/")
    return found


def test_link_pages_give_every_pull_request_once(sandbox: Sandbox, ask: Ask, world: World) -> None:
    found = pages(sandbox, ask, f"{ROUTE_PLANNER}/pulls?state=all&sort=updated&per_page=2")

    numbers = [pull["number"] for pull in found]
    expected = {
        pull.number
        for pull in world.pulls
        if pull.repository == 640_100_101 and pull.created_at <= sandbox.now
    }
    assert len(numbers) == len(set(numbers))
    assert set(numbers) == expected
    assert [p["updated_at"] for p in found] == sorted(
        (p["updated_at"] for p in found), reverse=True
    )


def test_the_list_form_lacks_what_the_single_form_has(sandbox: Sandbox, ask: Ask) -> None:
    listed = pages(sandbox, ask, f"{ROUTE_PLANNER}/pulls?state=closed")[0]
    url = f"{sandbox.base_url('github')}{ROUTE_PLANNER}/pulls/{listed['number']}"

    single = ask(url, GITHUB)[2]

    assert "additions" not in listed
    assert {"merged", "merged_by", "additions"} <= set(single)


def test_an_unchanged_list_answers_304(sandbox: Sandbox, ask: Ask) -> None:
    url = f"{sandbox.base_url('github')}{ROUTE_PLANNER}/pulls?state=all"
    etag = ask(url, GITHUB)[1]["etag"]

    status, _, body = ask(url, {**GITHUB, "If-None-Match": etag})

    assert (status, body) == (304, None)


def test_the_old_name_of_a_repository_redirects_to_its_id(sandbox: Sandbox, ask: Ask) -> None:
    url = f"{sandbox.base_url('github')}/repos/meridian-freight/yard-board/pulls?state=all"

    status, headers, _ = ask(url, GITHUB)

    assert status == 301
    assert headers["location"].endswith("/github/repositories/640100104/pulls?state=all")
    assert ask(headers["location"], GITHUB)[0] == 200


def test_a_deleted_user_is_null_everywhere(sandbox: Sandbox, ask: Ask) -> None:
    repos = ask(f"{sandbox.base_url('github')}/orgs/meridian-freight/repos", GITHUB)[2]
    pulls = [
        pull
        for repo in repos
        for pull in pages(sandbox, ask, f"/repos/{repo['full_name']}/pulls?state=all")
    ]

    gone = [pull for pull in pulls if pull["user"] is None]
    assert len(gone) == 1
    assert gone[0]["head"]["repo"] is None
    below = gone[0]["url"].removeprefix(sandbox.base_url("github"))
    assert pages(sandbox, ask, f"{below}/reviews")[0]["user"] is None
    assert pages(sandbox, ask, f"{below}/commits")[0]["author"] is None


def test_a_revert_names_what_it_takes_back(sandbox: Sandbox, ask: Ask) -> None:
    pulls = pages(sandbox, ask, f"{ROUTE_PLANNER}/pulls?state=all")

    back = next(pull for pull in pulls if pull["title"].startswith('Revert "'))
    number = int(re.fullmatch(r"Reverts meridian-freight/route-planner#(\d+)", back["body"])[1])  # type: ignore[index]
    first = next(pull for pull in pulls if pull["number"] == number)
    message = pages(sandbox, ask, f"{ROUTE_PLANNER}/pulls/{back['number']}/commits")[0]["commit"]
    assert f"This reverts commit {first['merge_commit_sha']}." in message["message"]
    assert back["merged_at"][:10] == "2026-11-11"
    assert first["merged_at"][:10] == "2026-10-28"


def test_checks_statuses_runs_and_deployments_are_there(sandbox: Sandbox, ask: Ask) -> None:
    pulls = pages(sandbox, ask, "/repos/meridian-freight/billing-engine/pulls?state=all")
    base = f"{sandbox.base_url('github')}/repos/meridian-freight/billing-engine"
    sha = pulls[0]["head"]["sha"]

    assert ask(f"{base}/commits/{sha}/check-runs", GITHUB)[2]["total_count"] == 2
    assert ask(f"{base}/commits/{sha}/status", GITHUB)[2]["statuses"]
    deployed = pages(sandbox, ask, f"{ROUTE_PLANNER}/deployments")
    states = pages(sandbox, ask, f"{ROUTE_PLANNER}/deployments/{deployed[0]['id']}/statuses")
    assert [state["state"] for state in states][-1] == "in_progress"


def test_workflow_runs_are_found_by_the_day_they_were_made(sandbox: Sandbox, ask: Ask) -> None:
    path = f"{ROUTE_PLANNER}/actions/runs?created=2026-10-20..2026-11-12"

    runs = pages(sandbox, ask, path)

    days = [run["created_at"][:10] for run in runs]
    assert days
    assert all("2026-10-20" <= day <= "2026-11-12" for day in days)


def test_the_list_of_issues_marks_pull_requests(sandbox: Sandbox, ask: Ask) -> None:
    issues = pages(sandbox, ask, f"{ROUTE_PLANNER}/issues?state=all")
    incidents = pages(sandbox, ask, f"{ROUTE_PLANNER}/issues?state=all&labels=incident")

    assert {bool(issue.get("pull_request")) for issue in issues} == {True, False}
    assert [("Caused-By" in i["body"], "Used-In" in i["body"]) for i in incidents] == [
        (False, True),
        (True, False),
    ]


def test_issue_events_show_reopenings_newest_first(sandbox: Sandbox, ask: Ask) -> None:
    names = [f"/repos/meridian-freight/{name}" for name in ("route-planner", "tracking-api")]
    events = [pages(sandbox, ask, f"{name}/issues/events") for name in names]

    for listed in events:
        stamps = [event["created_at"] for event in listed]
        assert stamps == sorted(stamps, reverse=True)
    assert {"labeled", "closed", "merged"} <= {event["event"] for e in events for event in e}


def test_an_app_gets_an_installation_token(sandbox: Sandbox, ask: Ask) -> None:
    base = sandbox.base_url("github")
    path = f"/app/installations/{github_api.INSTALLATION_ID}/access_tokens"

    status, _, body = ask(f"{base}{path}", {"Authorization": "Bearer a.b.c"}, {}, "POST")
    refused = ask(f"{base}{path}", {"Authorization": "Bearer nonsense"}, {}, "POST")[0]
    listed = ask(f"{base}/installation/repositories", {"Authorization": f"token {body['token']}"})

    assert (status, refused, listed[0]) == (201, 401, 200)
    assert len(listed[2]["repositories"]) == 6


def search(sandbox: Sandbox, ask: Ask, body: dict[str, Any]) -> list[Any]:
    found: list[Any] = []
    while True:
        status, _, answer = ask(
            f"{sandbox.base_url('jira')}/rest/api/3/search/jql", JIRA, body, "POST"
        )
        assert status == 200, answer
        found += answer["issues"]
        if answer["isLast"]:
            assert "nextPageToken" not in answer
            return found
        body = body | {"nextPageToken": answer["nextPageToken"]}


def test_the_search_pages_by_token_to_every_ticket(
    sandbox: Sandbox, ask: Ask, world: World
) -> None:
    jql = "project in (OPS, PAY) ORDER BY updated ASC, key ASC"

    found = search(sandbox, ask, {"jql": jql, "fields": ["updated"], "maxResults": 3})

    assert len({issue["id"] for issue in found}) == len(found)
    assert len(found) == sum(1 for ticket in world.tickets if ticket.created_at <= sandbox.now)
    stamps = [issue["fields"]["updated"] for issue in found]
    assert stamps == sorted(stamps)


def test_the_search_gives_ids_alone_unless_fields_are_asked_for(sandbox: Sandbox, ask: Ask) -> None:
    found = search(sandbox, ask, {"jql": "project = PAY"})

    assert all(set(issue) == {"id", "self"} for issue in found)


@pytest.mark.parametrize(
    "body",
    [
        {"jql": "ORDER BY updated"},
        {"jql": "project = NOPE"},
        {"jql": "project = OPS", "startAt": 0},
        {"jql": "colour = red"},
        {"jql": "project = OPS", "nextPageToken": "bm9uc2Vuc2U="},
    ],
)
def test_jira_refuses_bad_searches(sandbox: Sandbox, ask: Ask, body: dict[str, Any]) -> None:
    url = f"{sandbox.base_url('jira')}/rest/api/3/search/jql"

    assert ask(url, JIRA, body, "POST")[0] == 400


def test_the_old_search_is_gone(sandbox: Sandbox, ask: Ask) -> None:
    assert ask(f"{sandbox.base_url('jira')}/rest/api/3/search?jql=x", JIRA)[0] == 410


def test_only_what_changed_since_is_found(sandbox: Sandbox, ask: Ask) -> None:
    everything = search(sandbox, ask, {"jql": "project in (OPS, PAY)", "fields": ["updated"]})
    since = int(script.REOPENED_AT.timestamp() * 1000)

    recent = search(
        sandbox, ask, {"jql": f"project in (OPS, PAY) AND updated >= {since}", "fields": ["id"]}
    )

    expected = [i for i in everything if i["fields"]["updated"] >= "2026-11-12T08:30"]
    assert len(recent) == len(expected) > 0


def test_histories_tell_the_reopening_and_mix_stamps(sandbox: Sandbox, ask: Ask) -> None:
    tickets = search(sandbox, ask, {"jql": "project in (OPS, PAY)"})
    body: dict[str, Any] = {
        "issueIdsOrKeys": [ticket["id"] for ticket in tickets],
        "fieldIds": ["status", "resolution"],
    }
    histories: list[Any] = []
    while True:
        url = f"{sandbox.base_url('jira')}/rest/api/3/changelog/bulkfetch"
        answer = ask(url, JIRA, body, "POST")[2]
        histories += [h for log in answer["issueChangeLogs"] for h in log["changeHistories"]]
        if "nextPageToken" not in answer:
            break
        body["nextPageToken"] = answer["nextPageToken"]

    items = [item for history in histories for item in history["items"]]
    assert {item["fieldId"] for item in items} == {"status", "resolution"}
    assert any(item["from"] == "10002" and item["to"] == "10001" for item in items)
    assert {type(history["created"]) for history in histories} == {int, str}
    assert any("author" not in history for history in histories)


def test_incidents_have_a_severity_and_typed_links(sandbox: Sandbox, ask: Ask) -> None:
    found = search(
        sandbox,
        ask,
        {"jql": "project = OPS AND issuetype = Incident", "fields": ["issuelinks", "*all"]},
    )

    links = [link for issue in found for link in issue["fields"]["issuelinks"]]
    assert {issue["fields"]["customfield_10042"]["value"] for issue in found} == {"SEV-2", "SEV-3"}
    assert {("inwardIssue" in link, link["type"]["name"]) for link in links} == {
        (True, "Cause"),
        (False, "Agent use"),
    }


def test_data_center_pages_by_offset_with_whole_histories(sandbox: Sandbox, ask: Ask) -> None:
    base = f"{sandbox.base_url('jira')}/rest/api/2"
    query = "search?jql=project%20%3D%20OPS&maxResults=2&startAt=2&fields=status&expand=changelog"

    answer = ask(f"{base}/{query}", DATA_CENTER)[2]

    assert ask(f"{base}/serverInfo", DATA_CENTER)[2]["deploymentType"] == "Server"
    assert (answer["startAt"], len(answer["issues"])) == (2, 2)
    assert answer["total"] > 4
    assert all("histories" in issue["changelog"] for issue in answer["issues"])
