"""Look at a source once, as a night will: with its own requests, for one day.

A wrong key, a right that is missing, a host that is away and a shape that has changed show
here as they would at night, and nothing is stored.
"""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

from config.shapes.sources import (
    FileSource,
    GithubSource,
    JiraSource,
    LitellmSource,
    RequestLog,
    Source,
)
from tasks.core.batches import Reject, Stream, StreamKind
from tasks.core.days import vendor_day
from tasks.core.errors import SourceError
from tasks.core.people import Door
from tasks.core.probe import Probe, counted, expiry_warnings
from tasks.core.refusals import fault_words
from tasks.sources import github, jira
from tasks.sources.log_files import find_files
from tasks.sources.registry import Adapter, adapter_of
from tasks.transport.client import Client

# So many lines of so many files tell what a log is.
_FEW_LINES = 100
_FEW_FILES = 20
_COMPRESSED = frozenset({".gz", ".zst"})


def probe(source: Source, client: Client | None, now: datetime, door: Door) -> Probe:
    """Ask a source for a little of everything that a night asks it for.

    Args:
        source: As `located` and `with_declared` complete it.
        client: Of the source; None for files.
        now: Aware UTC.
        door: Where text that must not be kept ends.

    Raises:
        SourceError: It cannot be read as things stand, with what to do about it.
    """
    if isinstance(source, GithubSource) and client is not None:
        return github.probe(client, source, now, door)
    if isinstance(source, JiraSource) and client is not None:
        return jira.probe(client, source, now, door)
    adapter = adapter_of(source)
    if isinstance(source, FileSource):
        return _files(source, adapter, now, door)
    day = vendor_day(now) - timedelta(days=1 + getattr(source, "lag_days", 0))
    told = [_stream(source, stream, adapter, client, day, now, door) for stream in adapter.streams]
    expires = _litellm_expiry(client) if isinstance(source, LitellmSource) and client else None
    return Probe(f"{', '.join(told)} of {day}", expiry_warnings(expires, now))


def _stream(
    source: Source,
    stream: Stream,
    adapter: Adapter,
    client: Client | None,
    day: date,
    now: datetime,
    door: Door,
) -> str:
    pulled = adapter.fetch(stream, client, source, (day, day), None, now, door)
    rows = sum(len(batch.rows) for batch in pulled.batches)
    _refuse_rejects(source.name, stream, [one for batch in pulled.batches for one in batch.rejects])
    is_whole = stream.kind is StreamKind.CHANGE or any(
        batch.key == day and batch.is_complete for batch in pulled.batches
    )
    told = f"{counted(rows, 'row', 'rows')} of {stream.name}"
    return told if is_whole else f"no {stream.name} yet"


def _refuse_rejects(source: str, stream: Stream, rejects: Sequence[Reject]) -> None:
    """Take refused rows for what they are at a first look: a shape that has changed."""
    if rejects:
        first = rejects[0]
        field = first.field_path or "the row"
        detail = (
            f"{len(rejects)} rows of {stream.name} cannot be read: {field}"
            f" {fault_words(first.code)} at {first.place}; the vendor may have changed its shape,"
            " see docs/sources.md"
        )
        raise SourceError(source, detail)


def _files(source: FileSource, adapter: Adapter, now: datetime, door: Door) -> Probe:
    # The newest last, as the log goes on there.
    paths = sorted(find_files(source.name, source.paths), key=lambda path: path.stat().st_mtime)
    newest = datetime.fromtimestamp(paths[-1].stat().st_mtime, UTC)
    told = f"{counted(len(paths), 'file', 'files')}, the newest of {newest.date()}"
    if isinstance(source, RequestLog):
        for path in [one for one in paths if one.suffix not in _COMPRESSED][-_FEW_FILES:]:
            _first_lines(source.name, path)
        return Probe(told)
    day = vendor_day(now) - timedelta(days=1)
    rows = [_stream(source, stream, adapter, None, day, now, door) for stream in adapter.streams]
    return Probe(f"{told}; {', '.join(rows)} of {day}")


def _first_lines(source: str, path: Path) -> None:
    """Refuse a file whose first lines are mostly no records; its last line may be half-written."""
    with path.open("rb") as lines:
        first = [one for one in islice(lines, _FEW_LINES) if one.endswith(b"\n") and one.strip()]
    bad = sum(not _is_record(one) for one in first)
    if 2 * bad > len(first):
        detail = (
            f"{bad} of the first {len(first)} lines of a file that `paths` matches are no JSON"
            " objects; correct `paths`, or restore the log"
        )
        raise SourceError(source, detail)


def _is_record(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _litellm_expiry(client: Client) -> datetime | None:
    """Read when the proxy's key ends; a proxy that does not tell is no fault."""
    answer = client.get("/key/info", accept=(400, 401, 403, 404, 422)).json
    info = answer.get("info") if isinstance(answer, dict) else None
    text = info.get("expires") if isinstance(info, dict) else None
    return _moment(text)


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
