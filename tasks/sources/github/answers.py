"""Answers to single questions about controls: what GitHub said, or why there is nothing."""

from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError

from tasks.core.promotion.controls import ControlTold

#: Why an answer is missing.
NO_PERMISSION = "no_permission"
NOT_FOUND = "not_found"
REFUSED = "refused"
#: A 200 that lists errors, which the transport refuses unread.
ERRORS_TOLD = "errors_told"
UNAVAILABLE = "unavailable"
MALFORMED = "malformed"

#: A state, and its code.
Judged: TypeAlias = tuple[ControlTold, str]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Answer:
    """What GitHub answered to one question.

    Attributes:
        body: Parsed JSON; of lists, the records of all pages.
        gap: Why there is none; empty if there is.
    """

    body: object = None
    gap: str = ""


def read(model: type[Model], answer: Answer) -> tuple[Model | None, str]:
    """Read an answer; what is wrong with it is told as a gap instead."""
    if answer.gap:
        return None, answer.gap
    try:
        return model.model_validate(answer.body), ""
    except ValidationError:
        return None, MALFORMED


def read_all(model: type[Model], answer: Answer) -> tuple[list[Model], str]:
    """Read the records of a list; a gap says that some or all of them cannot be read."""
    if answer.gap or not isinstance(answer.body, list):
        return [], answer.gap or MALFORMED
    records = [read(model, Answer(one)) for one in answer.body]
    gap = next((gap for _, gap in records if gap), "")
    return [one for one, _ in records if one is not None], gap
