"""What numbers are was asked of terraform 1.11.4: the texts here are its answers."""

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from controller.hcl import numbers
from controller.hcl.errors import HclError
from controller.hcl.numbers import format_number, from_float, from_int, parse_number

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=9)


def number(text):
    return parse_number(text)


def exact(value):
    return Fraction(*numbers.to_ratio(value))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1.50", "1.5"),
        ("1e3", "1000"),
        ("1e-7", "0.0000001"),
        ("-0", "0"),
        ("010", "10"),
        (".5", "0.5"),
        ("5.", "5"),
        ("+5", "5"),
        ("1E-2", "0.01"),
        ("1e21", "1" + "0" * 21),
        ("1e400", "1" + "0" * 400),
        ("123456789012345678901234567890.125", "123456789012345678901234567890.125"),
        ("0.1", "0.1"),
    ],
)
def test_a_text_is_shown_in_full_without_an_exponent(text, shown):
    assert format_number(number(text)) == shown


@pytest.mark.parametrize("text", ["", " 5", "5 ", "0x1f", "1_000", "1,0", "Inf", "NaN", "٣", "1e"])
def test_what_is_not_decimal_is_no_number(text):
    with pytest.raises(HclError) as caught:
        number(text)
    assert caught.value.kind == "conversion"


@pytest.mark.parametrize("text", ["1e999999999", "-1e999999999", "1e-999999999"])
def test_a_number_that_would_fill_the_memory_is_refused(text):
    with pytest.raises(HclError, match="out of reach"):
        number(text)


def test_a_third_has_154_digits_and_three_of_them_are_one():
    third = numbers.divide(number("1"), number("3"))

    assert format_number(third) == "0." + "3" * 154 + "5"
    assert numbers.multiply(third, number("3")) == number("1")


def test_a_tenth_and_two_tenths_are_three_tenths():
    assert numbers.add(number("0.1"), number("0.2")) == number("0.3")


def test_equal_values_of_different_width_are_equal():
    assert from_int(5, numbers.COUNTED_BITS) == number("5")
    assert from_float(0.1) != number("0.1")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (from_float(3.0**50), "717897987691852600000000"),
        (from_float(0.1), "0.1"),
        (numbers.divide(from_int(1, 64), from_int(3, 64)), "0.33333333333333333334"),
    ],
)
def test_the_digits_shown_are_those_of_the_width(value, shown):
    assert format_number(value) == shown


@pytest.mark.parametrize(
    ("a", "b", "rest"),
    [("-17", "5", "-2"), ("17", "-5", "2"), ("5.5", "2", "1.5"), ("1", "0", "1"), ("6", "3", "0")],
)
def test_a_remainder_has_the_sign_of_the_left_side(a, b, rest):
    assert numbers.modulo(number(a), number(b)) == number(rest)


def test_division_by_zero_is_an_error():
    with pytest.raises(HclError, match="division by zero") as caught:
        numbers.divide(number("1"), number("0"))
    assert caught.value.kind == "operation"


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_what_is_not_finite_is_no_number(value):
    with pytest.raises(HclError):
        from_float(value)


def test_a_fraction_is_not_taken_for_an_int():
    with pytest.raises(HclError, match=r"whole number is needed, not 1\.5"):
        numbers.to_int(number("1.5"))


@pytest.mark.parametrize(
    ("text", "json"),
    [("5", 5), ("-1e30", -(10**30)), ("2.5", 2.5), ("0.1", 0.1), ("1e400", 10**400)],
)
def test_json_has_whole_numbers_in_full_and_fractions_as_doubles(text, json):
    found = numbers.to_json_number(number(text))

    assert found == json
    assert type(found) is type(json)


def test_a_number_too_large_for_a_double_is_refused_where_one_is_needed():
    with pytest.raises(HclError, match="too large"):
        numbers.to_float(number("1e400"))


@given(st.integers())
def test_integers_are_read_and_shown_exactly(value):
    assert format_number(number(str(value))) == str(value)
    assert numbers.to_int(from_int(value)) == value


@given(DECIMALS)
def test_a_shown_number_reads_back_as_itself(value):
    first = number(f"{value:f}")
    shown = format_number(first)

    assert number(shown) == first
    assert "e" not in shown.lower()


@given(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False))
def test_a_double_shows_as_few_digits_as_python_finds(value):
    """Powers of two apart: below them doubles lie closer, which Go does not look at."""
    assume(abs(math.frexp(value)[0]) != 0.5)
    shown = Decimal(format_number(from_float(value)))

    assert float(shown) == value
    assert (
        shown.normalize().as_tuple().exponent
        >= Decimal(repr(value)).normalize().as_tuple().exponent
    )


def test_a_tie_between_two_shortest_texts_goes_to_the_even_digit():
    """Python shows …063 for this double, Terraform …062."""
    assert format_number(from_float(2.0**-24)) == "0.00000005960464477539062"


@given(DECIMALS, DECIMALS)
def test_arithmetic_agrees_with_decimals_of_200_digits(a, b):
    left, right = number(f"{a:f}"), number(f"{b:f}")
    with localcontext(prec=200):
        total, product = a + b, a * b

    assert abs(exact(numbers.add(left, right)) - Fraction(total)) < Fraction(1, 10**60)
    assert abs(exact(numbers.multiply(left, right)) - Fraction(product)) < Fraction(1, 10**60)
    assert numbers.compare(left, right) == (a > b) - (a < b)


@given(st.integers(), st.integers(min_value=1))
def test_a_ratio_is_the_nearest_number_of_512_bits(numerator, denominator):
    found = numbers.from_ratio(numerator, denominator)
    error = abs(exact(found) - Fraction(numerator, denominator))

    assert error <= abs(Fraction(numerator, denominator)) / 2**512
