"""The YAML that is read: plain values mean what they look like, every key has its line."""

from datetime import date
from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from config.yaml_builder import Yaml
from config.yaml_lines import parse_document

keys = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True)
texts = st.text(st.characters(codec="utf-8", categories=["L", "N", "Zs", "Pd", "Po"]), max_size=20)
plain_texts = texts.filter(lambda text: not set(text) & set("@%&#\uff20\ufe6b"))
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**12), 10**12), st.dates(), plain_texts
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)


def parse(text: str) -> Yaml:
    document = parse_document("x.yaml", text.encode())
    assert document.problems == ()
    return document.value


@given(st.dictionaries(keys, values, min_size=1, max_size=4))
def test_what_is_dumped_is_read_back_the_same(value: dict[str, Yaml]) -> None:
    assert parse(yaml.safe_dump(value, allow_unicode=True)) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=0, max_value=10**9))
def test_a_decimal_never_passes_through_a_binary_float(amount: Decimal) -> None:
    value = parse(f"amount: {amount:f}")

    assert value == {"amount": amount}


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("y", "y"),
        ("0123", "0123"), ("0x10", "0x10"), ("1_000", "1_000"), ("12:30", "12:30"), ("1e3", "1e3"),
        ("true", True), ("'true'", "true"), ("~", None), ("''", ""), ("-7", -7), ("'7'", "7"),
        ("1.50", Decimal("1.50")), (".5", Decimal("0.5")), ("1.2.3", "1.2.3"),
        ("2026-11-20", date(2026, 11, 20)), ("'2026-11-20'", "2026-11-20"),
        ("2026-11-20T04:00:00Z", "2026-11-20T04:00:00Z"),
    ],
)  # fmt: skip
def test_a_plain_scalar_means_what_it_looks_like(written: str, means: Yaml) -> None:
    value = parse(f"key: {written}")

    assert isinstance(value, dict)
    assert value["key"] == means
    assert type(value["key"]) is type(means)


def test_every_key_and_item_has_its_line() -> None:
    text = "# note\na:\n  - x\n  - {b: 1,\n     c: 2}\nd: |\n  long\n  text\ne: 1\n"

    lines = parse_document("x.yaml", text.encode()).lines

    assert lines == {
        (): 2, ("a",): 2, ("a", 0): 3, ("a", 1): 4, ("a", 1, "b"): 4, ("a", 1, "c"): 5,
        ("d",): 6, ("e",): 9,
    }  # fmt: skip


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_value_or_in_problems(content: bytes) -> None:
    document = parse_document("x.yaml", content)

    assert document.value is None or not isinstance(document.value, bytes)
    assert all(problem.message.endswith(".") for problem in document.problems)


@given(st.text("{}[]:,-?&*!|>'\"#%@` \n\tab1<", max_size=40))
def test_any_punctuation_ends_in_a_value_or_in_problems(text: str) -> None:
    document = parse_document("x.yaml", text.encode())

    assert all(str(problem).startswith("x.yaml") for problem in document.problems)


def test_a_byte_order_mark_is_no_content() -> None:
    assert parse("\ufeffa: 1") == {"a": 1}


def test_long_brackets_are_refused_without_recursion() -> None:
    document = parse_document("x.yaml", b"[" * 100_000)

    assert "nested deeper" in document.problems[0].message


TRAPS = ["a: yes", "a: {b: [1, '2']}", "a: &x 1", "a: *x", "a: 1\na: 2", "a: [", "- @x", "<<: {}"]


@pytest.mark.parametrize("text", TRAPS)
def test_a_machine_without_libyaml_reads_alike(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = parse_document("x.yaml", text.encode())

    monkeypatch.setattr("config.yaml_lines._LOADER", yaml.SafeLoader)

    assert parse_document("x.yaml", text.encode()) == usual
