"""Cursor's usage events: payload models, and pure parsing.

Source: Cursor Admin API, `POST /teams/filtered-usage-events`, read 2026-11. Amounts are
fractional cents. Kept are amounts, counts, the model, the kind as a closed word, and keyed
digests of conversations and of service accounts that nobody declared. E-mail addresses and
user ids are read only to ask the directory, and stay in memory; limits in dollars are never read.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationError

from tasks.core.batches import Reject
from tasks.core.people import Door, normal
from tasks.core.refusals import refused
from tasks.core.request_hints import named_or_digest
from tasks.sources.report_fields import (
    AmountField,
    Count,
    Payload,
    VendorText,
    cents_to_nano,
    money_reject,
    read_instant,
    read_page,
    salvage,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_DIGITS = 20
_MARK = "USAGE_EVENT_KIND_"


class EventKind(StrEnum):
    """What an event is to the team's plan; closed words for the vendor's free ones."""

    USAGE_BASED = "usage_based"
    INCLUDED = "included"
    NOT_CHARGED = "not_charged"  # errored or aborted
    FREE = "free"
    OTHER = "other"


#: First that stands in the vendor's word, written like `ERRORED_NOT_CHARGED`.
_KINDS = (
    ("NOT_CHARGED", EventKind.NOT_CHARGED),
    ("NO_CHARGE", EventKind.NOT_CHARGED),
    ("ERRORED", EventKind.NOT_CHARGED),
    ("ABORTED", EventKind.NOT_CHARGED),
    ("INCLUDED", EventKind.INCLUDED),
    ("CUSTOM_SUBSCRIPTION", EventKind.INCLUDED),
    ("FREE", EventKind.FREE),
    ("USAGE_BASED", EventKind.USAGE_BASED),
)


_FREE = frozenset({EventKind.INCLUDED, EventKind.NOT_CHARGED, EventKind.FREE})


def _read_whole(value: object) -> object:
    """Read digits in quotes as the number they are; the vendor mixes both."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < _MOST_DIGITS:
        return int(value)
    return value


def _read_milliseconds(value: object) -> datetime:
    whole = _read_whole(value)
    if not isinstance(whole, int) or isinstance(whole, bool):
        message = "must be milliseconds since 1970"
        raise ValueError(message)  # noqa: TRY004  # pydantic turns ValueError into a refusal
    try:
        return read_instant(_EPOCH + timedelta(milliseconds=whole))
    except OverflowError:
        message = "must be milliseconds since 1970"
        raise ValueError(message) from None


#: Milliseconds since 1970, UTC, as number or digits.
Milliseconds = Annotated[datetime, BeforeValidator(_read_milliseconds)]
#: A count, as number or digits.
Whole = Annotated[Count, BeforeValidator(_read_whole)]
_Id = Annotated[str, Field(max_length=200)]


class _Tokens(Payload):
    """The four counts are disjoint."""

    inputTokens: Whole | None = None  # noqa: N815  # the vendor's spelling, here and below
    cacheReadTokens: Whole | None = None  # noqa: N815
    cacheWriteTokens: Whole | None = None  # noqa: N815
    outputTokens: Whole | None = None  # noqa: N815
    totalCents: AmountField | None = None  # noqa: N815
    discountPercentOff: AmountField | None = None  # noqa: N815


class _Charged(Payload):
    chargedCents: AmountField  # noqa: N815


class _Flag(Payload):
    isChargeable: bool  # noqa: N815


class _Kind(Payload):
    kind: str | None = None


class _Event(_Charged, _Flag, _Kind):
    timestamp: Milliseconds
    model: VendorText
    serviceAccountId: VendorText | None = None  # noqa: N815
    cloudAgentId: object = None  # noqa: N815
    automationId: object = None  # noqa: N815
    conversationId: _Id | None = None  # noqa: N815
    isHeadless: bool | None = None  # noqa: N815
    tokenUsage: _Tokens | None = None  # noqa: N815
    cursorTokenFee: AmountField | None = None  # noqa: N815


class _Who(Payload):
    """Whose event it is: e-mail address, and an id that older answers give as a number."""

    userEmail: str | None = Field(None, repr=False)  # noqa: N815
    userId: str | int | None = Field(None, repr=False)  # noqa: N815


class _Page(Payload):
    totalUsageEventsCount: Whole  # noqa: N815
    usageEvents: list[object]  # noqa: N815


