"""`graduand run`: one reconciliation through the flow, told in a few lines."""

import argparse
import sys

from pydantic import ValidationError

from cli.telling import tell
from tasks.core.errors import GraduandError
from tasks.core.night_report import NightReport


class RunError(GraduandError):
    """The flow ended without an answer."""


def main(chosen: argparse.Namespace) -> int:
    """Run the flow; 0 if it ended tied, 1 if partial or held."""
    # Only now: the flow reads configuration and settings when it is imported.
    from flows.nightly_reconciliation import nightly_reconciliation  # noqa: PLC0415  # see above
    from flows.parameters import EVERY_SOURCE, Window  # noqa: PLC0415  # see above

    if (chosen.start is None) != (chosen.end is None):
        print("graduand: give both --from and --to, or neither", file=sys.stderr)
        return 2
    try:
        window = Window(start=chosen.start, end=chosen.end) if chosen.start else None
    except ValidationError as error:
        words = error.errors()[0]["msg"].removeprefix("Value error, ")
        print(f"graduand: {words}", file=sys.stderr)
        return 2
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
