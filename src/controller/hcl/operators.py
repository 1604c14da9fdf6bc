"""Operators on values (HCL semantics §7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from controller.hcl import numbers
from controller.hcl.carried import computed, result_of
from controller.hcl.convert import (
    boolean,
    convert,
    describe,
    equal,
    with_marks,
)
from controller.hcl.errors import HclError
from controller.hcl.numbers import Number
from controller.hcl.origins import may_be_planned
from controller.hcl.types import BOOL, NUMBER, Type
from controller.hcl.values import Value

_ARITHMETIC: Mapping[str, Callable[[Number, Number], Number]] = {
    "+": numbers.add,
    "-": numbers.subtract,
    "*": numbers.multiply,
    "/": numbers.divide,
    "%": numbers.modulo,
}
_COMPARISON: Mapping[str, Callable[[int], bool]] = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def result_type(operator: str) -> Type:
    return NUMBER if operator in _ARITHMETIC else BOOL


def apply_binary(operator: str, left: Value, right: Value) -> Value:
    """Raises HclError "type" for an operand that does not convert, "null" or "operation"."""
    if operator in ("==", "!="):
        return with_marks(_equality(operator, left, right), left, right)
    wanted = BOOL if operator in ("&&", "||") else NUMBER
    a, b = (_operand(operator, value, wanted) for value in (left, right))
    return with_marks(_compute(operator, a, b), left, right)


def apply_unary(operator: str, operand: Value) -> Value:
    value = _operand(operator, operand, BOOL if operator == "!" else NUMBER)
    if value.is_unknown:
        name = "!" if operator == "!" else "negate"
        result = Value(value.type, computed(name, (value,)))
    elif operator == "!":
        result = boolean(not value.data)
    else:
        result = Value(NUMBER, numbers.negate(value.data))
    return with_marks(result, operand)


def decides_alone(operator: str, left: Value) -> bool:
    """Whether the left side settles `&&` or `||`, as it does from Terraform 1.12 on."""
    if operator not in ("&&", "||") or left.is_unknown or left.is_null:
        return False
    try:
        return convert(left, BOOL).data is (operator == "||")
    except HclError:
        return False


def _equality(operator: str, left: Value, right: Value) -> Value:
    same = equal(left, right)
    if same is None:
        return result_of(BOOL, operator, (left, right))
    return boolean(same is (operator == "=="))


def _operand(operator: str, value: Value, wanted: Type) -> Value:
    try:
        converted = convert(value, wanted)
    except HclError:
        raise HclError(
            "type", f'"{operator}" needs a {describe(wanted)}, found {_describe(value)}'
        ) from None
    if converted.is_null:
        raise HclError("null", f'"{operator}" needs a {describe(wanted)}, found null')
    return converted


def _compute(operator: str, a: Value, b: Value) -> Value:
    if a.is_unknown or b.is_unknown:
        return _settled(operator, a, b) or result_of(result_type(operator), operator, (a, b))
    if operator == "&&":
        return boolean(a.data and b.data)
    if operator == "||":
        return boolean(a.data or b.data)
    if operator in _ARITHMETIC:
        return Value(NUMBER, _ARITHMETIC[operator](a.data, b.data))
    return boolean(_COMPARISON[operator](numbers.compare(a.data, b.data)))


def _settled(operator: str, a: Value, b: Value) -> Value | None:
    """
    `&&` or `||` with one side that settles it.

    Terraform 1.11 does so only for values that it knows while planning; what is surely not known
    then (HCL semantics §21) stays unknown here too.
    """
    if operator not in ("&&", "||"):
        return None
    for known, other in ((a, b), (b, a)):
        if known.data is (operator == "||") and may_be_planned(other.data):
            return boolean(known.data)
    return None


def _describe(value: Value) -> str:
    """The type, and the text itself where it is the text that does not fit."""
    if isinstance(value.data, str) and not (value.sensitive or value.ephemeral):
        return f'the text "{value.data}"'
    return f"a {describe(value.type)}"
