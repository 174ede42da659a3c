"""Devin: what its days cost in ACUs, session by session, its sessions as runs, and squads' use.

Days start at 08:00 UTC. The price of an ACU stands in the order form only, so it comes from the
configuration, dated. Whether a session's ACUs include those of sessions it started is not
documented: where sessions come to more than their day, the day is not split.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from config.shapes.sources import DevinSource, Issuer
from tasks.core.batches import Conformed, Pulled, RawRow, Stream, StreamKind, Watermark
from tasks.core.errors import SourceError
from tasks.core.people import Door
from tasks.sources.devin.days import (
    Asked,
    days_of_runs,
    days_of_sessions,
    days_of_totals,
    days_of_use,
)
from tasks.sources.devin.payloads import DAY_STARTS_MINUTES
from tasks.sources.devin.rows import conform_consumption
from tasks.sources.report_days import read_to
from tasks.sources.squad_rows import conform_use, unread_days
from tasks.transport.client import Client

CONSUMPTION = Stream("consumption", StreamKind.REPORT, "charges")
SESSIONS = Stream("sessions", StreamKind.REPORT, "runs")
USE = Stream("use", StreamKind.REPORT, "squad_use")
STREAMS: tuple[Stream, ...] = (CONSUMPTION, SESSIONS, USE)

#: Raise it when the same raw rows would conform to other table rows.
PARSER = "devin-1"

# Stands in the watermark once the vendor's own totals have been read.
_TOTALS = "totals"


def fetch(
    stream: Stream,
    client: Client,
    config: DevinSource,
    window: tuple[date, date],
    watermark: Watermark | None,
    now: datetime,
    door: Door,
) -> Pulled:
    """Read the days of the window, both bounds included, for one stream.

    Raises:
        SourceError: An answer cannot be used; nothing of it is taken.
    """
    if stream == USE and not door.has_directory:
        return Pulled(unread_days(window, now, DAY_STARTS_MINUTES), None)
    before = client.requests
    asked = Asked(client, config, window, now, door)
    basis: tuple[str, ...] = ()
    if stream == SESSIONS:
        batches, findings = days_of_runs(asked)
    elif stream == USE:
        batches, findings = days_of_use(asked)
    elif (told := days_of_totals(asked)) is not None:
        batches, findings = told
        basis = (_TOTALS,)
    elif watermark is not None and _TOTALS in watermark.repoll:
        # Sessions know less than the totals that are booked: they would restate every day.
        detail = (
            "consumption by day was open to this key and is not any more; give the permission "
            "back, or run once with repull to add up sessions instead"
        )
        raise SourceError(config.name, detail)
    else:
        batches, findings = days_of_sessions(asked)
    mark = replace(read_to(batches, window, DAY_STARTS_MINUTES), repoll=basis)
    return Pulled(batches, mark, client.requests - before, tuple(findings))


def conform(
    stream: Stream,
    config: DevinSource,
    rows: Sequence[RawRow],
    key: date,
    issuers: Mapping[str, Issuer],  # noqa: ARG001  # the vendor's day is the batch's key
) -> Conformed:
    """Give the raw rows of one of the vendor's days the form of their table, but for runs."""
    if stream == USE:
        return conform_use(rows, source=config.name, issuer=config.issuer, day=key)
    return conform_consumption(rows, config, key)
