import sqlite3
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text

from tasks.core.books import Cause
from tasks.core.errors import LedgerError
from tasks.ledger.ledger import Ledger
from tasks.ledger.verify import Verified
from tests.databases import Database
from tests.ledger.made import DAY, NOW, entry, night


def run(url: str, *statements: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_an_empty_ledger_is_sound(ledger: Ledger) -> None:
    assert ledger.verify() == Verified(entries=0, head="")


@pytest.mark.parametrize("forgery", ["amount", "entry", "added", "removed"])
def test_what_was_changed_past_the_guards_breaks_the_chain(
    database: Database, ledger: Ledger, forgery: str
) -> None:
    for n, cause in enumerate((Cause.NEW, Cause.RESTATED)):
        made = night(entry(1_000 + n, cause=cause), digest=f"d{n}", hours=n)
        ledger.book_night(made, books_at=n, bases=[], recorded_at=NOW + timedelta(days=n))
    assert ledger.verify().entries == 2

    # Somebody with all rights, who takes the guards away and puts them back.
    with _unguarded(database):
        run(database.owner_url, *_FORGERIES[forgery])

    with pytest.raises(LedgerError, match=r"chain breaks|sums to|no head covers"):
        ledger.verify()
    ledger.check_guards()


_ENTRY = "reconciliation_id, issuer, 'ws_2', day, billing_period, currency, origin_period, cause"
_POSTING = (
    "ordinal, kind, portfolio, family, workflow, pool, paid_from, method, strength, amount_nano,"
    " is_provisional"
)
_FORGERIES = {
    "amount": [
        "UPDATE postings SET amount_nano = amount_nano + 1 WHERE amount_nano > 0",
        "UPDATE postings SET amount_nano = amount_nano - 1 WHERE amount_nano < 0",
    ],
    "entry": [f"UPDATE entries SET day = '{DAY - timedelta(days=1)}' WHERE id = 1"],
    "added": [
        f"INSERT INTO entries SELECT 3, {_ENTRY} FROM entries WHERE id = 1",
        f"INSERT INTO postings SELECT 3, {_POSTING} FROM postings WHERE entry_id = 1",
    ],
    "removed": ["DELETE FROM postings WHERE entry_id = 2", "DELETE FROM entries WHERE id = 2"],
}


class _unguarded:  # noqa: N801 reads as what it does
    """Take the triggers of entries and postings away for a while, as a rogue owner could."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._saved: list[str] = []

    def __enter__(self) -> None:
        if self._database.kind == "postgresql":
            self._set("DISABLE")
            return
        file = sqlite3.connect(self._database.url.removeprefix("sqlite:///"))
        found = file.execute(
            "SELECT name, sql FROM sqlite_master"
            " WHERE type = 'trigger' AND tbl_name IN ('entries', 'postings')"
        ).fetchall()
        for name, statement in found:
            self._saved.append(statement)
            file.execute(f"DROP TRIGGER {name}")
        file.commit()
        file.close()

    def __exit__(self, *_fault: object) -> None:
        if self._database.kind == "postgresql":
            self._set("ENABLE ALWAYS")
            return
        file = sqlite3.connect(self._database.url.removeprefix("sqlite:///"))
        for statement in self._saved:
            file.execute(statement)
        file.commit()
        file.close()

    def _set(self, state: str) -> None:
        run(
            self._database.owner_url,
            *(
                f"ALTER TABLE {table} {state} TRIGGER append_only"
                for table in ("entries", "postings")
            ),
        )
