"""Which requests of a forked Codex session are copies of its ancestors' history.

A fork begins with the history of the session it was forked from, moments rewritten to its own
start. Its leading requests are copies as far as an ancestor's file tells the same counters. Where
an ancestor's file is not there, those that were written in one burst at the start are copies,
too, of requests that nobody can date any more.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tasks.sources.codex_log.sessions import Session, Use


class Own(NamedTuple):
    """The requests of a session that are its own.

    Attributes:
        undated: Copied requests that no file at hand tells itself.
    """

    uses: Sequence[Use]
    undated: Sequence[Use]


def own_uses(sessions: Sequence[Session]) -> Iterator[tuple[Session, Own]]:
    """Leave out copies; sessions in the order given."""
    by_id: dict[str, list[Session]] = {}
    for session in sessions:
        by_id.setdefault(session.id, []).append(session)
    for session in sessions:
        yield session, _own(session, by_id)


def _own(session: Session, by_id: dict[str, list[Session]]) -> Own:
    if session.origin is None:
        return Own(session.uses, ())
    told, is_whole = _told_before(session, by_id)
    at = 0
    while at < len(session.uses) and session.uses[at].counter in told:
        at += 1
    copied = at
    before = session.uses[at - 1].at if at else None
    while (
        not is_whole
        and at < len(session.uses)
        and session.is_told_at_its_start(session.uses[at], before)
    ):
        before = session.uses[at].at
        at += 1
    return Own(session.uses[at:], session.uses[copied:at])


def _told_before(
    session: Session, by_id: dict[str, list[Session]]
) -> tuple[set[tuple[int, ...]], bool]:
    """Gather the counters that the ancestors tell, and say whether every one of them is there."""
    told: set[tuple[int, ...]] = set()
    seen, origin = {session.id}, session.origin
    while origin is not None and origin not in seen:
        seen.add(origin)
        files = by_id.get(origin)
        if files is None:
            return told, False
        told.update(use.counter for file in files for use in file.uses)
        origin = next((file.origin for file in files if file.origin is not None), None)
    return told, True
