"""
Terraform's numbers: binary floating point with a mantissa of its own width, as Go's `big.Float`.

A number written by the user, or read from text, has 512 bits; what a function counts (`length`)
has 64, and what it computes in double precision (`log`, `pow`) has 53. The width decides how a
result is rounded and how many digits it shows, so it travels with the value (HCL semantics §4).
"""

from __future__ import annotations

import re
from typing import Final

from controller.domain.dataclass import dataclass, field
from controller.hcl.errors import HclError

PARSED_BITS: Final = 512
COUNTED_BITS: Final = 64
DOUBLE_BITS: Final = 53

_DECIMAL = re.compile(r"([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:([eE])([+-]?\d+))?", re.ASCII)
# A text such as 1e999999999 would take hours and gigabytes to write out in full.
_MAX_EXPONENT: Final = 100_000


@dataclass(frozen=True, slots=True)
class Number:
    """
    `mantissa * 2 ** exponent`, exactly; the mantissa is odd, or zero with exponent zero.

    Equal values compare equal whatever their `precision` (bits of mantissa kept when computing).
    Build one with `from_ratio`, `from_int`, `from_float` or `parse_number`, never by hand.
    """

    mantissa: int
    exponent: int
    precision: int = field(default=PARSED_BITS, compare=False)

    def __str__(self) -> str:
        return format_number(self)


def from_int(value: int, precision: int = PARSED_BITS) -> Number:
    return _rounded(value, 0, precision)


def from_float(value: float) -> Number:
    """A double; infinity and NaN are no numbers that Terraform can pass on, so they are refused."""
    try:
        numerator, denominator = value.as_integer_ratio()
    except (OverflowError, ValueError):
        raise HclError("operation", f"the result is {value}, which is not a number") from None
    return from_ratio(numerator, denominator, DOUBLE_BITS)


def from_ratio(numerator: int, denominator: int, precision: int = PARSED_BITS) -> Number:
    """The number nearest to `numerator / denominator` (positive denominator), ties to even."""
    if numerator == 0:
        return Number(0, 0, precision)
    # Two bits more than wanted, and one that says whether anything was left: enough to round.
    shift = max(0, precision + 2 - (abs(numerator).bit_length() - denominator.bit_length()))
    quotient, rest = divmod(abs(numerator) << shift, denominator)
    quotient = quotient << 1 | (rest != 0)
    return _rounded(quotient if numerator > 0 else -quotient, -shift - 1, precision)


def parse_number(text: str) -> Number:
    """
    A decimal text: "12", "-0.5", "1.5e2", "010" (is 10), ".5"; HCL semantics §5.

    Raises HclError "conversion" for anything else: spaces, hexadecimal, "Inf", underscores.
    """
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise HclError("conversion", f'cannot convert "{text}" to number; write it in decimal')
    sign, whole, fraction, bare_fraction, _, exponent = match.groups()
    fraction = fraction or bare_fraction or ""
    scale = _exponent(exponent, text) - len(fraction)
    digits = _decimal_to_int((whole or "") + fraction)
    numerator = (-digits if sign == "-" else digits) * 10 ** max(0, scale)
    return from_ratio(numerator, 10 ** max(0, -scale))


def format_number(number: Number) -> str:
    """The shortest decimal that gives the number back at its precision; never an exponent."""
    if number.mantissa == 0:
        return "0"
    sign = "-" if number.mantissa < 0 else ""
    if is_whole(number) and _size(number) <= PARSED_BITS:
        whole = abs(to_int(number))
        if whole.bit_length() <= number.precision:
            return f"{sign}{whole}"
    digits, point = shortest(number)
    return sign + without_exponent(digits, point)


def add(a: Number, b: Number) -> Number:
    return _sum(a, b, max(a.precision, b.precision))


def subtract(a: Number, b: Number) -> Number:
    return add(a, negate(b))


def multiply(a: Number, b: Number) -> Number:
    """The product keeps as many bits as it needs, up to 512 (as cty does)."""
    product = _rounded(a.mantissa * b.mantissa, a.exponent + b.exponent, PARSED_BITS)
    needed = abs(product.mantissa).bit_length()
    return Number(product.mantissa, product.exponent, max(a.precision, b.precision, needed))


def divide(a: Number, b: Number) -> Number:
    if b.mantissa == 0:
        raise HclError("operation", "division by zero has no result that can be written anywhere")
    numerator, denominator = a.mantissa, b.mantissa
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    shift = a.exponent - b.exponent
    quotient = from_ratio(numerator, denominator, max(a.precision, b.precision))
    return _normal(quotient.mantissa, quotient.exponent + shift, quotient.precision)


def modulo(a: Number, b: Number) -> Number:
    """The remainder with the sign of `a`; a remainder by zero is `a` itself (HCL semantics §7)."""
    if b.mantissa == 0:
        return a
    # Every step is rounded to the width of `a`, as cty does.
    whole = from_int(truncate(divide(a, b)), a.precision)
    product = _rounded(b.mantissa * whole.mantissa, b.exponent + whole.exponent, a.precision)
    return _sum(a, negate(product), a.precision)


def negate(number: Number) -> Number:
    return Number(-number.mantissa, number.exponent, number.precision)


def absolute(number: Number) -> Number:
    return Number(abs(number.mantissa), number.exponent, number.precision)


def compare(a: Number, b: Number) -> int:
    """-1, 0 or 1."""
    shift = min(a.exponent, b.exponent)
    left = a.mantissa << (a.exponent - shift)
    right = b.mantissa << (b.exponent - shift)
    return (left > right) - (left < right)


