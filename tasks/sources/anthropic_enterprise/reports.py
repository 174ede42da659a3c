"""Asks for a report by group and in total, and says which of its days are final enough.

A day counts once the vendor's refresh has passed its end. It is revised for 30 days more,
which the trailing window reads again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tasks.core.amount_text import amount_text
from tasks.core.batches import Batch, Pulled
from tasks.core.days import day_bounds, vendor_day
from tasks.core.errors import SourceUnavailableError
from tasks.core.findings import Finding
from tasks.sources.anthropic_enterprise.payloads import Page, parse_page
from tasks.sources.anthropic_enterprise.rest import FindRest, Rest
from tasks.sources.report_days import DayRows, ParseRow, gather_days, read_to
from tasks.transport.client import Client
from tasks.transport.pages import cursor_pages

#: Most days that one query may span, which is also the most buckets of a page.
SPAN_DAYS = 31
#: The API tells nothing of the time before.
_FIRST_DAY = date(2026, 1, 1)
_REACH = timedelta(days=364)
_ONE_DAY = timedelta(days=1)

Params = dict[str, str | int | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Report:
    """How one report is asked for and read.

    Attributes:
        find_rest: What is missing to the total.
        show_rest: Prints that for people.
    """

    path: str
    groups: tuple[str, ...]
    parse_row: ParseRow
    parse_total: ParseRow
    find_rest: FindRest
    show_rest: Callable[[int], str]


def dollars(nano: int) -> str:
    """Print a rest of cost."""
    return amount_text(nano)


def tokens(count: int) -> str:
    """Print a rest of usage."""
    return f"{count:,} tokens"


def pull_report(
    client: Client,
    report: Report,
    *,
    source: str,
    window: tuple[date, date],
    now: datetime,
    lag_days: int,
) -> Pulled:
    """Read a report for the ended days of a window.

    Raises:
        SourceError: The answer cannot be used; nothing of it is taken.
    """
    before = client.requests
    batches: list[Batch] = []
    rests: dict[date, Rest] = {}
    for span in spans(window, now):
        grouped = _read(client, report, span, report.groups)
        total = _read(client, report, span, ())
        refreshed_at = refreshed(source, [page.refreshed_at for page in (*grouped, *total)])
        days = _gather(source, report, grouped, report.parse_row)
        totals = _gather(source, report, total, report.parse_total)
        for day, gathered in sorted(days.items()):
            if not span[0] <= day <= span[1]:
                continue
            rest = _rest(gathered, totals.get(day), report.find_rest)
            rows = [*gathered.rows, *([rest.row] if rest.row is not None else [])]
            is_told = bool(rows or gathered.rejects)
            is_final = is_ended(day, refreshed_at, now, lag_days, is_told=is_told)
            if is_final:
                rests[day] = rest
            is_complete = is_final and not rest.contradiction
            batches.append(Batch(day, rows, tuple(gathered.rejects), is_complete))
    findings = _findings(rests, source, report.show_rest)
    return Pulled(batches, read_to(batches, window), client.requests - before, findings)


def spans(window: tuple[date, date], now: datetime) -> Iterator[tuple[date, date]]:
    """Cut the ended days of a window into stretches that may be asked for at once."""
    today = vendor_day(now)
    start = max(window[0], _FIRST_DAY, today - _REACH)
    last = min(window[1], today - _ONE_DAY)
    while start <= last:
        end = min(last, start + timedelta(days=SPAN_DAYS - 1))
        yield start, end
        start = end + _ONE_DAY


def span_params(span: tuple[date, date]) -> Params:
    """Ask for the days of a stretch, both included, by day."""
    return {
        "starting_at": _instant(span[0]),
        "ending_at": _instant(span[1] + _ONE_DAY),
        "bucket_width": "1d",
    }


def refreshed(source: str, told: Sequence[datetime]) -> datetime:
    """Say as of when the vendor answered, by what each page tells.

    Raises:
        SourceUnavailableError: Its data changed while it was read, so that groups of one state
            would be held against a total of another.
    """
    moments = set(told)
    if len(moments) > 1:
        raise SourceUnavailableError(source, "its data was refreshed between two pages; pull again")
    return moments.pop()


def is_ended(
    day: date, refreshed_at: datetime, now: datetime, lag_days: int, *, is_told: bool
) -> bool:
    """Tell whether a day is over for the vendor; an empty one only once the lag is over, too."""
    is_over = day_bounds(day)[1] <= refreshed_at and day < vendor_day(now)
    return is_over and (is_told or day < vendor_day(now) - lag_days * _ONE_DAY)


def _read(
    client: Client, report: Report, span: tuple[date, date], groups: Sequence[str]
) -> list[Page]:
    params = span_params(span) | {"limit": SPAN_DAYS}
    if groups:
        params["group_by[]"] = groups
    pages = cursor_pages(client, report.path, params=params)
    return [parse_page(client.source, report.path, page.json) for page in pages]


def _gather(
    source: str, report: Report, pages: Sequence[Page], parse_row: ParseRow
) -> dict[date, DayRows]:
    return gather_days(source, report.path, (page.buckets for page in pages), parse_row)


def _rest(groups: DayRows, total: DayRows | None, find_rest: FindRest) -> Rest:
    if total is None or total.rejects:
        return Rest(contradiction="the total that the groups are held against cannot be read")
    return find_rest(groups.rows, groups.rejects, total.rows)


def _findings(
    rests: dict[date, Rest], source: str, show: Callable[[int], str]
) -> tuple[Finding, ...]:
    left = [rest.amount for rest in rests.values() if rest.row is not None]
    cut = (
        Finding(
            "groups_cut",
            source,
            f"on {len(left)} {'days' if len(left) > 1 else 'day'} the report names only its "
            f"largest groups; the rest ({show(sum(left))}) is told as other-groups",
            source,
        ),
    )
    return (
        *(cut if left else ()),
        *(
            Finding("report_contradicted", source, f"{day}: {rest.contradiction}", source)
            for day, rest in sorted(rests.items())
            if rest.contradiction
        ),
    )


def _instant(day: date) -> str:
    return day_bounds(day)[0].strftime("%Y-%m-%dT%H:%M:%SZ")
