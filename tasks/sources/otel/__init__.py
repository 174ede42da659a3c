"""Telemetry of agents as OTLP JSON, as a collector's file exporter writes it: read set-wise.

Metrics and events are two copies of one spend, so that one of them is read and the other is
told. What an agent's user may set (`OTEL_RESOURCE_ATTRIBUTES`) is a claim: a stamp or an account
of it is kept as a short word, and is held against the catalog. `user.*` is never read.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import partial

from config.shapes.source_logs import OtelSource
from tasks.core.batches import Stream, StreamKind
from tasks.core.findings import Finding
from tasks.core.issuers import issuer_of, known_issuers
from tasks.core.people import Door
from tasks.core.reading import Lookup, Reading, Values
from tasks.core.request_fields import FIELDS
from tasks.core.request_hints import stamp_of
from tasks.sources.log_files import find_files
from tasks.sources.otel import costs, events, metrics
from tasks.sources.otel.records import COLUMNS
from tasks.sources.request_sql import digested
from tasks.sources.request_tallies import tell

RUNS = Stream("runs", StreamKind.REPORT, "runs")
STREAMS: tuple[Stream, ...] = (RUNS,)

#: Raise it when the same files would give other raw rows.
PARSER = "otel-1"

_ACCOUNT = re.compile(FIELDS["account"].pattern, re.ASCII)


def reading(config: OtelSource, door: Door) -> Reading:
    """Describe the exports that `paths` match.

    Raises:
        SourceError: A pattern matches no file.
    """
    is_events = config.signal == "events"
    keys = config.stamp_keys, config.account_keys
    return Reading(
        source=config.name,
        paths=tuple(find_files(config.name, config.paths)),
        columns=COLUMNS,
        relation=events.RELATION if is_events else metrics.relation(*keys),
        where=events.WHERE if is_events else metrics.WHERE,
        staged=events.staged(*keys) if is_events else metrics.STAGED,
        refusals=events.REFUSALS if is_events else metrics.REFUSALS,
        lookups=_lookups(config, door),
        fields=events.FIELDS,
        order=("output", "ended_at"),
        foreign="missing",
        beside=events.BESIDE if is_events else metrics.BESIDE,
        tallies=events.TALLIES if is_events else metrics.TALLIES,
        tell=partial(_tell, config),
    )


def _tell(config: OtelSource, counts: Mapping[str, int]) -> tuple[Finding, ...]:
    """Say what was not read, and what of it could not be told."""
    found = list(tell(config.name, counts))
    if counts["others"]:
        is_events = config.signal == "events"
        others = "data point(s) of metrics" if is_events else "log record(s) and span(s)"
        detail = f"{counts['others']} {others} tell the same spend again, and are not added"
        if not counts["requests"]:
            detail = (
                f"there are no {config.signal}, but {counts['others']} {others}; "
                f"set `signal: {'metrics' if is_events else 'events'}` to read them"
            )
        found.append(Finding("second_copy", config.name, detail, config.name))
    if spans := counts.get("spans", 0):
        detail = f"{spans} span(s) of Codex tell the same spend again, and are not added"
        if not counts["requests"]:
            detail = f"there are no events, but {spans} span(s) of Codex; export its events too"
        found.append(Finding("second_copy", config.name, detail, config.name))
    if strange := counts.get("strange", 0):
        detail = f"{strange} span(s) of operations that are not known here tell tokens; not added"
        found.append(Finding("unknown_operation", config.name, detail, config.name))
    return tuple(found)


def _lookups(config: OtelSource, door: Door) -> tuple[Lookup, ...]:
    known = known_issuers(config)

    def issuer(values: Values) -> Mapping[str, object]:
        provider, model = values
        said = None if provider is None else str(provider)
        return {"issuer": issuer_of(said, str(model), config.issuers, known)}

    def stamp(values: Values) -> Mapping[str, object]:
        return {"stamp": _first(values, stamp_of)}

    def account(values: Values) -> Mapping[str, object]:
        return {"account": _first(values, lambda said: said if _ACCOUNT.fullmatch(said) else None)}

    return (
        Lookup("bill", ("provider", "model"), {"issuer": "VARCHAR"}, issuer),
        Lookup("payer", ("accounts",), {"account": "VARCHAR"}, account),
        Lookup("marks", ("stamps",), {"stamp": "VARCHAR"}, stamp),
        digested("told", "other_id", door),
        digested("sitting", "session", door),
        costs.prices(),
    )


def _first(values: Values, read: Callable[[str], str | None]) -> str | None:
    """Give the first of a JSON list of texts that may be kept."""
    found = (read(str(one)) for one in json.loads(str(values[0])))
    return next((one for one in found if one is not None), None)
