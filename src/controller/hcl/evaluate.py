"""Expressions to values (HCL semantics §8-§11, §21)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from controller.hcl.absent_tags import has_tag, is_tag, tag_or
from controller.hcl.access import carry, get_attribute, get_element
from controller.hcl.carried import computed
from controller.hcl.conditional import choose
from controller.hcl.convert import (
    boolean,
    concatenate,
    convert,
    describe,
    is_wholly_known,
    make_object,
    make_tuple,
    merge_unknown,
    string,
    with_marks,
)
from controller.hcl.errors import HclError
from controller.hcl.loops import loop_over, object_key
from controller.hcl.operators import apply_binary, apply_unary, decides_alone
from controller.hcl.origins import may_be_planned
from controller.hcl.scope import Scope, Strict
from controller.hcl.splat import splat
from controller.hcl.syntax import (
    Attribute,
    AttributeStep,
    Binary,
    Call,
    Conditional,
    Expression,
    For,
    Index,
    Interpolation,
    Literal,
    Object,
    Parentheses,
    Reference,
    Splat,
    SplatItem,
    Template,
    TemplateFor,
    Tuple,
    Unary,
    Word,
)
from controller.hcl.types import (
    BOOL,
    DYNAMIC,
    STRING,
    ListType,
    SetType,
    TupleType,
)
from controller.hcl.values import Unknown, Value


def evaluate(expression: Expression, scope: Scope) -> Value:
    """Raises HclError with the place of the innermost expression that fails, or Poisoned."""
    try:
        return _RULES[type(expression)](expression, scope)
    except HclError as error:
        raise error.at(expression.place) from None


def _literal(expression: Literal, _: Scope) -> Value:
    return expression.value


def _reference(expression: Reference, scope: Scope) -> Value:
    value, used = scope.resolve(expression)
    for step in expression.steps[used:]:
        try:
            if isinstance(step, AttributeStep):
                value = get_attribute(value, step.name)
            else:
                value = get_element(value, step.key)
        except HclError as error:
            raise error.at(step.place) from None
    return value


def _attribute(expression: Attribute, scope: Scope) -> Value:
    return get_attribute(evaluate(expression.of, scope), expression.name)


def _index(expression: Index, scope: Scope) -> Value:
    value = evaluate(expression.of, scope)
    return get_element(value, evaluate(expression.key, scope))


def _parentheses(expression: Parentheses | Interpolation, scope: Scope) -> Value:
    return evaluate(expression.inner, scope)


def _unary(expression: Unary, scope: Scope) -> Value:
    return apply_unary(expression.operator, evaluate(expression.operand, scope))


def _binary(expression: Binary, scope: Scope) -> Value:
    """A chain leans to the left, as deep as it is long: it is gone through in a loop."""
    chain = [expression]
    while isinstance(chain[-1].left, Binary):
        chain.append(chain[-1].left)
    value = evaluate(chain[-1].left, scope)
    for part in reversed(chain):
        try:
            value = _joined(part, value, scope)
        except HclError as error:
            raise error.at(part.right.place) from None
    return value


def _joined(part: Binary, left: Value, scope: Scope) -> Value:
    try:
        right = evaluate(part.right, scope)
        return apply_binary(part.operator, left, right)
    except HclError as error:
        if decides_alone(part.operator, left) and not error.static:
            return convert(left, BOOL)
        raise


def _tuple(expression: Tuple, scope: Scope) -> Value:
    return make_tuple([evaluate(element, scope) for element in expression.elements])


def _object(expression: Object, scope: Scope) -> Value:
    members: dict[str, Value] = {}
    unknown: list[Value] = []
    marks: list[Value] = []
    for key_expression, value_expression in expression.items:
        if isinstance(key_expression, Reference):
            raise HclError(
                "syntax",
                "write a reference as a key in parentheses, a text with dots in quotes",
                place=key_expression.place,
            )
        key = object_key(evaluate(key_expression, scope), key_expression)
        value = evaluate(value_expression, scope)
        marks.append(key)
        if key.is_unknown:
            unknown += [key, value]
        else:
            members[key.data] = value
    if unknown:
        return carry(Value(DYNAMIC, merge_unknown(*unknown, *members.values())), *marks)
    return carry(make_object(members), *marks)


def _call(expression: Call, scope: Scope) -> Value:
    if expression.name in _SPECIAL:
        return _SPECIAL[expression.name](expression, scope)
    if expression.name.removeprefix("core::") == "templatestring":
        _check_template(expression)
    arguments = [evaluate(argument, scope) for argument in expression.arguments]
    if expression.spread and arguments:
        spread = arguments.pop()
        elements = _spread(spread)
        if elements is None:
            return carry(Value(DYNAMIC, merge_unknown(*arguments, spread)), *arguments, spread)
        arguments += [carry(element, spread) for element in elements]
    try:
        return scope.call(expression.name, arguments)
    except HclError as error:
        if error.missing_file:
            return scope.without_file(error.at(expression.place))
        raise


def _check_template(call: Call) -> None:
    """
    A text that is there is a template already: Terraform takes one from elsewhere alone.

    Source: terraform 1.11's console, asked for each kind of expression.
    """
    found = call.arguments[0] if call.arguments else None
    while isinstance(found, Attribute | Index | Splat):
        found = found.of
    if found is None or isinstance(found, Reference):
        return
    if isinstance(found, Template) or (
        isinstance(found, Literal) and isinstance(found.value.data, str)
    ):
        raise HclError(
            "argument",
            "templatestring takes no template that is written there; write it as a text with "
            "${…} in it instead",
        )
    raise HclError(
        "argument",
        "templatestring needs a direct reference to a text from elsewhere, such as local.template",
    )


def _spread(value: Value) -> tuple[Value, ...] | None:
    """The elements that `...` gives as arguments; None when they are not known yet."""
    if value.is_null:
        raise HclError("argument", '"..." needs a list, found null')
    if value.type != DYNAMIC and not isinstance(value.type, ListType | SetType | TupleType):
        raise HclError("argument", f'"..." needs a list, found a {describe(value.type)}')
    if value.is_unknown:
        return None
    elements: tuple[Value, ...] = value.data
    return elements


def _try(expression: Call, scope: Scope) -> Value:
    if not expression.arguments:
        raise HclError("argument-count", "try() needs at least one argument")
    failures = []
    for following, argument in enumerate(expression.arguments, 1):
        try:
            value = evaluate(argument, Strict(scope))
            rest = expression.arguments[following:]
            if rest and is_tag(value):
                return tag_or(value, _try(replace(expression, arguments=rest), scope))
            return value
        except HclError as error:
            if error.static:
                raise
            failures.append(error)
    reasons = "; ".join(failure.message for failure in failures)
    raise HclError("argument", f"no argument of try() can be evaluated: {reasons}")


def _can(expression: Call, scope: Scope) -> Value:
    if len(expression.arguments) != 1:
        raise HclError("argument-count", "can() takes exactly one argument")
    try:
        value = evaluate(expression.arguments[0], Strict(scope))
    except HclError as error:
        if error.static:
            raise
        return boolean(False)
    if is_wholly_known(value):
        return boolean(True)
    if is_tag(value):
        return has_tag(value)
    unknown = merge_unknown(value)
    # What is an attribute can be read; what is computed from one may not fit once it is known.
    attribute = isinstance(value.data, Unknown) and value.data.origin is not None
    return boolean(True) if attribute and may_be_planned(unknown) else Value(BOOL, unknown)


_SPECIAL: dict[str, Callable[[Call, Scope], Value]] = {"try": _try, "can": _can}


def _conditional(expression: Conditional, scope: Scope) -> Value:
    return choose(expression, scope, evaluate)


def _splat(expression: Splat, scope: Scope) -> Value:
    return splat(expression, scope, evaluate)


def _splat_item(_: SplatItem, scope: Scope) -> Value:
    return scope.item()


def _for(expression: For, scope: Scope) -> Value:
    return loop_over(expression, scope, evaluate)


def _template(expression: Template, scope: Scope) -> Value:
    return concatenate([_text(part, scope) for part in expression.parts])


def _text(part: Expression, scope: Scope) -> Value:
    value = evaluate(part, scope)
    if value.is_null:
        raise HclError("null", "a null cannot be put into a text", place=part.place)
    try:
        return convert(value, STRING)
    except HclError:
        raise HclError(
            "type", f"a {describe(value.type)} cannot be put into a text", place=part.place
        ) from None


def _template_for(expression: TemplateFor, scope: Scope) -> Value:
    joined = loop_over(expression.loop, scope, evaluate)
    if joined.is_unknown:
        text = computed("join", (string(""), joined))
        return Value(STRING, text, joined.sensitive, joined.ephemeral)
    return with_marks(concatenate(list(joined.data)), joined)


_RULES: dict[type[Expression], Callable[[Any, Scope], Value]] = {
    Literal: _literal,
    Word: _literal,
    Reference: _reference,
    Attribute: _attribute,
    Index: _index,
    Parentheses: _parentheses,
    Interpolation: _parentheses,
    Unary: _unary,
    Binary: _binary,
    Conditional: _conditional,
    Tuple: _tuple,
    Object: _object,
    Call: _call,
    Splat: _splat,
    SplatItem: _splat_item,
    For: _for,
    Template: _template,
    TemplateFor: _template_for,
}
