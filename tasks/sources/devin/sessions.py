"""Devin's sessions: payload models, and pure parsing.

Source: Devin API v3, `GET .../sessions`, read 2026-11. Kept are ACUs, instants, whether it ended
or failed, the workflow that a tag names, pull requests of declared repositories, and keyed
digests. People's ids are read only to ask the directory, and stay in memory; titles, other tags
and addresses of sessions are never read.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import Field, ValidationError

from config.shapes.sources import DevinSource
from tasks.core.batches import Reject
from tasks.core.days import vendor_day
from tasks.core.people import Door
from tasks.core.refusals import refused
from tasks.core.request_hints import named_or_digest, repository_hint, stamp_of, tagged
from tasks.sources.devin.payloads import DAY_STARTS_MINUTES, Seconds
from tasks.sources.report_fields import (
    AmountField,
    Payload,
    VendorText,
    money_reject,
    read_page,
    salvage,
)

_PULL = re.compile(r"https?://[^/?#]+/([^/?#]+/[^/?#]+)/pull/([1-9]\d{0,9})(?:[/?#].*)?", re.ASCII)
_STATUSES = frozenset({"new", "claimed", "running", "exit", "error", "suspended", "resuming"})
_FAILED = "error"


class _Sessions(Payload):
    items: list[object]


class _Link(Payload):
    pr_url: str | None = None


class _Who(Payload):
    user_id: str | None = Field(None, repr=False)


class _Created(Payload):
    created_at: Seconds


class _Session(_Created):
    session_id: VendorText
    status: str | None = None
    acus_consumed: Annotated[AmountField, Field(ge=0)] | None = None
    updated_at: Seconds
    service_user_id: VendorText | None = None
    tags: list[object] | None = None
    pull_requests: list[object] | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One session.

    Attributes:
        id: The vendor's, for requests only; it is kept as `run_id`, its keyed digest.
        acus: So far, or in all; it trails the work. None: not told.
        is_known_status: False for a status that has no name here.
        work_item: Its pull request, as `owner/name#5`.
        dropped: Hints that could not be kept, by what they are of.
        person: The vendor's id of who started it; only where there is a directory to ask.
    """

    id: str
    run_id: str
    created_at: datetime
    updated_at: datetime
    acus: Decimal | None
    is_known_status: bool
    has_failed: bool
    api_key: str | None
    stamp: str | None
    repo: str | None
    work_item: str | None
    dropped: tuple[str, ...] = ()
    person: str | None = field(default=None, repr=False)

    @property
    def first_day(self) -> date:
        """Name the vendor's day it began on."""
        return vendor_day(self.created_at, DAY_STARTS_MINUTES)

    @property
    def last_day(self) -> date:
        """Name the vendor's day it was last changed on."""
        return vendor_day(self.updated_at, DAY_STARTS_MINUTES)


def parse_sessions(
    config: DevinSource, endpoint: str, payload: object, page: int, door: Door
) -> list[Session | tuple[date | None, Reject]]:
    """Read the sessions of one page; of a refused one the day it began on, if that is told.

    Raises:
        SourceError: The page has another shape.
    """
    items = read_page(_Sessions, config.name, endpoint, payload).items
    place = f"{endpoint} page {page}"
    found: list[Session | tuple[date | None, Reject]] = []
    for position, row in enumerate(items):
        try:
            found.append(_session(_Session.model_validate(row), config, door, _person(row, door)))
        except ValidationError as error:
            created = salvage(_Created, row)
            day = vendor_day(created.created_at, DAY_STARTS_MINUTES) if created else None
            reject = refused(row, error, place, position)
            found.append((day, money_reject(reject, issuer=config.issuer)))
    return found


def _session(said: _Session, config: DevinSource, door: Door, person: str | None) -> Session:
    dropped: list[str] = []
    tags = [tag for tag in said.tags or () if isinstance(tag, str)]
    claims = tagged(tags, config.stamp_keys)
    stamps = [stamp for claim in claims if (stamp := stamp_of(claim)) is not None]
    if claims and not stamps:
        dropped.append("stamp")
    pulls, unread = _pulls(said.pull_requests or (), config, door)
    dropped += ["pull_request"] * unread
    repo, item = pulls[0] if pulls else (None, None)
    user = said.service_user_id
    return Session(
        id=said.session_id,
        run_id=door(said.session_id),
        created_at=said.created_at,
        updated_at=max(said.updated_at, said.created_at),
        acus=said.acus_consumed,
        is_known_status=said.status in _STATUSES,
        has_failed=said.status == _FAILED,
        api_key=None if user is None else named_or_digest(user, config.api_keys, door),
        stamp=stamps[0] if stamps else None,
        repo=repo,
        work_item=item,
        dropped=tuple(dropped),
        person=person if user is None else None,
    )


def _person(row: object, door: Door) -> str | None:
    who = salvage(_Who, row) if door.has_directory else None
    return who.user_id or None if who is not None else None


def _pulls(
    links: Sequence[object], config: DevinSource, door: Door
) -> tuple[list[tuple[str, str]], int]:
    """List pull requests as (repository, item), declared repositories first, and count the rest."""
    declared: list[tuple[str, str]] = []
    others: list[tuple[str, str]] = []
    for link in links:
        said = salvage(_Link, link)
        pull = _PULL.fullmatch(said.pr_url) if said is not None and said.pr_url else None
        repo = repository_hint(pull[1], config.repositories, door) if pull else None
        if pull is not None and repo is not None:
            (declared if repo == pull[1] else others).append((repo, f"{repo}#{pull[2]}"))
    found = [*declared, *others]
    return found, len(links) - len(found)
