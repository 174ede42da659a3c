"""A shell set up for an organisation lends nothing of it to servers and nights of our own."""

from cli.surroundings import without_organisation, without_prefect

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
