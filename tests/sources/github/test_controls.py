"""Controls as GitHub tells them: what a refusal, a rename or a second page makes of them."""

import base64
from collections.abc import Callable
from typing import Any

import pytest

from tasks.core.batches import RawRow
from tasks.core.errors import SourceError, WaitUntilError
from tasks.sources import github
from tests.sources.github.conftest import NOW, STREAMS, Nights, source
from tests.sources.github.fake_github import FakeGithub, FakeRepo, account

OWNERS = "# who answers\n* @acme/core @jo-doe\n/docs/ writer@example.invalid\n"


def branch(*, is_protected: bool = True, enabled: bool = True) -> dict[str, Any]:
    return {"name": "main", "protected": is_protected, "protection": {"enabled": enabled}}


def protection(approvals: int = 2, **changes: Any) -> dict[str, Any]:
    reviews = {
        "required_approving_review_count": approvals,
        "require_code_owner_reviews": True,
        "bypass_pull_request_allowances": {"users": [], "teams": [], "apps": []},
    }
    return {
        "required_status_checks": {"strict": True, "contexts": ["ci/jo-doe"], "checks": []},
        "required_pull_request_reviews": reviews,
        "enforce_admins": {"enabled": True},
        "restrictions": None,
    } | changes


def file(text: str = OWNERS) -> dict[str, Any]:
    content = base64.encodebytes(text.encode()).decode()
    return {"type": "file", "encoding": "base64", "content": content}


def environments(*reviewers: object) -> dict[str, Any]:
    rule = {"id": 1, "type": "required_reviewers", "reviewers": list(reviewers)}
    return {"total_count": 1, "environments": [{"name": "Production", "protection_rules": [rule]}]}


def guarded(number: int = 900, name: str = "acme/engine", **answers: Any) -> FakeRepo:
    """A repository with every control; answers are given by path, `/` written `__`."""
    told = {
        "branches/main": branch(),
        "branches/main/protection": protection(),
        "rules/branches/main": [],
        "codeowners/errors": {"errors": []},
        "contents/.github/CODEOWNERS": file(),
        "environments": environments({"type": "User", "reviewer": account()}),
    }
    changed = {path.replace("__", "/"): answer for path, answer in answers.items()}
    return FakeRepo(number, name, answers=told | changed)


def without(repo: FakeRepo, *paths: str) -> FakeRepo:
    for path in paths:
        del repo.answers[path]
    return repo


def told(night: Nights, **config: object) -> dict[str, dict[str, str]]:
    """State and detail by control, by name of repository."""
    night.pull("controls", **{"controls": ("acme/*",), **config})
    found: dict[str, dict[str, str]] = {}
    for row in night.conformed[-1].rows:
        states = found.setdefault(str(row["name"]), {})
        states[str(row["control"])] = f"{row['state']} {row['detail']}"
    return found


def engine(night: Nights, **config: object) -> dict[str, str]:
    return told(night, **config)["acme/engine"]


def test_a_guarded_repository_has_every_control(nights: Callable[..., Nights]) -> None:
    night = nights(guarded())

    assert engine(night) == {
        "branch-protection": "present classic",
        "bypass": "absent nobody",
        "ci-gates": "present required_checks",
        "code-owners": "present covers_all",
        "environment-approval": "present production_reviewed",
        "human-approval": "present 2_approvals",
        "two-person-approval": "present 2_approvals",
    }


def test_it_takes_six_requests_beside_finding_the_repository(
    nights: Callable[..., Nights],
) -> None:
    night = nights(guarded())

    told(night)

    assert len(night.server.requests) == 1 + 6


def test_an_unprotected_repository_lacks_what_protection_gives(
    nights: Callable[..., Nights],
) -> None:
    repo = guarded(branches__main=branch(is_protected=False, enabled=False))
    night = nights(without(repo, "branches/main/protection", "codeowners/errors", "environments"))

    assert engine(night) == {
        "branch-protection": "absent unprotected",
        "bypass": "present unprotected",
        "ci-gates": "absent no_required_checks",
        "code-owners": "absent no_file",
        "environment-approval": "unknown not_found",
        "human-approval": "absent no_approvals",
        "two-person-approval": "absent no_approvals",
    }
    assert night.requests("protection") == 0


