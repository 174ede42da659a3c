"""No person in GitHub's answers reaches a row, a reject, an event, a label, a log or an error."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from tasks.core.errors import SourceError
from tests.sources.github.conftest import STREAMS, Nights
from tests.sources.github.fake_github import (
    FakeGithub,
    FakeRepo,
    account,
    check_run,
    commit,
    issue,
    merged,
    pull,
    review,
)
from tests.sources.github.test_feeds import deployment, run, state
from tests.sources.people import NAMES, seeded, traces

Begin = Callable[..., Nights]


def texts_with(name: str) -> str:
    """A text in which every hint that we read stands beside a name."""
    word = name.replace(" ", "-")
    return (
        f'Revert "{name}"\n\nFixes {word}/x#3, closes #4. PAY-7 for {name}.\r\n'
        f"Reverts {word}/x#9\nCaused-by: {word}/x#5\nUsed-in: #6 {name}\n"
        f"Agent-Workflow: {name}!\nCo-authored-by: {name} <{word}@example.invalid>\n"
        f"Co-Authored-By: {name} <noreply@anthropic.com>\nThis reverts commit {'d' * 40}.\n"
    )


def crowded(name: str) -> FakeRepo:
    """A repository in which a person stands wherever a person can."""
    who = account(4001, name) | {"name": name, "email": name, "avatar_url": f"https://x/{name}"}
    text = texts_with(name)
    marks: dict[str, Any] = {
        "title": text,
        "body": text,
        "user": who,
        "assignee": who,
        "requested_reviewers": [who],
        "merged_by": who,
        "milestone": {"title": text, "creator": who},
        "labels": [
            {"name": name, "description": text},
            {"name": f"workflow:{name}!"},
            {"name": f"caused-by: {name}/x#2"},
            {"name": "incident"},
        ],
        "html_url": f"https://example.invalid/{name}",
    }
    head = {"ref": f"{name}/PAY-12", "label": f"{name}:x", "user": who, "sha": "e" * 40}
    actors = {"actor": who, "triggering_actor": who, "creator": who, "sender": who}
    words = {"name": text, "description": text, "output": {"title": text}, "target_url": text}
    loose: dict[str, Any] = {**actors, **words}
    git = {"name": name, "email": name, "date": "2026-11-01T09:00:00Z"}
    return FakeRepo(
        pulls=[
            pull(1, **{**marks, "head": head}, updated_at="2026-11-20T10:00:00Z"),
            merged(2, **marks),
            pull(3, **{**marks, "created_at": name}),
            pull(4, **{**marks, "state": name}),
        ],
        reviews={1: [review(1, user=who, body=text), review(2, state=name), review(3, id=name)]},
        commits={
            1: [commit(text, author=who, commit={"message": text, "author": git, "committer": git})]
        },
        check_runs={"e" * 40: [check_run(None, **loose), check_run(name, **loose)]},
        statuses={"e" * 40: [{"state": "pending", **loose}, {"state": name, **loose}]},
        events=[
            {
                "id": number,
                "event": event,
                "created_at": "2026-11-20T10:00:00Z",
                "label": {"name": f"workflow:{name}!"},
                "issue": {"number": 1, "pull_request": {}, **marks},
                **actors,
            }
            for number, event in enumerate(["closed", "reopened", "labeled", name], 1)
        ],
        issues=[seeded(issue(8), name), issue(9, **marks), issue(10, created_at=name)],
        runs=[
            run(1, None, head_branch=name, display_title=text, path=text, **loose),
            run(2, name, event=name),
        ],
        deployments=[deployment(41, **loose, environment=name, payload={"who": name}, ref=name)],
        deployment_states={41: [state(1, name, "2026-11-10T10:01:00Z") | loose]},
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_person_in_every_text_leaves_no_trace(
    nights: Begin, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level(logging.DEBUG)
    night = nights(crowded(name))

    pulled = [night.pull(stream) for stream in STREAMS for _ in range(2)]

    assert sum(len(batch.rows) for one in pulled for batch in one.batches) > 10
    assert sum(len(batch.rejects) for one in pulled for batch in one.batches) > 3
    assert traces([pulled, night.conformed, night.states(), caplog.text]) == []


@pytest.mark.parametrize("login", ["quillfeather42", "octo-brannigan"])
def test_the_owner_of_a_personal_repository_leaves_no_trace(
    nights: Begin, caplog: pytest.LogCaptureFixture, login: str
) -> None:
    caplog.set_level(logging.DEBUG)
    owner = account(5, login)
    repos = [
        FakeRepo(900, f"{login}/x", owner, [pull(1)], refused={"reviews": 404}),
        FakeRepo(901, f"{login}/y", owner, refused={"pulls": 404}),
    ]
    night = nights(FakeGithub(*repos), repositories=[f"{login}/*", f"{login}/gone"])

    pulled = night.pull()

    assert len(pulled.batches[0].rejects) == 3
    assert traces([pulled, night.conformed, caplog.text]) == []


def test_an_error_names_no_person(nights: Begin) -> None:
    repo = FakeRepo(1, "octo-brannigan/x", refused={"pulls": 400})

    with pytest.raises(SourceError) as caught:
        nights(repo, repositories=["octo-brannigan/x"]).pull()

    assert traces(str(caught.value)) == []


def test_the_search_finds_a_planted_name() -> None:
    planted = [crowded(name).pulls[0] for name in NAMES]

    assert {trace.partition(" as ")[0] for trace in traces(planted)} == set(NAMES)
