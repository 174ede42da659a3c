"""Variants of a stamp are known by how they end, and only where the name itself is known."""

import pytest

from tasks.core.adoption.stamp_names import stems_of


@pytest.mark.parametrize(
    ("stamps", "stem"),
    [
        (["sort-mail-v2", "sort-mail"], "sort-mail"),
        (["sort-mail-17", "sort-mail"], "sort-mail"),
        (["sort-mail-b", "sort-mail"], "sort-mail"),
        (["sort-mail-1", "sort-mail-2"], "sort-mail"),
        (["sort-mail-1"], "sort-mail-1"),
        (["sort-mail-bold", "sort-mail"], "sort-mail-bold"),
        (["sort-mail-1234567", "sort-mail"], "sort-mail-1234567"),
        (["-1", "-2"], "-1"),
    ],
)
def test_the_first_stamp_is_a_variant_of(stamps: list[str], stem: str) -> None:
    assert stems_of(stamps)[stamps[0]] == stem
