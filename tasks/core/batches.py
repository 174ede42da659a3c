"""What a source hands to the pipeline: raw rows by key, and what it had to refuse.

Plain values only. A raw row holds the allow-listed fields of what the source
said: text, integers, booleans, null, and lists or objects of these; amounts are
decimal text, instants ISO 8601 text in UTC. No field of a raw row names a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from tasks.core.findings import Finding

Json: TypeAlias = "str | int | bool | Sequence[Json] | Mapping[str, Json] | None"
RawRow: TypeAlias = dict[str, Json]


class StreamKind(StrEnum):
    """How the snapshots of a stream relate to each other."""

    REPORT = "report"  # keyed by the vendor's day; the newest complete snapshot replaces
    CHANGE = "change"  # keyed by the day of the pull; the newest version per natural key wins


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of record that a source offers.

    Attributes:
        name: Unique within the source type, `[a-z_]+`.
        kind: How its snapshots replace or accumulate.
        table: The conformed table that its rows become (`tasks.core.tables`).
        natural_key: Raw fields that identify a row; for change streams.
        volatile: Raw fields left out of the content digest (they change without meaning).
    """

    name: str
    kind: StreamKind
    table: str
    natural_key: tuple[str, ...] = ()
    volatile: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reject:
    """One row that could not be parsed: where it was and why, never its text.

    Attributes:
        place: File surrogate or request that held it, e.g. `cost_report page 2`.
        position: Zero-based index or line number in that place.
        length: Size in bytes of the refused text.
        digest: SHA-256 hex of the refused text; stored as a keyed digest of that, because the
            text may be no more than a name.
        field_path: Dotted path of the offending field; empty where the whole row is at fault.
        code: Closed vocabulary: pydantic's error type, or one of ours (`bad_json`, `bad_amount`,
            `not_an_object`, `line_too_long`, `in_the_future`, `duplicate`, `conflicting_run`,
            `conflicting_duplicate`, `out_of_range`, `malformed_page`, `unavailable`,
            `unreadable_<status>`, `unpriced`, `failed_check:<name>`; of files `ragged_row`,
            `bad_currency`, `bad_category`, `bad_instant`, `bad_interval`, `bad_word`,
            `bad_number`, `incomplete_document`; of requests `missing`, `bad_sum`, `out_of_order`,
            `running_total`).
        issuer: Whose money it may hold; empty if unknown.
        account: As above.
        amount_nano: Billed amount that did parse, in 1e-9 currency units; None if unknown.
        parsed: Allow-listed fields that did parse.
    """

    place: str
    position: int
    length: int
    digest: str
    field_path: str
    code: str
    issuer: str = ""
    account: str = ""
    amount_nano: int | None = None
    parsed: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one snapshot key.

    Attributes:
        key: Report streams: the vendor's day. Change streams: the day of the pull.
        rows: Reduced rows, any order.
        rejects: What was refused from the same answer.
        is_complete: The source said there is no more for this key, and the day is closed.
            An incomplete report batch is stored, but never read as a whole day.
    """

    key: date
    rows: Sequence[RawRow]
    rejects: Sequence[Reject] = ()
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far a stream has been read.

    Attributes:
        read_to: Aware UTC. Report streams: data is complete before it.
            Change streams: every change before it has been seen.
        repoll: Natural keys to read again next time although unchanged upstream
            (open items, checks not final, items closed within the maturation age).
    """

    read_to: datetime
    repoll: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pulled:
    """Everything one pull of one stream brought.

    Attributes:
        findings: What reading met with, in counts and sums of what is not kept.
    """

    batches: Sequence[Batch]
    watermark: Watermark | None
    requests: int = 0
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Conformed:
    """The raw rows of one key in the typed form of their table.

    Attributes:
        rows: One mapping a row, with every column of the table.
        labels: (kind, key, name) of items, for the mutable `labels` table.
    """

    rows: Sequence[dict[str, object]]
    rejects: tuple[Reject, ...] = ()
    labels: tuple[tuple[str, str, str], ...] = ()
    findings: tuple[Finding, ...] = ()
