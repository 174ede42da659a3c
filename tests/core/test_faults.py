"""What leaves a stage as a fault repeats no value, not even through its causes."""

import pickle
import traceback

import pytest

from tasks.core.errors import SourceError, UnexpectedError
from tasks.core.faults import without_values

NAME = "Ottiline Farthingmoor"


def fail(inner: Exception, outer: Exception) -> None:
    raise outer from inner


def told(error: BaseException) -> str:
    """Everything that a log shows of an exception."""
    return "".join(traceback.format_exception(error)) + repr(error)


def test_an_unforeseen_exception_says_what_kind_and_where_but_not_of_whom() -> None:
    with pytest.raises(UnexpectedError) as caught, without_values("pull of jira issues"):
        fail(ValueError(NAME), KeyError(NAME))

    text = told(caught.value)
    assert NAME not in text
    assert "pull of jira issues: unexpected KeyError in " in text
    assert "test_faults.py" in str(caught.value)
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  # our own bytes
    assert str(copy) == str(caught.value)


def test_our_own_fault_stays_as_it_is_without_its_causes() -> None:
    fault = SourceError("jira", "cannot be read")

    with pytest.raises(SourceError) as caught, without_values("pull of jira issues"):
        fail(ValueError(NAME), fault)

    assert caught.value is fault
    assert NAME not in told(caught.value)


def test_what_goes_well_is_left_alone() -> None:
    with without_values("pull of jira issues"):
        done = True

    assert done
