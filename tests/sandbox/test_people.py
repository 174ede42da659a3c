"""The byte search would be void if the names were not everywhere that real servers put them."""

import base64
import json
from typing import Any

import pytest

from sandbox import github_api, jira_api
from sandbox.people import PEOPLE, SEEDED_NAMES
from sandbox.server import Sandbox
from tests.sandbox.asking import Ask

GITHUB = {"Authorization": f"Bearer {github_api.TOKEN}"}
JIRA = {
    "Authorization": "Basic "
    + base64.b64encode(f"{jira_api.USER}:{jira_api.TOKEN}".encode()).decode()
}
REPO = "/repos/meridian-freight/route-planner"


def holders(value: Any, path: str = "") -> set[str]:
    """List the dotted paths of text that names somebody."""
    if isinstance(value, dict):
        return {one for key, below in value.items() for one in holders(below, f"{path}.{key}")}
    if isinstance(value, list):
        return {one for below in value for one in holders(below, path)}
    text = str(value).lower()
    return {path} if any(name.lower() in text for name in SEEDED_NAMES) else set()


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (
            f"{REPO}/pulls?state=all",
            {".title", ".body", ".user.login", ".labels.name", ".assignee.login"},
        ),
        (f"{REPO}/issues?state=all", {".title", ".body", ".user.login", ".closed_by.login"}),
        (f"{REPO}/issues/events", {".actor.login", ".issue.title", ".label.name"}),
        (
            f"{REPO}/actions/runs",
            {".workflow_runs.actor.login", ".workflow_runs.display_title"},
        ),
        (f"{REPO}/deployments", {".creator.login", ".payload.requested_by", ".description"}),
        (REPO, {".description"}),
    ],
)
def test_github_names_people_wherever_it_can(
    sandbox: Sandbox, ask: Ask, path: str, fields: set[str]
) -> None:
    body = ask(f"{sandbox.base_url('github')}{path}", GITHUB)[2]

    assert fields <= holders(body)


def test_commits_reviews_and_comments_name_people(sandbox: Sandbox, ask: Ask) -> None:
    base = f"{sandbox.base_url('github')}{REPO}"
    pulls = ask(f"{base}/pulls?state=all", GITHUB)[2]
    found: set[str] = set()
    for pull in pulls:
        for part in ("commits", "reviews"):
            found |= holders(ask(f"{base}/pulls/{pull['number']}/{part}", GITHUB)[2])
        found |= holders(ask(f"{base}/issues/{pull['number']}/comments", GITHUB)[2])

    assert {
        ".commit.author.name",
        ".commit.author.email",
        ".commit.message",
        ".user.login",
        ".body",
    } <= found


def test_jira_names_people_wherever_it_can(sandbox: Sandbox, ask: Ask) -> None:
    body = {"jql": "project in (OPS, PAY)", "fields": ["*all"], "expand": "changelog"}
    url = f"{sandbox.base_url('jira')}/rest/api/3/search/jql"

    found = holders(ask(url, JIRA, body, "POST")[2]["issues"])

    fields = (
        "summary",
        "description.content.content.text",
        "reporter.emailAddress",
        "assignee.accountId",
        "creator.displayName",
        "labels",
        "customfield_10050.displayName",
        "comment.comments.author.emailAddress",
        "project.name",
    )
    assert {f".fields.{name}" for name in fields} <= found
    assert {
        ".changelog.histories.author.displayName",
        ".changelog.histories.items.toString",
        ".changelog.histories.items.to",
    } <= found


def test_branches_of_people_carry_their_names(sandbox: Sandbox, ask: Ask) -> None:
    base = f"{sandbox.base_url('github')}/repos/meridian-freight"
    names = ("tracking-api", "customer-portal", "billing-engine", "route-planner")
    pulls = [ask(f"{base}/{name}/pulls?state=all", GITHUB)[2] for name in names]

    assert any(".head.ref" in holders(pull) for pull in pulls)


def test_every_person_is_met_somewhere(sandbox: Sandbox, ask: Ask) -> None:
    repos = ask(f"{sandbox.base_url('github')}/orgs/meridian-freight/repos", GITHUB)[2]
    text = ""
    for repo in repos:
        url = f"{sandbox.base_url('github')}/repos/{repo['full_name']}/issues/events?per_page=100"
        text += json.dumps(ask(url, GITHUB)[2])

    assert all(person.login in text for person in PEOPLE)
