"""What the blocks of Terraform's own have in common: names, flags, lists, conditions."""

from __future__ import annotations

import re

from controller.domain.problem import Place
from controller.hcl.convert import convert
from controller.hcl.declarations import Condition, Repetition
from controller.hcl.errors import HclError
from controller.hcl.evaluate import evaluate
from controller.hcl.parse import parse_embedded
from controller.hcl.scope import CONSTANT
from controller.hcl.syntax import Argument, BlockSyntax, Body, Expression, Literal, Tuple
from controller.hcl.types import BOOL, Type
from controller.hcl.values import Value

_NAME = re.compile(r"(?:[^\W\d]|_)[\w-]*")


def repetition_of(body: Body) -> Repetition:
    """Raises HclError "count" where both count and for_each are there."""
    count, for_each = body.arguments.get("count"), body.arguments.get("for_each")
    if count and for_each:
        raise HclError(
            "count", "count and for_each exclude each other; keep one", place=for_each.place
        )
    return Repetition(
        count=count.expression if count else None,
        for_each=for_each.expression if for_each else None,
    )


def without(body: Body, arguments: frozenset[str], blocks: frozenset[str]) -> Body:
    """The body without the arguments and blocks of these names."""
    return Body(
        body.place,
        {name: a for name, a in body.arguments.items() if name not in arguments},
        tuple(block for block in body.blocks if block.type not in blocks),
    )


def list_of(argument: Argument | None) -> tuple[Expression, ...]:
    """The elements of an argument that must be written as a list of references."""
    if argument is None:
        return ()
    if not isinstance(argument.expression, Tuple):
        raise HclError("type", f"{argument.name} takes a list: [ … ]", place=argument.place)
    return tuple(unquoted(element) for element in argument.expression.elements)


def unquoted(expression: Expression) -> Expression:
    """A reference may be in quotes, as it had to in Terraform 0.11."""
    if isinstance(expression, Literal) and isinstance(expression.value.data, str):
        place = expression.place
        return parse_embedded(expression.value.data, place.file, place.line)
    return expression


def flag(argument: Argument | None, *, missing: bool = False) -> bool:
    """A constant true or false; `missing` where there is none."""
    value = constant(argument, BOOL)
    return missing if value is None or value.is_null else bool(value.data)


def constant(argument: Argument | None, type_: Type) -> Value | None:
    """The argument's value, in which nothing may be referred to."""
    if argument is None:
        return None
    try:
        return convert(evaluate(argument.expression, CONSTANT), type_)
    except HclError as error:
        raise error.at(argument.place) from None


def name_of(block: BlockSyntax, position: int) -> str:
    """A label that must be a name; raises HclError "name"."""
    check_name(block.labels[position], block.place)
    return block.labels[position]


def check_name(name: str, place: Place) -> None:
    """Raises HclError "name"."""
    if not _NAME.fullmatch(name):
        raise HclError(
            "name",
            f'"{name}" is no name: letters, digits, _ and -, not beginning with a digit or -',
            place=place,
            static=True,
        )


def conditions_of(body: Body | None, type_: str) -> tuple[Condition, ...]:
    """All blocks of that type as conditions; what they need has been checked before."""
    return tuple(_condition(block) for block in body.of_type(type_)) if body else ()


def _condition(block: BlockSyntax) -> Condition:
    arguments = block.body.arguments
    return Condition(
        condition=arguments["condition"].expression,
        message=arguments["error_message"].expression,
        place=arguments["condition"].place,
    )
