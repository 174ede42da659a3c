"""Names by which a run finds its work item where no log names one: its branch, its session.

A run's branch in a repository is that of the pull request that was opened from it; a session
is named by a trailer of the pull request's commits (`Agent-Session:`). Both are kept as keyed
digests, by logs and systems alike, so that equal ones meet.

Commits travel: a release, a stacked branch or a fork repeats what others said. Such an item
takes no session away from the one that it was written on.
"""

from collections.abc import Collection, Iterable, Mapping

from tasks.core.work.item_states import ItemState

#: A session that more items name is no session of one of them, but a word of a template.
_FEW = 16


def branch_link(repository: str, digest: str) -> str:
    """Name a branch of a repository, as `tasks.lake.links` does; case matters to no host."""
    return f"branch:{repository.lower()}#{digest}"


def session_link(digest: str) -> str:
    """Name an agent's session, as `tasks.lake.links` does."""
    return f"session:{digest}"


def item_links(states: Iterable[ItemState], names: Mapping[str, str]) -> dict[str, str]:
    """Give item keys by their links; a link that leads to several items leads to none.

    Args:
        states: Items.
        names: `owner/name#5` by item key; an item without a name has no repository here.
    """
    found = _items_by_link(states, names)
    return {link: items[0].item for link, items in found.items() if len(items) == 1}


def stamps_by_link(
    states: Iterable[ItemState], stamps: Mapping[str, Collection[str]], names: Mapping[str, str]
) -> dict[str, str]:
    """Give stamps by the links of the items that carry them; links of two stamps are left out.

    Args:
        states: Items, those without a stamp that share a session with one that has some among
            them.
        stamps: By item key.
        names: As `item_links` takes them.
    """
    told = {
        link: {stamp for one in items for stamp in stamps.get(one.item, ())}
        for link, items in _items_by_link(states, names).items()
    }
    return {link: next(iter(found)) for link, found in told.items() if len(found) == 1}


def _items_by_link(
    states: Iterable[ItemState], names: Mapping[str, str]
) -> dict[str, list[ItemState]]:
    """List the items that each branch and each session leads to."""
    branches: dict[str, list[ItemState]] = {}
    sessions: dict[str, list[ItemState]] = {}
    for state in states:
        for session in state.sessions:
            sessions.setdefault(session, []).append(state)
        repository, is_github, _ = names.get(state.item, "").rpartition("#")
        if is_github and state.branch_digest is not None:
            branches.setdefault(branch_link(repository, state.branch_digest), []).append(state)
    written = {session_link(one): _written_on(one, items) for one, items in sessions.items()}
    return branches | written


def _written_on(session: str, items: list[ItemState]) -> list[ItemState]:
    """Leave out items that only repeat what was written on others of them."""
    if len(items) > _FEW:
        return []
    # Whoever has a fork may quote anything: it counts only where the repository itself is silent.
    own = [one for one in items if one.branch_digest is not None] or items
    return [one for one in own if not any(_carries(one, session, other) for other in own)]


def _carries(item: ItemState, session: str, other: ItemState) -> bool:
    """Tell whether an item names a session by nothing but commits of another, or its merge."""
    if item is other:
        return False
    commits = {commit for of, commit in item.session_commits if of == session}
    theirs = {commit for of, commit in other.session_commits if of == session}
    if not commits or "" in commits or not commits <= theirs | {other.merge_commit}:
        return False
    if other.merge_commit in commits:
        return True
    # A release or a stacked branch has more commits than the one it carries along.
    return {one for one in other.session_commits if one[1]} < set(item.session_commits)
