"""`graduand explain figure`: a figure of the page, down to its postings or its breaks."""

import difflib
from collections.abc import Sequence
from datetime import date

from config.load import load_config
from config.settings import Settings
from tasks.as_of import config_as_of
from tasks.core.days import period_days
from tasks.core.errors import GraduandError
from tasks.core.explained import BookedBy
from tasks.core.figures import FigureStory, TieStory, figure_of, parts_of
from tasks.core.plan import Plan
from tasks.core.reconciling.break_ids import break_id
from tasks.core.reconciling.reconcile import reconcile
from tasks.lake.store import Lake
from tasks.ledger import history
from tasks.ledger.ledger import Ledger
from tasks.night_inputs import gather
from tasks.pages.text import plain

_COVERAGE = "coverage"
_OF_FAMILY = ("family", "pool")
_NEAR = 3


class NoFigureError(GraduandError):
    """There is no such figure, or nothing was booked yet; the message says which there are."""


def explain_figure(
    ledger: Ledger, words: Sequence[str], start: date | None, end: date | None
) -> FigureStory:
    """Find the postings that a figure is the sum of.

    Args:
        ledger: Read only.
        words: See `tasks.core.figures.SHAPES`.
        start: First charge day; None for that of the newest night's window.
        end: Last charge day.

    Raises:
        UnknownShapeError: The words name no figure.
        NoFigureError: Nothing was booked yet, or never to that family.
    """
    figure = figure_of(words)
    with ledger.history() as connection:
        night = _newest(history.newest_night(connection))
        first, last = start or night.inputs.window_start, end or night.inputs.window_end
        if figure.period:
            first, last = start or date.min, end or date.max
        booked = history.entries_between(connection, first, last)
        known = history.known_families(connection)
    if words[0] in _OF_FAMILY and words[1] not in known:
        close = difflib.get_close_matches(words[1], known, _NEAR, 0.4) or known[:_NEAR]
        message = (
            f"nothing was ever booked to family {plain(words[1])!r}; did you mean "
            f"{', '.join(close) or 'another figure'}?"
        )
        raise NoFigureError(message)
    parts = parts_of(figure, booked)
    if figure.period:
        days = [*period_days(figure.period), *(one.booked.entry.key.day for one in parts)]
        first, last = start or min(days), end or max(days)
    of = parts_of(figure_of([_COVERAGE]), booked) if words[0] == _COVERAGE and words[1:] else ()
    return FigureStory(figure.title, figure.meaning, first, last, parts, of, night)


def explain_tie(settings: Settings, lake: Lake, ledger: Ledger, issuer: str) -> TieStory:
    """Compute the newest night again, and tell how one issuer's records met.

    Raises:
        NoFigureError: Nothing was booked yet, or nothing of that issuer.
        LakeError: A file is missing or short.
    """
    with ledger.history() as connection:
        night = _newest(history.newest_night(connection))
        recorded = history.digest_of_night(connection, night.number)
    inputs = night.inputs
    plan = Plan(inputs.window_start, inputs.window_end, night.as_of, is_past=True, orders=())
    config, _ = config_as_of(plan.as_of, ledger, load_config(settings.config_dir))
    books = reconcile(gather(plan, config, lake, ledger).inputs)
    ties = {tie.issuer: tie for tie in books.ties}
    if issuer not in ties:
        known = ", ".join(sorted(ties)) or "none"
        message = f"the newest night knows no issuer {plain(issuer)!r}; it knows: {known}"
        raise NoFigureError(message)
    tie = ties[issuer]
    named = {name for name, _ in (*tie.logged_named, *tie.billed_named)}
    ours = [one for one in books.breaks if one.issuer == issuer and one.break_class in named]
    breaks = [(break_id(one), one) for one in ours]
    breaks.sort(key=lambda one: (-abs(one[1].amount_nano), one[0]))
    return TieStory(
        tie=tie,
        start=plan.start,
        end=plan.end,
        night=night,
        is_same=books.digest == recorded,
        breaks=tuple(breaks),
    )


def _newest(night: BookedBy | None) -> BookedBy:
    if night is None:
        message = "nothing has been booked yet; `graduand run` books"
        raise NoFigureError(message)
    return night
