"""How the tests of the estate's bills ask: a key for each vendor, and what is asked of it."""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from sandbox.estate import copilot_api, cursor_api, devin_api, enterprise_api
from sandbox.people import SEEDED_NAMES
from sandbox.server import Sandbox
from tests.sandbox.asking import Ask


def basic(user: str) -> str:
    """Give a key as a user name without a password."""
    return f"Basic {base64.b64encode(f'{user}:'.encode()).decode()}"


KEYS = {
    "copilot": {"Authorization": f"Bearer {copilot_api.TOKEN}"},
    "cursor": {"Authorization": basic(cursor_api.KEY)},
    "devin": {"Authorization": f"Bearer {devin_api.KEY}"},
    "claude-enterprise": {"x-api-key": enterprise_api.KEY, "anthropic-version": "2023-06-01"},
}


def get(
    sandbox: Sandbox, ask: Ask, vendor: str, path: str, **params: object
) -> tuple[int, dict[str, str], Any]:
    """Ask a vendor by GET; a list is asked for in brackets."""
    named = {
        f"{name}[]" if isinstance(value, list) else name: value for name, value in params.items()
    }
    query = f"?{urlencode(named, doseq=True)}" if named else ""
    return ask(f"{sandbox.base_url(vendor)}{path}{query}", KEYS[vendor])


def post(sandbox: Sandbox, ask: Ask, path: str, **body: object) -> tuple[int, dict[str, str], Any]:
    """Ask Cursor by POST."""
    return ask(f"{sandbox.base_url('cursor')}{path}", KEYS["cursor"], body, "POST")


def shape(value: Any) -> Any:
    """Give the names of an object's members, all the way down; a list by its first row."""
    if isinstance(value, Mapping):
        return {name: shape(member) for name, member in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else None


def names_somebody(value: object) -> bool:
    """Tell whether a made-up person stands in an answer."""
    text = repr(value).lower()
    return any(name.lower() in text for name in SEEDED_NAMES)
