"""Decides what an answer means for the next request: go on, wait until, try again, give up.

Pure: status, headers, the body's beginning and the present in, a verdict out.

Rules, first match: `Retry-After`; else the vendor's own reset header where it is
a signal; else, if body or status say "limit" without a moment, a minute, doubled
with each try. A moment in the past means at least a second, doubled with each
try. A moment beyond six hours is cut to six hours: no documented limit here lasts
longer than one, and the next night asks again anyway.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from tasks.transport.pacing import Pace
from tasks.transport.signals import (
    UnreadableError,
    read_duration,
    read_epoch,
    read_iso,
    read_retry_after,
    read_seconds,
    server_now,
)
from tasks.transport.waits import EVERYTHING

LONGEST_WAIT = timedelta(hours=6)
SHORTEST_WAIT = timedelta(seconds=1)
UNTOLD_WAIT = timedelta(minutes=1)
#: Jira's burst limits refill within seconds.
BURST_WAIT = timedelta(seconds=5)
LONGEST_UNTOLD_WAIT = timedelta(minutes=16)

Reader: TypeAlias = Callable[[str, datetime, datetime], datetime]


class Vendor(StrEnum):
    """Whose limit rules hold."""

    GITHUB = "github"
    JIRA = "jira"
    ANTHROPIC = "anthropic"
    OPENAI = "openai"
    CURSOR = "cursor"
    GENERIC = "generic"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the classifier sees of an answer.

    Attributes:
        headers: Names in lower case.
        excerpt: Beginning of an error's body, as text; empty for a success.
        resource: What a limit on this request holds for, see `resource_of`.
        attempt: Tries of this request before this one.
    """

    status: int
    headers: Mapping[str, str]
    excerpt: str
    resource: str
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """No request for `resource` before `until` (aware UTC)."""

    until: datetime
    resource: str


@dataclass(frozen=True, slots=True)
class Proceed:
    """The answer is good; `ahead` holds for the requests after it."""

    ahead: WaitUntil | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """A passing failure: try again after a pause."""


@dataclass(frozen=True, slots=True)
class Permanent:
    """Asking again does not help; `reason` is one of those of `StatusError`."""

    reason: str


Verdict: TypeAlias = Proceed | WaitUntil | Retry | Permanent


@dataclass(frozen=True, slots=True)
class _Rules:
    """Where a vendor says that its limit is used up, and until when."""

    remaining: str
    resets: tuple[tuple[str, Reader], ...]
    #: The reset header stands in every answer, so it counts only when nothing remains.
    is_reset_always_sent: bool = False


_RULES = {
    # docs.github.com, "Rate limits for the REST API".
    Vendor.GITHUB: _Rules(
        "x-ratelimit-remaining", (("x-ratelimit-reset", read_epoch),), is_reset_always_sent=True
    ),
    # developer.atlassian.com, "Rate limiting"; the last header is Data Center's.
    Vendor.JIRA: _Rules(
        "x-ratelimit-remaining",
        (("x-ratelimit-reset", read_iso), ("x-ratelimit-interval-seconds", read_seconds)),
    ),
    # Observed: the admin endpoints send the reset, but no Retry-After.
    Vendor.ANTHROPIC: _Rules(
        "anthropic-ratelimit-requests-remaining",
        (("anthropic-ratelimit-requests-reset", read_iso),),
    ),
    Vendor.OPENAI: _Rules(
        "x-ratelimit-remaining-requests", (("x-ratelimit-reset-requests", read_duration),)
    ),
    # cursor.com, "Admin API": a 429 says nothing of when to come back.
    Vendor.CURSOR: _Rules(
        "x-ratelimit-remaining", (("x-ratelimit-reset", read_epoch),), is_reset_always_sent=True
    ),
    Vendor.GENERIC: _Rules(
        "x-ratelimit-remaining", (("x-ratelimit-reset", read_epoch),), is_reset_always_sent=True
    ),
}
#: Steady paces below what each vendor documents or is known to take. GitHub: 900 points in any
#: minute, burst included. Anthropic: one a minute sustained, short bursts for paging. Cursor: 60 a
#: minute and team on its events, which are most of what is asked.
PACES = {
    Vendor.GITHUB: Pace(per_second=14, burst=60),
    Vendor.JIRA: Pace(per_second=10, burst=20),
    Vendor.ANTHROPIC: Pace(per_second=1, burst=20),
    Vendor.OPENAI: Pace(per_second=2, burst=20),
    Vendor.CURSOR: Pace(per_second=0.9, burst=15),
    Vendor.GENERIC: Pace(per_second=10, burst=10),
}
_LIMIT_PHRASES = (
    "rate limit",
    "rate_limit",
    "ratelimit",
    "abuse detection",
    "too many requests",
    "exceeded a secondary",
)
_PERMISSION_PHRASES = ("resource not accessible", "permission_error", "must have admin rights")
_MAYBE_LIMITED_4XX = frozenset({403, 429})
_REASONS = {401: "credential", 403: "permission", 404: "not_found", 410: "gone"}
#: 4xx that pass by themselves: request timeout, too early.
_PASSING = frozenset({408, 425})
_NOT_PASSING_5XX = frozenset({501, 505})
_NOT_MODIFIED = 304


