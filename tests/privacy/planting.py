"""Plant a person into copies of the sinks, once in every encoding: what is not found voids all."""

import io
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from tests.privacy import sinks
from tests.privacy.left import Left
from tests.privacy.marks import MARKS
from tests.privacy.search import Blob, Hit
from tests.privacy.spellings import ENCODINGS, spelt


@dataclass(frozen=True, slots=True)
class Plant:
    """A mark in an encoding, as bytes."""

    mark: str
    encoding: str
    data: bytes


#: One of every encoding, each of another mark, so that no hit stands for two.
PLANTS: tuple[Plant, ...] = tuple(
    Plant(mark, encoding, spelt(mark, encoding))
    for encoding, mark in zip(ENCODINGS, MARKS, strict=False)
)


def unfound(plants: Iterable[Plant], hits: Iterable[Hit]) -> list[Plant]:
    """List the plants that no hit reports: same mark, and same bytes whatever they are called."""
    found = {(hit.mark, spelt(hit.mark, hit.encoding)) for hit in hits}
    return [one for one in plants if (one.mark, one.data) not in found]


def in_packed_lines(left: Left, tmp_path: Path) -> Iterator[Blob]:
    """Into a row of a raw file of the lake."""
    copy = _copied(next((left.folder / "night/var/lake/raw").rglob("*.zst")), tmp_path)
    rows = zstandard.ZstdDecompressor().stream_reader(copy.read_bytes()).read()
    planted = rows + b'{"title":"' + _all() + b'"}\n'
    copy.write_bytes(zstandard.ZstdCompressor().compress(planted))
    return sinks.folder(tmp_path)


def in_parquet_cells(left: Left, tmp_path: Path) -> Iterator[Blob]:
    """Into the cells of a conformed file."""
    copy, table = _table(left, tmp_path)
    cells = pa.array([_all()] * table.num_rows, pa.binary())
    pq.write_table(table.append_column("title", cells), copy, compression="zstd")
    return sinks.folder(tmp_path)


def in_parquet_metadata(left: Left, tmp_path: Path) -> Iterator[Blob]:
    """Into what a conformed file says about itself."""
    copy, table = _table(left, tmp_path)
    told = {**(table.schema.metadata or {}), b"written by": _all()}
    pq.write_table(table.replace_schema_metadata(told), copy)
    return sinks.folder(tmp_path)


def in_the_ledger(left: Left, tmp_path: Path) -> Iterator[Blob]:
    """Into a cell of the ledger."""
    copy = _copied(left.folder / "night/var/ledger.db", tmp_path)
    _change(copy, "INSERT INTO labels VALUES ('work_item', 'gh:1#1', CAST(? AS TEXT))")
    return sinks.folder(tmp_path)


def in_a_packet(left: Left, tmp_path: Path) -> Iterator[Blob]:
    """Into the evidence of a verdict."""
    copy = _copied(left.folder / "night/var/weekly.db", tmp_path)
    _change(
        copy,
        "INSERT INTO evidence (digest, kind, subject, body, recorded_at)"
        " SELECT substr(digest, 2) || '0', kind, subject, CAST(? AS TEXT), recorded_at"
        " FROM evidence WHERE kind = 'packet' LIMIT 1",
    )
    return sinks.folder(tmp_path)


def in_a_verdict(left: Left, tmp_path: Path) -> Iterator[Blob]:
    """Into what a look said."""
    copy = _copied(left.folder / "night/var/weekly.db", tmp_path)
    _change(
        copy,
        "INSERT INTO verdicts SELECT id + 1000, workflow, epoch, verdict, evidence_digest,"
        " CAST(? AS TEXT), as_of, recorded_at FROM verdicts WHERE id = 1",
    )
    return sinks.folder(tmp_path)


def in_the_outbox(left: Left, tmp_path: Path) -> Iterator[Blob]:
    """Into how far a ticket has come."""
    copy = _copied(left.folder / "night/var/weekly.db", tmp_path)
    _change(copy, "UPDATE outbox SET progress = CAST(? AS TEXT)")
    return sinks.folder(tmp_path)


