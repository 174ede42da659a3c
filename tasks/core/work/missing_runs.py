"""Days of which runs are missing: what was worked on then has no known cost."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from tasks.core.books import Snapshot
from tasks.core.findings import Finding
from tasks.core.night import SourceDay


@dataclass(frozen=True, slots=True)
class MissingRuns:
    """UTC days of which a log's runs are missing, in order, by source."""

    by_source: Mapping[str, list[date]]

    def days(self) -> set[date]:
        """Give the days, whichever source lacks them."""
        return {day for days in self.by_source.values() for day in days}

    def findings(self) -> tuple[Finding, ...]:
        """Say so, once a source."""
        return tuple(
            Finding(
                "runs_missing",
                source,
                f"runs of {len(days)} days from {days[0]} to {days[-1]} are missing: what was "
                "worked on then has no known cost",
                source,
            )
            for source, days in sorted(self.by_source.items())
        )


def missing_runs(
    complete: Iterable[Snapshot], read: Iterable[Snapshot], absent: Collection[SourceDay]
) -> MissingRuns:
    """Find the days that a log should have and that cannot be read.

    Args:
        complete: Newest complete snapshot of every source-day of runs that the ledger knows.
        read: Those of them that count.
        absent: Source-days that should be there and are not. A source that was connected later
            lacks nothing before.
    """
    known = {(one.source, one.key) for one in complete}
    begun: dict[str, date] = {}
    for source, day in known:
        begun[source] = min(day, begun.get(source, day))
    lost = known - {(one.source, one.key) for one in read}
    by_source: dict[str, list[date]] = {}
    for source, day in sorted(lost.union(absent)):
        if source in begun and day >= begun[source]:
            by_source.setdefault(source, []).append(day)
    return MissingRuns(by_source)
