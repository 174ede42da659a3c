"""What hints claim, as small tables for the engine to look up.

Values that mean the same share a code, so that runs with the same codes can be summed before
their claims are looked up. Days between two changes of stage share a segment.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa

from tasks.core.cells import Candidate, Dimension, Resolutions

#: Changes of stage that are told apart by comparing; beyond them, every day is a segment.
_FEW_CHANGES = 12
_Place = tuple[Dimension, str, str]


@dataclass(frozen=True, slots=True)
class Segments:
    """Days on which runs started, divided where a stage changes.

    Attributes:
        number: SQL for the number of the segment that the instant `started` lies in.
        days: One day of each segment, by number.
    """

    number: str
    days: Sequence[date]


def segments_of(resolutions: Resolutions, first: date, last: date) -> Segments:
    """Divide the days from `first` to `last`, ends included."""
    changes = sorted(
        {
            day
            for span in resolutions.stages
            for day in (span.from_day, _day_after(span.to_day))
            if day is not None and first < day <= last
        }
    )
    if len(changes) > _FEW_CHANGES:
        # UTC days by integer arithmetic, so that no session's time zone matters.
        epoch_day = (first - date(1970, 1, 1)).days
        number = f"epoch_us(started) // 86400000000 - {epoch_day}"
        return Segments(number, [first + timedelta(n) for n in range((last - first).days + 1)])
    begun = [f"CAST(started >= TIMESTAMPTZ '{day} 00:00:00+00' AS BIGINT)" for day in changes]
    return Segments(" + ".join(begun) or "0", [first, *changes])


def small_tables(resolutions: Resolutions, segments: Segments) -> dict[str, pa.Table]:
    """Make the tables that `tasks.lake.run_cells` joins.

    Returns:
        `codes` of hint values, `meanings` of codes, `foreign_codes` of repositories outside a
        workflow's scope, `spans` of stages and `segments` of days.
    """
    meanings: dict[_Place, list[Candidate]] = {}
    for one in resolutions.candidates:
        meanings.setdefault((one.dimension, one.issuer, one.value), []).append(one)
    foreign: dict[_Place, list[str]] = {}
    for workflow, repo in sorted(set(resolutions.out_of_scope)):
        foreign.setdefault((Dimension.REPO, "", repo), []).append(workflow)
    numbers: dict[object, int] = {}
    codes: dict[_Place, int] = {}
    for place in [*meanings, *(place for place in foreign if place not in meanings)]:
        means = tuple(sorted(map(_meaning, meanings.get(place, ()))))
        same = (place[0], means, tuple(foreign.get(place, ())))
        codes[place] = numbers.setdefault(same, len(numbers))
    first_of = {code: place for place, code in reversed(codes.items())}
    return {
        "codes": _table(
            {"dimension": "string", "issuer": "string", "value": "string", "code": "int64"},
            ((str(kind), issuer, value, code) for (kind, issuer, value), code in codes.items()),
        ),
        "meanings": _table(
            {
                "dimension": "string",
                "code": "int64",
                "rank": "int64",
                "workflow": "string",
                "rule": "string",
                "strength": "string",
            },
            (
                (str(place[0]), code, *_meaning(one))
                for code, place in first_of.items()
                for one in meanings.get(place, ())
            ),
        ),
        "foreign_codes": _table(
            {"code": "int64", "workflow": "string"},
            (
                (code, workflow)
                for code, place in first_of.items()
                for workflow in foreign.get(place, ())
            ),
        ),
        "spans": _table(
            {
                "workflow": "string",
                "from_day": "date32",
                "to_day": "date32",
                "pool": "string",
                "family": "string",
                "portfolio": "string",
            },
            (
                (one.workflow, one.from_day, one.to_day, one.pool, one.family, one.portfolio)
                for one in resolutions.stages
            ),
        ),
        "segments": _table({"segment": "int64", "day": "date32"}, enumerate(segments.days)),
    }


def _meaning(one: Candidate) -> tuple[int, str, str, str]:
    return one.rank, one.workflow, one.rule, one.strength.value


def _day_after(day: date | None) -> date | None:
    return None if day is None else day + timedelta(days=1)


def _table(columns: dict[str, str], rows: Iterable[Sequence[object]]) -> pa.Table:
    listed = list(rows)
    values = list(zip(*listed, strict=True)) if listed else [()] * len(columns)
    types = [pa.type_for_alias(name) for name in columns.values()]
    arrays = [pa.array(some, of) for some, of in zip(values, types, strict=True)]
    return pa.table(arrays, names=list(columns))
