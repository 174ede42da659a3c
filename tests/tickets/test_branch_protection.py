"""It has to be shown that we cannot go round a branch; what cannot be seen is not shown."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tasks.core.errors import SourceError
from tasks.tickets.branch_protection import is_bound
from tasks.transport.credentials import Bearer
from tasks.transport.limits import Vendor
from tasks.transport.waits import MemoryWaitStore
from tasks.transport.writer import Writer
from tests.transport.loopback import NOW, SECRET, UNPACED, FakeClock, Reply, Request, Server

APP = "1020417"
RULES = "/repos/o/r/rules/branches/main"
RULESET = "/repos/o/r/rulesets/7"
CLASSIC = "/repos/o/r/branches/main/protection"
PULL_RULE = [{"type": "pull_request", "ruleset_id": 7}]

Ask = Callable[..., bool]


@pytest.fixture
def ask() -> Iterator[Ask]:
    servers: list[Server] = []

    def told(answers: dict[str, Any], app_id: str | None = APP) -> bool:
        def reply(request: Request) -> Reply:
            found = answers.get(request.path.partition("?")[0], Reply(404))
            return found if isinstance(found, Reply) else Reply(200, {}, found)

        servers.append(Server(reply))
        credential = Bearer(SECRET, [servers[-1].netloc])
        with Writer(
            "hub",
            servers[-1].url,
            vendor=Vendor.GITHUB,
            credential=credential,
            waits=MemoryWaitStore(),
            clock=FakeClock(),
            deadline=NOW + timedelta(hours=1),
            pace=UNPACED,
        ) as writer:
            return is_bound(writer, "o/r", "main", app_id)

    yield told
    for server in servers:
        server.stop()


def classic(*, admins: bool = True, **allowances: Any) -> dict[str, Any]:
    return {
        "required_pull_request_reviews": {"bypass_pull_request_allowances": allowances},
        "enforce_admins": {"enabled": admins},
    }


@pytest.mark.parametrize(
    ("can", "bound"),
    [("never", True), ("always", False), ("pull_requests_only", False), (None, False)],
)
def test_a_ruleset_binds_who_can_never_bypass_it(ask: Ask, *, can: str | None, bound: bool) -> None:
    assert ask({RULES: PULL_RULE, RULESET: {"current_user_can_bypass": can}}) is bound


def test_a_ruleset_that_asks_for_no_pull_request_binds_nobody(ask: Ask) -> None:
    rules = [{"type": "deletion", "ruleset_id": 7}]

    assert not ask({RULES: rules, RULESET: {"current_user_can_bypass": "never"}})


def test_one_guard_that_binds_is_enough(ask: Ask) -> None:
    rules = [*PULL_RULE, {"type": "pull_request", "ruleset_id": 8}]
    open_one, closed = {"current_user_can_bypass": "always"}, {"current_user_can_bypass": "never"}

    assert ask({RULES: rules, RULESET: open_one, "/repos/o/r/rulesets/8": closed})


@pytest.mark.parametrize(
    ("protection", "app_id", "bound"),
    [
        (classic(), APP, True),
        (classic(), None, True),
        (classic(apps=[{"id": 5}], users=[{"id": 1}]), APP, True),
        (classic(apps=[{"id": int(APP)}]), APP, False),
        (classic(users=[{"id": 1}]), None, False),
        (classic(teams=[{"id": 1}]), None, False),
        (classic(admins=False), APP, False),
        ({"enforce_admins": {"enabled": True}}, APP, False),
        ({"required_pull_request_reviews": {}}, APP, False),
        (Reply(403, {}, {"message": "Resource not accessible by integration"}), APP, False),
        (Reply(404), APP, False),
    ],
)
def test_classic_protection_binds_without_exceptions_for_us_or_admins(
    ask: Ask, protection: object, app_id: str | None, *, bound: bool
) -> None:
    assert ask({CLASSIC: protection}, app_id) is bound


@pytest.mark.parametrize(
    "answers",
    [
        {RULES: {"type": "pull_request"}},
        {RULES: [{"type": "pull_request"}]},
        {CLASSIC: {"enforce_admins": "yes"}},
    ],
)
def test_an_answer_of_another_shape_is_a_fault_and_not_a_yes(
    ask: Ask, answers: dict[str, Any]
) -> None:
    with pytest.raises(SourceError, match=r"another shape|no list"):
        ask(answers)