def test_without_permission_to_protection_nothing_is_absent(
    nights: Callable[..., Nights],
) -> None:
    summary = {"enabled": True, "required_status_checks": {"contexts": ["ci"]}}
    repo = guarded(branches__main=branch() | {"protection": summary})
    repo.refused = {"main/protection": 403}

    found = engine(nights(repo))

    gap = "unknown no_permission"
    assert found["ci-gates"] == "present required_checks"  # the branch itself says that much
    assert {found[name] for name in ("branch-protection", "human-approval", "bypass")} == {gap}
    assert found["code-owners"] == "present covers_all"


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "no_permission"), (404, "not_found"), (409, "refused"), (500, "unavailable")],
)
def test_one_refused_answer_makes_its_control_unknown_and_no_other(
    nights: Callable[..., Nights], status: int, code: str
) -> None:
    repo = guarded()
    repo.refused = {"environments": status}

    found = engine(nights(repo))

    assert found.pop("environment-approval") == f"unknown {code}"
    assert all(" " in state and not state.startswith("unknown") for state in found.values())


def test_a_repository_that_refuses_everything_leaves_the_others_as_they_are(
    nights: Callable[..., Nights],
) -> None:
    shut = guarded(901, "acme/shut")
    tails = ("main", "protection", "branches/main", "errors", "CODEOWNERS", "environments")
    shut.refused = dict.fromkeys(tails, 403)
    night = nights(FakeGithub(guarded(), shut))

    found = told(night)

    assert set(found["acme/shut"].values()) == {"unknown no_permission"}
    assert found["acme/engine"]["human-approval"] == "present 2_approvals"
    assert night.conformed[-1].rejects == ()


def test_rulesets_guard_as_well_as_protection(nights: Callable[..., Nights]) -> None:
    review = {"required_approving_review_count": 1, "require_code_owner_review": True}
    repo = guarded(
        branches__main=branch(enabled=False),
        rules__branches__main=[
            {"type": "deletion", "ruleset_id": 70},
            {"type": "pull_request", "ruleset_id": 71, "parameters": review},
            {
                "type": "required_status_checks",
                "ruleset_id": 71,
                "parameters": {"required_status_checks": [{"context": "ci"}]},
            },
        ],
        rulesets__71={"current_user_can_bypass": "never", "bypass_actors": []},
    )
    night = nights(without(repo, "branches/main/protection"))

    found = engine(night)

    assert found["branch-protection"] == "present ruleset"
    assert found["two-person-approval"] == "present code_owner_approval"
    assert found["ci-gates"] == "present required_checks"
    assert found["bypass"] == "absent nobody"
    assert night.requests("rulesets/70") == 0


def test_rules_beyond_the_first_page_count(nights: Callable[..., Nights]) -> None:
    rules = [{"type": "deletion", "ruleset_id": 70}] * 100
    review = {"type": "pull_request", "ruleset_id": 71, "parameters": None}
    repo = guarded(
        branches__main=branch(enabled=False),
        rules__branches__main=[*rules, review],
        rulesets__71={"current_user_can_bypass": "never"},
    )
    night = nights(without(repo, "branches/main/protection"))

    found = engine(night)

    assert found["branch-protection"] == "present ruleset"
    assert found["bypass"] == "unknown no_permission"  # who may pass by is shown to editors only


def test_code_owners_are_sought_in_every_place(nights: Callable[..., Nights]) -> None:
    repo = without(guarded(contents__docs__CODEOWNERS=file()), "contents/.github/CODEOWNERS")

    assert engine(nights(repo))["code-owners"] == "present covers_all"


def test_a_file_with_errors_is_not_read(nights: Callable[..., Nights]) -> None:
    error = {"line": 1, "source": "* @jo-doe", "message": "Unknown owner on line 1"}
    night = nights(guarded(codeowners__errors={"errors": [error]}))

    assert engine(night)["code-owners"] == "absent file_errors"
    assert night.requests("CODEOWNERS") == 0


def test_only_repositories_that_are_asked_for_are_read(nights: Callable[..., Nights]) -> None:
    fake = FakeGithub(guarded(), guarded(901, "acme/other"))

    assert set(told(nights(fake), controls=("acme/eng*",))) == {"acme/engine"}


