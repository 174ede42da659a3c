"""`graduand run`: one reconciliation through the flow, told in a few lines."""

import argparse
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import ValidationError

from cli.telling import tell
from config.load import load_config
from config.settings import settings_from_environment
from tasks.core.errors import GraduandError
from tasks.core.night_report import NightReport
from tasks.core.plan import PlanError, plan_night
from tasks.sources.registry import streams_by_source

if TYPE_CHECKING:
    from flows.parameters import Window


class RunError(GraduandError):
    """The flow ended without an answer."""


def main(chosen: argparse.Namespace) -> int:
    """Run the flow; 0 if it ended tied, 1 if partial or held."""
    # Only now: the flow reads configuration and settings when it is imported.
    from flows.nightly_reconciliation import nightly_reconciliation  # noqa: PLC0415  # see above
    from flows.parameters import EVERY_SOURCE  # noqa: PLC0415  # see above
    from tasks.pull import check_stores  # noqa: PLC0415  # see above

    try:
        window = _window(chosen)
    except ValidationError as error:
        words = error.errors()[0]["msg"].removeprefix("Value error, ")
        print(f"graduand: {words}", file=sys.stderr)
        return 2
    except PlanError as error:
        print(f"graduand: {error}", file=sys.stderr)
        return 2
    # The flow asks the same, and would tell it below pages of traceback.
    check_stores()
    state = nightly_reconciliation(
        window=window,
        sources=chosen.sources or EVERY_SOURCE,
        as_of=chosen.as_of,
        repull=chosen.repull,
        dry_run=chosen.dry_run,
        return_state=True,
    )
    night = state.result(raise_on_failure=False)
    if not isinstance(night, NightReport):
        message = f"the night ended {state.name}: {state.message}"
        raise RunError(message)
    tell(night)
    return 0 if night.status == "tied" else 1


def _window(chosen: argparse.Namespace) -> "Window | None":
    """Give the window that was asked for; refuse before any work what makes no sense.

    Raises:
        PlanError: A day or a moment lies in the future or is half given, or a source is unknown.
        ValidationError: The days are in the wrong order, or too many.
    """
    from flows.parameters import Window  # noqa: PLC0415  # see above

    if (chosen.start is None) != (chosen.end is None):
        message = "give both --from and --to, or neither"
        raise PlanError(message)
    if chosen.as_of is not None and chosen.as_of.utcoffset() is None:
        message = f"--as-of {chosen.as_of.isoformat()} names no time zone: add one, e.g. a final Z"
        raise PlanError(message)
    window = Window(start=chosen.start, end=chosen.end) if chosen.start else None
    settings = settings_from_environment()
    plan_night(
        streams_by_source(load_config(settings.config_dir).sources),
        window=(window.start, window.end) if window else None,
        only=chosen.sources,
        as_of=chosen.as_of,
        now=settings.now or datetime.now(UTC),
    )
    return window
