"""Requests of one UTC day, as a log over HTTP gives them: filed by the day they began on."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime

from config.shapes.sources import RequestLog
from tasks.core.batches import Batch, Pulled, Reject
from tasks.core.days import day_bounds, vendor_day, window_days
from tasks.core.errors import SourceError
from tasks.core.requests import Request
from tasks.sources.packed_rows import PackedRows
from tasks.sources.report_days import read_to
from tasks.sources.request_marks import RequestMarks
from tasks.transport.client import Client


@dataclass(slots=True)
class RequestDay:
    """What a log told of one day.

    Attributes:
        ids: Of the records that came, as the log calls them; to notice one that comes twice.
    """

    day: date
    rows: PackedRows = field(default_factory=PackedRows)
    rejects: list[Reject] = field(default_factory=list)
    ids: set[str] = field(default_factory=set, repr=False)

    def has_come(self, name: str | None) -> bool:
        """Say whether a record of the same id came before; remember it."""
        if name is None:
            return False
        is_repeat = name in self.ids
        self.ids.add(name)
        return is_repeat

    def file(self, source: str, parsed: Request | Reject | None) -> None:
        """Keep a parsed record; one that began exactly as the next day does is that day's.

        Raises:
            SourceError: It is of another day than was asked for.
        """
        if parsed is None:
            return
        if isinstance(parsed, Reject):
            self.rejects.append(parsed)
            return
        began = parsed.started_at or parsed.ended_at
        if vendor_day(began) == self.day:
            self.rows.append(parsed.to_raw())
        elif began != day_bounds(self.day)[1]:
            detail = (
                f"asked for {self.day}, it answers with requests of {vendor_day(began)}; "
                "its filter by time is not what is documented"
            )
            raise SourceError(source, detail)

    def drop(self, run_ids: Collection[str]) -> int:
        """Drop requests that were kept; say how many there were."""
        before = len(self.rows)
        if run_ids:
            self.rows = PackedRows(row for row in self.rows if row["run_id"] not in run_ids)
        return before - len(self.rows)

    def batch(self) -> Batch:
        """Give the ended day as a batch; what is found in it may be nothing."""
        return Batch(self.day, self.rows, tuple(self.rejects))


def id_of(record: object, key: str) -> str | None:
    """Give what a log calls a record; None where that is no text."""
    name = record.get(key) if isinstance(record, dict) else None
    return name if isinstance(name, str) else None


def pull_request_days(
    client: Client,
    config: RequestLog,
    window: tuple[date, date],
    now: datetime,
    keyed_digest: Callable[[str], str],
    read_day: Callable[[date, RequestMarks], RequestDay],
) -> Pulled:
    """Read the ended days of a window, both bounds included, one by one.

    Args:
        client: Of the source.
        config: With what is declared elsewhere.
        window: First and last day.
        now: Aware UTC.
        keyed_digest: Digest under the installation's own key.
        read_day: Reads all of one day.
    """
    before = client.requests
    marks = RequestMarks(config, keyed_digest)
    days = [day for day in window_days(*window) if day < vendor_day(now)]
    batches = [read_day(day, marks).batch() for day in days]
    requests = client.requests - before
    return Pulled(batches, read_to(batches, window), requests, marks.findings())
