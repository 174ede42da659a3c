"""Turn free text (titles, bodies, messages, labels) into hints; the text itself is dropped."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tasks.core.identities import agent_of_email
from tasks.core.work.branches import ticket_keys
from tasks.core.work.work_items import LinkType, github_item, jira_key_ref

_STAMP = re.compile(r"[a-z0-9_.-]{1,64}", re.ASCII)
_WORKFLOW_LABEL = "workflow:"
# The last one is Copilot's, the one before it Claude's; ours names a session of any log.
_AGENT_SESSION = re.compile(
    r"^(?:Agent-Session|Claude-Session|Agent-Logs-Url):[ \t]*(?:\S*/)?([A-Za-z0-9_-]{8,128})"
    r"[ \t]*\r?$",
    re.IGNORECASE | re.MULTILINE,
)
_AGENT_WORKFLOW = re.compile(r"^Agent-Workflow:[ \t]*(\S.*)$", re.IGNORECASE | re.MULTILINE)
_CO_AUTHOR = re.compile(r"^Co-authored-by:[^<\n]*<([^>\s]+)>", re.IGNORECASE | re.MULTILINE)
#: Lines that agents put below what they write, whole: the bare names are words and people's, too.
_SIGNED_BY = {
    "agent:claude": re.compile(
        r"^\W{0,4}Generated with \[Claude Code\]\(https://(?:www\.)?claude\.(?:ai/code|com/claude-code)"
        r"[^\s)]{0,200}\)\s*$",
        re.MULTILINE,
    ),
    "agent:cursor": re.compile(r"^Made-with:[ \t]*Cursor[ \t\r]*$", re.IGNORECASE | re.MULTILINE),
}
_COMMIT_REVERTED = re.compile(r"\bThis reverts commit ([0-9a-f]{40,64})\b", re.IGNORECASE)
_REPOSITORY = r"(?P<repo>[A-Za-z0-9-]{1,39}/[A-Za-z0-9_.-]{1,100})"
_NUMBER = r"(?P<number>[1-9]\d{0,9})\b"
# `#12`, `owner/name#12`, or the address of an issue or pull request on any host.
_REFERENCE = (
    rf"(?:https?://[^\s/]+/{_REPOSITORY}/(?:issues|pull)/{_NUMBER}"
    rf"|{_REPOSITORY.replace('repo', 'repo2')}?#{_NUMBER.replace('number', 'number2')})"
)
_CLOSES = re.compile(
    rf"(?<!\w)(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?[ \t]+{_REFERENCE}", re.IGNORECASE
)
_REVERTS = re.compile(rf"^Reverts:?[ \t]+{_REFERENCE}", re.IGNORECASE | re.MULTILINE)
_MARKERS = {
    LinkType.CAUSED_BY: "Caused-by",
    LinkType.USED_IN: "Used-in",
}
_MARKER = {
    kind: re.compile(
        rf"^{name}:[ \t]*(?:{_REFERENCE}|(?P<key>[A-Z][A-Z0-9_]+-\d+))",
        re.IGNORECASE | re.MULTILINE,
    )
    for kind, name in _MARKERS.items()
}
_LINK_LABEL = {
    kind: re.compile(rf"{name}:[ \t]*(?:{_REFERENCE}|(?P<key>[A-Z][A-Z0-9_]+-\d+))", re.IGNORECASE)
    for kind, name in _MARKERS.items()
}
_SEVERITY_LABEL = re.compile(
    r"(?:severity[:/ -]+)?(sev-?\d|s\d|p\d|critical|high|medium|moderate|low|major|minor)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Names:
    """Turns a repository's name, as a text gives it, into a stable reference.

    Attributes:
        home: Repository that the text belongs to; `#12` is in it.
        ids: Repository id by lower-case `owner/name`, old names included.
        keyed_digest: For names nobody resolved: they may be a person's.
    """

    home: int
    ids: dict[str, int]
    keyed_digest: Callable[[str], str]

    def item(self, repository: str | None, number: int) -> str:
        """Name the item that a text points at."""
        if repository is None:
            return github_item(self.home, number)
        known = self.ids.get(repository.lower())
        if known is not None:
            return github_item(known, number)
        return f"gh-name:{self.keyed_digest(repository.lower())}#{number}"


@dataclass(slots=True)
class Stamps:
    """Workflow ids found in labels or trailers; those that are no slug are only counted."""

    ids: list[str] = field(default_factory=list)
    malformed: int = 0

    def add(self, text: str) -> None:
        """Take a stamp as written; case does not matter, as in GitHub's labels."""
        stamp = text.strip().lower()
        if _STAMP.fullmatch(stamp):
            self.ids.append(stamp)
        else:
            self.malformed += 1


