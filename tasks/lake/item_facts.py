"""Facts of work items as one Parquet memo: written whole, sorted, and read back for scoring."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from itertools import islice

import pyarrow as pa

from tasks.core.books import Snapshot
from tasks.core.tables import Table
from tasks.core.work.item_facts import COLUMNS, ItemFact
from tasks.lake.parquet import arrow_schema, parquet_bytes
from tasks.lake.store import Lake

#: The memo as a table that the engine can show; it is never conformed.
ITEM_FACTS = Table("item_facts", COLUMNS, ("workflow", "item"))
#: Facts turned into columns at once, so that their rows need not be in memory together.
_SOME = 20_000
#: Rows that one thread reads at a time.
_ROW_GROUP = 122_880
_NAMES = tuple(field.name for field in fields(ItemFact))


@dataclass(frozen=True, slots=True)
class FactsFile:
    """Facts in the lake.

    Attributes:
        made_of: Digest of everything they were made of: the name of the file.
        path: Relative to the lake's root.
    """

    made_of: str
    path: str
    rows: int
    size_bytes: int


def write_facts(lake: Lake, made_of: str, facts: Iterable[ItemFact]) -> FactsFile:
    """Write the facts of one moment; the same facts in any order give the same bytes.

    A memo: it can be computed again, and whatever stood under its name is replaced.

    Args:
        lake: Where it goes.
        made_of: Digest of everything that decides the facts.
        facts: An item of a workflow has one.

    Raises:
        LakeError: The digest cannot be part of a path, or the lake cannot be written.
    """
    schema = arrow_schema(ITEM_FACTS)
    return facts_file(lake, made_of, pa.Table.from_batches(_batches(iter(facts), schema), schema))


def facts_file(lake: Lake, made_of: str, rows: pa.Table) -> FactsFile:
    """Write facts that are columns already, in any order; see `write_facts`."""
    rows = rows.sort_by([(name, "ascending") for name in ITEM_FACTS.key])
    data = parquet_bytes(rows.combine_chunks(), _ROW_GROUP)
    path, size = lake.save_columns(ITEM_FACTS.name, made_of, data)
    return FactsFile(made_of, path, rows.num_rows, size)


def as_snapshots(facts: FactsFile) -> Sequence[Snapshot]:
    """Name the memo as the engine asks for files."""
    return [
        Snapshot(
            source="",
            stream="",
            layer="aggregates",
            table=ITEM_FACTS.name,
            key=date.min,
            sha=facts.made_of,
            path=facts.path,
            rows=facts.rows,
            size_bytes=facts.size_bytes,
            parser="",
            raw_sha="",
            is_complete=True,
            recorded_at=datetime.min.replace(tzinfo=UTC),
        )
    ]


def _batches(facts: Iterator[ItemFact], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    while some := list(islice(facts, _SOME)):
        columns = [
            pa.array([getattr(fact, name) for fact in some], schema.field(name).type)
            for name in _NAMES
        ]
        yield pa.record_batch(columns, schema=schema)
