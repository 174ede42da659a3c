"""What a pull of Devin should tell a person, in counts."""

from collections.abc import Iterable, Sequence
from datetime import date

from tasks.core.findings import Finding
from tasks.sources.devin.payloads import OTHER, DayUse
from tasks.sources.devin.sessions import Session


def added_up(source: str, sessions: Sequence[Session], first: date) -> Finding:
    """Say that the days are made of sessions, and what is missing in them.

    Args:
        source: Name of the source.
        sessions: All that were read.
        first: Day of the window.
    """
    missing = ["what no session consumed"]
    if untold := sum(session.acus is None for session in sessions):
        missing.append(f"what {untold} that tell none consumed")
    if earlier := sum(session.first_day < first for session in sessions):
        missing.append(f"what {earlier} that began before {first} go on to consume")
    detail = (
        "consumption by day is not open to this key: ACUs are added up from sessions by the day "
        f"they began; missing is {', '.join(missing)}"
    )
    return Finding("report_unavailable", source, detail, source)


def unknown_products(source: str, uses: Iterable[DayUse]) -> list[Finding]:
    """Tell of products without a name here."""
    days = sum(1 for use in uses if use.products.get(OTHER))
    if not days:
        return []
    detail = f"on {days} days ACUs are of a product never seen before; they are booked as `other`"
    return [Finding("unknown_sku", "product", detail, source)]


def dropped(source: str, sessions: Sequence[Session]) -> list[Finding]:
    """Tell which hints of sessions could not be kept."""
    findings = []
    for name, what in (
        ("stamp", "the tag that names the workflow is no short word"),
        ("pull_request", "a link to a pull request is missing or of another form"),
    ):
        count = sum(session.dropped.count(name) for session in sessions)
        if count:
            detail = f"{count} times {what}; it is not kept"
            findings.append(Finding("hint_dropped", name, detail, source))
    unknown = sum(not session.is_known_status for session in sessions)
    if unknown:
        detail = f"{unknown} sessions have a status never seen before; they count as not failed"
        findings.append(Finding("hint_dropped", "status", detail, source))
    return findings
