"""Which items a packet names: all that failed, and successes that nobody could choose."""

import hashlib
from collections.abc import Iterable

from tasks.core.item_facts import ItemFact, Outcome

#: Successes that are kept to look at.
SUCCESSES = 5
_BAD = frozenset({Outcome.FAILURE, Outcome.UNKNOWN})


def failed_items(items: Iterable[ItemFact]) -> tuple[ItemFact, ...]:
    """Give the items that failed or are unknown, by key."""
    return tuple(sorted((one for one in items if one.outcome in _BAD), key=lambda one: one.item))


def picked_items(items: Iterable[ItemFact], workflow: str, epoch: str) -> tuple[str, ...]:
    """Give the keys of the successes whose hash with workflow and epoch is lowest."""
    good = {one.item for one in items if one.outcome is Outcome.SUCCESS}
    return tuple(sorted(good, key=lambda item: _hash(f"{workflow}@{epoch}/{item}"))[:SUCCESSES])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
