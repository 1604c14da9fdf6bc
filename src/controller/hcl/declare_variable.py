"""A variable, taken apart, its default fitted to its type (HCL semantics §13)."""

from __future__ import annotations

from controller.hcl.block_parts import conditions_of, constant, flag
from controller.hcl.constraints import ANYTHING, Constraint, read_constraint
from controller.hcl.declarations import Variable
from controller.hcl.errors import HclError
from controller.hcl.evaluate import evaluate
from controller.hcl.inner_places import inner_places
from controller.hcl.scope import CONSTANT
from controller.hcl.syntax import Argument, BlockSyntax
from controller.hcl.types import BOOL, NUMBER, STRING
from controller.hcl.values import Value


def read_variable(name: str, block: BlockSyntax) -> Variable:
    """Raises HclError "type-constraint", "default-type" or "not-constant"."""
    arguments = block.body.arguments
    constant(arguments.get("description"), STRING)
    constraint = _constraint(arguments.get("type"))
    nullable = flag(arguments.get("nullable"), missing=True)
    default = arguments.get("default")
    return Variable(
        name=name,
        place=block.place,
        constraint=constraint,
        takes_text="type" not in arguments or constraint.type in (STRING, NUMBER, BOOL),
        default=_default(default, constraint, nullable) if default else None,
        default_place=default.place if default else None,
        default_parts=inner_places(default.expression) if default else {},
        sensitive=flag(arguments.get("sensitive")),
        ephemeral=flag(arguments.get("ephemeral")),
        nullable=nullable,
        validations=conditions_of(block.body, "validation"),
    )


def _constraint(argument: Argument | None) -> Constraint:
    return read_constraint(argument.expression) if argument else ANYTHING


def _default(argument: Argument, constraint: Constraint, nullable: bool) -> Value:
    try:
        value = constraint.conform(evaluate(argument.expression, CONSTANT))
    except HclError as error:
        if error.kind != "conversion":
            raise
        raise HclError(
            "default-type",
            f"the default does not fit the type: {error.message}",
            place=argument.place,
        ) from None
    if value.is_null and not nullable:
        raise HclError(
            "default-type", "the default is null, but nullable is false", place=argument.place
        )
    return value
