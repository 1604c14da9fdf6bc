"""The final values of variables, and their validations (HCL semantics §13)."""

from __future__ import annotations

from dataclasses import replace

from controller.domain.problem import Place
from controller.hcl.access import carry
from controller.hcl.convert import convert, describe
from controller.hcl.declarations import Condition, Variable
from controller.hcl.errors import HclError
from controller.hcl.evaluate import evaluate
from controller.hcl.inputs import Given
from controller.hcl.scope import Scope
from controller.hcl.types import BOOL, STRING
from controller.hcl.values import Value


def final_value(variable: Variable, given: Given | None) -> Value:
    """
    The given value, or the default, as the variable's type asks, with its marks.

    Raises HclError "missing-variable", "variable-type" or "null-variable", at the place of the
    value where it has one.
    """
    place = (given.place if given else None) or variable.place
    value = _fitted(variable, given, place) if given else variable.default
    if value is None or (value.is_null and not variable.nullable):
        value = variable.default
    if value is None:
        kind = "null-variable" if given else "missing-variable"
        found = "null is given" if given else "no value is given"
        # A call without it is a problem of the call ("missing-argument"): this one is the root's.
        remedy = "" if given else f"; set it in terraform.tfvars, or as TF_VAR_{variable.name}"
        raise HclError(
            kind,
            f'{found} for the variable "{variable.name}", which has no default{remedy}',
            place=place,
        )
    return replace(
        value,
        sensitive=value.sensitive or variable.sensitive,
        ephemeral=value.ephemeral or variable.ephemeral,
    )


def _fitted(variable: Variable, given: Given, place: Place) -> Value:
    try:
        return variable.constraint.conform(given.value)
    except HclError as error:
        raise HclError(
            "variable-type",
            f'the value given for "{variable.name}" does not fit its type '
            f"{describe(variable.constraint.type)}: {error.message}",
            place=place,
        ) from None


def check_condition(condition: Condition, scope: Scope, kind: str, place: Place) -> None:
    """
    Raises HclError of that kind, with the condition's own message, where it is false.

    A condition that cannot be known yet passes. `place` is where a failure is reported; a condition
    that is not true or false is an error in its own place.
    """
    message = _message(condition, scope)
    value = evaluate(condition.condition, scope)
    if value.is_null:
        raise HclError(kind, "the condition is null", place=condition.place)
    try:
        value = convert(value, BOOL)
    except HclError:
        raise HclError(
            kind,
            f"the condition is a {describe(value.type)}, expected true or false",
            place=condition.place,
        ) from None
    if value.data is False:
        raise HclError(kind, message, place=place)


def _message(condition: Condition, scope: Scope) -> str:
    """Made whether it is needed or not, as Terraform does: a mistake in it shows at once."""
    message = convert(evaluate(condition.message, scope), STRING)
    hidden = carry(message).sensitive or message.ephemeral
    if hidden or not isinstance(message.data, str):
        return "a condition is not met; its message cannot be shown"
    return " ".join(message.data.split())
