"""What the checks across keys report: a place in one of the files and a sentence."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import date
from typing import NamedTuple, TypeVar

from config.problems import Path

ItemT = TypeVar("ItemT")

CATALOG = "catalog.yaml"
POLICY = "policy.yaml"
SOURCES = "sources.yaml"
FINANCE = "finance.yaml"
TICKETS = "tickets.yaml"


class Misfit(NamedTuple):
    """A value that is well formed but does not fit the others."""

    file: str
    path: Path
    message: str


def repeated(
    file: str, name: str, items: Iterable[ItemT], key: Callable[[ItemT], Hashable], field: str
) -> Iterator[Misfit]:
    """Report every item of a list whose identifying field an earlier item has.

    Args:
        file: File that holds the list.
        name: Key of the list at the top of the file.
        items: In file order.
        key: What must be unique.
        field: Key that shows it in the file.
    """
    first: dict[Hashable, int] = {}
    for position, item in enumerate(items):
        earlier = first.setdefault(key(item), position)
        if earlier != position:
            message = f"is the same as in {name}[{earlier}]; give each its own."
            yield Misfit(file, (name, position, field), message)


def not_ascending(
    file: str, path: Path, entries: Iterable[tuple[Hashable, date]]
) -> Iterator[Misfit]:
    """Report every dated entry that does not begin after the one before it.

    Args:
        file: File that holds the list.
        path: Path of the list.
        entries: (what the entry is about, its first day), in file order; only
            entries about the same thing are compared.
    """
    latest: dict[Hashable, date] = {}
    for position, (subject, day) in enumerate(entries):
        before = latest.get(subject)
        if before is not None and day <= before:
            message = f"must be later than the entry before it ({before}); order entries by day."
            yield Misfit(file, (*path, position, "from"), message)
        latest[subject] = day
