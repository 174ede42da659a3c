"""Names requests without naming anyone: path templates for messages, logs and waits."""

import re

_VERSION = re.compile(r"v?\d{1,2}")

#: Path words of the APIs that we call. Any other segment may hold a name or a key.
_WORDS = frozenset(
    """
    access_tokens actions activity ai-code ai_credit analytics api app approximate-count billing
    bulkfetch changelog check-runs check-suites claude_code comment comments commits completions
    consumption copilot cost_report costs daily daily-usage-data deployments enterprise
    enterprises events field files filtered-usage-events graphql installation installations
    issue issues jobs jql key labels latest logs members messages metrics mypermissions
    observations organization organizations orgs premium_request public pulls rate_limit
    releases reports repos repositories rest reviews runs search serverInfo sessions settings
    spend status statuses teams timeline usage usage_report user user_cost_report users
    users-1-day
    """.split()  # noqa: SIM905 - one word a line would hide the rest of the module
)


def endpoint_of(method: str, path: str) -> str:
    """Name a request by method and path template, e.g. `GET /repos/*/*/pulls`.

    Args:
        method: HTTP method, upper case.
        path: Absolute path, without or with a query (which is dropped).
    """
    return f"{method} {path_template(path)}"


def path_template(path: str) -> str:
    """Replace every segment that is no known API word by `*`."""
    segments = path.partition("?")[0].strip("/").split("/")
    return "/" + "/".join(_segment(position, text) for position, text in enumerate(segments))


def _segment(position: int, text: str) -> str:
    is_version = bool(_VERSION.fullmatch(text)) and position <= 2  # noqa: PLR2004 - /rest/api/3
    return text if text in _WORDS or is_version or not text else "*"
