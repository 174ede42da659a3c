"""Raw requests typed as rows of `runs`, set-wise: millions of rows, out of core, each run once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from tasks.core.batches import Reject
from tasks.core.books import Snapshot
from tasks.core.findings import Finding
from tasks.core.run_rules import ANY, RuleCount
from tasks.core.tables import RUNS
from tasks.lake import bulk_sql
from tasks.lake.bulk_files import Filing, unpack_lines, write_typed_rows
from tasks.lake.bulk_refusals import bad_lines, failed_rows, repeated_lines, untold
from tasks.lake.engine import Limits
from tasks.lake.reading_engine import LIMITS, open_workbench
from tasks.lake.rule_counts import count_violations
from tasks.lake.store import Lake
from tasks.lake.streamed import GROUP_ROWS


@dataclass(frozen=True, slots=True)
class Spelling:
    """What typing needs to know beside the rows.

    Attributes:
        source: Name of the source.
        canonical: Spells a model as the books do.
        offsets: Start of each known issuer's day, in minutes after midnight UTC.
        accounts: Account by issuer, for requests that name none.
    """

    source: str
    canonical: Callable[[str], str]
    offsets: Mapping[str, int]
    accounts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TypedDays:
    """The requests of some days in the form of `runs`, until it is closed.

    Attributes:
        counts: What breaks which rule, by key.
        refused: By key: rows that are no run, or repeat one.
        findings: What typing met with.
    """

    counts: tuple[RuleCount, ...]
    refused: Mapping[date, tuple[Reject, ...]]
    findings: tuple[Finding, ...]
    _engine: duckdb.DuckDBPyConnection
    _spelling: Spelling
    _failing: Mapping[date, int]
    _held: Sequence[str]

    def failing(self, key: date) -> tuple[Reject, ...]:
        """Describe the rows of a key that break a rule."""
        return failed_rows(self._engine, key) if self._failing[key] else ()

    def write(
        self, lake: Lake, stream: str, key: date, parser: str, raw: Snapshot, now: datetime
    ) -> Snapshot:
        """Publish the rows of a key that pass, as `Lake.write_conformed` would."""
        source, some_fail = self._spelling.source, self._failing[key] > 0
        statement = bulk_sql.in_order(source, self._held, some_fail=some_fail)
        reader = self._engine.execute(statement, [key]).to_arrow_reader(GROUP_ROWS)
        filing = Filing(source, stream, key, raw.is_complete, now)
        return write_typed_rows(lake, filing, RUNS, reader, "_line", (parser, raw.sha))


@contextmanager
def open_typed(
    lake: Lake, raw: Sequence[Snapshot], spelling: Spelling, limits: Limits = LIMITS
) -> Iterator[TypedDays]:
    """Type the requests of raw files, one a key.

    Of lines that tell one run differently the one with the latest end stays; a tie goes to the
    later text.

    Raises:
        LakeError: A file is missing, short or altered, or memory or disk do not suffice.
    """
    with TemporaryDirectory(prefix="graduand-", dir=limits.spill_folder) as folder:
        files = [Path(folder) / str(at) for at in range(len(raw))]
        lines = sum(unpack_lines(lake, one, file) for one, file in zip(raw, files, strict=True))
        with open_workbench(files, limits) as bench:
            keys = pa.table(
                {
                    "_file": pa.array(list(bench.links), pa.string()),
                    "_key": pa.array([one.key for one in raw], pa.date32()),
                }
            )
            yield _typed(bench.engine, keys, lines, spelling)


def _typed(
    engine: duckdb.DuckDBPyConnection, keys: pa.Table, lines: int, spelling: Spelling
) -> TypedDays:
    _keep(engine, "keys", keys)
    _keep(engine, "issuers", _pairs("issuer", "offset_minutes", spelling.offsets, pa.int64()))
    _keep(engine, "accounts", _pairs("issuer", "account", spelling.accounts, pa.string()))
    engine.execute(bulk_sql.requests(keys.column("_file").to_pylist()))
    engine.execute(f"CREATE TABLE typed AS {bulk_sql.typed('requests')}")
    bad = bad_lines(engine, lines, spelling.source)
    refused = [bad, repeated_lines(engine, spelling.source)]
    said = [row[0] for row in engine.execute("SELECT DISTINCT model FROM typed").fetchall()]
    models = {model: spelling.canonical(model) for model in said}
    _keep(engine, "models", _pairs("said", "model", models, pa.string()))
    engine.execute(bulk_sql.runs_rows(spelling.source))
    by_key: dict[date, list[Reject]] = {}
    for key, reject in (one for some in refused for one in some.told):
        by_key.setdefault(key, []).append(reject)
    counts = tuple(count_violations(engine, "runs_rows"))
    failing = dict.fromkeys(keys.column("_key").to_pylist(), 0)
    failing |= {date.fromisoformat(one.key): one.violations for one in counts if one.name == ANY}
    return TypedDays(
        counts=_with_bad(counts, bad.counts),
        refused={key: tuple(found) for key, found in by_key.items()},
        findings=(
            *_unknown_issuers(engine, spelling.source),
            *untold([*(some.counts for some in refused), failing], spelling.source),
        ),
        _engine=engine,
        _spelling=spelling,
        _failing=failing,
        _held=_held(engine),
    )


def _with_bad(counts: Sequence[RuleCount], bad: Mapping[date, int]) -> tuple[RuleCount, ...]:
    """Count lines that are no request among the rows of their day, and among its failing ones."""
    left = {key.isoformat(): count for key, count in bad.items()}
    told = [
        replace(one, rows=one.rows + more, violations=one.violations + more)
        if one.name == ANY and (more := left.pop(one.key, 0))
        else one
        for one in counts
    ]
    return (*told, *(RuleCount(key, ANY, "", count, count) for key, count in left.items()))


def _held(engine: duckdb.DuckDBPyConnection) -> list[str]:
    """Name the columns that are told of some row."""
    (counts,) = engine.execute(bulk_sql.held()).to_arrow_table().to_pylist()
    return [name for name, count in counts.items() if count]


def _unknown_issuers(engine: duckdb.DuckDBPyConnection, source: str) -> tuple[Finding, ...]:
    rows = engine.execute(
        "SELECT _key, issuer, count(*) FROM typed ANTI JOIN issuers USING (issuer)"
        " GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return tuple(
        Finding(
            "unknown_issuer",
            issuer,
            f"of {key}, {count} run(s) name a vendor that sources.yaml does not know as an issuer",
            source,
        )
        for key, issuer, count in rows
    )


def _pairs(first: str, second: str, values: Mapping[str, object], kind: pa.DataType) -> pa.Table:
    return pa.table(
        {
            first: pa.array(list(values), pa.string()),
            second: pa.array(list(values.values()), kind),
        }
    )


def _keep(engine: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    engine.register("given", rows)
    engine.execute(f"CREATE TABLE {name} AS FROM given")
    engine.unregister("given")
