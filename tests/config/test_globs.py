"""One glob covers another exactly when it matches everything the other matches."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.globs import covers, is_exact

PIECES = st.sampled_from(["a", "b", "-", "*", "?", "[ab]", "[!a]", "[a-b]", "[]b]", "[", "]", "!"])
globs = st.lists(PIECES, min_size=1, max_size=6).map("".join)
values = st.text("ab-[]!c", max_size=8)


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("*", "anything"), ("*", "*"), ("a*", "ab*"), ("a*", "a"), ("*a*", "bab"), ("?", "[ab]"),
        ("[a-z]", "[b-d]"), ("[!x]", "y"), ("*/*", "owner/*"), ("a*c", "abc"), ("a**", "a*"),
        ("org/infra-*", "org/infra-live"), ("[a]b", "ab"), ("ab", "[a]b"), ("x-?*", "x-[0-9]*"),
    ],
)  # fmt: skip
def test_a_wider_glob_covers(wide: str, narrow: str) -> None:
    assert covers(wide, narrow)


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("ab*", "a*"), ("a", "b"), ("a?", "a*"), ("*a", "*"), ("?*", "*"), ("[ab]", "?"),
        ("[!x]", "[xy]"), ("org/a", "org/A"), ("a*b", "ab*"), ("*a*", "*b*"), ("a-*", "a"),
    ],
)  # fmt: skip
def test_a_glob_that_leaves_something_out_does_not_cover(wide: str, narrow: str) -> None:
    assert not covers(wide, narrow)


@given(wide=globs, narrow=globs, value=values)
@settings(max_examples=300)
def test_what_a_covered_glob_matches_the_wider_one_matches(
    wide: str, narrow: str, value: str
) -> None:
    if covers(wide, narrow) and fnmatchcase(value, narrow):
        assert fnmatchcase(value, wide)


@given(wide=globs, value=values.filter(bool))
@settings(max_examples=300)
def test_a_plain_value_is_covered_exactly_when_it_matches(wide: str, value: str) -> None:
    if is_exact(value):
        assert covers(wide, value) == fnmatchcase(value, wide)


@given(one=globs, other=globs, third=globs)
def test_covering_is_transitive(one: str, other: str, third: str) -> None:
    if covers(one, other) and covers(other, third):
        assert covers(one, third)


def test_a_laborious_pair_is_called_uncovered_and_not_waited_for() -> None:
    assert not covers("*a" + "?" * 90, "*" + "[ab]" * 45 + "c*")
