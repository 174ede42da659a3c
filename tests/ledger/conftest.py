"""An open ledger, on both databases."""

from collections.abc import Callable, Iterator

import pytest

from tasks.ledger.ledger import Ledger
from tests.databases import Database


@pytest.fixture
def open_ledger(database: Database) -> Iterator[Callable[[], Ledger]]:
    """Open the ledger as often as asked; all are closed at the end."""
    opened: list[Ledger] = []

    def open_one() -> Ledger:
        opened.append(Ledger.open(database.url, lake_id="lake-1"))
        return opened[-1]

    yield open_one
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(open_ledger: Callable[[], Ledger]) -> Ledger:
    return open_ledger()
