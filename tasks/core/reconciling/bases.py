"""Digest what the books of each day are made of, so that a difference has its one cause."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tasks.core.books import DayBasis, Snapshot
from tasks.core.digests import joined_digest
from tasks.core.night import IssuerDay
from tasks.core.prices import PriceCard
from tasks.core.standing import Standing
from tasks.core.version import CODE_VERSION

#: Where no exchange rate converted anything.
NO_FX = ""


@dataclass(frozen=True, slots=True)
class Made:
    """What all days of a night share.

    Attributes:
        item_stamps: Workflow stamps by work item, which decide attribution beside the logs.
    """

    catalog_digest: str
    policy_digest: str
    card: PriceCard
    item_stamps: Mapping[str, str]


def bases_of(
    standing: Standing,
    issuer_of: Mapping[str, str],
    made: Made,
    terms: Mapping[IssuerDay, Sequence[str]] | None = None,
    fx: Mapping[IssuerDay, str] | None = None,
    direct: Mapping[IssuerDay, Sequence[str]] | None = None,
) -> dict[IssuerDay, DayBasis]:
    """Digest each (issuer, day) that can be booked.

    Args:
        standing: What the night counts on; held days have no basis and are left alone.
        issuer_of: Issuer by source.
        made: What all days share.
        terms: What finance has signed that bears on a day, as `Books.terms` tells it.
        fx: Digest of the exchange rates that converted a day's charges, as `Books.fx` tells it.
        direct: Whose the runs are that a day's charges name, as `Books.direct` tells it: they
            may be logged on another day.
    """
    signed, rates, named = terms or {}, fx or {}, direct or {}
    stamps = joined_digest(f"{item} {stamp}" for item, stamp in made.item_stamps.items())
    charges = _by_issuer_day(standing.charges, issuer_of)
    usage = _by_issuer_day(standing.usage, issuer_of)
    runs: dict[date, list[str]] = {}
    for one in standing.runs:
        runs.setdefault(one.key, []).append(one.sha)
    return {
        (issuer, day): DayBasis(
            issuer=issuer,
            day=day,
            charges_raw=joined_digest(one.raw_sha for one in charges.get((issuer, day), [])),
            charges=joined_digest(one.sha for one in charges.get((issuer, day), [])),
            usage=joined_digest(one.sha for one in usage.get((issuer, day), [])),
            runs=joined_digest([*runs.get(day, []), stamps, *named.get((issuer, day), ())]),
            catalog=made.catalog_digest,
            policy=made.policy_digest,
            card=made.card.day_digest(issuer, day),
            fx=rates.get((issuer, day), NO_FX),
            terms=joined_digest(signed.get((issuer, day), ())),
            code_version=CODE_VERSION,
        )
        for issuer, day in standing.legs.charges
        if (issuer, day) not in standing.held
    }


def _by_issuer_day(
    snapshots: Iterable[Snapshot], issuer_of: Mapping[str, str]
) -> dict[IssuerDay, list[Snapshot]]:
    found: dict[IssuerDay, list[Snapshot]] = {}
    for one in snapshots:
        found.setdefault((issuer_of[one.source], one.key), []).append(one)
    return found
