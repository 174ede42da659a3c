"""Which successes a packet names: a few that nobody could choose."""

import hashlib
from collections.abc import Iterable

from tasks.core.item_facts import ItemFact, Outcome

#: Successes that are kept to look at.
SUCCESSES = 5


def picked_items(items: Iterable[ItemFact], workflow: str, epoch: str) -> tuple[str, ...]:
    """Give the keys of the successes whose hash with workflow and epoch is lowest."""
    good = {one.item for one in items if one.outcome is Outcome.SUCCESS}
    return tuple(sorted(good, key=lambda item: _hash(f"{workflow}@{epoch}/{item}"))[:SUCCESSES])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
