"""JSON from outside: exact numbers, unique keys, no depth that a parser would have to dig."""

import json
import tracemalloc
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.transport.bodies import UnusableBodyError
from tasks.transport.json_text import parse_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.booleans())
def test_what_json_writes_is_read_back(value: object, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        body.decode()
    except UnicodeDecodeError:
        with pytest.raises(UnusableBodyError):
            parse_json(body, 64)
    else:
        assert parse_json(body, 64) == value


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


@given(JSON)
def test_depth_is_counted_exactly_whatever_strings_hold(value: object) -> None:
    nested = [value, '{[\\"', {"]}": "\\"}]
    body = json.dumps(nested).encode()
    depth = depth_of(nested)

    assert parse_json(body, depth) == nested
    with pytest.raises(UnusableBodyError, match=f"deeper than {depth - 1} levels"):
        parse_json(body, depth - 1)


@pytest.mark.parametrize("text", ["[" * 5_000_000, '{"a":' * 1_000_000, "[{}," * 1_000_000])
def test_deep_nesting_is_refused_before_it_is_parsed(text: str) -> None:
    body = text.encode()
    tracemalloc.start()

    with pytest.raises(UnusableBodyError, match="nests deeper than 64"):
        parse_json(body, 64)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 150 * 1024 * 1024


def test_amounts_stay_exact() -> None:
    parsed = parse_json(b'{"a": 0.1, "b": 1e-9, "c": 123456789.123456789, "d": 12}', 64)

    assert parsed == {
        "a": Decimal("0.1"),
        "b": Decimal("1e-9"),
        "c": Decimal("123456789.123456789"),
        "d": 12,
    }


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"a": 1, "a": 2}', "names one key twice"),
        (b'[{"x": {"a": 1, "\\u0061": 1}}]', "names one key twice"),
        (b"[NaN]", "NaN or Infinity"),
        (b"[-Infinity]", "NaN or Infinity"),
        (b"[1e999999999]", "absurd size"),
        (b"[1e-999999999]", "absurd size"),
        (b"[" + b"9" * 5000 + b"]", "absurd size"),
        (b"<html>", "not JSON at character 0"),
        (b"[1,]", "not JSON"),
        (b"[1] [2]", "not JSON"),
        (b'["\xff"]', "not UTF-8 at byte 2"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        ('{"a": 1}'.encode("utf-32"), "not"),
    ],
)
def test_unusable_bodies_say_why_and_show_nothing(body: bytes, why: str) -> None:
    with pytest.raises(UnusableBodyError, match=why):
        parse_json(body, 64)


def test_an_empty_body_is_none_and_a_byte_order_mark_is_no_harm() -> None:
    assert parse_json(b" \n", 64) is None
    assert parse_json(b"\xef\xbb\xbf[1]", 64) == [1]
