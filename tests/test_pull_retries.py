"""Which failures of a pull are tried again: those that time can cure, and no others."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from prefect.client.schemas.objects import TaskRun
from prefect.states import Failed

from tasks.core.errors import (
    SourceError,
    SourceUnavailableError,
    StaleNightError,
    WaitUntilError,
)
from tasks.pull import _can_help, pull

UNTIL = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "is_tried_again"),
    [
        (SourceUnavailableError("github", "no answer"), True),
        (StaleNightError("another run was faster"), True),
        (WaitUntilError("github", UNTIL), False),
        (SourceError("github", "403: permission"), False),
        (KeyError("a fault of ours"), False),
    ],
    ids=["outage", "lost race", "wait past the deadline", "refusal", "bug"],
)
def test_only_what_time_can_cure_is_tried_again(error: Exception, *, is_tried_again: bool) -> None:
    state: Any = Failed(data=error)

    assert _can_help(pull, cast("TaskRun", None), state) is is_tried_again
