"""Amounts are read exactly, quantised once, and split without loss."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.errors import AllocationError, AmountError, OutOfRangeError
from tasks.core.money import (
    MAX_NANO,
    divide_half_even,
    in_range,
    parse_amount,
    scale,
    split_exact,
    to_nano,
)

HUGE = 10**19
totals = st.integers(-HUGE, HUGE)
weights = st.lists(st.integers(0, HUGE), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("written", "nano"),
    [
        ("1.50", 1_500_000_000),
        ("-2.469134", -2_469_134_000),
        ("1e-9", 1),
        ("+0.000000001", 1),
        ("0.0000000005", 0),  # a tie goes to the even neighbour
        ("0.0000000015", 2),
        ("0.00000000050000001", 1),
        (".5", 500_000_000),
        ("3.", 3_000_000_000),
        ("0e99", 0),
        ("1e-99", 0),
        ("9199999999.999999999", MAX_NANO - 1),
        (12, 12_000_000_000),
        (Decimal("12.3"), 12_300_000_000),
    ],
)
def test_an_amount_becomes_whole_nano_units_half_even(
    written: str | int | Decimal, nano: int
) -> None:
    assert to_nano(written) == nano


@pytest.mark.parametrize(
    "refused",
    [
        "",
        " 1",
        "1,000",
        "1_000",
        "NaN",
        "Infinity",
        "-",
        "\uff11\uff12",
        "1e9999",
        "0x1",
        "9" * 65,
        True,
        1.5,
    ],
    ids=str,
)
def test_what_is_not_a_plain_decimal_number_is_refused(refused: object) -> None:
    with pytest.raises(AmountError) as fault:
        parse_amount(refused)  # type: ignore[arg-type]

    assert fault.value.code == "bad_amount"


def test_a_decimal_that_is_no_number_is_refused() -> None:
    with pytest.raises(AmountError, match="not a finite number"):
        to_nano(Decimal("NaN"))


@pytest.mark.parametrize("written", ["9200000000", "-9200000000", "1e18", "-1e300"])
def test_an_amount_beyond_what_the_ledger_keeps_is_refused(written: str) -> None:
    with pytest.raises(OutOfRangeError) as fault:
        to_nano(written)

    assert fault.value.code == "out_of_range"


def test_the_range_ends_just_below_its_limit() -> None:
    assert in_range(MAX_NANO - 1) == MAX_NANO - 1
    assert in_range(1 - MAX_NANO) == 1 - MAX_NANO
    with pytest.raises(OutOfRangeError):
        in_range(MAX_NANO)
    with pytest.raises(OutOfRangeError):
        in_range(-MAX_NANO)


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**12))
def test_division_goes_to_the_nearest_and_ties_to_even(numerator: int, denominator: int) -> None:
    assert divide_half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@given(st.integers(0, 2**63), st.decimals(0, 10**7, places=9))
def test_tokens_at_a_price_are_rounded_once(tokens: int, price: Decimal) -> None:
    assert scale(tokens, price) == round(Fraction(price) * tokens)


@pytest.mark.parametrize(
    ("total", "shares", "parts"),
    [
        (10, [1, 1, 1], [4, 3, 3]),  # the first of equals gets the unit left over
        (-10, [1, 1, 1], [-4, -3, -3]),
        (11, [1, 1, 1], [4, 4, 3]),
        (7, [0, 3, 0], [0, 7, 0]),
        (100, [2, 1, 1], [50, 25, 25]),
        (5, [1, 9], [1, 4]),  # 0.5 and 4.5: a tie again, to the first
        (0, [0, 0], [0, 0]),
        (9, [5], [9]),
        (0, [], []),
    ],
)
def test_a_split_gives_the_units_left_over_to_the_largest_remainders(
    total: int, shares: list[int], parts: list[int]
) -> None:
    assert split_exact(total, shares) == parts


@given(totals, weights)
def test_a_split_loses_and_makes_nothing(total: int, shares: list[int]) -> None:
    if not any(shares):
        shares[0] = 1

    assert sum(split_exact(total, shares)) == total


@given(totals, weights)
def test_each_part_lies_within_one_unit_of_its_exact_share(total: int, shares: list[int]) -> None:
    whole = sum(shares)
    if whole == 0:
        return

    parts = split_exact(total, shares)

    for part, weight in zip(parts, shares, strict=True):
        assert abs(part - Fraction(total * weight, whole)) < 1
        assert part * total >= 0, "a part never has the other sign"
        assert weight or part == 0, "nothing goes to a zero weight"


@given(totals, weights)
def test_a_split_is_the_largest_remainder_rule_written_plainly(
    total: int, shares: list[int]
) -> None:
    whole = sum(shares)
    if whole == 0:
        return
    exact = [Fraction(abs(total) * weight, whole) for weight in shares]
    plain = [int(share) for share in exact]
    order = sorted(range(len(shares)), key=lambda at: (plain[at] - exact[at], at))
    for at in order[: abs(total) - sum(plain)]:
        plain[at] += 1

    sign = -1 if total < 0 else 1
    assert split_exact(total, shares) == [sign * part for part in plain]


def test_an_amount_that_no_weight_can_carry_is_refused() -> None:
    with pytest.raises(AllocationError, match="every one of 2 weights is zero"):
        split_exact(5, [0, 0])
    with pytest.raises(AllocationError, match="every one of 0 weights"):
        split_exact(5, [])


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(AllocationError, match="negative weight -1"):
        split_exact(5, [3, -1])