def in_freed_pages(left: Left, tmp_path: Path) -> Iterator[Blob]:
    """Into a cell that was deleted: its bytes stay in the file."""
    copy = _copied(left.folder / "night/var/ledger.db", tmp_path)
    _change(copy, "INSERT INTO labels VALUES ('work_item', 'gh:1#1', CAST(? AS TEXT))")
    connection = sqlite3.connect(copy)
    connection.execute("PRAGMA secure_delete = OFF")
    connection.execute("DELETE FROM labels WHERE key = 'gh:1#1'")
    connection.commit()
    connection.close()
    return sinks.folder(tmp_path)


def in_the_log_of_writes(left: Left, tmp_path: Path) -> Iterator[Blob]:
    """Into a SQLite file whose pages still stand in its write-ahead log."""
    copy = _copied(left.folder / "night/var/ledger.db", tmp_path / "open")
    connection = sqlite3.connect(copy)
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    insert = "INSERT INTO labels VALUES ('work_item', 'gh:1#1', CAST(? AS TEXT))"
    connection.execute(insert, (_all(),))
    connection.commit()
    _copied(copy.with_name(f"{copy.name}-wal"), tmp_path / "apart")
    connection.close()
    return sinks.folder(tmp_path / "apart")


def in_prefect(table: str, column: str) -> Callable[[Left, Path], Iterator[Blob]]:
    """Into a cell of Prefect's database."""

    def plant(left: Left, tmp_path: Path) -> Iterator[Blob]:
        copy = _copied(left.folder / "night/prefect/prefect.db", tmp_path)
        _change(copy, f'UPDATE "{table}" SET "{column}" = CAST(? AS TEXT)')
        return sinks.folder(tmp_path)

    return plant


def in_a_text(name: str) -> Callable[[Left, Path], Iterator[Blob]]:
    """Into the middle of a text file."""

    def plant(left: Left, tmp_path: Path) -> Iterator[Blob]:
        copy = _copied(left.folder / name, tmp_path)
        said = copy.read_bytes()
        middle = len(said) // 2
        copy.write_bytes(said[:middle] + _all() + said[middle:])
        return sinks.folder(tmp_path)

    return plant


def in_a_new_file(left: Left, tmp_path: Path) -> Iterator[Blob]:
    """Into a file that somebody forgot, deep in a temporary folder, packed."""
    copy = tmp_path / "temporary"
    shutil.copytree(left.folder / "temporary", copy)
    (copy / "deep").mkdir()
    out = io.BytesIO()
    with zstandard.ZstdCompressor().stream_writer(out, closefd=False) as packed:
        packed.write(_all())
    (copy / "deep" / "forgotten").write_bytes(out.getvalue())
    return sinks.folder(tmp_path)


def in_postgresql(url: str) -> Iterator[Blob]:
    """Into a cell of a PostgreSQL ledger, as far as its texts can hold it."""
    with psycopg.connect(url) as connection:
        for number, one in enumerate(in_postgresql_text()):
            row = ("work_item", f"gh:1#{number}", one.data.decode())
            connection.execute("INSERT INTO labels VALUES (%s, %s, %s)", row)
    return sinks.postgresql(url)


def in_postgresql_text() -> list[Plant]:
    """List the plants that a text of PostgreSQL can hold: UTF-8, without zero bytes."""
    fitting = []
    for one in PLANTS:
        try:
            text = one.data.decode()
        except UnicodeDecodeError:
            continue
        # COPY doubles a backslash, which the spellings with one do not know.
        if "\0" not in text and "\\" not in text:
            fitting.append(one)
    return fitting


def _all() -> bytes:
    return b" | ".join(one.data for one in PLANTS)


def _copied(file: Path, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return Path(shutil.copy(file, folder))


def _table(left: Left, tmp_path: Path) -> tuple[Path, pa.Table]:
    copy = _copied(next((left.folder / "night/var/lake/conformed").rglob("*.parquet")), tmp_path)
    return copy, pq.read_table(copy, partitioning=None)


def _change(file: Path, statement: str) -> None:
    connection = sqlite3.connect(file)
    connection.execute(statement, (_all(),))
    connection.commit()
    connection.close()
