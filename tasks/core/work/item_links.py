"""Names by which a run finds its work item where no log names one: its branch, its session.

A run's branch in a repository is that of the pull request that was opened from it; a session
is named by a trailer of the pull request's commits (`Agent-Session:`). Both are kept as keyed
digests, by logs and systems alike, so that equal ones meet.
"""

from collections.abc import Iterable, Mapping

from tasks.core.work.item_states import ItemState


def branch_link(repository: str, digest: str) -> str:
    """Name a branch of a repository, as `tasks.lake.links` does."""
    return f"branch:{repository}#{digest}"


def session_link(digest: str) -> str:
    """Name an agent's session, as `tasks.lake.links` does."""
    return f"session:{digest}"


def item_links(states: Iterable[ItemState], names: Mapping[str, str]) -> dict[str, str]:
    """Give item keys by their links; a link that leads to several items leads to none.

    Args:
        states: Items.
        names: `owner/name#5` by item key; an item without a name has no repository here.
    """
    found: dict[str, set[str]] = {}
    for state in states:
        for link in links_of(state, names.get(state.item, "")):
            found.setdefault(link, set()).add(state.item)
    return {link: next(iter(items)) for link, items in found.items() if len(items) == 1}


def stamps_by_link(
    states: Mapping[str, ItemState], stamps: Mapping[str, str], names: Mapping[str, str]
) -> dict[str, str]:
    """Give stamps by the links of the items that carry them; links of two stamps are left out.

    Args:
        states: By item key, with what tells their links.
        stamps: By item key.
        names: As `item_links` takes them.
    """
    found: dict[str, set[str]] = {}
    for key, stamp in stamps.items():
        if key in states:
            for link in links_of(states[key], names.get(key, "")):
                found.setdefault(link, set()).add(stamp)
    return {link: next(iter(told)) for link, told in found.items() if len(told) == 1}


def links_of(state: ItemState, name: str) -> list[str]:
    """List the links of one item.

    Args:
        state: The item.
        name: `owner/name#5`; empty where it is not known.
    """
    links = [session_link(digest) for digest in state.sessions]
    repository, is_github, _ = name.rpartition("#")
    if is_github and state.branch_digest is not None:
        links.append(branch_link(repository, state.branch_digest))
    return links
