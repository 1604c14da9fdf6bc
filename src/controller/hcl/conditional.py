"""`condition ? a : b`, also as `%{ if }` (HCL semantics §8)."""

from __future__ import annotations

from collections.abc import Callable

from controller.hcl.access import carry
from controller.hcl.carried import computed
from controller.hcl.convert import (
    convert,
    describe,
    equal,
    is_wholly_known,
    merge_unknown,
    unify,
    without_marks,
)
from controller.hcl.errors import HclError
from controller.hcl.operators import result_type
from controller.hcl.origins import may_be_planned
from controller.hcl.scope import Scope, Strict
from controller.hcl.syntax import (
    Binary,
    Conditional,
    Expression,
    Parentheses,
    Template,
    TemplateFor,
    Unary,
)
from controller.hcl.types import BOOL, DYNAMIC, NUMBER, STRING, Type
from controller.hcl.values import Value

Evaluate = Callable[[Expression, Scope], Value]


def choose(expression: Conditional, scope: Scope, evaluate: Evaluate) -> Value:
    """Both branches are evaluated for their types; only the one that is taken may not fail."""
    branches = [
        _branch(expression.if_true, scope, evaluate),
        _branch(expression.if_false, scope, evaluate),
    ]
    common = _common_type(branches)
    condition = as_condition(evaluate(expression.condition, scope), "a condition")
    if condition.is_unknown:
        return _undecided(condition, branches, common)
    taken = branches[0 if condition.data else 1]
    if isinstance(taken, _Failed):
        if taken.error.missing_file:
            return scope.without_file(taken.error)
        raise taken.error
    return carry(taken if common == DYNAMIC else convert(taken, common), condition)


def as_condition(value: Value, what: str) -> Value:
    """The value as true, false or unknown; `what` names it in the error."""
    if value.is_null:
        raise HclError("null", f"{what} is null, expected true or false")
    try:
        return convert(value, BOOL)
    except HclError:
        raise HclError(
            "type", f"{what} is a {describe(value.type)}, expected true or false"
        ) from None


class _Failed:
    """A branch that cannot be evaluated, with the type that it would have had."""

    def __init__(self, error: HclError, type_: Type) -> None:
        self.error = error
        self.type = type_


def _branch(expression: Expression, scope: Scope, evaluate: Evaluate) -> Value | _Failed:
    try:
        return evaluate(expression, Strict(scope))
    except HclError as error:
        if error.static:
            raise
        return _Failed(error, _type_without_value(expression))


def _type_without_value(expression: Expression) -> Type:
    match expression:
        case Template() | TemplateFor():
            return STRING
        case Binary(operator=operator):
            return result_type(operator)
        case Unary(operator=operator):
            return BOOL if operator == "!" else NUMBER
        case Parentheses(inner=inner):
            return _type_without_value(inner)
    return DYNAMIC


def _common_type(branches: list[Value | _Failed]) -> Type:
    types = [branch.type for branch in branches]
    for branch, other in zip(branches, reversed(types), strict=True):
        if isinstance(branch, Value) and branch.is_null and branch.type == DYNAMIC:
            return other
    if DYNAMIC in types:
        return DYNAMIC
    common = unify(types)
    if common is None:
        raise HclError(
            "type",
            "the two results of the conditional have no type in common: "
            f"{describe(types[0])} and {describe(types[1])}",
        )
    return common


def _undecided(condition: Value, branches: list[Value | _Failed], common: Type) -> Value:
    """Which branch is taken is not known yet: that matters unless both are the same."""
    values = [branch for branch in branches if isinstance(branch, Value)]
    if len(values) == 2 and all(is_wholly_known(value) for value in values):
        first, second = (convert(value, common) for value in values)
        known = first.is_null or first.type == NUMBER or may_be_planned(condition.data)
        if known and equal(without_marks(first), without_marks(second)):
            return carry(first, condition, second)
    data = merge_unknown(condition, *values)
    if len(values) == 2:
        typed = [v if common == DYNAMIC else convert(v, common) for v in values]
        data = computed("if", (condition, *typed))
    unknown = Value(common, data)
    return carry(unknown, condition, *values)
