"""Copilot's metrics of users: signed links to another place, which shuts out credentials."""

import hashlib
import json
from datetime import date

from sandbox.estate.billed import decimal_of
from sandbox.estate.copilot import LINKLESS_DAY, LINKS_FROM, CopilotDay, visible_from
from sandbox.people import PEOPLE, Person
from sandbox.wire import Json, Reply, Request

#: Where the links lead to, beside the vendor's own prefix.
LINKS = "copilot-links"
_PARTS = 2
_ORGANIZATION_ID = "640100900"
_SIGNED_WITH = "the store's own secret"


def links(made: tuple[CopilotDay, ...], request: Request) -> Reply:
    """Name the links of a day: none before it shows, and on one day not at first."""
    day = date.fromisoformat(request.param("day"))
    is_there = any(one.day == day for one in made) and request.now >= visible_from(day)
    if not is_there:
        return error(404, "Not Found")
    has_links = day != LINKLESS_DAY or request.now >= LINKS_FROM
    origin = request.base_url.rpartition("/")[0]
    signed: list[Json] = [
        f"{origin}/{LINKS}/{day}/{part}.ndjson?sig={_signature(day, part)}"
        for part in range(_PARTS)
    ]
    return Reply(200, {"download_links": signed if has_links else [], "report_day": str(day)})


def _signature(day: date, part: int) -> str:
    return hashlib.sha256(f"{_SIGNED_WITH}|{day}|{part}".encode()).hexdigest()[:32]


def _records(one: CopilotDay, part: int) -> bytes:
    lines = [
        json.dumps(_record(one, PEOPLE[index], micro))
        for index, micro in enumerate(one.used_micro)
        if index % _PARTS == part
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def _record(one: CopilotDay, person: Person, micro: int) -> Json:
    asked = micro // 2_000_000
    return {
        "day": str(one.day),
        "user_id": person.github_id,
        "user_login": person.login,
        "enterprise_id": "1",
        "organization_id": _ORGANIZATION_ID,
        "ai_credits_used": decimal_of(micro) if micro else 0,
        "user_initiated_interaction_count": asked,
        "code_generation_activity_count": 3 * asked,
        "code_acceptance_activity_count": asked,
        "loc_suggested_to_add_sum": 22 * asked,
        "loc_suggested_to_delete_sum": 2 * asked,
        "loc_added_sum": 14 * asked,
        "loc_deleted_sum": 5 * asked,
        "used_agent": bool(micro),
        "used_chat": bool(micro),
        "used_cli": False,
        "used_copilot_cloud_agent": False,
        "used_copilot_coding_agent": False,
        "used_copilot_code_review_active": False,
        "used_copilot_code_review_passive": bool(micro),
        "totals_by_cli": None,
        "totals_by_ide": [],
        "totals_by_feature": [],
        "totals_by_language_feature": [],
    }


def answer_link(made: tuple[CopilotDay, ...], request: Request) -> Reply:
    """Answer a signed link: the signature alone opens it, and any credential shuts it."""
    if request.headers.keys() & {"authorization", "cookie"}:
        return Reply(403, b"<Error><Code>AuthenticationFailed</Code></Error>")
    for one in made:
        for part in range(_PARTS):
            if request.path == f"/{one.day}/{part}.ndjson":
                if request.param("sig") != _signature(one.day, part):
                    return Reply(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
                return Reply(200, _records(one, part))
    return Reply(404, b"<Error><Code>BlobNotFound</Code></Error>")


def error(status: int, message: str) -> Reply:
    """Answer as GitHub refuses."""
    body: Json = {
        "message": message,
        "documentation_url": "https://docs.github.com/rest/billing/usage",
        "status": str(status),
    }
    return Reply(status, body)