def test_without_a_scope_that_names_any_nothing_is_asked(nights: Callable[..., Nights]) -> None:
    night = nights(guarded())

    pulled = night.pull("controls")

    assert (night.server.requests, pulled.requests) == ([], 0)
    assert pulled.batches[0].is_complete


def test_a_renamed_repository_is_known_by_the_name_that_a_scope_still_uses(
    nights: Callable[..., Nights],
) -> None:
    fake = FakeGithub(guarded())
    fake.renamed["acme/motor"] = "acme/engine"
    night = nights(fake)

    found = told(night, controls=("acme/motor", "acme/never", "elsewhere/thing"))

    assert set(found) == {"acme/engine", "acme/motor"}
    assert found["acme/engine"] == found["acme/motor"]
    assert night.requests("elsewhere/thing") == 0


def test_repositories_of_people_are_left_out(nights: Callable[..., Nights]) -> None:
    mine = guarded(902, "jo-doe/tools")
    mine.owner = account(5, "jo-doe", "User")

    assert told(nights(FakeGithub(guarded(), mine)), controls=("*",)).keys() == {"acme/engine"}


def test_an_outage_ends_the_pull_instead_of_unknown_everything(
    nights: Callable[..., Nights],
) -> None:
    repos = [guarded(900 + at, f"acme/r{at}") for at in range(12)]
    for repo in repos:
        repo.refused = {"environments": 500}
    night = nights(FakeGithub(*repos))

    with pytest.raises(SourceError, match="500"):
        told(night)


def test_a_limit_past_the_deadline_ends_the_pull(nights: Callable[..., Nights]) -> None:
    fake = FakeGithub(guarded())
    fake.stop_after = 3

    with pytest.raises(WaitUntilError):
        told(nights(fake))


def test_a_wrong_credential_ends_the_pull(nights: Callable[..., Nights]) -> None:
    repo = guarded()
    repo.refused = {"branches/main": 401}

    with pytest.raises(SourceError, match="401"):
        told(nights(repo))


def test_the_same_answers_on_another_hour_are_the_same_content(
    nights: Callable[..., Nights],
) -> None:
    night = nights(guarded())
    first = night.pull("controls", controls=("acme/*",))
    second = night.pull("controls", controls=("acme/*",))

    stream = STREAMS["controls"]
    bare = [
        [{name: row[name] for name in row if name not in stream.volatile} for row in one.rows]
        for pulled in (first, second)
        for one in pulled.batches
    ]
    assert bare[0] == bare[1]
    assert first.batches[0].key == NOW.date()


def test_no_name_leaves_the_parser(nights: Callable[..., Nights]) -> None:
    team = {"slug": "jo-team", "name": "Jo's team"}
    allowed = {"users": [account(7, "jo-doe")], "teams": [team], "apps": []}
    reviews = {"bypass_pull_request_allowances": allowed, "required_approving_review_count": 1}
    repo = guarded(
        branches__main__protection=protection(required_pull_request_reviews=reviews),
        environments=environments({"type": "User", "reviewer": account(7, "jo-doe")}),
    )
    night = nights(repo)
    pulled = night.pull("controls", controls=("acme/*",))

    kept = f"{pulled} {night.conformed}"
    assert "present others_bypass" in engine(night)["bypass"]
    assert [name for name in ("jo-doe", "jo-team", "core", "writer@") if name in kept] == []


def test_conformed_rows_have_every_column_of_their_table() -> None:
    stream = STREAMS["controls"]
    row: RawRow = {
        "key": "gh:900",
        "repository_id": 900,
        "repository": "acme/engine",
        "is_personal": False,
        "names": ["acme/engine"],
        "controls": [{"control": "ci-gates", "state": "present", "detail": "required_checks"}],
        "observed_at": "2026-11-21T02:00:00Z",
    }
    conformed = github.conform(stream, source(), [row], NOW.date())
    assert conformed.rows == [
        {
            "source": "forge",
            "day": NOW.date(),
            "repository": "gh:900",
            "name": "acme/engine",
            "control": "ci-gates",
            "state": "present",
            "detail": "required_checks",
            "observed_at": NOW,
        }
    ]
    assert conformed.labels == (("repository", "gh:900", "acme/engine"),)
