"""
`format` and `formatlist`: Go's verbs as go-cty's `formatAppend` implements them.

Numbers are written by Go's rules for `big.Float` and `big.Int`, texts by grapheme clusters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from controller.domain.dataclass import dataclass
from controller.hcl import numbers
from controller.hcl.convert import (
    concatenate,
    convert,
    elements_of,
    is_wholly_known,
    make_list,
    merge_unknown,
    string,
)
from controller.hcl.errors import HclError
from controller.hcl.functions.definition import ArgumentError, Parameter, function
from controller.hcl.functions.encoding import to_json
from controller.hcl.functions.strings import graphemes
from controller.hcl.numbers import Number
from controller.hcl.types import BOOL, DYNAMIC, NUMBER, STRING, ListType, SetType, TupleType
from controller.hcl.values import Value

_FORMAT = Parameter("format", STRING)
_ARGS = Parameter("args", nullable=True, unknown=True)
_VERB = re.compile(
    r"%(?:(?P<flags>[ +\-0#]*)(?P<width>[1-9]\d*)?(?:\.(?P<precision>\d*))?"
    r"(?:\[(?P<index>[1-9]\d*)\])?(?P<mode>[a-zA-Z])|%)",
    re.ASCII,
)
_LITERAL = re.compile(r"[^%]+")


@dataclass(frozen=True, slots=True)
class _Verb:
    text: str
    mode: str
    flags: str
    width: int
    precision: int | None

    @property
    def plain(self) -> bool:
        return not self.flags and not self.width and self.precision is None

    @property
    def integer(self) -> bool:
        return self.mode in "bdoxX"


@function(_FORMAT, variadic=_ARGS, returns=STRING, whole=False)
def format_(text: Value, *args: Value) -> Value:
    if _has_bare_null(args):
        return Value(STRING, merge_unknown(*args))
    return _formatted(text.data, args)


@function(_FORMAT, variadic=_ARGS, returns=ListType(STRING), whole=False)
def formatlist(text: Value, *args: Value) -> Value:
    """One text for each place of the lists among the arguments; other arguments repeat."""
    if _has_bare_null(args):
        return Value(ListType(STRING), merge_unknown(*args))
    lists = {i: a for i, a in enumerate(args) if _is_list(a)}
    if any(a.is_unknown and a.type == DYNAMIC for a in args):
        return Value(ListType(STRING), merge_unknown(*args))
    if any(a.is_unknown for a in lists.values()) or any(
        isinstance(a.type, SetType) and not is_wholly_known(a) for a in lists.values()
    ):
        return Value(ListType(STRING), merge_unknown(*args))
    lengths = {len(elements_of(a)) for a in lists.values()}
    if len(lengths) > 1:
        raise HclError("argument", f"the lists differ in length: {sorted(lengths)}")
    rows = (
        [elements_of(a)[place] if i in lists else a for i, a in enumerate(args)]
        for place in range(lengths.pop() if lengths else 1)
    )
    return make_list(STRING, [_formatted(text.data, row) for row in rows])


def _has_bare_null(args: Sequence[Value]) -> bool:
    """Terraform 1.11 cannot tell the type of such an argument, and calls the result unknown."""
    return any(value.is_null and value.type == DYNAMIC for value in args)


def _is_list(value: Value) -> bool:
    return isinstance(value.type, ListType | SetType | TupleType) and not value.is_null


def _formatted(text: str, args: Sequence[Value]) -> Value:
    """The text; unknown where an argument is, but with its parts where a plain verb shows it."""
    pieces: list[Value] = []
    position = following = highest = 0
    while position < len(text):
        if literal := _LITERAL.match(text, position):
            pieces.append(string(literal[0]))
            position = literal.end()
            continue
        match = _VERB.match(text, position)
        if match is None:
            raise ArgumentError(0, f"has a format verb that cannot be read at offset {position}")
        position = match.end()
        if match["mode"] is None:
            pieces.append(string("%"))
            continue
        if match["index"] is not None:
            following = int(match["index"]) - 1
        verb = _read_verb(match)
        if following >= len(args):
            raise HclError("argument", f"{verb.text} needs argument {following + 1} of {len(args)}")
        pieces.append(_piece(verb, args[following], following + 1))
        following += 1
        highest = max(highest, following)
    if highest < len(args):
        raise HclError("argument", f"only {highest} of {len(args)} arguments are used")
    return concatenate(pieces)


def _read_verb(match: re.Match[str]) -> _Verb:
    precision = match["precision"]
    return _Verb(
        text=match[0],
        mode=match["mode"],
        flags=match["flags"],
        width=int(match["width"] or 0),
        precision=None if precision is None else int(precision or 0),
    )


def _piece(verb: _Verb, value: Value, index: int) -> Value:
    writer = _WRITERS.get(verb.mode)
    if writer is None:
        raise ArgumentError(0, f"has an unsupported verb, {verb.text}")
    if not is_wholly_known(value):
        shown = verb.plain and (
            verb.mode == "s" or (verb.mode, value.type) in (("v", STRING), ("d", NUMBER))
        )
        data = value.data if shown and value.is_unknown else merge_unknown(value)
        return Value(STRING, data)
    if value.is_null and verb.mode != "v":
        raise ArgumentError(index, f"{verb.text} cannot show null")
    try:
        return string(writer(verb, value))
    except HclError as error:
        raise ArgumentError(index, f"does not fit {verb.text}: {error.message}") from None


def _write_any(verb: _Verb, value: Value) -> str:
    if "#" not in verb.flags and not value.is_null:
        if value.type == STRING:
            return _pad(verb, value.data)
        if value.type == NUMBER:
            return _pad(verb, _general(value.data, None))
    return _pad(verb, to_json(value))


def _write_bool(verb: _Verb, value: Value) -> str:
    return "true" if convert(value, BOOL).data else "false"


def _write_text(verb: _Verb, value: Value) -> str:
    text = convert(value, STRING).data
    if verb.precision:
        text = "".join(graphemes(text)[: verb.precision])
    return _pad(verb, text if verb.mode == "s" else to_json(string(text)))


def _write_integer(verb: _Verb, value: Value) -> str:
    whole = numbers.to_int(convert(value, NUMBER).data)
    base, prefix = {"b": ("b", "0b"), "o": ("o", "0"), "x": ("x", "0x"), "X": ("X", "0X")}.get(
        verb.mode, ("d", "")
    )
    digits = format(abs(whole), base)
    if verb.precision == 0 and not whole:
        return ""
    digits = digits.zfill(verb.precision or 0)
    sign = _sign(verb, whole < 0) + (prefix if "#" in verb.flags else "")
    return _pad_number(verb, sign, digits, zeros=verb.precision is None)


def _write_float(verb: _Verb, value: Value) -> str:
    number = convert(value, NUMBER).data
    mode = verb.mode.lower()
    size = numbers.absolute(number)
    if mode == "f":
        digits = _fixed(size, 6 if verb.precision is None else verb.precision)
    elif mode == "e":
        digits = _scientific(size, 6 if verb.precision is None else verb.precision)
    else:
        digits = _general(size, verb.precision)
    if verb.mode.isupper():
        digits = digits.upper()
    return _pad_number(verb, _sign(verb, number.mantissa < 0), digits, zeros=True)


def _sign(verb: _Verb, negative: bool) -> str:
    return "-" if negative else "+" if "+" in verb.flags else " " if " " in verb.flags else ""


def _pad(verb: _Verb, text: str) -> str:
    missing = verb.width - len(graphemes(text))
    if missing <= 0:
        return text
    padding = ("0" if "0" in verb.flags else " ") * missing
    return text + padding if "-" in verb.flags else padding + text


def _pad_number(verb: _Verb, sign: str, digits: str, *, zeros: bool) -> str:
    missing = max(0, verb.width - len(sign) - len(digits))
    left = "-" in verb.flags
    # Go's floats let a zero win over a minus, its integers do not.
    if "0" in verb.flags and zeros and not (left and verb.integer):
        return sign + "0" * missing + digits
    return sign + digits + " " * missing if left else " " * missing + sign + digits


def _fixed(number: Number, precision: int) -> str:
    whole = str(_scaled(number, precision)).zfill(precision + 1)
    return f"{whole[:-precision]}.{whole[-precision:]}" if precision else whole


def _scientific(number: Number, precision: int) -> str:
    digits, point = _digits(number, precision + 1)
    return _exponent_form(digits.ljust(precision + 1, "0"), point)


def _general(number: Number, precision: int | None) -> str:
    """
    %g: an exponent is written below -4, and from the precision on.

    Without a precision it has the digits it needs, and the exponent comes from 6 on.
    """
    if not number.mantissa:
        return "0"
    if number.mantissa < 0:
        return "-" + _general(numbers.negate(number), precision)
    digits, point = numbers.shortest(number)
    limit = 6
    if precision is not None:
        digits, point = _digits(number, max(1, precision))
        digits = digits.rstrip("0")
        limit = len(digits) if precision > len(digits) >= point else max(1, precision)
    if not -4 <= point - 1 < limit:
        return _exponent_form(digits, point)
    return numbers.without_exponent(digits, point)


def _exponent_form(digits: str, point: int) -> str:
    exponent = point - 1 if digits.strip("0") else 0
    sign = "-" if exponent < 0 else "+"
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{mantissa}e{sign}{abs(exponent):02d}"


def _scaled(number: Number, places: int) -> int:
    """The number times ten to the power of `places`, rounded to whole, ties to even."""
    numerator, denominator = numbers.to_ratio(number)
    numerator *= 10 ** max(0, places)
    denominator *= 10 ** max(0, -places)
    quotient, rest = divmod(numerator, denominator)
    up = 2 * rest > denominator or (2 * rest == denominator and quotient % 2 == 1)
    return int(quotient + up)


def _digits(number: Number, count: int) -> tuple[str, int]:
    """That many significant digits, and the place of the decimal point among them."""
    if not number.mantissa:
        return "0" * count, 1
    point = numbers.point(number)
    digits = str(_scaled(number, count - point))
    if len(digits) > count:
        digits, point = digits[:count], point + 1
    return digits, point


_WRITERS: dict[str, Callable[[_Verb, Value], str]] = {
    "v": _write_any,
    "t": _write_bool,
    "s": _write_text,
    "q": _write_text,
    **dict.fromkeys("bdoxX", _write_integer),
    **dict.fromkeys("eEfgG", _write_float),
}

FUNCTIONS = (format_, formatlist)
