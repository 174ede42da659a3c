"""What of the caller's environment our own processes may see.

A shell that is set up for an organisation's real Prefect server, its database or its ledger
must never lend them to a server that we start, or to made-up nights.
"""

from collections.abc import Collection, Mapping

from config.load import load_config, load_tickets
from config.settings import load_settings, plain_name
from config.shapes.tickets import JiraTickets

#: How loud Prefect is may be the caller's choice; what it talks to may not.
_LOGGING = "PREFECT_LOGGING_"


def without_prefect(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave out the caller's Prefect: its server, database, credentials and profile."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith("PREFECT_") or name.startswith(_LOGGING)
    }


def without_organisation(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave out the caller's Prefect and every setting: made-up nights need neither."""
    return {
        name: value
        for name, value in without_prefect(environ).items()
        if not name.startswith("GRADUAND_")
    }


def ticket_secrets(environ: Mapping[str, str]) -> frozenset[str]:
    """Name the secrets of tickets.yaml: what may write outside.

    Raises:
        ConfigError: The configuration is wrong.
    """
    folder = load_settings(environ).config_dir
    tickets = load_tickets(folder, load_config(folder).catalog)
    named = {one.secret for one in tickets.systems}
    named |= {one.user for one in tickets.systems if isinstance(one, JiraTickets) and one.user}
    return frozenset(named)


def without_secrets(environ: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    """Leave out secrets by their names in a configuration file, and what belongs to them."""
    variables = {f"GRADUAND_SECRET_{plain_name(name).replace('-', '_').upper()}" for name in names}
    belonging = {
        f"{one}{end}" for one in variables for end in ("", "_FILE", "_HOSTS", "_HOSTS_FILE")
    }
    return {name: value for name, value in environ.items() if name not in belonging}
