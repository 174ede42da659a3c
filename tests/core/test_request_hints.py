"""What a request's log says about work is kept as short words and digests, or not at all."""

import pytest

from tasks.core.request_hints import named_or_digest, repository_hint, stamp_of, tagged


def _digest(text: str) -> str:
    return f"#{text}"


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("deps-upgrade", "deps-upgrade"),
        ("deps%2Dupgrade", "deps-upgrade"),
        ("deps.upgrade_2", "deps.upgrade_2"),
        ("x" * 64, "x" * 64),
        ("x" * 65, None),
        ("", None),
        ("Deps", None),
        ("jo%40example.com", None),
        ("jo@example.com", None),
        ("two words", None),
        ("deps\n", None),
        ("%ff%fe", None),
        ("\ud800", None),
        ("dép", None),
    ],
)
def test_a_stamp_is_a_short_word_or_nothing(text: str, stamp: str | None) -> None:
    assert stamp_of(text) == stamp


def test_tags_are_read_by_key_in_the_order_of_the_keys() -> None:
    tags = ["team:payments", "agent.workflow=second", "workflow:first", "workflow", "workflow:"]

    assert tagged(tags, ("workflow", "agent.workflow")) == ["first", "second"]
    assert tagged(tags, ("jobID",)) == []


def test_several_tags_that_say_the_same_say_it_once() -> None:
    assert tagged(["workflow:a", " workflow : a ", "workflow:b"], ("workflow",)) == ["a", "b"]


def test_a_value_may_hold_the_separator() -> None:
    assert tagged(["workflow:a:b"], ("workflow",)) == ["a:b"]


def test_a_key_is_kept_by_name_only_where_it_is_declared() -> None:
    assert named_or_digest("key_1", ("key_1",), _digest) == "key_1"
    assert named_or_digest("key_2", ("key_1",), _digest) == "#key_2"


@pytest.mark.parametrize(
    "text",
    [
        "acme/claims",
        "https://github.com/acme/claims.git",
        "https://jo:ghp_secret@github.com/acme/claims",
        "ssh://git@github.com/acme/claims.git",
        "git@github.com:acme/claims.git",
        "https://github.example/acme/claims/",
        " acme/claims\n",
        " git@github.com:acme/claims.git\n",
    ],
)
def test_every_spelling_of_a_remote_names_one_repository(text: str) -> None:
    assert repository_hint(text, ("acme/*",), _digest) == "acme/claims"


def test_one_glob_that_fits_declares_a_repository() -> None:
    assert repository_hint("acme/claims", ("jo/*", "acme/*", "x/y"), _digest) == "acme/claims"


def test_a_repository_that_nobody_declared_is_a_digest() -> None:
    assert repository_hint("git@github.com:jo/notes.git", ("acme/*",), _digest) == "#jo/notes"


@pytest.mark.parametrize(
    "text", ["", "claims", "https://github.com/", "/home/jo smith/x y", "a/b c"]
)
def test_what_names_no_repository_says_nothing(text: str) -> None:
    assert repository_hint(text, ("*",), _digest) is None
