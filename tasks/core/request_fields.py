"""What the fields of a raw request may hold, so that they can be typed and digested set-wise.

All text is printable ASCII without quotes and backslashes: it stands in JSON as it is.
"""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeVar

from tasks.core.tables import TOKEN_KINDS

_WORD = "[a-z0-9_.-]{1,64}"
_DIGEST = "[0-9a-f]{16}"
_ID = "[A-Za-z0-9_.:#/+=@-]{1,160}"
_PRINTED = r"[!#-\[\]-~](?:[ !#-\[\]-~]{0,158}[!#-\[\]-~])?"
# Without an `@` but before a release, as Vertex writes it: else it might be an address.
_MODEL_PART = r"!#-?A-\[\]-~"
_MODEL = (
    f"[{_MODEL_PART}](?:[ {_MODEL_PART}]{{0,158}}[{_MODEL_PART}])?"
    "(?:@(?:[0-9]{6,8}|default|latest))?"
)


class Field(NamedTuple):
    """One field of `tasks.core.requests.Request`.

    Attributes:
        pattern: A text must match it whole; empty for other types.
    """

    type: Literal["text", "int", "instant", "amount"]
    pattern: str = ""
    is_required: bool = False


#: By name. The largest count is far beyond any request, and sums of millions stay in range.
FIELDS: Mapping[str, Field] = {
    "run_id": Field("text", _ID, is_required=True),
    "ended_at": Field("instant", is_required=True),
    "issuer": Field("text", _WORD, is_required=True),
    "model": Field("text", _MODEL, is_required=True),
    "started_at": Field("instant"),
    "account": Field("text", "[A-Za-z0-9_.:/-]{1,128}"),
    "api_key": Field("text", "[A-Za-z0-9_.:/+-]{1,128}"),
    "tier": Field("text", "[A-Za-z0-9_.-]{1,64}"),
    "context": Field("text", "[A-Za-z0-9_.-]{1,64}"),
    **{f"{kind}_tokens": Field("int") for kind in TOKEN_KINDS},
    "cost_usd": Field("amount", r"-?[0-9]{1,9}(?:\.[0-9]{1,40})?"),
    "session": Field("text", _DIGEST),
    "stamp": Field("text", _WORD),
    "branch_prefix": Field("text", _PRINTED),
    "branch_item": Field("text", "[A-Z0-9_-]{1,64}"),
    "branch_digest": Field("text", _DIGEST),
    "repo": Field("text", "[A-Za-z0-9_./-]{1,160}"),
    "work_item": Field("text", "[A-Za-z0-9_.:/#-]{1,200}"),
    "actor": Field("text", "human|bot|agent:[a-z0-9_.-]{1,64}"),
    "purpose": Field("text", "work|eval|shadow|ci", is_required=True),
    "failure_type": Field("text", _WORD),
}

#: Ids that providers give their answers, as far as they hold a digit, which DuckDB's patterns
#: cannot ask for at once. Any other id may be what a caller chose to write.
PROVIDER_ID = (
    "(?:req|msg|chatcmpl|resp|cmpl|gen)[_-][A-Za-z0-9_-]{8,120}"
    "|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
#: Instants lie between these years: neither an unset clock nor a wrong unit.
FIRST_YEAR, LAST_YEAR = 2000, 2100
#: Largest count of tokens of one request.
MAX_COUNT = 10**15 - 1

_Value = TypeVar("_Value")
# What a configuration declares, and may be spelt as no field can hold it.
_HINTS = {name: re.compile(FIELDS[name].pattern) for name in ("branch_prefix", "repo")}


def fitting(name: str, value: _Value) -> _Value | None:
    """Leave out a declared hint that its field cannot hold: it is no reason to lose the request."""
    pattern = _HINTS.get(name)
    if pattern is None or value is None or pattern.fullmatch(str(value)):
        return value
    return None
