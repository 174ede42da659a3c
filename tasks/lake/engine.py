"""One DuckDB connection a query: explicit files, bounded memory, no network, no extensions."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
from pyarrow import dataset

from tasks.core.books import Snapshot
from tasks.core.errors import LakeError
from tasks.core.tables import Table
from tasks.lake.files import LocalFiles, ObjectFiles
from tasks.lake.parquet import arrow_schema


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query may take of the machine.

    Attributes:
        memory: DuckDB's spelling, e.g. `250MB`; beyond it, work spills to disk.
        threads: None for one a core.
        spill_folder: Where it spills; None for the system's temporary folder.
    """

    memory: str = "250MB"
    threads: int | None = None
    spill_folder: str | None = None


@contextmanager
def open_engine(
    files: LocalFiles | ObjectFiles,
    snapshots: Sequence[Snapshot],
    table: Table,
    limits: Limits,
    small_tables: Mapping[str, pa.Table],
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection that can read the files of `snapshots`, and nothing else.

    Args:
        files: Where they are.
        snapshots: Conformed snapshots of one table.
        table: What they hold; the view of that name stands for all their rows.
        limits: Of memory and threads.
        small_tables: Further views, by name.

    Yields:
        A connection whose configuration is locked.

    Raises:
        LakeError: A file is missing or of another size, or cannot be read as what it claims.
    """
    _refuse_unreadable(files, snapshots, table)
    with TemporaryDirectory(prefix="graduand-", dir=limits.spill_folder) as spill:
        engine = duckdb.connect(":memory:", config=_settings(limits, spill))
        try:
            engine.execute("SET enable_progress_bar = false")  # it would end up in the logs
            # A query names each file several times; small ones are mostly footer.
            engine.execute("SET parquet_metadata_cache = true")
            _show_files(engine, files, snapshots, table)
            for name, rows in small_tables.items():
                engine.register(name, rows)
            yield engine
        except duckdb.Error as fault:
            message = f"query over {len(snapshots)} files of {table.name!r} failed: {fault}"
            raise LakeError(message) from fault
        finally:
            engine.close()


def _settings(limits: Limits, spill: str) -> dict[str, str | bool | int | float | list[str]]:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": limits.memory,
        "temp_directory": spill,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": False,
        # Filters that a join derives are pushed into Arrow tables, which refuse those of 1.5.
        "disabled_optimizers": "join_filter_pushdown",
    }
    if limits.threads is not None:
        settings["threads"] = limits.threads
    return settings


def _refuse_unreadable(
    files: LocalFiles | ObjectFiles, snapshots: Sequence[Snapshot], table: Table
) -> None:
    sizes = files.sizes([snapshot.path for snapshot in snapshots])
    for snapshot, size in zip(snapshots, sizes, strict=True):
        if snapshot.table != table.name:
            message = f"lake file {snapshot.path!r} is no part of table {table.name!r}"
            raise LakeError(message)
        if size != snapshot.size_bytes:
            message = (
                f"lake file {snapshot.path!r} is missing or short: hold its day, pull it again"
            )
            raise LakeError(message)


def _show_files(
    engine: duckdb.DuckDBPyConnection,
    files: LocalFiles | ObjectFiles,
    snapshots: Sequence[Snapshot],
    table: Table,
) -> None:
    """Make the view of the table's rows, then lock the connection in."""
    schema = arrow_schema(table)
    paths = list(dict.fromkeys(snapshot.path for snapshot in snapshots))
    if isinstance(files, ObjectFiles):
        _close_off(engine, [])
        rows = dataset.dataset(
            [files.full_path(path) for path in paths],
            schema=schema,
            filesystem=files.filesystem,
            format="parquet",
        )
        engine.register(table.name, rows)
        return
    engine.register("no_rows", schema.empty_table())
    local = [str(Path(files.root) / path) for path in paths]
    _close_off(engine, local)
    if not local:
        engine.register(table.name, schema.empty_table())
        return
    # The empty table supplies columns that older files lack. DuckDB's own reader is
    # three times as fast as a pyarrow dataset here, and reads only the files allowed.
    listed = ", ".join(_quoted(path) for path in local)
    engine.execute(
        f"CREATE TEMP VIEW {table.name} AS SELECT * FROM no_rows UNION ALL BY NAME"  # noqa: S608 quoted
        f" SELECT * FROM read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
    )


def _close_off(engine: duckdb.DuckDBPyConnection, paths: Sequence[str]) -> None:
    allowed = ", ".join(_quoted(path) for path in paths)
    engine.execute(f"SET allowed_paths = [{allowed}]")
    engine.execute("SET enable_external_access = false")
    engine.execute("SET lock_configuration = true")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
