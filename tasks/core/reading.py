"""How a log of requests in files is read: set-wise, by the lake, as a source's module describes.

A source gives a `Reading`: which JSON it wants of each line, which lines are requests, how
their fields follow, and what becomes of text that must not be kept. The lake executes it
over files of any size. Expressions are SQL of DuckDB; they come from our own modules only.

Beside DuckDB's functions an expression may use these macros:

* `instant(text)`: UTC `TIMESTAMP` of ISO 8601 text with an offset, else null.
* `whole(json)`: `BIGINT` of a JSON value that is written as a whole number; null for anything
  else, also for a number in quotes.
* `whole_text(json)`: the same, where a number in quotes is as good.
* `decimal_text(text)`: plain decimal text of a number that may have an exponent, else null.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tasks.core.findings import Finding

#: One distinct combination of the columns a `Lookup` is asked for.
Values = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """When a line that should be a request cannot be one.

    Attributes:
        when: SQL over the staged columns and the lookups.
        field: Dotted path of the field at fault, as the log spells it.
        code: As `tasks.core.batches.Reject` names faults.
    """

    when: str
    field: str
    code: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """What Python says of the distinct values of some columns: digests, declared names, prices.

    It is asked once for each distinct combination, and joined back as a small table.

    Attributes:
        name: Of the small table; expressions say `name.column`.
        on: Staged columns, or SQL over them; where all of them are null it is not asked.
        gives: DuckDB type by column.
        read: Gives a value for some or all columns; the others are null. What goes into a
            field of a request as it is must fit that.
    """

    name: str
    on: tuple[str, ...]
    gives: Mapping[str, str]
    read: Callable[[Values], Mapping[str, object]]


def _tell_nothing(_: Mapping[str, int]) -> tuple[Finding, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One log, as files of JSON lines.

    Attributes:
        source: Its name, for messages.
        paths: Plain, `.gz` or `.zst` files.
        columns: Top-level members of a line by name, with DuckDB's type; what is of another
            type is null, so take `JSON` where that must be told from absence.
        where: SQL over `relation`: which lines are requests.
        staged: SQL over `relation` by column. `ended_at` (UTC `TIMESTAMP`, null: unreadable) is
            one of them.
        fields: SQL over the staged columns (bare) and the lookups by field of
            `tasks.core.requests.Request`: `started_at` and `ended_at` `TIMESTAMP`, counts
            `BIGINT`, all others text (`cost_usd` plain decimal). `run_id`, `ended_at`, `issuer`
            and `model` are required. A field that does not fit `tasks.core.request_fields`
            refuses its line.
        relation: Made of the view `lines`. One that unnests keeps a line that holds nothing
            (`LEFT JOIN ... ON true`), else lines that are no JSON would not be noticed.
        refusals: The first that applies is told.
        lookups: See there.
        same: Staged column that lines of one request share. It is not needed, but of lines that are
            told several times all but one are then left out at once; `refusals` are over staged
            columns alone then, and `order` is one of them, of whole numbers.
        shared: Staged columns that `same` lines may lack: the greatest value of all of them counts.
        foreign: Code by which a record with none of the columns is refused; empty: such records
            are no concern of this log.
        beside: SQL over `relation`: which lines are no requests, but are counted by `tallies`.
        tallies: SQL aggregates by name, over the staged columns and the lookups of requests and of
            what stands beside them (`_beside`), as far as they end in the window or nowhere.
        tell: What to say of the tallies.
        order: SQL over staged columns and lookups: of several lines of one request the one with
            the greatest values counts; then that of the earlier end, then always the same one,
            however lines are ordered. With `same` it is one count, and ends are held apart to the
            millisecond.
    """

    source: str
    paths: tuple[Path, ...]
    columns: Mapping[str, str]
    where: str
    staged: Mapping[str, str]
    fields: Mapping[str, str]
    relation: str = "lines"
    refusals: tuple[Refusal, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    order: tuple[str, ...] = ()
    same: str = ""
    shared: tuple[str, ...] = ()
    foreign: str = ""
    beside: str = "false"
    tallies: Mapping[str, str] = field(default_factory=dict)
    tell: Callable[[Mapping[str, int]], tuple[Finding, ...]] = _tell_nothing
