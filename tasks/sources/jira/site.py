"""Learn about a Jira site before its issues: which kind it is, what its statuses mean."""

from collections.abc import Callable

from pydantic import ValidationError

from config.shapes.sources import JiraSource
from tasks.core.batches import Reject
from tasks.core.errors import SourceError
from tasks.core.refusals import refused
from tasks.sources.jira import payloads
from tasks.sources.jira.parse import Site, parse_status
from tasks.transport.client import Client

CLOUD = "cloud"


def check_deployment(client: Client, config: JiraSource) -> None:
    """Make sure that the site speaks the API that the configuration says.

    Raises:
        SourceError: It is of the other kind.
    """
    is_cloud = config.deployment == CLOUD
    response = client.get(f"{_api(config)}/serverInfo", accept=(404,))
    try:
        kind = payloads.ServerInfo.model_validate(response.json or {}).deployment_type
    except ValidationError:
        kind = None
    if is_cloud and kind != "Cloud":
        raise SourceError(
            config.name,
            "the site is no Jira Cloud; set `deployment: data_center` or mend `base_url`",
        )
    if not is_cloud and (kind == "Cloud" or response.json is None):
        raise SourceError(
            config.name,
            "the site is no Jira Data Center; set `deployment: cloud` or mend `base_url`",
        )


def site_of(
    client: Client,
    config: JiraSource,
    keyed_digest: Callable[[str], str],
    rejects: list[Reject],
) -> Site:
    """Read the categories of all statuses; a malformed status is added to the rejects.

    Raises:
        SourceError: The answer is no list.
    """
    response = client.get(f"{_api(config)}/status")
    if not isinstance(response.json, list):
        raise SourceError(config.name, "the list of statuses is no list")
    categories: dict[str, str] = {}
    for position, payload in enumerate(response.json):
        try:
            status, category = parse_status(payload)
        except ValidationError as error:
            rejects.append(refused(payload, error, "status", position))
            continue
        categories[status] = category
    return Site(
        categories=categories,
        incident_types=frozenset(name.lower() for name in config.incident_types),
        severity_field=config.severity_field,
        keyed_digest=keyed_digest,
    )


def _api(config: JiraSource) -> str:
    return f"/rest/api/{3 if config.deployment == CLOUD else 2}"
