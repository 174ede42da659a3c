"""What the logs of the estate tell, and which of several that see the same spend counts."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import date, datetime

from sandbox.estate import facts
from sandbox.estate.langfuse_api import tells_time_to_live
from sandbox.estate.records import AgentRequest, Estate
from sandbox.records import LogRecord


def runs_of(
    estate: Estate, names: Collection[str], now: datetime, days: Collection[date]
) -> list[LogRecord]:
    """Give the runs that count, of the logs that are read.

    Per issuer, account and day only logs of the lowest rank count. What they do not say of a
    run, a log of another rank says that knows its id.

    Args:
        estate: What happened.
        names: Sources that are read; those that are no log of the estate are left alone.
        now: Until when something can have been written, aware UTC.
        days: Days of which logs have been read.
    """
    told = [
        (log.precedence, record)
        for log in facts.LOGS
        if log.name in names
        for record in records_of(log.name, estate.requests)
        if record.ended_at <= now and record.ended_at.date() in days
    ]
    best: dict[tuple[str, str | None, date], int] = {}
    for rank, record in told:
        place = _place(record)
        best[place] = min(rank, best.get(place, rank))
    lent: dict[str | None, list[LogRecord]] = {}
    for rank, record in told:
        if rank != best[_place(record)]:
            lent.setdefault(record.run_id, []).append(record)
    return [
        _with_hints(record, lent.get(record.run_id, ()))
        for rank, record in told
        if rank == best[_place(record)]
    ]


def records_of(source: str, requests: Iterable[AgentRequest]) -> list[LogRecord]:
    """Give what one log tells, each run once."""
    told = [one for one in requests if one.is_logged and _TELLS[source](one)]
    if source == facts.ANALYTICS:
        return _by_day(told)
    return [_record(source, one) for one in told]


_TELLS: dict[str, Callable[[AgentRequest], bool]] = {
    facts.TRANSCRIPTS: lambda one: one.tool == "claude-code" and one.is_gathered,
    facts.ROLLOUTS: lambda one: one.tool == "codex",
    facts.TELEMETRY: lambda one: one.tool in ("claude-code", "codex", "assistant"),
    facts.PROXY: lambda one: one.tool == "gateway",
    facts.EXPORT: lambda one: one.tool == "export",
    facts.TRACES: lambda one: one.is_traced,
    facts.ANALYTICS: lambda one: one.tool == "claude-code",
}
#: Logs that know branch and repository, and those that know a stamp.
_KNOW_BRANCHES = frozenset({facts.TRANSCRIPTS, facts.ROLLOUTS})

_WRITES = frozenset({"cache_write_5m", "cache_write_1h"})


def _record(source: str, one: AgentRequest) -> LogRecord:
    knows_branch = source in _KNOW_BRANCHES
    tokens: dict[str, int | None] = dict(one.tokens)
    if source == facts.TRACES and not tells_time_to_live(one):
        tokens = {kind: count for kind, count in tokens.items() if kind not in _WRITES}
    # Codex tells its telemetry no id, so that it meets no other log.
    is_nameless = one.tool == "codex" and source == facts.TELEMETRY
    return LogRecord(
        run_id=f"telemetry of {one.id}" if is_nameless else one.id,
        process_id=None if knows_branch else one.stamp or None,
        issuer=one.issuer,
        model=one.model,
        ended_at=one.ended_at,
        started_at=None,
        tokens=tokens,
        account=one.account,
        repo=one.repo or None if knows_branch else None,
        branch=one.branch or None if knows_branch else None,
        work_item=None,
        purpose="work",
    )


def _by_day(requests: Iterable[AgentRequest]) -> list[LogRecord]:
    """Add up what the vendor's analytics tell together: a person's day on a model."""
    found: dict[str, LogRecord] = {}
    for one in requests:
        name = f"{one.ended_at.date()} {one.user.login} {one.model}"
        known = found.get(name)
        if known is None:
            found[name] = replace(_record(facts.ANALYTICS, one), run_id=name, process_id=None)
        else:
            kinds = {**known.tokens, **one.tokens}
            sums = {k: (known.tokens.get(k) or 0) + one.tokens.get(k, 0) for k in kinds}
            found[name] = replace(known, tokens=dict(sums))
    return list(found.values())


def _with_hints(record: LogRecord, lenders: Iterable[LogRecord]) -> LogRecord:
    stamps = [one.process_id for one in lenders if one.process_id]
    branches = [one.branch for one in lenders if one.branch]
    repositories = [one.repo for one in lenders if one.repo]
    return replace(
        record,
        process_id=record.process_id or min(stamps, default=None),
        branch=record.branch or min(branches, default=None),
        repo=record.repo or min(repositories, default=None),
    )


def _place(record: LogRecord) -> tuple[str, str | None, date]:
    return record.issuer, record.account, record.ended_at.date()
