"""How far each repository has been read, and what must be looked at again.

One stream covers many repositories, and its watermark is one value: the state of each
repository travels in `Watermark.repoll`. So a repository that was added to the
configuration, or failed last night, is read from its own beginning, and a pull that a
limit cuts short goes on where it stopped.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from tasks.core.batches import Watermark
from tasks.core.instants import instant_text, parse_instant

#: Read again before the watermark: clocks differ, and lists shift while they are paged.
OVERLAP = timedelta(hours=1)
#: A check or deployment that is not final after this long never will be.
RECHECK_FOR = timedelta(days=30)

_READ = "read"
_AGAIN = "again"


@dataclass(frozen=True, slots=True, order=True)
class Again:
    """Something to look at again although its item does not change.

    Attributes:
        kind: What to read: `check_runs`, `statuses`, `deployment` or `run`.
        repository_id: Where it is.
        key: Which one, in words of its kind.
        until: Last day on which it is still worth asking.
    """

    kind: str
    repository_id: int
    key: str
    until: date


@dataclass(slots=True)
class Progress:
    """The state of a stream's reading, by repository id."""

    read_to: dict[int, datetime] = field(default_factory=dict)
    again: set[Again] = field(default_factory=set)

    @classmethod
    def of(cls, watermark: Watermark | None) -> "Progress":
        """Unpack a watermark; None is a stream never read."""
        progress = cls()
        for entry in watermark.repoll if watermark else ():
            kind, _, rest = entry.partition("|")
            if kind == _READ:
                repository, _, instant = rest.partition("|")
                progress.read_to[int(repository)] = parse_instant(instant)
            elif kind == _AGAIN:
                what, repository, key, until = rest.split("|")
                entry_again = Again(what, int(repository), key, date.fromisoformat(until))
                progress.again.add(entry_again)
        return progress

    def since(self, repository_id: int, beginning: datetime) -> datetime:
        """Say from which moment on a repository must be read."""
        read_to = self.read_to.get(repository_id)
        return read_to - OVERLAP if read_to else beginning

    def watermark(self, now: datetime, repository_ids: Iterable[int]) -> Watermark:
        """Pack the state of the repositories that are still configured."""
        kept = set(repository_ids)
        read = sorted((key, at) for key, at in self.read_to.items() if key in kept)
        again = sorted(
            one
            for one in self.again
            if one.repository_id in kept and one.until >= now.astimezone(UTC).date()
        )
        return Watermark(
            read_to=min((at for _, at in read), default=now),
            repoll=(
                *(f"{_READ}|{key}|{instant_text(at)}" for key, at in read),
                *(
                    f"{_AGAIN}|{one.kind}|{one.repository_id}|{one.key}|{one.until.isoformat()}"
                    for one in again
                ),
            ),
        )
