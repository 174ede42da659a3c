"""A tag is one of three words; no other label passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.work.hand_tags import hand_tags, malformed_tags
from tasks.core.work.work_items import Tag


@pytest.mark.parametrize(
    ("labels", "tags", "malformed"),
    [
        ([], (), 0),
        (["outcome:success"], (Tag.SUCCESS,), 0),
        ([" Outcome:FAILURE "], (Tag.FAILURE,), 0),
        (["outcome:cancelled", "outcome:cancelled"], (Tag.CANCELLED,), 0),
        (["outcome:success", "outcome:failure"], (Tag.FAILURE, Tag.SUCCESS), 0),
        (["outcome:", "outcome:Jane Roe", "outcome: success"], (), 3),
        (["outcome", "success", "my-outcome:success", "workflow:a"], (), 0),
    ],
)
def test_only_the_three_words_are_tags(
    labels: list[str], tags: tuple[Tag, ...], malformed: int
) -> None:
    found = hand_tags(labels)

    assert (found.tags, found.malformed) == (tags, malformed)


@given(st.lists(st.one_of(st.text(), st.text().map("outcome:{}".format))))
def test_no_text_of_a_label_passes(labels: list[str]) -> None:
    assert set(hand_tags(labels).tags) <= set(Tag)


def test_a_label_that_was_meant_as_a_tag_is_told_without_its_text() -> None:
    finding = malformed_tags("gh:900#4", hand_tags(["outcome:Jane Roe"]).malformed, "forge")

    assert (finding.code, "Jane" in finding.detail) == ("malformed_tag", False)
    assert finding.detail.startswith("1 labels")
