"""Pull requests as they live: reopened, reverted, orphaned, renamed, refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tasks.core.errors import SourceError, SourceUnavailableError, WaitUntilError
from tasks.core.work.item_states import ItemStatus
from tasks.core.work.work_items import Tag
from tasks.sources import github
from tests.sources.github.conftest import STREAMS, Nights, keyed_digest
from tests.sources.github.fake_github import (
    FakeGithub,
    FakeRepo,
    account,
    check_run,
    commit,
    merged,
    pull,
    review,
)
from tests.transport.loopback import FakeClock, Reply

Begin = Callable[..., Nights]


def rows_of(nights: Nights, **changes: object) -> dict[str, dict[str, object]]:
    pulled = nights.pull("pull_requests", **changes)
    return {
        str(row["key"]): dict(row)
        for row in pulled.batches[0].rows
        if row["record"] == "pull_request"
    }


def test_a_merged_pull_request_is_merged_by_its_merge_commit(nights: Begin) -> None:
    night = nights(FakeRepo(pulls=[merged(5)]))

    night.pull()

    state = night.states()["gh:900#5"]
    assert (state.status, state.merge_commit) == (ItemStatus.MERGED, "5".rjust(40, "c"))
    assert state.time_to_outcome() == timedelta(days=2)


def test_a_reopened_pull_request_is_open_again(nights: Begin) -> None:
    closed_at = "2026-11-03T10:00:00Z"
    repo = FakeRepo(pulls=[pull(7, state="closed", closed_at=closed_at, updated_at=closed_at)])
    night = nights(repo)
    night.pull()
    repo.pulls = [pull(7, updated_at="2026-11-21T05:00:00Z")]
    repo.events = [
        {
            "id": 31,
            "event": "reopened",
            "created_at": "2026-11-21T05:00:00Z",
            "actor": account(),
            "issue": {"number": 7, "labels": [], "pull_request": {}},
        }
    ]

    night.pull()
    night.pull("item_events")

    state = night.states()["gh:900#7"]
    assert (state.status, state.reopened, state.closed_at) == (ItemStatus.OPEN, 1, None)


@pytest.mark.parametrize(
    "body", ["Reverts acme/engine#5", "Reverts #5", "Reverts https://github.com/acme/engine/pull/5"]
)
def test_a_merged_revert_marks_what_it_reverts(nights: Begin, body: str) -> None:
    revert = merged(6, "2026-11-17T10:00:00Z", title='Revert "Tidy up"', body=body)
    night = nights(FakeRepo(pulls=[merged(5), revert]))

    night.pull()

    reverted = night.states()["gh:900#5"]
    assert reverted.reverted_by == ("gh:900#6",)
    assert reverted.reverted_at is not None
    assert reverted.reverted_at.isoformat() == "2026-11-17T10:00:00+00:00"


def test_a_revert_that_only_its_commit_names_is_found_by_the_merge_commit(nights: Begin) -> None:
    target = merged(5)
    message = f"Revert it\n\nThis reverts commit {target['merge_commit_sha']}."
    repo = FakeRepo(pulls=[target, merged(6, title="Roll back")], commits={6: [commit(message)]})
    night = nights(repo)

    night.pull()

    assert night.states()["gh:900#5"].reverted_by == ("gh:900#6",)


def test_an_open_revert_takes_nothing_back_yet(nights: Begin) -> None:
    night = nights(FakeRepo(pulls=[merged(5), pull(6, body="Reverts #5")]))

    night.pull()

    assert night.states()["gh:900#5"].reverted_at is None


def test_a_revert_that_names_nothing_is_a_finding(nights: Begin) -> None:
    night = nights(FakeRepo(pulls=[merged(6, title='Revert "Tidy up"')]))

    night.pull()

    assert [finding.code for finding in night.conformed[0].findings] == ["revert_unresolved"]


def test_a_deleted_user_has_no_kind_and_a_deleted_fork_no_home(nights: Begin) -> None:
    orphan = pull(8, user=None, head={"ref": "x", "sha": "e" * 40, "repo": None})
    night = nights(FakeRepo(pulls=[orphan]))

    row = rows_of(night)["gh:900#8"]

    assert (row["author"], row["is_fork"]) == (None, True)
    assert night.states()["gh:900#8"].author is None


def test_a_pending_review_is_no_event_and_a_dismissed_one_takes_its_approval(
    nights: Begin,
) -> None:
    pending = {"id": 3, "state": "PENDING", "user": account()}
    repo = FakeRepo(pulls=[pull(9)], reviews={9: [review(1), review(2), pending]})
    night = nights(repo)
    night.pull()
    before = night.states()["gh:900#9"].approvals
    repo.reviews[9] = [review(1, "DISMISSED"), review(2), pending]
    repo.pulls = [pull(9, updated_at="2026-11-21T09:00:00Z")]

    night.pull()

    assert before == ("human", "human")
    assert night.states()["gh:900#9"].approvals == ("human",)


def test_a_renamed_repository_keeps_its_items_and_gets_another_label(nights: Begin) -> None:
    repo = FakeRepo(pulls=[merged(5)])
    fake = FakeGithub(repo)
    night = nights(fake)
    night.pull()
    repo.name = "acme/motor"
    fake.repos = {"acme/motor": repo}
    fake.renamed = {"acme/engine": "acme/motor"}
    repo.pulls.append(merged(6, "2026-11-21T09:00:00Z"))

    night.pull()

    assert set(night.states()) == {"gh:900#5", "gh:900#6"}
    names = [labels for conformed in night.conformed for labels in conformed.labels]
    assert ("repository", "gh:900", "acme/engine") in names
    assert ("repository", "gh:900", "acme/motor") in names


def test_a_persons_repository_is_a_keyed_digest_without_labels(nights: Begin) -> None:
    owner = account(5, "jane-roe")
    night = nights(FakeRepo(name="jane-roe/dotfiles", owner=owner, pulls=[merged(5)]))

    row = rows_of(night)["gh:900#5"]

    assert row["repository"] == keyed_digest("jane-roe/dotfiles")
    assert night.conformed[0].labels == ()


@pytest.mark.parametrize("kind", ["Organization", "User"])
def test_every_repository_of_an_owner_is_read(nights: Begin, kind: str) -> None:
    owner = account(77, "acme", kind)
    repos = [FakeRepo(number, f"acme/r{number}", owner, [pull(1, number)]) for number in (901, 902)]
    night = nights(FakeGithub(*repos), repositories=["acme/*"])

    assert set(rows_of(night)) == {"gh:901#1", "gh:902#1"}


def test_an_app_reads_what_is_installed_of_the_owner(nights: Begin) -> None:
    other = FakeRepo(903, "else/where", account(78, "else", "Organization"), [pull(1, 903)])
    fake = FakeGithub(FakeRepo(901, "acme/r1", pulls=[pull(1, 901)]), other)
    night = nights(fake, repositories=["acme/*"], auth="app", app_id="1", installation_id=2)

    assert set(rows_of(night)) == {"gh:901#1"}


def test_a_hidden_repository_is_refused_and_the_others_go_on(nights: Begin) -> None:
    night = nights(FakeRepo(pulls=[pull(1)]), repositories=["acme/gone", "acme/engine"])

    pulled = night.pull()

    (reject,) = pulled.batches[0].rejects
    assert (reject.place, reject.code) == ("repositories[0]", "unreadable_404")
    assert len(pulled.batches[0].rows) == 1


def test_reviews_that_are_refused_are_unknown_and_not_empty(nights: Begin) -> None:
    night = nights(FakeRepo(pulls=[pull(1)], refused={"reviews": 403}))

    pulled = night.pull()

    assert pulled.batches[0].rows[0]["reviews"] is None
    assert pulled.batches[0].rows[0]["commits"] == []
    assert [reject.code for reject in pulled.batches[0].rejects] == ["unreadable_403"]


def test_a_malformed_pull_request_is_refused_without_its_text(nights: Begin) -> None:
    broken = pull(2, created_at="yesterday by Jane Roe")
    night = nights(FakeRepo(pulls=[pull(1), broken]))

    pulled = night.pull()

    (reject,) = pulled.batches[0].rejects
    assert (reject.place, reject.position, reject.field_path, reject.code) == (
        "gh:900/pulls",
        1,
        "created_at",
        "value_error",
    )
    assert "Jane" not in repr(reject)
    assert [row["key"] for row in pulled.batches[0].rows] == ["gh:900#1"]


def test_stamps_come_from_labels_and_trailers_and_agents_from_addresses(nights: Begin) -> None:
    labels = [{"name": "workflow:Upgrade-Guarded"}, {"name": "workflow:not a slug"}]
    message = (
        "Tidy up\n\nAgent-Workflow: upgrade-swarm\n"
        "Co-authored-by: Claude <noreply@anthropic.com>\n"
        "Co-authored-by: Claude Dupont <claude@example.invalid>\n"
    )
    repo = FakeRepo(pulls=[pull(4, labels=labels)], commits={4: [commit(message)]})
    night = nights(repo)

    night.pull()

    state = night.states()["gh:900#4"]
    assert state.stamps == ("upgrade-guarded", "upgrade-swarm")
    assert (state.author, state.agents) == ("human", ("agent:claude",))
    assert [finding.code for finding in night.conformed[0].findings] == ["malformed_stamp"]


def test_a_body_that_an_agent_signed_tells_of_it_where_no_commit_does(nights: Begin) -> None:
    body = "Tidy up\n\nCo-Authored-By: Claude <noreply@anthropic.com>"
    night = nights(FakeRepo(pulls=[pull(4, body=body), pull(5, body="By Claude")]))

    night.pull()

    states = night.states()
    assert (states["gh:900#4"].agents, states["gh:900#5"].agents) == (("agent:claude",), ())


def test_a_stamp_whose_label_was_taken_off_no_longer_holds(nights: Begin) -> None:
    repo = FakeRepo(pulls=[pull(4, labels=[{"name": "workflow:a"}])])
    label_event = {
        "id": 32,
        "event": "unlabeled",
        "created_at": "2026-11-05T10:00:00Z",
        "label": {"name": "workflow:a"},
        "issue": {"number": 4, "labels": [], "pull_request": {}},
    }
    night = nights(repo)
    night.pull()
    repo.events = [label_event]

    night.pull("item_events")

    assert night.states()["gh:900#4"].stamps == ()


def test_sessions_are_kept_as_digests_that_logs_agree_with(nights: Begin) -> None:
    repo = FakeRepo(
        pulls=[pull(4, body="Claude-Session: https://claude.ai/code/session_01Ab")],
        commits={4: [commit("Tidy up\n\nAgent-Session: 0f3a-77b2-91\n")]},
    )
    night = nights(repo)

    night.pull()

    told = sorted(map(keyed_digest, ("session_01Ab", "0f3a-77b2-91")))
    state = night.states()["gh:900#4"]
    assert state.sessions == tuple(told)
    named_by = dict(state.session_commits)
    assert named_by[keyed_digest("session_01Ab")] == ""
    assert named_by[keyed_digest("0f3a-77b2-91")] == str(commit("any")["sha"])


def test_a_branch_of_a_fork_is_none_of_this_repository(nights: Begin) -> None:
    ours = {"ref": "fix/a", "sha": "e" * 40, "repo": {"id": 900}}
    forked = {"ref": "fix/a", "sha": "f" * 40, "repo": {"id": 901}}
    night = nights(FakeRepo(pulls=[pull(4, head=ours), pull(5, head=forked)]))

    night.pull()

    states = night.states()
    assert states["gh:900#4"].branch_digest == keyed_digest("fix/a")
    assert states["gh:900#5"].branch_digest is None


def test_a_branch_is_kept_as_prefix_ticket_and_digest(nights: Begin) -> None:
    branch = "agent/upgrade/PAY-12-jane-roe"
    night = nights(FakeRepo(pulls=[pull(4, head={"ref": branch, "sha": "e" * 40})]))

    row = rows_of(night, branch_prefixes=("agent/*", "agent/upgrade/"))["gh:900#4"]

    assert (row["branch_prefix"], row["branch_item"]) == ("agent/upgrade/", "PAY-12")
    assert row["branch_digest"] == keyed_digest(branch)
    assert row["links"] == [{"type": "mentions", "ref": "jira-key:PAY-12"}]


def test_closing_words_link_across_known_and_unknown_repositories(nights: Begin) -> None:
    body = "Fixes #3, closes acme/other#4 and resolves jane-roe/x#5; see PAY-7."
    fake = FakeGithub(FakeRepo(pulls=[pull(1, body=body)]), FakeRepo(904, "acme/other"))
    night = nights(fake)

    night.pull()

    links = {(link.type, link.ref) for link in night.states()["gh:900#1"].links}
    assert links == {
        ("closes", "gh:900#3"),
        ("closes", "gh:904#4"),
        ("closes", f"gh-name:{keyed_digest('jane-roe/x')}#5"),
        ("mentions", "jira-key:PAY-7"),
    }


def test_an_unchanged_night_asks_one_list_a_repository(nights: Begin) -> None:
    repo = FakeRepo(pulls=[merged(number) for number in range(1, 251)])
    night = nights(repo)
    first = night.pull()

    second = night.pull()

    assert (first.requests, second.requests) == (1 + 3 + 4 * 250, 2)
    assert second.batches[0].rows == []
    assert second.batches[0].is_complete


def test_equal_instants_at_the_watermark_are_read_again(nights: Begin) -> None:
    repo = FakeRepo(pulls=[merged(number, "2026-11-21T01:30:00Z") for number in (1, 2)])
    night = nights(repo)
    night.pull()
    repo.pulls.append(merged(3, "2026-11-21T01:30:00Z"))

    night.pull()

    assert "gh:900#3" in night.states()


def test_checks_that_are_not_final_are_asked_for_until_they_are(nights: Begin) -> None:
    waiting = pull(1, updated_at="2026-11-20T10:00:00Z")
    sha = waiting["head"]["sha"]
    repo = FakeRepo(pulls=[waiting], check_runs={sha: [check_run(None), check_run("success")]})
    night = nights(repo)
    night.pull()
    assert night.states()["gh:900#1"].checks == "pending"

    night.pull()
    repo.check_runs[sha] = [check_run("failure"), check_run("success")]
    night.pull()
    night.pull()

    assert night.states()["gh:900#1"].checks == "failure"
    assert (night.requests("check-runs"), night.requests("status")) == (3, 1)


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        (["success", "neutral", "skipped"], "success"),
        (["success", "timed_out"], "failure"),
        (["success", "something new"], "failure"),
        (["failure", None], "failure"),
        (["success", None], "pending"),
        # What somebody stopped says nothing.
        (["success", "cancelled", "stale"], "success"),
        (["failure", "cancelled"], "failure"),
        (["cancelled", None], "pending"),
        (["cancelled"], None),
    ],
)
def test_the_checks_of_a_head_are_summed_up(
    nights: Begin, results: list[str | None], expected: str | None
) -> None:
    open_one = pull(1)
    checks = [check_run(result) for result in results]
    night = nights(FakeRepo(pulls=[open_one], check_runs={open_one["head"]["sha"]: checks}))

    night.pull()

    assert night.states()["gh:900#1"].checks == expected


def test_a_head_that_was_pushed_over_is_not_asked_for_again(nights: Begin) -> None:
    old = pull(1, updated_at="2026-11-20T10:00:00Z")
    repo = FakeRepo(pulls=[old], check_runs={old["head"]["sha"]: [check_run(None)]})
    night = nights(repo)
    night.pull()
    head = {"ref": "topic", "sha": "f" * 40}
    repo.pulls = [pull(1, updated_at="2026-11-21T10:00:00Z", head=head)]
    repo.check_runs["f" * 40] = [check_run("success")]

    night.pull()
    night.pull()

    assert night.requests(f"{old['head']['sha']}/check-runs") == 1
    assert night.requests(f"{'f' * 40}/check-runs") == 1


def test_a_repository_added_later_is_read_from_its_beginning(nights: Begin) -> None:
    fake = FakeGithub(FakeRepo(pulls=[merged(1)]), FakeRepo(904, "acme/other", pulls=[merged(2)]))
    night = nights(fake, repositories=["acme/engine"])
    night.pull()

    night.pull(repositories=("acme/engine", "acme/other"))

    assert "gh:904#2" in night.states()


def test_a_limit_keeps_what_was_read_and_the_next_night_goes_on(nights: Begin) -> None:
    fake = FakeGithub(
        FakeRepo(
            pulls=[
                merged(number, f"2026-11-{1 + number // 20:02d}T{number % 20:02d}:00:00Z")
                for number in range(1, 301)
            ]
        )
    )
    fake.stop_after = 4 + 200 * 4
    night = nights(fake)

    first = night.pull()
    fake.stop_after = None
    second = night.pull()

    assert not first.batches[0].is_complete
    assert len(first.batches[0].rows) == 128
    assert second.batches[0].is_complete
    assert len(night.states()) == 300
    assert second.requests < first.requests + 200


def test_a_limit_before_anything_was_read_is_raised(nights: Begin) -> None:
    fake = FakeGithub(FakeRepo(pulls=[merged(1)]))
    fake.stop_after = 3

    with pytest.raises(WaitUntilError):
        nights(fake).pull()


def test_one_list_that_the_server_fails_to_give_does_not_stop_the_others(nights: Begin) -> None:
    fake = FakeGithub(FakeRepo(pulls=[merged(number) for number in (1, 2, 3)]))
    night = nights(lambda one: Reply(502) if "/2/reviews" in one.path else fake(one))

    pulled = night.pull()

    reviews = {row["key"]: row["reviews"] for row in pulled.batches[0].rows}
    assert reviews == {"gh:900#1": [], "gh:900#2": None, "gh:900#3": []}
    assert [reject.code for reject in pulled.batches[0].rejects] == ["unavailable"]


def test_a_server_that_fails_everywhere_is_down(nights: Begin) -> None:
    fake = FakeGithub(FakeRepo(pulls=[merged(number) for number in range(1, 21)]))
    night = nights(lambda one: Reply(502) if "/reviews" in one.path else fake(one))

    with pytest.raises(SourceUnavailableError):
        night.pull()


def test_repositories_that_are_all_hidden_are_an_error(nights: Begin) -> None:
    with pytest.raises(SourceError, match="none of its configured repositories"):
        nights(FakeGithub(), repositories=["acme/gone", "acme/lost"]).pull()


def test_an_owner_whose_repositories_are_hidden_is_refused(nights: Begin) -> None:
    fake = FakeGithub(FakeRepo(pulls=[pull(1)]))
    night = nights(
        lambda one: Reply(404) if "/lost/repos" in one.path else fake(one),
        repositories=["lost/*", "acme/engine"],
    )

    pulled = night.pull()

    assert [one.code for one in pulled.batches[0].rejects] == ["unreadable_404"]
    assert len(pulled.batches[0].rows) == 1


def test_checks_of_an_old_pull_request_are_not_asked_for_again(nights: Begin) -> None:
    old = pull(1, updated_at="2026-10-01T10:00:00Z")
    night = nights(FakeRepo(pulls=[old], check_runs={old["head"]["sha"]: [check_run(None)]}))
    night.pull()

    night.pull()

    assert night.requests("check-runs") == 1


def test_a_young_pull_request_without_checks_is_asked_once_more(nights: Begin) -> None:
    young = pull(1, updated_at="2026-11-21T01:00:00Z")
    repo = FakeRepo(pulls=[young])
    night = nights(repo)
    night.pull()
    repo.check_runs = {young["head"]["sha"]: [check_run("success")]}

    night.pull()

    assert night.states()["gh:900#1"].checks == "success"


def test_an_agent_that_authored_a_commit_is_an_agent_of_the_pull_request(nights: Begin) -> None:
    agent = account(198982749, "Copilot", "Bot")
    commits = [commit("x", author=agent), commit("y", "e" * 40, author=None)]
    night = nights(FakeRepo(pulls=[pull(1)], commits={1: commits}))

    night.pull()

    assert night.states()["gh:900#1"].agents == ("agent:copilot",)


def test_a_stamp_put_on_later_is_dated_by_the_feed(nights: Begin) -> None:
    added = {
        "id": 33,
        "event": "labeled",
        "created_at": "2026-11-05T10:00:00Z",
        "label": {"name": "workflow:b"},
        "issue": {"number": 4, "labels": [], "pull_request": {}},
    }
    night = nights(FakeRepo(pulls=[pull(4)], events=[added]))
    night.pull()

    night.pull("item_events")

    assert night.states()["gh:900#4"].stamps == ("b",)


def relabelled(number: int, event: str, label: str, day: int) -> dict[str, Any]:
    return {
        "id": 40 + day,
        "event": event,
        "created_at": f"2026-11-{day:02}T10:00:00Z",
        "label": {"name": label},
        "issue": {"number": number, "labels": [], "pull_request": {}},
    }


def test_a_hand_set_tag_counts_until_the_feed_says_that_it_was_taken_off(nights: Begin) -> None:
    tag = "outcome:Success"
    repo = FakeRepo(pulls=[pull(4, labels=[{"name": tag}])])
    night = nights(repo)
    night.pull()
    tagged = night.states()["gh:900#4"].tags
    repo.events = [relabelled(4, "unlabeled", tag, 6), relabelled(4, "labeled", tag, 5)]

    night.pull("item_events")

    assert (tagged, night.states()["gh:900#4"].tags) == ((Tag.SUCCESS,), ())


def test_a_tag_that_is_none_of_the_three_words_is_found_and_not_kept(nights: Begin) -> None:
    labels = [{"name": "outcome:Jane Roe"}, {"name": "outcome:failure"}]
    night = nights(FakeRepo(pulls=[pull(4, labels=labels)]))

    pulled = night.pull()

    assert night.states()["gh:900#4"].tags == (Tag.FAILURE,)
    assert [finding.code for finding in night.conformed[0].findings] == ["malformed_tag"]
    assert "Jane" not in repr((pulled, night.conformed))


def test_rows_of_nights_before_tags_were_read_still_conform(nights: Begin) -> None:
    night = nights(FakeRepo(pulls=[pull(4, labels=[{"name": "outcome:failure"}])]))
    rows = night.pull().batches[0].rows
    old = [
        {name: value for name, value in row.items() if not name.endswith("tags")} for row in rows
    ]

    conformed = github.conform(STREAMS["pull_requests"], night.config, old, night.now.date())

    assert {"opened", "tagged"} & {str(one["event"]) for one in conformed.rows} == {"opened"}


def test_a_night_whose_time_is_over_ends_at_once(nights: Begin) -> None:
    fake = FakeGithub(FakeRepo(pulls=[merged(number) for number in range(1, 4)]))
    night = nights(lambda one: Reply(502) if "/reviews" in one.path else fake(one))
    night.deadline = FakeClock().now() + timedelta(milliseconds=1)

    with pytest.raises(SourceUnavailableError):
        night.pull()
