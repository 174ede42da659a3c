"""Finds the errors that some servers wrap in a 200, so that they never pass for data."""

import re
from collections.abc import Mapping, Sequence

_SLUG = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_JOINT = re.compile(r"[_.-]|(?<=[a-z])(?=[A-Z])")
# What vendors make their error codes of. A code with any other word is not repeated: nothing
# keeps a proxy, or a vendor some day, from putting a name there.
_WORDS = frozenset(
    """
    access account admin already api argument authentication authorization bad billing body
    cancelled closed code conflict connection content context count custom deactivated deadline
    deleted denied disabled domain duplicate empty engine entity error exceeded exhausted exist
    exists expired expression failed failure field fields filter for forbidden found gateway gone
    graphql hard header id in incomplete insufficient internal invalid ip is json jql key large
    length limit limited limits locked long malformed max media method min missing model moved name
    node not null of organization out overloaded page param parameter parse payload payment
    permission permissions precondition project processable query quota range rate reached reason
    redirect request required reset resource result results scope scopes server service size soft
    spam state status syntax temporarily time timed timeout to token too type unauthenticated
    unauthorized unavailable undefined unknown unprocessable unsupported url usage user validation
    value version wrong
    """.split()  # noqa: SIM905 - one word a line would hide the rest of the module
)
_RATE_LIMITED = frozenset({"rate_limited", "rate_limit_error", "rate_limit_exceeded"})
_PASSING = frozenset(
    {"incomplete_results", "overloaded_error", "api_error", "server_error", "service_unavailable"}
)


def error_code(answer: object) -> str | None:
    """Name the error that an answer reports.

    Known forms: GraphQL `errors`, OpenAI `error`, Anthropic `type: error`, Jira
    `errorMessages` and `errors`, GitHub search's `incomplete_results`.

    Returns:
        None if the answer reports no error; else the vendor's code, empty where it
        gives none that is a slug.
    """
    if not isinstance(answer, Mapping):
        return None
    if answer.get("incomplete_results") is True:
        return "incomplete_results"
    fields = ("error", "errors", "errorMessages")
    if answer.get("type") != "error" and not any(answer.get(field) for field in fields):
        return None
    return _code(answer.get("error")) or _code(answer.get("errors")) or _code(answer)


def is_rate_limit(code: str) -> bool:
    """Tell whether an error code means: too many requests."""
    return code.lower() in _RATE_LIMITED


def is_passing(code: str) -> bool:
    """Tell whether an error code means a failure that passes by itself."""
    return code.lower() in _PASSING


def _code(value: object) -> str:
    if isinstance(value, Mapping):
        for field in ("code", "type"):
            text = value.get(field)
            if isinstance(text, str) and _is_code(text):
                return text
        return ""
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        codes = [_code(item) for item in value]
        return next((code for code in codes if is_rate_limit(code)), codes[0])
    return ""


def _is_code(text: str) -> bool:
    words = (word.lower() for word in _JOINT.split(text))
    return _SLUG.fullmatch(text) is not None and all(word in _WORDS for word in words)
