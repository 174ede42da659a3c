"""What the nights left behind, and in which sinks to search for it."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.databases import Database
from tests.privacy import sinks
from tests.privacy.search import Blob

#: Below the folder of the nights: what the sandbox wrote, and what the test did.
_INPUTS = (
    *("served.bin", "fields.json", "night/agent-logs", "night/truth"),
    *(f"night/{name}" for name in ("claude-code", "codex", "otel", "litellm", "directory.csv")),
)


@dataclass(frozen=True)
class Left:
    """The folder in which the nights ran, and their second ledger.

    Attributes:
        folder: Work folder, home and temporary folder of the process too.
        postgres: None where no PostgreSQL answers.
        secrets: By what they are; nothing may hold one.
    """

    folder: Path
    postgres: Database | None
    secrets: dict[str, str]

    @property
    def served(self) -> Blob:
        """Everything that the sources said, logs included."""
        return Blob("served", (self.folder / "served.bin").read_bytes())

    @property
    def fields(self) -> set[str]:
        """Names of the members in which people stood."""
        return set(json.loads((self.folder / "fields.json").read_text()))

    @property
    def output(self) -> str:
        """What the process printed."""
        return (self.folder / "output.txt").read_text()

    def everything(self) -> Iterator[Blob]:
        """Read every sink."""
        for blob in sinks.folder(self.folder):
            if not blob.place.removeprefix("name of ").startswith(_INPUTS):
                yield blob
        if self.postgres:
            for blob in sinks.postgresql(plain_url(self.postgres)):
                yield Blob(f"PostgreSQL, {blob.place}", blob.data)

    def count(self, database: str, query: str) -> int:
        """Count in one of the SQLite files."""
        connection = sqlite3.connect(self.folder / database)
        found = int(connection.execute(query).fetchone()[0])
        connection.close()
        return found


def plain_url(database: Database) -> str:
    """Give the URL as psycopg itself takes it, of the role that may read everything."""
    return database.owner_url.replace("postgresql+psycopg", "postgresql")
