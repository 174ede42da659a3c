"""Words of the command line that are more than text; what is none is refused in a sentence."""

import argparse
from datetime import date, datetime

from tasks.core.plan import MAX_WINDOW_DAYS

#: Beyond it a rehearsal is a load test, and the machine's memory the first thing it tests.
_LARGEST_SCALE = 100.0
_LONGEST = len(str(MAX_WINDOW_DAYS))


def day(text: str) -> date:
    """Read a day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"must be a day such as 2026-11-20, not {text!r}"
        raise argparse.ArgumentTypeError(message) from None


def moment(text: str) -> datetime:
    """Read a moment; whether it needs an offset is for the command to say."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        message = f"must be a moment such as 2026-11-20T04:00:00Z, not {text!r}"
        raise argparse.ArgumentTypeError(message) from None


def days(text: str) -> int:
    """Read a number of days that one window can hold."""
    # `int` takes signs, blanks and digits of other scripts, too.
    value = int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST else 0
    if not 1 <= value <= MAX_WINDOW_DAYS:
        message = f"must be 1 to {MAX_WINDOW_DAYS}, not {text!r}"
        raise argparse.ArgumentTypeError(message)
    return value


def scale(text: str) -> float:
    """Read the size of a made-up organisation."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= _LARGEST_SCALE:
        message = f"must be above 0 and at most {_LARGEST_SCALE}, not {text!r}"
        raise argparse.ArgumentTypeError(message)
    return value