def label_stamps(labels: Iterable[str]) -> Stamps:
    """Read `workflow:<id>` labels."""
    stamps = Stamps()
    for label in labels:
        if label.lower().startswith(_WORKFLOW_LABEL):
            stamps.add(label[len(_WORKFLOW_LABEL) :])
    return stamps


def trailer_stamps(messages: Iterable[str]) -> Stamps:
    """Read `Agent-Workflow:` trailers of commit messages."""
    stamps = Stamps()
    for message in messages:
        for text in _AGENT_WORKFLOW.findall(message):
            stamps.add(text)
    return stamps


def agent_sessions(text: str) -> list[str]:
    """List the sessions that trailers of a message or lines of a body name."""
    return list(dict.fromkeys(_AGENT_SESSION.findall(text)))


def signing_agents(text: str) -> set[str]:
    """Name the agents that signed a commit or a pull request, as `agent:<vendor>`.

    By a co-author's address, or by the line that the agent itself puts below its text.
    """
    agents = (agent_of_email(email) for email in _CO_AUTHOR.findall(text))
    signed = {agent for agent, line in _SIGNED_BY.items() if line.search(text)}
    return signed | {agent for agent in agents if agent}


def reverted_commits(message: str) -> tuple[str, ...]:
    """Name the commits that a commit message takes back."""
    return tuple(sha.lower() for sha in _COMMIT_REVERTED.findall(message))


def is_revert(title: str) -> bool:
    """Tell whether a pull request's title is the one that GitHub gives a revert."""
    return title.startswith('Revert "')


def reverted_items(body: str, names: Names) -> tuple[str, ...]:
    """Name the items that a pull request's body says it reverts."""
    return _unique(_item(match, names) for match in _REVERTS.finditer(body))


def closing_links(text: str, names: Names) -> tuple[str, ...]:
    """Name the items that a text closes by keyword (`Fixes #12`)."""
    return _unique(_item(match, names) for match in _CLOSES.finditer(text))


def mentioned_tickets(*texts: str) -> tuple[str, ...]:
    """Name the Jira issues whose keys stand in texts."""
    return _unique(jira_key_ref(key) for text in texts for key in ticket_keys(text))


def incident_links(
    body: str, labels: Iterable[str], names: Names
) -> tuple[tuple[LinkType, str], ...]:
    """Read typed links of an incident: `Caused-by: owner/name#12` in the body or as a label."""
    labels = tuple(labels)
    found: dict[tuple[LinkType, str], None] = {}
    for kind, pattern in _MARKER.items():
        for match in pattern.finditer(body):
            found[kind, _item_or_key(match, names)] = None
    for kind, pattern in _LINK_LABEL.items():
        for match in filter(None, map(pattern.fullmatch, labels)):
            found[kind, _item_or_key(match, names)] = None
    return tuple(found)


def severity_of(labels: Iterable[str]) -> str | None:
    """Read the severity of an incident from its labels: `sev1`, `severity: high`, `p2`."""
    for label in labels:
        match = _SEVERITY_LABEL.fullmatch(label.strip())
        if match:
            return match.group(1).lower().replace("-", "")
    return None


def _item(match: re.Match[str], names: Names) -> str:
    found = match.groupdict()
    return names.item(found["repo"] or found["repo2"], int(found["number"] or found["number2"]))


def _item_or_key(match: re.Match[str], names: Names) -> str:
    key = match.group("key")
    return jira_key_ref(key.upper()) if key else _item(match, names)


def _unique(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))