def is_whole(number: Number) -> bool:
    return number.exponent >= 0


def truncate(number: Number) -> int:
    """The whole part, towards zero."""
    size = abs(number.mantissa)
    size = size << number.exponent if number.exponent >= 0 else size >> -number.exponent
    return size if number.mantissa >= 0 else -size


def to_int(number: Number) -> int:
    """The value of a whole number; raises HclError "argument" for a fraction."""
    if not is_whole(number):
        raise HclError("argument", f"a whole number is needed, not {format_number(number)}")
    return number.mantissa << number.exponent


def to_ratio(number: Number) -> tuple[int, int]:
    """The exact value as numerator and (positive) denominator."""
    if number.exponent >= 0:
        return number.mantissa << number.exponent, 1
    return number.mantissa, 1 << -number.exponent


def to_float(number: Number) -> float:
    """The nearest double; raises HclError "argument" where it is too large for one."""
    numerator, denominator = to_ratio(number)
    try:
        return numerator / denominator
    except OverflowError:
        raise HclError("argument", "the number is too large for this function") from None


def to_json_number(number: Number) -> int | float:
    """A whole number with the digits it shows, anything else as the nearest double."""
    if not is_whole(number):
        return to_float(number)
    text = format_number(number)
    return -_decimal_to_int(text[1:]) if text[0] == "-" else _decimal_to_int(text)


def point(number: Number) -> int:
    """How many digits precede the decimal point (zero or less for 0.0…)."""
    numerator, denominator = to_ratio(absolute(number))
    return _point(numerator, denominator)


def _exponent(text: str | None, whole: str) -> int:
    exponent = int(text) if text and len(text) < 9 else 0 if not text else _MAX_EXPONENT + 1
    if abs(exponent) > _MAX_EXPONENT or len(whole) > _MAX_EXPONENT:
        raise HclError("conversion", f'the number "{whole[:40]}" is out of reach')
    return exponent


def _decimal_to_int(digits: str) -> int:
    """Read digits in pieces: Python refuses to read more than 4300 at once."""
    value = 0
    for start in range(0, len(digits), 4000):
        piece = digits[start : start + 4000]
        value = value * 10 ** len(piece) + int(piece)
    return value


def _size(number: Number) -> int:
    """Bits before the binary point (zero or less for small fractions)."""
    return abs(number.mantissa).bit_length() + number.exponent


def _normal(mantissa: int, exponent: int, precision: int) -> Number:
    if mantissa == 0:
        return Number(0, 0, precision)
    zeros = (mantissa & -mantissa).bit_length() - 1
    return Number(mantissa >> zeros, exponent + zeros, precision)


def _rounded(mantissa: int, exponent: int, precision: int) -> Number:
    """Round to `precision` bits, ties to even."""
    size = abs(mantissa)
    surplus = size.bit_length() - precision
    if surplus > 0:
        half, rest = 1 << (surplus - 1), size & ((1 << surplus) - 1)
        size >>= surplus
        size += rest > half or (rest == half and size & 1)
        exponent += surplus
    return _normal(size if mantissa >= 0 else -size, exponent, precision)


def _sum(a: Number, b: Number, precision: int) -> Number:
    shift = min(a.exponent, b.exponent)
    total = (a.mantissa << (a.exponent - shift)) + (b.mantissa << (b.exponent - shift))
    return _rounded(total, shift, precision)


def shortest(number: Number) -> tuple[str, int]:
    """
    The digits of the shortest decimal nearer to this number than to its neighbours.

    Returns them with the place of the decimal point: ("15", 1) is 1.5, ("1", -2) is 0.001.
    """
    size = abs(number.mantissa)
    spare = number.precision - size.bit_length()
    # In units of half the last bit, so that the bounds to the neighbours are whole numbers.
    middle, exponent = size << (spare + 1), number.exponent - spare - 1
    inclusive = (middle >> 1) & 1 == 0
    up, down = (1 << exponent, 1) if exponent >= 0 else (1, 1 << -exponent)
    point = _point(middle * up, down)
    length = 0
    while True:
        length += 1
        scale = length - point
        numerator = up * 10 ** max(0, scale)
        denominator = down * 10 ** max(0, -scale)
        floor, rest = divmod(middle * numerator, denominator)
        low, high = (middle - 1) * numerator, (middle + 1) * numerator
        fits_down = low < floor * denominator or (inclusive and low == floor * denominator)
        ceiling = (floor + 1) * denominator
        fits_up = ceiling < high or (inclusive and ceiling == high)
        if not (fits_down or fits_up):
            continue
        if fits_down and fits_up:
            fits_up = 2 * rest > denominator or (2 * rest == denominator and floor % 2 == 1)
        digits = str(floor + fits_up)
        return digits.rstrip("0"), point + len(digits) - length


def _point(numerator: int, denominator: int) -> int:
    """How many digits precede the decimal point (zero or less for 0.0…)."""
    estimate = (numerator.bit_length() - denominator.bit_length()) * 30103 // 100000
    while numerator * 10 ** max(0, -estimate) >= denominator * 10 ** max(0, estimate):
        estimate += 1
    while numerator * 10 ** max(0, 1 - estimate) < denominator * 10 ** max(0, estimate - 1):
        estimate -= 1
    return estimate


def without_exponent(digits: str, point: int) -> str:
    if point <= 0:
        return "0." + "0" * -point + digits
    if point >= len(digits):
        return digits + "0" * (point - len(digits))
    return f"{digits[:point]}.{digits[point:]}"
