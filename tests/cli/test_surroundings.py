"""A shell set up for an organisation lends nothing of it to servers and nights of our own."""

from pathlib import Path

from cli.surroundings import (
    ticket_secrets,
    without_organisation,
    without_prefect,
    without_secrets,
)

CONFIG = Path(__file__).resolve().parents[2] / "config"

SHELL = {
    "PATH": "/usr/bin",
    "PREFECT_API_URL": "https://prefect.example/api",
    "PREFECT_API_KEY": "theirs",
    "PREFECT_API_DATABASE_CONNECTION_URL": "postgresql+asyncpg://prefect.example/prefect",
    "PREFECT_PROFILE": "production",
    "PREFECT_LOGGING_LEVEL": "DEBUG",
    "GRADUAND_DATABASE_URL": "postgresql://db.example/ledger",
    "GRADUAND_LAKE_DIR": "s3://lake",
    "GRADUAND_SECRET_GITHUB_TOKEN_FILE": "/run/secrets/github",
}


def test_a_server_of_our_own_sees_no_other_prefect() -> None:
    seen = without_prefect(SHELL)

    assert {name for name in seen if name.startswith("PREFECT_")} == {"PREFECT_LOGGING_LEVEL"}
    assert seen["GRADUAND_DATABASE_URL"] == SHELL["GRADUAND_DATABASE_URL"]


def test_made_up_nights_see_no_store_and_no_secret_of_the_organisation() -> None:
    assert without_organisation(SHELL) == {"PATH": "/usr/bin", "PREFECT_LOGGING_LEVEL": "DEBUG"}


def test_only_what_writes_tickets_holds_the_secrets_of_tickets() -> None:
    held = {
        "GRADUAND_CONFIG_DIR": str(CONFIG),
        "GRADUAND_DIGEST_KEY": "k" * 40,
        "GRADUAND_SECRET_TICKETS_JIRA_TOKEN": "writes",
        "GRADUAND_SECRET_TICKETS_JIRA_TOKEN_HOSTS": "jira.example",
        "GRADUAND_SECRET_TICKETS_JIRA_USER_FILE": "/run/secrets/jira-user",
        "GRADUAND_SECRET_TICKETS_JIRA_USER_HOSTS": "jira.example",
        "GRADUAND_SECRET_JIRA_TOKEN": "reads",
        "GRADUAND_SECRET_JIRA_TOKEN_HOSTS": "jira.example",
    }
    (held_by_tickets,) = {name for name in held if name.endswith("JIRA_USER_FILE")}
    names = ticket_secrets({k: v for k, v in held.items() if "SECRET" not in k})

    assert {"tickets-jira-token", "tickets-jira-user", "tickets-github-token"} == names
    left = without_secrets(held, names)
    assert held_by_tickets not in left
    assert {name for name in left if "SECRET" in name} == {
        "GRADUAND_SECRET_JIRA_TOKEN",
        "GRADUAND_SECRET_JIRA_TOKEN_HOSTS",
    }