def classify(vendor: Vendor, answer: Answer, now: datetime) -> Verdict:
    """Decide what an answer means for the requests after it.

    Args:
        vendor: Whose rules hold.
        answer: What came; redirects are not for here.
        now: The present, aware UTC.
    """
    status = answer.status
    if 200 <= status < 300 or status == _NOT_MODIFIED:  # noqa: PLR2004 - the class of successes
        return Proceed(_spent(vendor, answer, now))
    if status in _MAYBE_LIMITED_4XX or status >= 500:  # noqa: PLR2004  # an HTTP status
        limit = _limit(vendor, answer, now)
        if limit is not None:
            return limit
    if status in _PASSING or (status >= 500 and status not in _NOT_PASSING_5XX):  # noqa: PLR2004  # an HTTP status
        return Retry()
    return Permanent(_REASONS.get(status, "refused"))


def untold_wait(attempt: int, base: timedelta = UNTOLD_WAIT) -> timedelta:
    """Tell how long to wait for a limit that names no moment: `base`, doubled per try."""
    return min(base * (1 << min(attempt, 10)), LONGEST_UNTOLD_WAIT)


def resource_of(vendor: Vendor, method: str, template: str) -> str:
    """Name what a limit on a request holds for.

    GitHub counts core, search and GraphQL apart (`x-ratelimit-resource`); Jira's
    bursts hold per endpoint and method; the others count per organisation.
    """
    if vendor is Vendor.GITHUB:
        words = template.split("/")
        return next((word for word in ("search", "graphql") if word in words), "core")
    return f"{method} {template}" if vendor is Vendor.JIRA else EVERYTHING


def _limit(vendor: Vendor, answer: Answer, now: datetime) -> WaitUntil | Permanent | None:
    text = answer.excerpt.lower()
    resource = _limited_resource(vendor, answer)
    if "retry-after" in answer.headers:
        return WaitUntil(_told(answer, now, "retry-after", read_retry_after), resource)
    if answer.status == 403 and any(phrase in text for phrase in _PERMISSION_PHRASES):  # noqa: PLR2004  # an HTTP status
        return Permanent("permission")
    if vendor is Vendor.OPENAI and "insufficient_quota" in text:
        return Permanent("quota_exhausted")
    rules = _RULES[vendor]
    is_spent = answer.headers.get(rules.remaining, "").strip() == "0"
    is_said = (
        answer.status == 429  # noqa: PLR2004 - Too Many Requests
        or "gh-limited-by" in answer.headers
        or "ratelimit-reason" in answer.headers
        or any(phrase in text for phrase in _LIMIT_PHRASES)
    )
    if is_spent or (is_said and not rules.is_reset_always_sent):
        for name, reader in rules.resets:
            if name in answer.headers:
                named = resource if vendor is Vendor.JIRA else answer.resource
                return WaitUntil(_told(answer, now, name, reader), named)
    if not (is_spent or is_said):
        return None
    return WaitUntil(_untold(vendor, answer, now), resource)


def _limited_resource(vendor: Vendor, answer: Answer) -> str:
    """Jira pauses everything for quotas, one endpoint for bursts; others name no endpoint."""
    if vendor is not Vendor.JIRA:
        return EVERYTHING
    return EVERYTHING if _is_jira_quota(answer) else answer.resource


def _is_jira_quota(answer: Answer) -> bool:
    return "quota" in answer.headers.get("ratelimit-reason", "").lower()


def _told(answer: Answer, now: datetime, header: str, reader: Reader) -> datetime:
    try:
        moment = reader(answer.headers[header], now, server_now(answer.headers, now))
    except UnreadableError:
        return now + untold_wait(answer.attempt)
    shortest: timedelta = SHORTEST_WAIT * 2 ** min(answer.attempt, 6)
    return min(max(moment, now + shortest), now + LONGEST_WAIT)


def _untold(vendor: Vendor, answer: Answer, now: datetime) -> datetime:
    if vendor is Vendor.JIRA and _is_jira_quota(answer):
        # The hourly pool refills on the full UTC hour.
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    is_burst = "burst" in answer.headers.get("ratelimit-reason", "").lower()
    return now + untold_wait(answer.attempt, BURST_WAIT if is_burst else UNTOLD_WAIT)


def _spent(vendor: Vendor, answer: Answer, now: datetime) -> WaitUntil | None:
    """Tell the wait that a success announces for the next request: nothing remains."""
    rules = _RULES[vendor]
    if answer.headers.get(rules.remaining, "").strip() != "0":
        return None
    name, reader = rules.resets[0]
    try:
        moment = reader(answer.headers[name], now, server_now(answer.headers, now))
    except (KeyError, UnreadableError):
        return None
    return WaitUntil(min(moment, now + LONGEST_WAIT), answer.resource) if moment > now else None
