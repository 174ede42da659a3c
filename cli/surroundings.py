"""What of the caller's environment our own processes may see.

A shell that is set up for an organisation's real Prefect server, its database or its ledger
must never lend them to a server that we start, or to made-up nights.
"""

from collections.abc import Mapping

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
