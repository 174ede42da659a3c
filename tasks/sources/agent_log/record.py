"""The agent change log's record: strict about identity, time, model and numbers.

One JSON object a line; `docs/agent-change-log.md` describes it. `owner` is taken out
before anything looks at the record: the role comes from the catalog.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from tasks.core.batches import RawRow
from tasks.core.instants import instant_text
from tasks.core.tables import TOKEN_KINDS
from tasks.sources.agent_log.hints import HintReader
from tasks.sources.report_fields import AmountField, Count, Instant, Payload, decimal_text, salvage

_OWNER = "owner"


def _not_negative(amount: Decimal) -> Decimal:
    if amount < 0:
        message = "must not be negative"
        raise ValueError(message)
    return amount


_Stamp = Annotated[str, Field(pattern=r"^[a-z0-9_.-]{1,64}$")]


class _Tokens(Payload):
    """Disjoint counts; null or absent: not reported."""

    input: Count | None = None
    cache_read: Count | None = None
    cache_write_5m: Count | None = None
    cache_write_1h: Count | None = None
    output: Count | None = None


class _Moment(Payload):
    timestamp: Instant


class _Process(Payload):
    process_id: _Stamp


class ChangeLogRecord(_Moment):
    """What a line must get right; its hints are read apart, because a bad one costs no row.

    Attributes:
        process_id: Workflow id; absent where the writer knows none.
        timestamp: End of the run.
        model: `vendor:model-name`.
        run_id: Absent: the run is known by a digest of its line.
        cost_usd: The log's own estimate, in US dollars.
    """

    process_id: _Stamp | None = None
    model: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:/+-]{1,128}$")]
    run_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:#/+-]{1,128}$")] | None = None
    started_at: Instant | None = None
    tokens: _Tokens | None = None
    cost_usd: Annotated[AmountField, AfterValidator(_not_negative)] | None = None
    purpose: Literal["work", "eval", "shadow", "ci"] | None = None

    @model_validator(mode="after")
    def _starts_before_it_ends(self) -> "ChangeLogRecord":
        if self.started_at is not None and self.started_at > self.timestamp:
            message = "started_at must not be after timestamp"
            raise ValueError(message)
        return self


def reduce_record(
    said: Mapping[str, object], hints: HintReader, keyed_digest: Callable[[str], str]
) -> tuple[datetime, RawRow]:
    """Reduce a decoded line to its moment and to what may be kept of it.

    Null fields are left out of the row.

    Raises:
        pydantic.ValidationError: Identity, time, model, purpose or a number is wrong.
    """
    kept = {key: value for key, value in said.items() if key != _OWNER}
    record = ChangeLogRecord.model_validate(kept)
    row: RawRow = {
        "run_id": record.run_id or keyed_digest(_canonical(kept)),
        "ended_at": instant_text(record.timestamp),
        "model": record.model,
    }
    if record.process_id is not None:
        row["stamp"] = record.process_id
    if record.started_at is not None:
        row["started_at"] = instant_text(record.started_at)
    if record.cost_usd is not None:
        row["cost_usd"] = decimal_text(record.cost_usd)
    if record.purpose is not None:
        row["purpose"] = record.purpose
    if record.tokens is not None:
        for kind in TOKEN_KINDS:
            count = getattr(record.tokens, kind)
            if count is not None:
                row[f"{kind}_tokens"] = count
    row.update(hints.read(kept))
    return record.timestamp, row


def salvage_record(said: object) -> tuple[datetime | None, RawRow]:
    """Read the moment and the workflow of a refused record, as far as they can be read."""
    moment = salvage(_Moment, said)
    process = salvage(_Process, said)
    parsed: RawRow = {}
    if moment is not None:
        parsed["timestamp"] = instant_text(moment.timestamp)
    if process is not None:
        parsed["process_id"] = process.process_id
    return moment.timestamp if moment else None, parsed


def _canonical(said: Mapping[str, object]) -> str:
    return json.dumps(said, sort_keys=True, separators=(",", ":"), default=str)
