"""Issues as they live, on Cloud and Data Center: reopened, resolved, linked, refused."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tasks.core.errors import SourceError, WaitUntilError
from tasks.core.work.item_states import ItemStatus
from tasks.core.work.work_items import Tag
from tasks.sources import jira
from tests.sources.jira.conftest import Nights, keyed_digest
from tests.sources.jira.fake_jira import STATUSES, FakeJira, change, issue
from tests.transport.loopback import Reply

Begin = Callable[..., Nights]
T1, T2, T3 = (f"2026-11-0{day}T10:00:00.000+0100" for day in (2, 3, 4))
DEPLOYMENTS = pytest.mark.parametrize("is_cloud", [True, False], ids=["cloud", "data center"])


@DEPLOYMENTS
def test_from_done_to_not_done_is_a_reopening_whatever_the_statuses_are_called(
    nights: Begin, is_cloud: bool
) -> None:
    histories = {"10001": [change(T2, "6", "3"), change(T1, "1", "6")]}
    night = nights(FakeJira([issue(status="3")], histories, is_cloud))

    night.pull()

    state = night.states()["jira:10001"]
    assert (state.status, state.reopened) == (ItemStatus.OPEN, 1)


@DEPLOYMENTS
def test_a_cleared_resolution_is_a_reopening(nights: Begin, is_cloud: bool) -> None:
    histories = {
        "10001": [
            change(T1, None, "10000", "resolution"),
            change(T2, "10000", None, "resolution"),
        ]
    }
    night = nights(FakeJira([issue()], histories, is_cloud))

    night.pull()

    state = night.states()["jira:10001"]
    assert (state.status, state.reopened) == (ItemStatus.OPEN, 1)


def test_resolved_and_done_in_one_change_close_once_and_keep_the_resolution(nights: Begin) -> None:
    both = change(T1, "1", "6")
    both["items"] += change(T1, None, "10000", "resolution")["items"]
    night = nights(FakeJira([issue(status="6")], {"10001": [both]}))

    night.pull()

    state = night.states()["jira:10001"]
    assert (state.status, state.close_reason, state.reopened) == (
        ItemStatus.CLOSED,
        "resolution.10000",
        0,
    )
    assert state.closed_at == datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize("created", [1762077600, 1762077600000, "2025-11-02T10:00:00.000+0000"])
def test_a_change_says_its_time_as_text_seconds_or_milliseconds(
    nights: Begin, created: str | int
) -> None:
    night = nights(FakeJira([issue(status="6")], {"10001": [change(created, "1", "6")]}))

    night.pull()

    assert night.states()["jira:10001"].closed_at == datetime(2025, 11, 2, 10, tzinfo=UTC)


def test_null_ends_of_a_change_and_deleted_statuses_are_taken(nights: Begin) -> None:
    histories = {"10001": [change(T1, None, "777"), change(T2, "777", "6")]}
    night = nights(FakeJira([issue(status="6")], histories))

    pulled = night.pull()

    assert pulled.batches[0].rejects == []
    assert night.states()["jira:10001"].status is ItemStatus.CLOSED


def test_an_issue_that_was_done_from_the_start_is_closed(nights: Begin) -> None:
    night = nights(FakeJira([issue(status="6")]))

    night.pull()

    assert night.states()["jira:10001"].closed_at == datetime(2026, 11, 1, 9, tzinfo=UTC)


def test_a_cut_history_is_a_finding_and_the_issue_itself_says_where_it_stands(
    nights: Begin,
) -> None:
    fake = FakeJira(
        [issue(status="6", statuscategorychangedate=T3)],
        {"10001": [change(T1, "1", "3")]},
        is_cloud=False,
        history_total=140,
    )
    night = nights(fake)

    night.pull()

    assert night.states()["jira:10001"].closed_at == datetime(2026, 11, 4, 9, tzinfo=UTC)
    assert [finding.code for finding in night.conformed[0].findings] == ["history_cut"]


def test_a_refused_history_is_unknown_and_not_empty(nights: Begin) -> None:
    done = issue(
        status="6", resolution={"id": "10000"}, resolutiondate=T2, statuscategorychangedate=T2
    )
    night = nights(FakeJira([done], changelog_status=403))

    pulled = night.pull()

    assert pulled.batches[0].rows[0]["changes"] is None
    assert [reject.code for reject in pulled.batches[0].rejects] == ["unreadable_403"]
    state = night.states()["jira:10001"]
    assert (state.status, state.close_reason) == (ItemStatus.CLOSED, "resolution.10000")


def test_an_incident_has_the_declared_type_and_a_severity(nights: Begin) -> None:
    incident: dict[str, Any] = {
        "issuetype": {"id": "10099", "name": "Incident"},
        "customfield_10042": {"id": "10501", "value": "SEV-1"},
    }
    night = nights(FakeJira([issue(**incident), issue(10002, "OPS-2")]))

    night.pull()

    states = night.states()
    assert (states["jira:10001"].is_incident, states["jira:10001"].severity) == (True, "sev1")
    assert not states["jira:10002"].is_incident


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"id": "10501", "value": "严重"}, "option.10501"),
        ({"id": "10501", "value": "ask Jane Roe"}, "option.10501"),
        ("Critical", "critical"),
        ("P 2", "p2"),
        ("Jane Roe", None),
        (3, None),
        (None, None),
    ],
)
def test_a_severity_is_a_known_word_or_the_id_of_its_option(
    nights: Begin, value: object, expected: str | None
) -> None:
    night = nights(FakeJira([issue(customfield_10042=value)]))

    assert night.pull().batches[0].rows[0]["severity"] == expected


def test_links_are_typed_in_both_directions_by_type_and_by_label(nights: Begin) -> None:
    problem = {"name": "Problem/Incident", "inward": "is caused by", "outward": "causes"}
    strange = {"name": "Verwandt", "inward": "gehört zu", "outward": "umfasst"}
    links = [
        {"id": "1", "type": problem, "inwardIssue": {"id": "20", "key": "PAY-1"}},
        {"id": "2", "type": problem, "outwardIssue": {"id": "21", "key": "PAY-2"}},
        {"id": "3", "type": strange, "outwardIssue": {"id": "22", "key": "PAY-3"}},
    ]
    labels = ["caused-by:PAY-9", "used-in:acme/engine#12", "workflow:Claims-Router", "blue"]
    night = nights(FakeJira([issue(issuelinks=links, labels=labels)]))

    night.pull()

    state = night.states()["jira:10001"]
    assert state.stamps == ("claims-router",)
    assert {(link.type.value, link.ref) for link in state.links} == {
        ("caused_by", "jira:20"),
        ("causes", "jira:21"),
        ("untyped", "jira:22"),
        ("caused_by", "jira-key:PAY-9"),
        ("used_in", f"gh-name:{keyed_digest('acme/engine')}#12"),
    }


def labelled(created: str, before: str | None, after: str | None) -> dict[str, Any]:
    item = {"field": "labels", "fieldId": "labels", "from": "", "to": ""}
    texts = {"fromString": before, "toString": after}
    return {"id": "1", "created": created, "items": [item | texts]}


def test_a_hand_set_tag_counts_until_it_is_taken_off(nights: Begin) -> None:
    put_on = labelled("2026-11-03T10:00:00.000+0000", "blue", "blue outcome:Success")
    taken_off = labelled("2026-11-05T10:00:00.000+0000", "blue outcome:Success", "blue")
    fake = FakeJira([issue(labels=["blue", "outcome:Success"])], {"10001": [put_on]})
    night = nights(fake)

    night.pull()
    tagged = night.states()["jira:10001"].tags
    fake.issues = [issue(labels=["blue"], updated="2026-11-21T12:00:00.000+0000")]
    fake.histories["10001"].append(taken_off)
    night.pull()

    assert (tagged, night.states()["jira:10001"].tags) == ((Tag.SUCCESS,), ())


@DEPLOYMENTS
def test_tags_pass_and_no_other_text_of_labels_does(nights: Begin, is_cloud: bool) -> None:
    labels = ["Jane-Roe", "outcome:failure", "outcome:Jane-Roe"]
    history = [labelled("2026-11-03T10:00:00.000+0000", "Jane-Roe", " ".join(labels))]
    night = nights(FakeJira([issue(labels=labels)], {"10001": history}, is_cloud=is_cloud))

    pulled = night.pull()

    assert night.states()["jira:10001"].tags == (Tag.FAILURE,)
    assert "malformed_tag" in {finding.code for finding in night.conformed[0].findings}
    assert "Jane" not in repr((pulled, night.conformed))


@pytest.mark.parametrize("text", [None, 3, ["outcome:success"], {"a": 1}])
def test_labels_of_a_history_that_are_no_text_say_nothing(nights: Begin, text: Any) -> None:
    history = [labelled("2026-11-03T10:00:00.000+0000", None, text)]
    night = nights(FakeJira([issue()], {"10001": history}))

    night.pull()

    assert night.states()["jira:10001"].tags == ()


def test_rows_of_nights_before_tags_were_read_still_conform(nights: Begin) -> None:
    night = nights(FakeJira([issue(labels=["outcome:success"])]))
    (row,) = night.pull().batches[0].rows
    old = {name: value for name, value in row.items() if not name.endswith("tags")}

    conformed = jira.conform(jira.STREAMS[0], night.config, [old], night.now.date())

    assert {"opened", "tagged"} & {str(one["event"]) for one in conformed.rows} == {"opened"}


@pytest.mark.parametrize(
    ("creator", "expected"),
    [
        ({"accountType": "atlassian"}, "human"),
        ({"accountType": "customer"}, "human"),
        ({"accountType": "app"}, "bot"),
        ({"name": "jroe"}, None),
        (None, None),
    ],
)
def test_an_author_is_a_kind(nights: Begin, creator: object, expected: str | None) -> None:
    night = nights(FakeJira([issue(creator=creator)]))

    night.pull()

    assert night.states()["jira:10001"].author == expected


@DEPLOYMENTS
def test_an_unchanged_night_reads_one_page_a_project(nights: Begin, is_cloud: bool) -> None:
    issues = [issue(10000 + number, f"OPS-{number}") for number in range(1, 251)]
    night = nights(FakeJira(issues, is_cloud=is_cloud))
    first = night.pull()

    second = night.pull()

    assert len(first.batches[0].rows) == 250
    assert (second.requests, second.batches[0].rows) == (3, [])


def test_an_issue_that_search_showed_late_is_found_by_the_overlap(nights: Begin) -> None:
    fake = FakeJira()
    night = nights(fake)
    night.pull()
    fake.issues = [issue(updated="2026-11-21T01:45:00.000+0000")]

    assert len(night.pull().batches[0].rows) == 1


def test_a_project_that_is_gone_is_refused_and_the_others_go_on(nights: Begin) -> None:
    night = nights(FakeJira([issue()]), projects=["GONE", "OPS"])

    pulled = night.pull()

    (reject,) = pulled.batches[0].rejects
    assert (reject.place, reject.code) == ("projects[0]", "unreadable_400")
    assert len(pulled.batches[0].rows) == 1


def test_a_project_added_later_is_read_from_its_beginning(nights: Begin) -> None:
    night = nights(FakeJira([issue(), issue(10002, "PAY-1")]))
    night.pull()

    pulled = night.pull(projects=("OPS", "PAY"))

    assert [row["key"] for row in pulled.batches[0].rows] == ["jira:10002"]


def test_a_malformed_issue_is_refused_without_its_text(nights: Begin) -> None:
    broken = issue(10002, "OPS-2", created="yesterday by Jane Roe")
    night = nights(FakeJira([issue(), broken]))

    pulled = night.pull()

    (reject,) = pulled.batches[0].rejects
    assert (reject.place, reject.position, reject.field_path) == (
        "projects[0]",
        1,
        "fields.created",
    )
    assert "Jane" not in repr(reject)
    assert len(pulled.batches[0].rows) == 1


def test_a_malformed_history_makes_that_issues_history_unknown(nights: Begin) -> None:
    histories = {"10001": [change("soon", "1", "6")], "10002": [change(T1, "1", "6")]}
    night = nights(FakeJira([issue(), issue(10002, "OPS-2", "6")], histories))

    pulled = night.pull()

    assert {row["key"]: row["changes"] is None for row in pulled.batches[0].rows} == {
        "jira:10001": True,
        "jira:10002": False,
    }
    assert len(pulled.batches[0].rejects) == 1


def test_a_limit_keeps_what_was_read_and_the_next_night_goes_on(nights: Begin) -> None:
    issues = [
        issue(
            10000 + number,
            f"OPS-{number}",
            updated=f"2026-11-{1 + number // 24:02d}T{number % 24:02d}:00:00.000+0000",
        )
        for number in range(1, 251)
    ]
    fake = FakeJira(issues, stop_after=4)
    night = nights(fake)
    first = night.pull()
    fake.stop_after = None

    second = night.pull()

    assert (first.batches[0].is_complete, len(first.batches[0].rows)) == (False, 100)
    assert second.batches[0].is_complete
    assert len(night.states()) == 250
    assert len(second.batches[0].rows) < 160


def test_a_limit_before_anything_was_read_is_raised(nights: Begin) -> None:
    with pytest.raises(WaitUntilError):
        nights(FakeJira([issue()], stop_after=2)).pull()


@DEPLOYMENTS
def test_the_wrong_deployment_is_a_clear_error(nights: Begin, is_cloud: bool) -> None:
    other = "data_center" if is_cloud else "cloud"
    night = nights(FakeJira(is_cloud=is_cloud), deployment=other)

    with pytest.raises(SourceError, match=r"set `deployment: (cloud|data_center)`"):
        night.pull()


def test_projects_that_are_all_gone_are_an_error(nights: Begin) -> None:
    with pytest.raises(SourceError, match="400"):
        nights(FakeJira(), projects=["GONE", "LOST"]).pull()


def test_a_broken_page_of_one_project_does_not_stop_the_others(nights: Begin) -> None:
    fake = FakeJira([issue()])
    night = nights(
        lambda one: Reply(body=b"[{]") if b"PAY" in one.body else fake(one),
        projects=["PAY", "OPS"],
    )

    pulled = night.pull()

    assert [one.code for one in pulled.batches[0].rejects] == ["malformed_page"]
    assert len(pulled.batches[0].rows) == 1


def test_a_refused_credential_is_an_error(nights: Begin) -> None:
    fake = FakeJira([issue()])

    with pytest.raises(SourceError, match="check the secret"):
        nights(lambda one: Reply(401) if "/search" in one.path else fake(one)).pull()


def test_a_malformed_status_is_refused_and_the_others_count(nights: Begin) -> None:
    fake = FakeJira([issue(status="6")], {"10001": [change(T1, "1", "6")]})
    statuses = Reply(body=[{"name": "Jane Roe"}, *STATUSES])
    night = nights(lambda one: statuses if one.path.endswith("/status") else fake(one))

    pulled = night.pull()

    assert [(one.place, one.field_path) for one in pulled.batches[0].rejects] == [("status", "id")]
    assert night.states()["jira:10001"].status is ItemStatus.CLOSED


@pytest.mark.parametrize(
    ("path", "body"), [("/status", {}), ("/serverInfo", []), ("/serverInfo", {"deploymentType": 1})]
)
def test_a_site_that_answers_in_another_shape_is_an_error(
    nights: Begin, path: str, body: object
) -> None:
    fake = FakeJira([issue()])

    with pytest.raises(SourceError):
        nights(lambda one: Reply(body=body) if one.path.endswith(path) else fake(one)).pull()


def test_an_old_data_center_that_does_not_say_its_kind_is_read(nights: Begin) -> None:
    fake = FakeJira([issue()], is_cloud=False)
    night = nights(
        lambda one: Reply(body={}) if one.path.endswith("/serverInfo") else fake(one),
        deployment="data_center",
    )

    assert len(night.pull().batches[0].rows) == 1


def test_a_status_whose_category_the_issue_does_not_say_is_looked_up(nights: Begin) -> None:
    bare = issue(status="6")
    bare["fields"]["status"] = {"id": "6"}
    night = nights(FakeJira([bare]))

    assert night.pull().batches[0].rows[0]["category"] == "done"
