"""Where tickets go: what tickets.yaml may say, and what the environment has to hold for it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.load import load_config, load_tickets
from config.settings import Settings, load_settings
from config.shapes.tickets import Tickets
from config.wiring import ticket_problems, wiring_problems
from tests.config.conftest import SHIPPED

Edit = Callable[[str, str, str], str]


@pytest.fixture
def with_tickets(folder: Path) -> Path:
    shutil.copy(SHIPPED / "tickets.yaml", folder / "tickets.yaml")
    return folder


def load(folder: Path) -> Tickets:
    return load_tickets(folder, load_config(folder).catalog)


def settings(**changes: str) -> Settings:
    whole = {"DIGEST_KEY": "x" * 32, **changes}
    return load_settings({f"GRADUAND_{name}": text for name, text in whole.items()})


def test_the_shipped_file_routes_every_portfolio(with_tickets: Path) -> None:
    tickets = load(with_tickets)

    assert {route.portfolio for route in tickets.routes} >= {"*"}
    assert {system.type for system in tickets.systems} == {"jira", "github"}


def test_without_the_file_no_ticket_goes_anywhere(folder: Path) -> None:
    assert load(folder) == Tickets(version=1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("system: tickets-github}", "system: nowhere}", "routes[0].system: `nowhere` is no name"),
        ("platform-engineering", "platform", "routes[0].portfolio: `platform` is no portfolio"),
        ('portfolio: "*"', "portfolio: platform-engineering", "is the same as in routes[0]"),
        ("name: tickets-github", "name: tickets-jira", "is the same as in systems[0]"),
        ("    user: tickets-jira-user\n", "", "systems[0].user: is missing; Jira Cloud needs"),
        ("auth: token", "auth: app", "systems[1].app_id: is missing"),
        ("auth: token", "auth: app", "systems[1].installation_id: is missing"),
        (
            "  system: tickets-github\n",
            "  system: tickets-jira\n",
            "catalog.system: `tickets-jira`",
        ),
        ("secret: tickets-jira-token", "secret: token_hosts", "must not end in `file` or `hosts`"),
        ("secret: tickets-github-token", "secret: tickets.jira.token", "would both be"),
        ("project: PROMO", "project: promo", "systems[0].project"),
        ("project: PROMO", "project: PROMO\n    token: x", "systems[0].token"),
        ("https://api.github.com", "http://api.github.com", "systems[1].base_url"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(
    with_tickets: Path, edit: Edit, old: str, new: str, said: str
) -> None:
    edit("tickets.yaml", old, new)

    with pytest.raises(ConfigError) as refused:
        load(with_tickets)

    assert any(said in str(problem) for problem in refused.value.problems), refused.value
    assert all(problem.line > 0 for problem in refused.value.problems)


def test_a_night_needs_no_secret_of_a_ticket_system_but_the_weekly_run_does(
    with_tickets: Path,
) -> None:
    tickets = load(with_tickets)
    sources = load_config(with_tickets).sources.model_copy(update={"sources": ()})
    bare = settings(BASE_URL_TICKETS_JIRA="http://127.0.0.1:8080/jira")

    assert wiring_problems(bare, sources, tickets) == ()
    assert {problem.source for problem in ticket_problems(bare, tickets)} == {
        "tickets-jira",
        "tickets-github",
    }


def test_a_secret_of_a_ticket_system_is_bound_to_its_host(with_tickets: Path) -> None:
    tickets = load(with_tickets)
    tickets = tickets.model_copy(update={"systems": tickets.systems[1:]})
    secret = {"SECRET_TICKETS_GITHUB_TOKEN": "a-token"}

    bound = settings(**secret, SECRET_TICKETS_GITHUB_TOKEN_HOSTS="api.github.com")
    astray = settings(**secret, SECRET_TICKETS_GITHUB_TOKEN_HOSTS="github.example")

    assert ticket_problems(bound, tickets) == ()
    (problem,) = ticket_problems(astray, tickets)
    assert "not bound to api.github.com" in problem.message
