"""Stores of a test's own; what databases do differently is tested with the ledger."""

from pathlib import Path

import pytest

from tests.databases import Database
from tests.sources.files.stores import Stores


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


@pytest.fixture
def stores(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Stores:
    (tmp_path / "work").mkdir()
    return Stores(tmp_path / "work", database, monkeypatch)
