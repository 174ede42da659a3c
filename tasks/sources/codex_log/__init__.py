"""Codex's local sessions (`~/.codex/sessions/**/rollout-*.jsonl`), gathered in a folder.

Read whole each night, each request once: forked and resumed sessions hold copies of what
others tell. Of a session its repository and branch are kept as hints, of a request its model
and its tokens; prompts, answers and folders are not read.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import chain

from config.shapes.source_logs import CodexLogSource
from tasks.core.batches import Batch, Pulled, Reject, Stream, StreamKind, Watermark
from tasks.core.days import day_bounds, vendor_day, window_days
from tasks.core.errors import SourceError
from tasks.core.findings import Finding
from tasks.core.issuers import issuer_of, known_issuers
from tasks.core.people import Door
from tasks.core.refusals import MOST_REJECTS, is_mostly_bad, place_of
from tasks.core.request_hints import repository_hint
from tasks.core.requests import Request
from tasks.core.work.branches import branch_hint
from tasks.sources.codex_log.compactions import Compaction
from tasks.sources.codex_log.copies import own_uses
from tasks.sources.codex_log.sessions import Session, Use, read_session
from tasks.sources.log_files import find_files
from tasks.sources.packed_rows import PackedRows
from tasks.transport.client import Client
from tasks.transport.line_files import read_lines

RUNS = Stream("runs", StreamKind.REPORT, "runs")
STREAMS: tuple[Stream, ...] = (RUNS,)

#: Raise it when the same files would give other raw rows.
PARSER = "codex_log-1"

_ONE_DAY = timedelta(days=1)


def fetch(
    stream: Stream,  # noqa: ARG001  # there is only one
    client: Client | None,  # noqa: ARG001  # files need none
    config: CodexLogSource,
    window: tuple[date, date],
    watermark: Watermark | None,  # noqa: ARG001  # a report's window says it all
    now: datetime,
    door: Door,
) -> Pulled:
    """Read the requests of all files that ended in the window, both bounds included.

    Raises:
        SourceError: A pattern matches no file, a file is damaged or is no session at all.
    """
    today = vendor_day(now)

    sessions = _read_sessions(config, door)
    days = {day: (PackedRows(), list[Reject]()) for day in window_days(*window)}
    for day, reject in _filed(sessions, otherwise=window[1]):
        if day in days:
            days[day][1].append(reject)
    owned = [(session, own) for session, own in own_uses(sessions)]
    requests = (
        _requests(config, session, (*own.uses, *session.compactions), door)
        for session, own in owned
    )
    for request in _each_once(chain.from_iterable(requests)):
        day = vendor_day(request.ended_at)
        if day in days:
            days[day][0].append(request.to_raw())
    batches = [
        Batch(day, rows, tuple(rejects), is_complete=day < today)
        for day, (rows, rejects) in days.items()
    ]
    read_to = day_bounds(min(window[1] + _ONE_DAY, today))[0]
    undated = [use for _, own in owned for use in own.undated if vendor_day(use.at) in days]
    return Pulled(batches, Watermark(read_to), findings=_undated(config.name, undated))


def _read_sessions(config: CodexLogSource, digest: Callable[[str], str]) -> list[Session]:
    sessions: list[Session] = []
    refused = 0
    for path in find_files(config.name, config.paths):
        place = place_of(path, digest)
        session = read_session(read_lines(config.name, path, place), place)
        many = len(session.rejects)
        if is_mostly_bad(many, len(session.uses)):
            detail = (
                f"{place}: {many} lines cannot be read and {len(session.uses)} can; restore the "
                "session, or correct `paths`"
            )
            raise SourceError(config.name, detail)
        refused += many
        if refused > MOST_REJECTS:
            detail = f"{place} and others hold more than {MOST_REJECTS} bad lines"
            raise SourceError(config.name, f"{detail}; correct `paths`")
        sessions.append(session)
    return sessions


def _filed(sessions: Iterable[Session], otherwise: date) -> Iterator[tuple[date, Reject]]:
    """Give what was refused the day of the last moment named before it."""
    for session in sessions:
        for moment, reject in session.rejects:
            at = moment or session.started_at
            yield vendor_day(at) if at else otherwise, reject


def _requests(
    config: CodexLogSource,
    session: Session,
    uses: Iterable[Use | Compaction],
    digest: Callable[[str], str],
) -> Iterator[Request]:
    branch, remote = session.branch, session.remote
    hint = branch_hint(branch, config.branch_prefixes, digest) if branch else None
    repo = repository_hint(remote, config.repositories, digest) if remote else None
    issuers = known_issuers(config)
    for use in uses:
        # History that kept its moments is the origin's own, however many forks tell it.
        is_history = session.started_at is not None and use.at < session.started_at
        owner = (session.origin if is_history else None) or session.id
        place = use.response if isinstance(use, Compaction) else f"{use.resets} {use.counter}"
        yield Request(
            run_id=digest(f"codex {owner} {place}"),
            ended_at=use.at,
            issuer=issuer_of(session.provider, use.model, config.issuers, issuers),
            model=use.model,
            account=config.subscription_account,
            input_tokens=use.used.plain_input_tokens,
            cache_read_tokens=use.used.cached_input_tokens,
            # OpenAI has one kind of cache write; the books file it under the short one.
            cache_write_5m_tokens=use.used.cache_write_input_tokens or None,
            output_tokens=use.used.output_tokens,
            session=digest(owner),
            branch_prefix=hint.prefix if hint else None,
            branch_item=hint.ticket if hint else None,
            branch_digest=hint.digest if hint else None,
            repo=repo,
        )


def _each_once(requests: Iterable[Request]) -> Iterable[Request]:
    """Leave one of each, the earliest: a copy is never older than what it was copied from."""
    first: dict[str, Request] = {}
    for request in requests:
        known = first.setdefault(request.run_id, request)
        if request.ended_at < known.ended_at:
            first[request.run_id] = request
    return first.values()


def _undated(source: str, uses: Sequence[Use]) -> tuple[Finding, ...]:
    if not uses:
        return ()
    tokens = sum(use.used.input_tokens + use.used.output_tokens for use in uses)
    detail = (
        f"{len(uses)} request(s) of {tokens} tokens stand in forks of sessions whose own files are "
        "not there; when they were made is unknown, and they are not counted"
    )
    return (Finding("copied_history", source, detail, source),)
