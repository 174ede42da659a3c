"""Fetch changed issues of Jira Cloud or Data Center, oldest change first."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from pydantic import ValidationError

from config.shapes.sources import JiraSource
from tasks.core.batches import Batch, Json, Pulled, RawRow, Reject, Watermark
from tasks.core.errors import SourceError, SourceUnavailableError, WaitUntilError
from tasks.core.instants import instant_text, parse_instant
from tasks.core.refusals import parse_each, refused
from tasks.core.work.work_items import jira_item
from tasks.sources.jira import payloads
from tasks.sources.jira.parse import Site, parse_changes, parse_issue
from tasks.sources.jira.site import CLOUD, check_deployment, site_of
from tasks.transport.client import Client
from tasks.transport.errors import BodyError, PagingError, StatusError
from tasks.transport.pages import offset_pages, token_pages

log = logging.getLogger(__name__)

#: Search is eventually consistent, for seconds to minutes; clocks differ as well.
OVERLAP = timedelta(minutes=30)
_PAGE = 100
_FIELDS = (
    "status",
    "issuetype",
    "resolution",
    "resolutiondate",
    "statuscategorychangedate",
    "created",
    "updated",
    "labels",
    "issuelinks",
    "creator",
)
# The project is gone or hidden; Jira answers 400 to a search that names it.
_UNREADABLE = frozenset({400, 403, 404, 410})
_READ = "read"


@dataclass(slots=True)
class Reading:
    """Everything that the fetching of one pull shares.

    Attributes:
        read_to: By project key; a project without an entry is read from its beginning.
    """

    client: Client
    config: JiraSource
    keyed_digest: Callable[[str], str]
    now: datetime
    beginning: datetime
    read_to: dict[str, datetime]
    requests_before: int
    rows: dict[Json, RawRow] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    is_complete: bool = True


def fetch_issues(reading: Reading) -> Pulled:
    """Read every configured project; where a limit ends that, keep what is finished.

    Raises:
        SourceError: Nothing could be read, or the site is of the other deployment.
    """
    check_deployment(reading.client, reading.config)
    site = site_of(reading.client, reading.config, reading.keyed_digest, reading.rejects)
    failures: list[SourceError] = []
    for number, project in enumerate(reading.config.projects):
        place = f"projects[{number}]"
        try:
            _read_project(reading, site, project, place)
        except StatusError as error:
            if error.status not in _UNREADABLE:
                raise
            _refuse_whole(reading, place, f"unreadable_{error.status}")
            failures.append(error)
        except (BodyError, PagingError) as error:
            _refuse_whole(reading, place, "malformed_page")
            failures.append(error)
        except (WaitUntilError, SourceUnavailableError) as error:
            if not reading.rows:
                raise
            reading.is_complete = False
            log.warning("source=%s stopped in %s: %s", reading.config.name, place, error)
            break
    if len(failures) == len(reading.config.projects):
        raise failures[0]
    return _finish(reading)


def read_to_of(watermark: Watermark | None) -> dict[str, datetime]:
    """Unpack how far each project was read: `read|<project>|<instant>` entries."""
    entries = (entry.split("|") for entry in (watermark.repoll if watermark else ()))
    return {project: parse_instant(instant) for _, project, instant in entries}


def _read_project(reading: Reading, site: Site, project: str, place: str) -> None:
    read_to = reading.read_to.get(project)
    since = read_to - OVERLAP if read_to else reading.beginning
    # Milliseconds since 1970: date texts in JQL are in the time zone of the token's user.
    jql = (
        f'project = "{project}" AND updated >= {int(since.timestamp() * 1000)}'
        " ORDER BY updated ASC, key ASC"
    )
    for issues in _search(reading, jql):
        rows, rejects = parse_each(issues, partial(parse_issue, site=site), place)
        if reading.config.deployment == CLOUD and rows:
            _add_histories(reading, site, rows, place)
        reading.rejects += rejects
        reading.rows |= {row["key"]: row for row in rows}
        if rows:
            reading.read_to[project] = parse_instant(rows[-1]["updated_at"])
    reading.read_to[project] = reading.now


def _search(reading: Reading, jql: str) -> Iterator[Sequence[object]]:
    severity = reading.config.severity_field
    fields = [*_FIELDS, *([severity] if severity else [])]
    if reading.config.deployment == CLOUD:
        query = {"jql": jql, "fields": fields, "maxResults": _PAGE}
        pages = token_pages(reading.client, "/rest/api/3/search/jql", json=query)
    else:
        params: dict[str, str | int] = {
            "jql": jql,
            "fields": ",".join(fields),
            "expand": "changelog",
            "maxResults": _PAGE,
        }
        pages = offset_pages(reading.client, "/rest/api/2/search", params=params)
    for page in pages:
        yield _records(reading, page.json, "issues")


def _add_histories(reading: Reading, site: Site, rows: list[RawRow], place: str) -> None:
    """Add the whole history of issues; the one that searches give is cut at 100.

    Where it is refused or malformed it stays None, which is not empty.
    """
    by_key = {str(row["key"]): row for row in rows}
    query: dict[str, object] = {
        "issueIdsOrKeys": [key.removeprefix("jira:") for key in by_key],
        "fieldIds": [*payloads.FOLLOWED, payloads.LABELS],
        "maxResults": 1000,
    }
    changes: dict[str, list[Json]] = {key: [] for key in by_key}
    place = f"{place} changelog"
    try:
        for page in token_pages(
            reading.client, "/rest/api/3/changelog/bulkfetch", json=query, items="issueChangeLogs"
        ):
            for position, record in enumerate(_records(reading, page.json, "issueChangeLogs")):
                try:
                    item, found = parse_changes(record, site)
                except ValidationError as error:
                    reading.rejects.append(refused(record, error, place, position))
                    changes.pop(_item_of(record), None)
                    continue
                if item in changes:
                    changes[item] += found
    except StatusError as error:
        if error.status not in _UNREADABLE:
            raise
        _refuse_whole(reading, place, f"unreadable_{error.status}")
        return
    for item, found in changes.items():
        by_key[item]["changes"] = found


def _item_of(record: object) -> str:
    return jira_item(str(record.get("issueId"))) if isinstance(record, dict) else ""


def _records(reading: Reading, body: object, items: str) -> list[object]:
    found = body.get(items) if isinstance(body, dict) else None
    if not isinstance(found, list):
        raise SourceError(reading.config.name, f"the answer has no list {items!r}")
    return found


def _refuse_whole(reading: Reading, place: str, code: str) -> None:
    reading.rejects.append(
        Reject(place=place, position=0, length=0, digest="", field_path="", code=code)
    )


def _finish(reading: Reading) -> Pulled:
    observed_at = instant_text(reading.now)
    read_to = {
        key: reading.read_to[key] for key in reading.config.projects if key in reading.read_to
    }
    batch = Batch(
        key=reading.now.astimezone(UTC).date(),
        rows=[{**row, "observed_at": observed_at} for row in reading.rows.values()],
        rejects=reading.rejects,
        is_complete=reading.is_complete,
    )
    watermark = Watermark(
        read_to=min(read_to.values(), default=reading.now),
        repoll=tuple(f"{_READ}|{key}|{instant_text(at)}" for key, at in sorted(read_to.items())),
    )
    requests = reading.client.requests - reading.requests_before
    return Pulled(batches=(batch,), watermark=watermark, requests=requests)
