"""What may be kept of a branch's name: a declared prefix, a ticket key, a keyed digest."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

#: Prefixes that coding agents give their branches, known whatever the catalog declares.
AGENT_PREFIXES = ("claude/", "codex/", "copilot/", "cursor/", "devin/")
_TICKET_KEY = re.compile(
    r"(?<![A-Za-z0-9])([A-Z][A-Z0-9_]{1,31}-[1-9]\d{0,9})(?![A-Za-z0-9])", re.ASCII
)


@dataclass(frozen=True, slots=True)
class BranchHint:
    """A branch without its free text.

    Attributes:
        prefix: The longest declared prefix it starts with; None if none fits.
        ticket: The first key like `PAY-12` in it.
        digest: Keyed digest of the whole name, so that equal branches still meet.
    """

    prefix: str | None
    ticket: str | None
    digest: str


def branch_hint(
    branch: str, prefixes: Iterable[str], keyed_digest: Callable[[str], str]
) -> BranchHint:
    """Reduce a branch's name to what says nothing about people.

    Args:
        branch: Name without `refs/heads/`.
        prefixes: Declared prefixes, e.g. `agent/upgrade/`; a trailing `*` is taken as meant.
        keyed_digest: Digest under the installation's own key.
    """
    known = {*AGENT_PREFIXES, *(prefix.removesuffix("*") for prefix in prefixes)}
    fitting = [prefix for prefix in known if prefix and branch.startswith(prefix)]
    tickets = ticket_keys(branch)
    return BranchHint(
        prefix=max(fitting, key=len, default=None),
        ticket=tickets[0] if tickets else None,
        digest=keyed_digest(branch),
    )


def ticket_keys(text: str) -> tuple[str, ...]:
    """Find keys like `PAY-12` in a text, each once, in order."""
    return tuple(dict.fromkeys(_TICKET_KEY.findall(text)))
