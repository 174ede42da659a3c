"""The chain of heads: each booked night's entries digested together with all before them.

A change to any entry, made past the database's own refusal, changes every later head; heads
are printed outside the database.
"""

import hashlib
from collections.abc import Sequence

from tasks.core.books import Entry
from tasks.core.month_end.entry_text import entry_text


def next_head(previous: str, entries: Sequence[Entry]) -> str:
    """Digest `previous`, the number of entries and their canonical text.

    Args:
        previous: Head before; empty for the first.
        entries: In the order of their ids; postings in order of their ordinals.

    Returns:
        SHA-256 hex, free of clock values and of numbers that the database gives.
    """
    digest = hashlib.sha256()
    digest.update(previous.encode())
    digest.update(f"\n{len(entries)}\n".encode())
    for entry in entries:
        digest.update(entry_text(entry).encode())
        digest.update(b"\n")
    return digest.hexdigest()


def in_book_order(entries: Sequence[Entry]) -> list[Entry]:
    """Sort entries and their postings, so that equal books are equal bytes."""
    return sorted(
        (
            Entry(
                entry.key,
                entry.cause,
                tuple(sorted(entry.postings, key=lambda posting: posting.destination)),
            )
            for entry in entries
        ),
        key=lambda entry: (entry.key, entry.cause),
    )
