"""Made-up people to hide in payloads, and a search for them in whatever comes out."""

import base64
import dataclasses
import hashlib
import json
import unicodedata
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

NAMES = (
    "Jane Quillfeather",
    "Zoë Müllerstein",
    "Seán O'Brannigan",
    "Priya D'Souzapur",
    "Иван Петровский",
    "李小龙飞",
    "Nguyễn Văn Ánh",
    "José-María Okonkwo",
    "quillfeather42",
    "octo-brannigan",
    "jane.quillfeather@example.invalid",
    "5b10a2844c20165700ede21g",
)
#: Members whose text is of a closed set or a format, not for people to write.
STRUCTURAL = frozenset(
    {
        "accountType",
        "closed_at",
        "commit_id",
        "completed_at",
        "conclusion",
        "created",
        "created_at",
        "date",
        "deploymentType",
        "event",
        "field",
        "fieldId",
        "from",
        "full_name",
        "head_sha",
        "id",
        "issueId",
        "key",
        "merge_commit_sha",
        "merged_at",
        "resolutiondate",
        "sha",
        "started_at",
        "state",
        "state_reason",
        "status",
        "statuscategorychangedate",
        "submitted_at",
        "to",
        "type",
        "updated",
        "updated_at",
    }
)


def seeded(payload: Any, name: str) -> Any:
    """Put a name into every text that people write, and next to it where syntax is looked for."""
    if isinstance(payload, dict):
        return {
            key: value if key in STRUCTURAL and isinstance(value, str) else seeded(value, name)
            for key, value in payload.items()
        } | {"a_field_of_tomorrow": name}
    if isinstance(payload, list):
        return [seeded(one, name) for one in payload]
    return f"{payload} {name}" if isinstance(payload, str) else payload


def traces(outcome: object) -> list[str]:
    """List the names that can be found in something, in any of twelve spellings."""
    text = json.dumps(plain(outcome), ensure_ascii=False, default=repr)
    return [
        f"{name} as {spelling}"
        for name in NAMES
        for spelling, form in _spellings(name)
        if form in text
    ]


def _spellings(name: str) -> Iterator[tuple[str, str]]:
    data = name.encode()
    yield "text", name
    yield "lower case", name.lower()
    yield "upper case", name.upper()
    yield "decomposed text", unicodedata.normalize("NFD", name)
    yield "escaped text", json.dumps(name)[1:-1]
    yield "percent codes", quote(name)
    yield "hexadecimal", data.hex()
    yield "base64", base64.b64encode(data).decode().rstrip("=")
    yield "url-safe base64", base64.urlsafe_b64encode(data).decode().rstrip("=")
    yield "slug", name.lower().replace(" ", "-")
    yield "unkeyed sha-256", hashlib.sha256(data).hexdigest()
    yield "unkeyed md5", hashlib.md5(data, usedforsecurity=False).hexdigest()


def plain(value: object) -> object:
    """Turn dataclasses, tuples and sets into what JSON can write."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    return value
