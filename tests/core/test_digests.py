"""Keyed digests: of any text, also of text that has no bytes, and of another key another one."""

import hashlib
import hmac
from pathlib import Path

import pytest

from tasks.core.digests import keyed_digest
from tasks.core.refusals import is_mostly_bad, place_of

KEY = "a key for tests only"


@pytest.mark.parametrize(
    ("text", "known"),
    [("main", b"main"), ("tür", "tür".encode()), ("a\ud800b", rb"a\ud800b")],
)
def test_any_text_has_a_digest(text: str, known: bytes) -> None:
    wanted = hmac.new(KEY.encode(), known, hashlib.sha256).hexdigest()[:16]

    assert keyed_digest(KEY)(text) == wanted
    assert keyed_digest("another key")(text) != wanted


def test_a_file_whose_name_is_no_text_has_a_surrogate_that_stays() -> None:
    path = Path(b"logs/jane-\xff.jsonl".decode("utf-8", "surrogateescape"))
    place = place_of(path, keyed_digest(KEY))

    assert place == place_of(path, keyed_digest(KEY)) != place_of(Path("logs"), keyed_digest(KEY))
    assert len(place) == len("file ") + 12
    assert "jane" not in place


@pytest.mark.parametrize(
    ("bad", "good", "is_bad"), [(4, 0, False), (5, 0, True), (5, 4, True), (5, 5, False)]
)
def test_a_few_bad_lines_or_as_many_good_ones_make_no_other_file(
    bad: int, good: int, *, is_bad: bool
) -> None:
    assert is_mostly_bad(bad, good) is is_bad
