"""What Jira and GitHub answer is read tolerantly, compared strictly, and never half believed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from config.shapes.tickets import GithubTickets, JiraTickets, Tickets
from sandbox.github_writes import INSTALLATION_ID
from tasks.core.errors import (
    AmbiguousWriteError,
    ConfigError,
    SourceError,
    SourceUnavailableError,
)
from tasks.core.review.delivery import Sighting
from tasks.tickets.connect import connected, system_of
from tasks.tickets.github import GithubPort
from tasks.tickets.jira import JiraPort
from tasks.tickets.marker import PROPERTY, Marker, marker_of, reference_of
from tasks.tickets.payloads import decisions
from tasks.transport.credentials import Bearer
from tasks.transport.waits import MemoryWaitStore
from tasks.transport.writer import Writer
from tests.tickets.hostile import content
from tests.tickets.rig import CLOUD, DIGEST, GITHUB, TICKETS, Rig, settings_of
from tests.transport.loopback import NOW, SECRET, UNPACED, FakeClock, Reply, Request, Server

PLACE = "tickets"
MARKER = marker_of(DIGEST, place=PLACE, kind="review_ticket", key="bumps@1")
JIRA = JiraTickets(
    name="jira",
    type="jira",
    base_url="https://jira.example",
    secret="s",
    project="PROMO",
    done_statuses=("Entschieden",),
)
HUB = GithubTickets(
    name="hub", type="github", base_url="https://api.github.com", secret="s", repository="o/r"
)
ME = {"accountId": "bot", "emailAddress": "x@y.example", "displayName": "Jane Roe"}

Open = Callable[..., Writer]
Answers = dict[str, Any]


@pytest.fixture
def writer() -> Iterator[Open]:
    servers: list[Server] = []

    def to(answers: Answers) -> Writer:
        def reply(request: Request) -> Reply:
            found = answers.get(f"{request.method} {request.path.partition('?')[0]}", Reply(404))
            if callable(found):
                found = found(request)
            return found if isinstance(found, Reply) else Reply(200, {}, found)

        servers.append(Server(reply))
        return Writer(
            "the-system",
            servers[-1].url,
            credential=Bearer(SECRET, [servers[-1].netloc]),
            waits=MemoryWaitStore(),
            clock=FakeClock(),
            deadline=NOW + timedelta(hours=1),
            pace=UNPACED,
        )

    yield to
    for server in servers:
        server.stop()


def issue(number: int = 12, **fields: Any) -> dict[str, Any]:
    whole = {
        "labels": [MARKER.label],
        "status": {"name": "To Do", "statusCategory": {"key": "new"}},
        "creator": ME,
    }
    return {
        "id": f"100{number}",
        "key": f"PROMO-{number}",
        "fields": whole | fields,
        "properties": {PROPERTY: MARKER.value},
    }


def jira(to: Open, shown: object, **more: Any) -> Sighting | None:
    answers = {"GET /rest/api/3/issue/10012": shown, "GET /rest/api/3/myself": ME, **more}
    return JiraPort(to(answers), JIRA).read("10012", MARKER)


class TestJira:
    @pytest.mark.parametrize(
        ("status", "is_open"),
        [
            ({"name": "To Do", "statusCategory": {"key": "new"}}, True),
            ({"name": "In Arbeit", "statusCategory": {"key": "indeterminate"}}, True),
            ({"name": "Erledigt", "statusCategory": {"key": "done"}}, False),
            ({"name": "entschieden", "statusCategory": {"key": "new"}}, False),
            ({"name": None, "statusCategory": None}, True),
            (None, True),
        ],
    )
    def test_a_ticket_is_done_by_category_or_declared_name(
        self, writer: Open, *, status: object, is_open: bool
    ) -> None:
        seen = jira(writer, issue(status=status))

        assert seen is not None
        assert seen.is_open is is_open
        assert seen.is_ours

    @pytest.mark.parametrize(
        "creator", [None, {"accountId": "someone"}, {"displayName": "Jane Roe"}, {}]
    )
    def test_another_creator_is_not_us(self, writer: Open, creator: object) -> None:
        seen = jira(writer, issue(creator=creator))

        assert seen is not None
        assert not seen.is_own

    @pytest.mark.parametrize(
        "value",
        [
            None,
            "text",
            {},
            {"key": MARKER.key},
            MARKER.value | {"proof": "0" * 16},
            marker_of(DIGEST, place="elsewhere", kind="review_ticket", key="bumps@1").value,
            marker_of(DIGEST, place=PLACE, kind="review_ticket", key="bumps@2").value,
        ],
    )
    def test_another_marker_is_not_ours(self, writer: Open, value: object) -> None:
        seen = jira(writer, issue() | {"properties": {PROPERTY: value}})

        assert seen is not None
        assert not seen.is_marked

    def test_an_account_that_says_nothing_of_itself_owns_nothing(self, writer: Open) -> None:
        seen = jira(writer, issue(creator={}), **{"GET /rest/api/3/myself": {}})

        assert seen is not None
        assert not seen.is_own

    @pytest.mark.parametrize("shown", [[], "text", {"id": 7}, issue() | {"fields": []}])
    def test_an_issue_of_another_shape_is_a_fault_that_repeats_nothing(
        self, writer: Open, shown: object
    ) -> None:
        with pytest.raises(SourceError, match="another shape") as told:
            jira(writer, shown)

        assert "Jane" not in str(told.value)

    def test_a_created_issue_that_cannot_be_read_is_looked_for(self, writer: Open) -> None:
        port = JiraPort(writer({"POST /rest/api/3/issue": Reply(201, {}, {"ok": 1})}), JIRA)

        with pytest.raises(AmbiguousWriteError):
            port.create(content(), MARKER)

    def test_after_a_create_of_unknown_fate_keys_beyond_the_index_are_read(
        self, writer: Open
    ) -> None:
        searched: list[str] = []

        def search(request: Request) -> object:
            searched.append(request.json["jql"])
            known = [{"id": "10003", "key": "PROMO-3"}] if "DESC" in searched[-1] else []
            return {"issues": known, "isLast": True}

        answers = {
            "POST /rest/api/3/search/jql": search,
            "GET /rest/api/3/issue/PROMO-5": issue(5, labels=[], creator=None),
            "GET /rest/api/3/issue/PROMO-9": issue(9) | {"properties": None},
            "GET /rest/api/3/issue/PROMO-12": issue(12),
            "GET /rest/api/3/myself": ME,
        }
        port = JiraPort(writer(answers), JIRA)

        assert port.search(MARKER, since=None) == []
        found = port.search(MARKER, since=NOW)

        assert [(one.name, one.is_ours) for one in found] == [
            ("PROMO-5", False),
            ("PROMO-9", False),
            ("PROMO-12", True),
        ]
        assert searched[0] == searched[1]
        assert f'labels = "{MARKER.label}"' in searched[0]

    def test_an_index_that_is_too_far_behind_to_be_read_past_shows_nothing(
        self, writer: Open
    ) -> None:
        class Every(dict[str, Any]):
            def get(self, name: str, default: Any = None) -> Any:
                return (
                    issue(1, labels=[]) if "/issue/PROMO-" in name else super().get(name, default)
                )

        answers = Every({"POST /rest/api/3/search/jql": {"issues": []}})
        port = JiraPort(writer(answers), JIRA)

        with pytest.raises(SourceUnavailableError, match="more than 200 issues behind"):
            port.search(MARKER, since=NOW)


class TestGithub:
    def shown(self, **changes: Any) -> dict[str, Any]:
        whole = {
            "number": 5,
            "state": "open",
            "body": f"text\n{MARKER.comment}\n",
            "user": {"id": 7, "login": "jane-roe", "type": "User"},
            "labels": [{"name": MARKER.label}, "graduand:declined:60-items", {"name": None}],
        }
        return whole | changes

    def seen(self, to: Open, shown: object, config: GithubTickets = HUB) -> Sighting | None:
        answers = {"GET /repos/o/r/issues/5": shown, "GET /user": {"id": 7, "login": "bot"}}
        return GithubPort(to(answers), config).read("5", MARKER)

    def test_an_issue_is_read_with_its_decisions_and_without_a_name(self, writer: Open) -> None:
        seen = self.seen(writer, self.shown())

        assert seen == Sighting(
            "5",
            "o/r#5",
            is_marked=True,
            is_own=True,
            is_open=True,
            labels=("graduand:declined:60-items",),
        )

    @pytest.mark.parametrize(
        "changes",
        [
            {"body": None},
            {"body": MARKER.comment.replace(MARKER.proof, "0" * 16)},
            {"user": None},
            {"user": {"id": 8}},
        ],
    )
    def test_another_marker_or_creator_is_not_ours(
        self, writer: Open, changes: dict[str, Any]
    ) -> None:
        seen = self.seen(writer, self.shown(**changes))

        assert seen is not None
        assert not seen.is_ours

    @pytest.mark.parametrize(
        ("app", "kind", "is_own"),
        [
            ({"id": 99}, "Bot", True),
            ({"id": 98}, "Bot", False),
            ({"id": 99}, "User", False),
            (None, "Bot", False),
        ],
    )
    def test_an_app_owns_what_it_made_as_itself(
        self, writer: Open, *, app: object, kind: str, is_own: bool
    ) -> None:
        config = HUB.model_copy(update={"auth": "app", "app_id": "99"})
        by = {"performed_via_github_app": app, "user": {"id": 1, "type": kind}}

        seen = self.seen(writer, self.shown(**by), config)

        assert seen is not None
        assert seen.is_own is is_own

    def test_a_label_that_github_dropped_does_not_hide_a_ticket(self, writer: Open) -> None:
        pull = self.shown(number=6, pull_request={"url": "x"})
        bare, other = self.shown(labels=[]), self.shown(number=4, body="no marker")

        def listed(request: Request) -> object:
            return [] if "labels=" in request.path else [pull, bare, other]

        answers = {"GET /repos/o/r/issues": listed, "GET /user": {"id": 7}}
        port = GithubPort(writer(answers), HUB)

        assert port.search(MARKER, since=None) == []
        assert [one.id for one in port.search(MARKER, since=NOW)] == ["5"]

    @pytest.mark.parametrize("status", [404, 410])
    def test_what_is_gone_is_none(self, writer: Open, status: int) -> None:
        assert self.seen(writer, Reply(status)) is None

    @pytest.mark.parametrize("shown", [[], {"number": "five"}, {"state": "open"}])
    def test_an_issue_of_another_shape_is_a_fault(self, writer: Open, shown: object) -> None:
        with pytest.raises(SourceError, match="another shape"):
            self.seen(writer, shown)


class TestMarker:
    def test_it_differs_by_row_kind_place_and_installation(self) -> None:
        same = {"place": PLACE, "kind": "review_ticket", "key": "bumps@1"}
        others = [
            marker_of(DIGEST, **(same | {"key": "bumps@2"})),
            marker_of(DIGEST, **(same | {"kind": "demotion"})),
            marker_of(DIGEST, **(same | {"place": "elsewhere"})),
            marker_of(lambda text: f"{len(text):016x}", **same),
        ]

        assert len({MARKER.proof, *(one.proof for one in others)}) == 5
        assert marker_of(DIGEST, **same) == MARKER

    def test_it_names_nothing_that_it_stands_for(self) -> None:
        for text in (MARKER.comment, MARKER.label, repr(MARKER)):
            assert "bumps" not in text

    def test_a_comment_has_one_mark_for_each_evidence(self) -> None:
        marks = {reference_of(DIGEST, place=PLACE, key="a@1", evidence=e) for e in ("1", "2", "1")}

        assert len(marks) == 2


def test_only_labels_by_which_people_decide_are_kept() -> None:
    codes = ["graduand:Declined", "graduand:declined:2027-01-31", "graduand:declined:60-items"]
    others = ["graduand-0a1b2c", "bug", "graduand:jane-roe", "graduand:declined:jane", "graduand:"]

    assert decisions([*others, *codes]) == tuple(sorted(code.lower() for code in codes))


def test_a_portfolio_without_a_route_goes_where_every_other_goes_or_nowhere() -> None:
    routed = TICKETS.model_copy(update={"routes": ()})

    assert system_of(TICKETS, "any") == CLOUD
    assert system_of(routed, "any") == ""


class TestConnecting:
    def test_an_app_writes_as_itself(self, rig: Rig) -> None:
        key = generate_private_key(65537, 2048).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        system = TICKETS.systems[2].model_copy(
            update={"auth": "app", "app_id": "1020417", "installation_id": INSTALLATION_ID}
        )
        settings = settings_of(rig.sandbox, **{"tickets-github-token": key.decode()})
        deadline = rig.now() + timedelta(hours=1)
        tickets = Tickets(version=1, systems=(system,))
        with connected(tickets, settings, waits=rig.waits, clock=rig, deadline=deadline) as systems:
            port = systems.ports[GITHUB]
            marker = marker_of(DIGEST, place=port.place, kind="k", key="a@1")
            made = port.create(content(), marker)
            seen = port.read(made.id, marker)

        assert seen is not None
        assert seen.is_ours
        assert len(rig.listed(GITHUB)) == 1

    def test_a_missing_secret_opens_nothing(self, rig: Rig) -> None:
        settings = settings_of(rig.sandbox)
        system = TICKETS.systems[0].model_copy(update={"secret": "elsewhere"})
        tickets = Tickets(version=1, systems=(system,))

        with (
            pytest.raises(ConfigError, match="GRADUAND_SECRET_ELSEWHERE"),
            connected(tickets, settings, waits=rig.waits, clock=rig, deadline=rig.now()),
        ):
            pass

    def test_a_secret_bound_to_another_host_opens_nothing(self, rig: Rig) -> None:
        settings = settings_of(rig.sandbox)
        overridden = {**settings.base_urls, CLOUD: "http://127.0.0.1:9"}
        settings = replace(settings, base_urls=overridden)

        with (
            pytest.raises(ConfigError, match="bound to"),
            connected(TICKETS, settings, waits=rig.waits, clock=rig, deadline=rig.now()),
        ):
            pass


def test_a_marker_is_no_value_of_another_shape() -> None:
    assert Marker("a", "b").is_value({"key": "a", "proof": "b", "more": 1})
    assert not Marker("a", "b").is_value(["a", "b"])
