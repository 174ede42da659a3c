"""Figures of the page as sums of postings: which ones a figure is made of, and what it means."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from tasks.core.books import Break, Destination, DestinationKind, Posting
from tasks.core.errors import GraduandError
from tasks.core.explained import BookedBy, BookedEntry
from tasks.core.reconciling.ties import TieOut
from tasks.core.totals import EXPLAINED, explained_as, is_usage

_PERIOD = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)
#: Pools of a family, as the page has them.
POOLS = ("exploration", "production")
#: Names of the figures that `figure_of` knows, each as it is asked for.
SHAPES = (
    "family <family> [exploration|production]",
    "total <kind>, e.g. total unattributed, total idle_seat, total payable",
    "coverage [evidenced|inferred|unexplained]",
    "pool <family> <exploration|production> <YYYY-MM>",
    "tie-out <issuer>",
)


class UnknownShapeError(GraduandError):
    """The words name no figure; the message lists those that do."""


class Figure(NamedTuple):
    """What was asked for.

    Attributes:
        title: In words.
        meaning: One sentence: what the figure is a sum of.
        counts: Whether a posting belongs to it, given its book's period and origin period.
        period: Set where the figure is of one billing period, and not of charge days.
    """

    title: str
    meaning: str
    counts: Callable[[BookedEntry, Posting], bool]
    period: str = ""


class Part(NamedTuple):
    """One posting of a figure; it is named `entry.ordinal`."""

    booked: BookedEntry
    ordinal: int
    posting: Posting


@dataclass(frozen=True, slots=True)
class FigureStory:
    """A figure with every posting it is the sum of, oldest first.

    Attributes:
        of: All parts of the whole that the figure is a share of; empty if it is none.
        night: The newest night.
    """

    title: str
    meaning: str
    start: date
    end: date
    parts: tuple[Part, ...]
    of: tuple[Part, ...]
    night: BookedBy


@dataclass(frozen=True, slots=True)
class TieStory:
    """How the records of an issuer met, as the newest night found it, computed again.

    Attributes:
        is_same: The computation gave the digest that the night recorded.
        breaks: Of the issuer, by id, largest first.
    """

    tie: TieOut
    start: date
    end: date
    night: BookedBy
    is_same: bool
    breaks: tuple[tuple[str, Break], ...]


def figure_of(words: Sequence[str]) -> Figure:
    """Read which figure is meant.

    Raises:
        UnknownShapeError: None of the known ones.
    """
    match [*words]:
        case ["family", family]:
            return Figure(
                f"family {family}",
                "what was billed for work of this family, both pools together",
                lambda _, posting: posting.destination.family == family,
            )
        case ["family", family, pool] if pool in POOLS:
            return Figure(
                f"family {family}, {pool}",
                f"what was billed for work of this family that is entitled to {pool} money",
                lambda _, posting: (
                    (posting.destination.family, posting.destination.pool) == (family, pool)
                ),
            )
        case ["total", kind] if kind.replace("-", "_") in set(DestinationKind):
            wanted = DestinationKind(kind.replace("-", "_"))
            return Figure(
                f"total {wanted.value}",
                "all postings of this kind of money",
                lambda _, posting: posting.destination.kind is wanted,
            )
        case ["coverage"]:
            return Figure(
                "coverage",
                "what was billed for usage, however well it is explained",
                lambda _, posting: is_usage(posting.destination),
            )
        case ["coverage", share] if share in EXPLAINED:
            return Figure(
                f"coverage, {share}",
                _SHARES[share],
                lambda _, posting: _is_share(posting.destination, share),
            )
        case ["pool", family, pool, period] if pool in POOLS and _PERIOD.fullmatch(period):
            return Figure(
                f"spent by {family} from {pool} in {period}",
                "postings of the month with this entitled pool; corrections of other months are "
                "outside budgets",
                lambda one, posting: (
                    (posting.destination.family, posting.destination.pool) == (family, pool)
                    and one.entry.key.billing_period == period
                    and not one.entry.key.origin_period
                ),
                period,
            )
    message = "a figure is one of: " + "; ".join(SHAPES)
    raise UnknownShapeError(message)


def parts_of(figure: Figure, booked: Sequence[BookedEntry]) -> tuple[Part, ...]:
    """Pick the postings that a figure is the sum of."""
    return tuple(
        Part(one, ordinal, posting)
        for one in booked
        for ordinal, posting in enumerate(one.entry.postings)
        if figure.counts(one, posting)
    )


def _is_share(to: Destination, share: str) -> bool:
    return is_usage(to) and explained_as(to) == share


_SHARES = {
    "evidenced": "usage charges that name their run, or that runs with a workflow's stamp explain",
    "inferred": "usage charges tied to a workflow by account, key, branch, repository or bot",
    "unexplained": "usage charges that no workflow of the catalog explains, ad-hoc runs included",
}