@dataclass(frozen=True, slots=True)
class Event:
    """One usage event, while it is in memory.

    Attributes:
        is_billed: The vendor charges it on top of the plan.
        is_contradicted: It says so and says otherwise: chargeable, but of a kind that is not.
        charged_cents: What it is charged, or would be were it not part of the plan.
        expected_cents: What tokens, discount and fee come to; None where they are not told.
        tokens: By kind as `tasks.core.tables` calls them; None: not reported.
        session: Keyed digest of the conversation.
        is_agent: No person was at the keyboard: headless, or by a service account.
        person: Only to count distinct people, and only where there is a directory.
    """

    at: datetime
    model: str
    kind: EventKind
    is_billed: bool
    is_contradicted: bool
    charged_cents: Decimal
    expected_cents: Decimal | None
    tokens: Mapping[str, int | None]
    session: str | None
    api_key: str | None
    is_agent: bool
    person: str | None = field(default=None, repr=False)
    squad: str | None = None


def event_kind(text: str | None) -> EventKind:
    """Read `Included in Business` and `USAGE_EVENT_KIND_INCLUDED_IN_BUSINESS` as the same."""
    letters = (sign if sign.isalnum() else "_" for sign in (text or "").upper())
    word = "".join(letters).replace("__", "_").removeprefix(_MARK)
    return next((kind for part, kind in _KINDS if part in word), EventKind.OTHER)


def parse_page(source: str, endpoint: str, payload: object) -> tuple[int, list[object]]:
    """Read a page's frame: how many events there are on all pages, and the page's own.

    Raises:
        SourceError: The page has another shape.
    """
    page = read_page(_Page, source, endpoint, payload)
    return page.totalUsageEventsCount, page.usageEvents


def parse_event(
    row: object,
    place: str,
    position: int,
    *,
    door: Door,
    issuer: str,
    account: str,
    api_keys: Collection[str] = (),
) -> Event | Reject:
    """Reduce one event; what could not be read of one that is charged is money in quarantine."""
    try:
        said = _Event.model_validate(row)
    except ValidationError as error:
        reject = refused(row, error, place, position)
        return money_reject(reject, issuer=issuer, account=account, amount_nano=_refused_nano(row))
    kind = event_kind(said.kind)
    tokens = said.tokenUsage or _Tokens()
    service = said.serviceAccountId
    person, squad = _person(row, door) if service is None else (None, None)
    return Event(
        at=said.timestamp,
        model=said.model,
        kind=kind,
        is_billed=said.isChargeable and kind not in _FREE,
        is_contradicted=said.isChargeable and kind in _FREE,
        charged_cents=said.chargedCents,
        expected_cents=_expected(tokens, said.cursorTokenFee),
        tokens={
            "input": tokens.inputTokens,
            "cache_read": tokens.cacheReadTokens,
            "cache_write_5m": tokens.cacheWriteTokens,  # the vendor knows one kind of write
            "output": tokens.outputTokens,
        },
        session=door(said.conversationId) if said.conversationId else None,
        api_key=named_or_digest(service, api_keys, door) if service else None,
        is_agent=bool(said.isHeadless or service or said.cloudAgentId or said.automationId),
        person=person,
        squad=squad,
    )


def _refused_nano(row: object) -> int | None:
    """Tell what a refused event is billed; None where that cannot be read either."""
    flag, kind, charged = salvage(_Flag, row), salvage(_Kind, row), salvage(_Charged, row)
    if (flag and not flag.isChargeable) or (kind and event_kind(kind.kind) in _FREE):
        return 0
    return cents_to_nano(charged.chargedCents) if charged is not None else None


def _expected(tokens: _Tokens, fee_cents: Decimal | None) -> Decimal | None:
    if tokens.totalCents is None:
        return None
    left_percent = 100 - (tokens.discountPercentOff or 0)
    return tokens.totalCents * left_percent / 100 + (fee_cents or 0)


def _person(row: object, door: Door) -> tuple[str | None, str | None]:
    """Ask the directory whose squad it was; without a directory nobody is looked at."""
    who = salvage(_Who, row) if door.has_directory else None
    if who is None:
        return None, None
    names = [who.userEmail, None if who.userId is None else str(who.userId)]
    known = [normal(name) for name in names if name and name.strip()]
    return (known[0] if known else None), door.squad_of(*names)
