"""Look at Jira once: issues of the last day, and what the account may do beside reading."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from config.shapes.sources import JiraSource
from tasks.core.errors import SourceError
from tasks.core.people import Door
from tasks.core.probe import Probe, counted, surplus_warnings
from tasks.core.refusals import fault_words
from tasks.sources.jira.fetch import Reading, fetch_issues
from tasks.sources.jira.site import CLOUD
from tasks.transport.client import Client

#: What an account that only reads should not have.
_SURPLUS = (
    "ADMINISTER",
    "ADMINISTER_PROJECTS",
    "CREATE_ISSUES",
    "DELETE_ISSUES",
    "EDIT_ISSUES",
    "SYSTEM_ADMIN",
)


def probe(client: Client, config: JiraSource, now: datetime, door: Door) -> Probe:
    """Read the issues that changed within a day.

    Raises:
        SourceError: Nothing can be read, or it has another shape.
    """
    pulled = fetch_issues(
        Reading(
            client=client,
            config=config,
            keyed_digest=door,
            now=now,
            beginning=now - timedelta(days=1),
            read_to={},
            requests_before=client.requests,
        )
    )
    for reject in (one for batch in pulled.batches for one in batch.rejects):
        detail = (
            f"{reject.place} cannot be read: {reject.field_path or 'it'}"
            f" {fault_words(reject.code)}; check the name and the account's rights, or see"
            " docs/sources.md for a changed shape"
        )
        raise SourceError(config.name, detail)
    issues = sum(len(batch.rows) for batch in pulled.batches)
    return Probe(
        f"{counted(len(config.projects), 'project', 'projects')} to read,"
        f" {counted(issues, 'issue', 'issues')} changed within a day",
        surplus_warnings(_rights(client, config)),
    )


def _rights(client: Client, config: JiraSource) -> tuple[str, ...]:
    """Name the rights beyond reading; a server that does not tell is no fault."""
    api = 3 if config.deployment == CLOUD else 2
    answer = client.get(
        f"/rest/api/{api}/mypermissions",
        params={"permissions": ",".join(_SURPLUS)},
        accept=(400, 401, 403, 404),
    )
    told = answer.json.get("permissions") if isinstance(answer.json, Mapping) else None
    if not isinstance(told, Mapping):
        return ()
    return tuple(
        name
        for name in _SURPLUS
        if isinstance(told.get(name), Mapping) and told[name].get("havePermission") is True
    )
