"""Labels by which people say how an item went: `outcome:success`, `:failure`, `:cancelled`."""

from collections.abc import Iterable
from dataclasses import dataclass

from tasks.core.findings import Finding
from tasks.core.work.work_items import Tag

_LABEL = "outcome:"
_TAGS = {f"{_LABEL}{tag.value}": tag for tag in Tag}


@dataclass(frozen=True, slots=True)
class HandTags:
    """Tags found among labels.

    Attributes:
        tags: Each once, sorted.
        malformed: Labels that begin like a tag and say none of the three words.
    """

    tags: tuple[Tag, ...]
    malformed: int


def hand_tags(labels: Iterable[str]) -> HandTags:
    """Read the tags among labels; case does not matter."""
    found = [label.strip().lower() for label in labels]
    found = [label for label in found if label.startswith(_LABEL)]
    return HandTags(
        tuple(sorted({_TAGS[label] for label in found if label in _TAGS})),
        sum(label not in _TAGS for label in found),
    )


def malformed_tags(item: str, count: int, source: str) -> Finding:
    """Tell of labels that were meant as tags."""
    words = ", ".join(tag.value for tag in Tag)
    detail = f"{count} labels begin with {_LABEL!r} and say none of {words}; they count for nothing"
    return Finding("malformed_tag", item, detail, source)
