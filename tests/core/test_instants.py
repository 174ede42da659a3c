"""Instants come as text or counts, and always say their offset."""

from datetime import UTC, datetime

import pytest

from tasks.core.instants import instant_text, parse_instant, parse_instant_or_epoch


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-20T08:30:00Z", "2026-11-20T08:30:00Z"),
        ("2020-06-12T08:13:13.360+0800", "2020-06-12T00:13:13.360000Z"),
        ("2026-11-20T08:30:00+00:00", "2026-11-20T08:30:00Z"),
    ],
)
def test_text_is_read_in_utc(value: str, expected: str) -> None:
    assert instant_text(parse_instant(value)) == expected


@pytest.mark.parametrize("value", [1492070429, 1492070429000])
def test_seconds_and_milliseconds_are_the_same_instant(value: int) -> None:
    assert parse_instant_or_epoch(value) == datetime(2017, 4, 13, 8, 0, 29, tzinfo=UTC)


@pytest.mark.parametrize("value", ["2026-11-20T08:30:00", "soon", "", None, 12, 1.5, True])
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_instant(value)


@pytest.mark.parametrize("value", [10**17, -(10**17), True])
def test_a_count_out_of_range_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_instant_or_epoch(value)
