"""A connection that reads files of JSON out of core: bounded memory, no network, no extensions.

What memory does not hold is spilled to a folder that only its owner may open and that is gone
afterwards: text that must not be kept never gets further than that.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from tasks.core.errors import LakeError
from tasks.lake.engine import Limits
from tasks.lake.reading_files import LONGEST_LINE

#: Enough for a window of millions of requests; the rest of a gigabyte is Python's and Arrow's.
LIMITS = Limits(memory="400MB")
#: Paths that mean only themselves to the engine, and are read as what their names say.
_PLAIN = re.compile(
    r"(?:/(?![.]{1,2}/)[A-Za-z0-9_ .+@-]+)*/[A-Za-z0-9_ .+@-]+[.]jsonl(?:[.]gz|[.]zst)?"
)

_MACROS = (
    # DuckDB reads a timestamp's offset only with a time zone, and takes it as UTC where it is not.
    """
CREATE MACRO instant(text) AS CASE
    WHEN text LIKE '%Z' THEN TRY_CAST(text AS TIMESTAMP)
    WHEN regexp_full_match(text, '.*[+-][0-9]{2}:?[0-9]{2}')
        THEN make_timestamp(epoch_us(TRY_CAST(text AS TIMESTAMPTZ)))
END
""",
    # A cast would round what has a fraction; a number in quotes is none to it.
    """
CREATE MACRO whole(value) AS CASE
    WHEN NOT contains(CAST(value AS VARCHAR), '.') THEN TRY_CAST(CAST(value AS VARCHAR) AS BIGINT)
END
""",
    "CREATE MACRO whole_text(value) AS whole(trim(CAST(value AS VARCHAR), '\"'))",
    """
CREATE MACRO decimal_text(text) AS CASE
    WHEN regexp_full_match(text, '-?[0-9]{1,9}') THEN text
    WHEN regexp_full_match(text, '-?[0-9]{1,9}[.][0-9]{1,40}') THEN text
    ELSE rtrim(rtrim(CAST(TRY_CAST(text AS DECIMAL(38, 28)) AS VARCHAR), '0'), '.')
END
""",
    # Of plain decimal text: the digits as an integer, the rest rounded half to even, the sign.
    """
CREATE MACRO nano_of(whole, fraction, sign) AS sign * (
    CAST(whole || rpad(left(fraction, 9), 9, '0') AS BIGINT)
    + CASE
        WHEN rtrim(substr(fraction, 10), '0') > '5' THEN 1
        WHEN rtrim(substr(fraction, 10), '0') = '5'
            THEN CAST(whole || rpad(left(fraction, 9), 9, '0') AS BIGINT) % 2
        ELSE 0
    END
)
""",
    """
CREATE MACRO nano(text) AS nano_of(
    split_part(ltrim(text, '-'), '.', 1),
    split_part(text, '.', 2),
    CASE WHEN text LIKE '-%' THEN -1 ELSE 1 END
)
""",
)


@dataclass(frozen=True, slots=True)
class Workbench:
    """An open connection and what it may read.

    Attributes:
        links: The files by plain names, in their order, so that none is taken for a pattern.
        aside: A file that may be written and read later.
    """

    engine: duckdb.DuckDBPyConnection
    links: Mapping[str, Path]
    aside: Path


@contextmanager
def open_workbench(paths: Sequence[Path], limits: Limits = LIMITS) -> Iterator[Workbench]:
    """Open a connection that can read some files, and nothing else.

    Args:
        paths: The files.
        limits: Of memory and threads.

    Yields:
        A connection whose configuration is locked.

    Raises:
        LakeError: A statement failed: memory or disk did not suffice, or a file is damaged.
    """
    with TemporaryDirectory(prefix="graduand-", dir=limits.spill_folder) as place:
        folder = Path(place)
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": limits.memory,
            "temp_directory": str(folder / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": False,
        }
        if limits.threads is not None:
            settings["threads"] = limits.threads
        links = {_named(folder, at, path): path for at, path in enumerate(paths)}
        aside = folder / "aside.jsonl"
        engine = duckdb.connect(":memory:", config=settings)
        try:
            engine.execute("SET enable_progress_bar = false")  # it would end up in the logs
            allowed = ", ".join(map(quoted, [*links, str(aside)]))
            engine.execute(f"SET allowed_paths = [{allowed}]")
            engine.execute("SET enable_external_access = false")
            engine.execute("SET lock_configuration = true")
            for macro in _MACROS:
                engine.execute(macro)
            yield Workbench(engine, links, aside)
        except duckdb.Error as fault:
            raise LakeError(_told(fault, limits)) from fault
        finally:
            engine.close()


def _told(fault: duckdb.Error, limits: Limits) -> str:
    """Say what failed without the engine's own words, which may quote what a line holds."""
    if isinstance(fault, duckdb.OutOfMemoryException):
        return (
            f"a set-wise reading needs more than {limits.memory} of memory, or more disk than the"
            " folder of temporary files has free: free some, or give the log in smaller files"
        )
    kind = type(fault).__name__
    return f"a set-wise reading failed ({kind}): look for damaged files, or a full disk"


def _named(folder: Path, number: int, path: Path) -> str:
    """Name a file plainly; thousands of links would take as long as reading does."""
    name = str(path)
    if _PLAIN.fullmatch(name):
        return name
    suffix = path.suffix if path.suffix in {".gz", ".zst"} else ""
    link = folder / f"{number}.jsonl{suffix}"
    link.symlink_to(path.resolve())
    return str(link)


def json_lines(files: Sequence[str], columns: str) -> str:
    """Write the relation of the lines of files; what is no JSON object is null everywhere."""
    listed = ", ".join(map(quoted, files))
    return (
        f"read_json([{listed}], format = 'newline_delimited', columns = {columns},"
        f" ignore_errors = true, maximum_object_size = {LONGEST_LINE}, filename = '_file')"
    )


def quoted(text: str) -> str:
    """Quote text for SQL."""
    return "'" + text.replace("'", "''") + "'"
