"""Faults on their way out of a stage: what is not ours says where and what kind, never of what.

An exception of a library, or of a mistake in our own code, may repeat the value it failed on
(`invalid literal for int(): 'Jane'`), and whoever runs the stage logs it with its causes.
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath

from tasks.core.errors import GraduandError, UnexpectedError

#: Innermost calls that are named; the place of the mistake is among them.
_CALLS = 4


@contextmanager
def without_values(doing: str) -> Iterator[None]:
    """Let faults out without the values that they, or their causes, may repeat.

    Args:
        doing: What goes on, for the message, e.g. `pull of github pull_requests`.

    Raises:
        GraduandError: Ours, as it was raised, but for its causes.
        UnexpectedError: In place of any other exception.
    """
    try:
        yield
    except GraduandError as error:
        raise error from None
    except Exception as error:  # noqa: BLE001  # whatever it is, its text may name somebody
        raise UnexpectedError(doing, type(error).__name__, _calls(error)) from None


def _calls(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-_CALLS:]
    return " > ".join(f"{PurePath(one.filename).name}:{one.lineno} {one.name}" for one in frames)
