"""A refused record leaves its place, size, digest and fault behind, and none of its text."""

import hashlib
import json

import pytest
from pydantic import BaseModel, ConfigDict

from tasks.core.batches import RawRow
from tasks.core.refusals import fault_words, parse_each


class Record(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    number: int
    name: str | None = None


def parse(payload: object) -> RawRow:
    return {"number": Record.model_validate(payload).number}


def test_a_malformed_record_is_refused_and_the_others_go_on() -> None:
    broken = {"name": "Jane Quillfeather", "number": "Jane Quillfeather"}

    rows, rejects = parse_each([{"number": 1}, broken, {"number": 3}], parse, "a list")

    (reject,) = rejects
    text = json.dumps(broken, sort_keys=True, ensure_ascii=False).encode()
    assert rows == [{"number": 1}, {"number": 3}]
    assert (reject.place, reject.position, reject.field_path, reject.code) == (
        "a list",
        1,
        "number",
        "int_parsing",
    )
    assert (reject.length, reject.digest) == (len(text), hashlib.sha256(text).hexdigest())
    assert "Jane" not in repr(reject)


def test_a_record_of_the_wrong_kind_is_refused_as_a_whole() -> None:
    _, rejects = parse_each(["Jane", None, [1]], parse, "a list")

    assert [reject.field_path for reject in rejects] == ["", "", ""]
    assert [reject.position for reject in rejects] == [0, 1, 2]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("missing", "is missing"),
        ("model_type", "is no object"),
        ("list_type", "is no list"),
        ("int_parsing", "is no whole number"),
        ("unreadable_403", "is refused by the source (403)"),
        ("string_too_long", "is refused as string_too_long"),
        ("bad_amount", "is refused as bad_amount"),
    ],
)
def test_a_fault_is_told_in_words(code: str, words: str) -> None:
    assert fault_words(code) == words
