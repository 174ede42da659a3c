"""Pieces of SQL that readings of logs share say what Python says of the same text."""

import duckdb
import pytest

from config.shapes.sources import LitellmSource
from tasks.sources.request_marks import RequestMarks
from tasks.sources.request_sql import is_negative, is_provider_id

UUID = "0a1b2c3d-4e5f-4a6b-8c7d-0e1f2a3b4c5d"


@pytest.fixture(scope="module")
def marks() -> RequestMarks:
    said = {"name": "a", "type": "litellm", "base_url": "https://a.example", "secret": "s"}
    return RequestMarks(LitellmSource.model_validate(said), "digest of {}".format)


def _says(sql: str, text: str) -> bool:
    (said,) = duckdb.execute(f"SELECT {sql} FROM (SELECT ? AS one)", [text]).fetchone() or (None,)
    return bool(said)


@pytest.mark.parametrize(
    ("text", "is_given"),
    [
        ("req_011CQ2xYz9a8b7", True),
        ("msg_01abcdefgh", True),
        ("chatcmpl-0a1b2c3d4e5f", True),
        ("gen-1700000000-abcdefgh", True),
        (UUID, True),
        (UUID.upper(), False),
        ("abcdefab-abcd-abcd-abcd-abcdefabcdef", False),  # as good as never, and no word either
        ("req_ottiline-farthingmoor", False),
        ("req_0123456", False),
        ("req_" + "1" * 120, True),
        ("req_" + "1" * 121, False),
        ("req_\u0661bcdefghij1", False),
        ("req_abcdefghi1\n", False),
        ("ada@acme.example1", False),
        ("", False),
    ],
)
def test_an_id_is_a_providers_for_both_or_for_none(
    marks: RequestMarks, text: str, *, is_given: bool
) -> None:
    assert marks.run_id(text) == (text if is_given else f"digest of {text}")
    assert _says(is_provider_id("one"), text) is is_given


@pytest.mark.parametrize(
    ("text", "is_less"),
    [("-0.01", True), ("-10", True), ("-0", False), ("-0.000", False), ("0.01", False)],
)
def test_an_amount_below_zero_is_negative_and_zero_never(text: str, *, is_less: bool) -> None:
    assert _says(is_negative("one"), text) is is_less
