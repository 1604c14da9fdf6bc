"""Functions on numbers. What Terraform computes in double precision is so here too."""

from __future__ import annotations

import math
from functools import reduce

from controller.hcl import numbers
from controller.hcl.convert import convert, elements_of, number
from controller.hcl.errors import HclError
from controller.hcl.functions.definition import ArgumentError, Parameter, function, whole_number
from controller.hcl.numbers import Number
from controller.hcl.types import NUMBER, STRING, ListType, SetType, TupleType
from controller.hcl.values import Value

_NUM = Parameter("num", NUMBER)
# The coefficients that `e_log.c` gives, and ln 2 in two parts.
_LOG = (
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
    2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01,
    1.479819860511658591e-01,
)  # fmt: skip
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@function(_NUM, returns=NUMBER, name="abs")
def abs_(num: Value) -> Value:
    return number(numbers.absolute(num.data))


@function(_NUM, returns=NUMBER)
def ceil(num: Value) -> Value:
    return number(_step(num.data, 1))


@function(_NUM, returns=NUMBER)
def floor(num: Value) -> Value:
    return number(_step(num.data, -1))


@function(_NUM, Parameter("base", NUMBER), returns=NUMBER)
def log(num: Value, base: Value) -> Value:
    above = _natural_log(num, 0)
    if base.data.mantissa == 0:
        return number(numbers.from_int(0))  # divided by minus infinity
    below = _natural_log(base, 1)
    if below == 0:
        raise ArgumentError(1, "there is no logarithm to base 1")
    return number(numbers.from_float(above / below))


@function(variadic=Parameter("numbers", NUMBER), returns=NUMBER, name="max")
def max_(*given: Value) -> Value:
    return _extreme(given, 1)


@function(variadic=Parameter("numbers", NUMBER), returns=NUMBER, name="min")
def min_(*given: Value) -> Value:
    return _extreme(given, -1)


@function(Parameter("number"), Parameter("base", NUMBER), returns=NUMBER)
def parseint(text: Value, base: Value) -> Value:
    if text.type != STRING:
        raise ArgumentError(0, "must be a string")
    base_ = whole_number(base, 1)
    if not 2 <= base_ <= 62:
        raise ArgumentError(1, f"must be a whole number between 2 and 62, not {base_}")
    return number(_read_digits(text.data, base_))


@function(_NUM, Parameter("power", NUMBER), returns=NUMBER, name="pow")
def pow_(num: Value, power: Value) -> Value:
    base, exponent = numbers.to_float(num.data), numbers.to_float(power.data)
    try:
        return number(numbers.from_float(_go_pow(base, exponent)))
    except (OverflowError, ZeroDivisionError, ValueError):
        raise HclError("argument", "the result is not a number that can be written") from None


@function(_NUM, returns=NUMBER)
def signum(num: Value) -> Value:
    value = whole_number(num, 0)
    return number((value > 0) - (value < 0))


@function(Parameter("list"), returns=NUMBER, name="sum")
def sum_(list_: Value) -> Value:
    elements = elements_of(list_)
    if not isinstance(list_.type, ListType | SetType | TupleType):
        raise ArgumentError(0, "must be a list, set or tuple of numbers")
    if not elements:
        raise ArgumentError(0, "cannot sum an empty list")
    if any(element.is_null for element in elements):
        raise ArgumentError(0, "an element is null")
    return number(reduce(numbers.add, (convert(element, NUMBER).data for element in elements)))


def _step(value: Number, direction: int) -> Number:
    whole = numbers.truncate(value)
    if not numbers.is_whole(value) and (value.mantissa > 0) == (direction > 0):
        whole += direction
    return numbers.from_int(whole, value.precision)


def _natural_log(value: Value, index: int) -> float:
    if value.data.mantissa <= 0:
        raise ArgumentError(index, "must be greater than zero")
    return _go_log(numbers.to_float(value.data))


def _extreme(given: tuple[Value, ...], sign: int) -> Value:
    if not given:
        raise HclError("argument", "at least one number is needed; spread a list with ...")
    best = given[0]
    for value in given[1:]:
        if numbers.compare(value.data, best.data) == sign:
            best = value
    return best


def _read_digits(text: str, base: int) -> int:
    """Letters count on from 9 without regard to case; above base 36, upper case ones come last."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    value = 0
    for char in digits if base > 36 else digits.lower():
        digit = _DIGITS.find(char)
        if not 0 <= digit < base:
            value = -1
            break
        value = value * base + digit
    if not digits or value < 0:
        raise ArgumentError(0, f'cannot parse "{text}" as a base {base} integer')
    return -value if text[0] == "-" else value


def _go_log(value: float) -> float:
    """
    The natural logarithm by FreeBSD's `e_log.c`, which is Go's `math.Log`.

    Python's differs in the last bit now and then, which decides what `floor(log(243, 3))` is.
    """
    fraction, exponent = math.frexp(value)
    if fraction < math.sqrt(2) / 2:
        fraction, exponent = fraction * 2, exponent - 1
    f = fraction - 1
    s = f / (2 + f)
    s2 = s * s
    s4 = s2 * s2
    odd = s2 * (_LOG[0] + s4 * (_LOG[2] + s4 * (_LOG[4] + s4 * _LOG[6])))
    even = s4 * (_LOG[1] + s4 * (_LOG[3] + s4 * _LOG[5]))
    half = 0.5 * f * f
    return exponent * _LN2_HIGH - (half - (s * (half + odd + even) + exponent * _LN2_LOW) - f)


def _go_pow(base: float, exponent: float) -> float:
    """
    Repeated squaring on the mantissa, as Go's `math.Pow` does.

    A correctly rounded power would differ in the last digit of large results, which Terraform
    then shows in full.
    """
    if exponent == 0 or base == 1:
        return 1.0
    if exponent in (0.5, -0.5):
        root = math.sqrt(base)
        return root if exponent > 0 else 1 / root
    fraction, whole = math.modf(abs(exponent))
    if base == 0 or whole >= 2**63:
        return math.pow(base, exponent)
    mantissa, scale = 1.0, 0
    if fraction:
        if fraction > 0.5:
            fraction, whole = fraction - 1, whole + 1
        mantissa = math.exp(fraction * _go_log(base))
    square, square_scale = math.frexp(base)
    times = int(whole)
    while times:
        if abs(square_scale) > 1 << 12:
            return math.pow(base, exponent)
        if times & 1:
            mantissa, scale = mantissa * square, scale + square_scale
        square, square_scale = square * square, square_scale * 2
        if square < 0.5:
            square, square_scale = square * 2, square_scale - 1
        times >>= 1
    if exponent < 0:
        mantissa, scale = 1 / mantissa, -scale
    return math.ldexp(mantissa, scale)


FUNCTIONS = (abs_, ceil, floor, log, max_, min_, parseint, pow_, signum, sum_)
