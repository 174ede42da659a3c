"""Names of items can be erased as docs/privacy.md says, and the books stay what they were."""

import re
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path

from sandbox.people import PEOPLE
from tasks.core.books import Label
from tasks.ledger.ledger import Ledger
from tasks.ledger.upgrade import upgrade
from tests.privacy import sinks
from tests.privacy.search import Searcher

ITEM, REPOSITORY = "gh:640100101#12", "gh:640100101"
NOW = datetime(2026, 11, 18, 4, tzinfo=UTC)
DAY = date(2026, 11, 18)


def documented() -> str:
    """The statements that the page tells to run on SQLite."""
    page = Path(__file__).resolve().parents[2] / "docs" / "privacy.md"
    (statements,) = re.findall(r"```sql\n(.*?)```", page.read_text(), re.DOTALL)
    return str(statements)


def labelled(folder: Path, *names: str) -> Path:
    """A ledger in which an item and its repository were called so, one name after the other."""
    file = folder / "ledger.db"
    upgrade(f"sqlite:///{file}")
    with Ledger.open(f"sqlite:///{file}", lake_id="lake-1") as ledger:
        for name in names:
            labels = [Label("work_item", ITEM, f"{name}#12"), Label("repository", REPOSITORY, name)]
            ledger.record_conformed([], rejects={}, events=[], labels=labels, recorded_at=NOW)
    return file


def test_an_erased_name_is_gone_from_the_file(tmp_path: Path, searcher: Searcher) -> None:
    name = f"acme/{PEOPLE[2].login}"
    file = labelled(tmp_path, name)
    before = searcher.hits(sinks.folder(tmp_path))

    connection = sqlite3.connect(file)
    connection.executescript(documented())
    connection.close()

    assert before != []
    assert searcher.hits(sinks.folder(tmp_path)) == []
    with Ledger.open(f"sqlite:///{file}", lake_id="lake-1") as ledger:
        ledger.check_guards()
        ledger.verify()
        assert ledger.labels("work_item") == {}


def test_a_name_that_a_newer_one_replaces_is_gone_from_the_file(
    tmp_path: Path, searcher: Searcher
) -> None:
    labelled(tmp_path, f"acme/{PEOPLE[2].login}", "acme/router")

    assert searcher.hits(sinks.folder(tmp_path)) == []
