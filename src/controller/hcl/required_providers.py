"""The `required_providers` of a terraform block."""

from __future__ import annotations

from collections.abc import Iterator

from controller.hcl.block_parts import constant
from controller.hcl.declarations import RequiredProvider
from controller.hcl.syntax import Argument, Body, Expression, Literal, Object
from controller.hcl.types import STRING


def read_required_providers(body: Body) -> Iterator[RequiredProvider]:
    """
    Local name, source and version constraint of each; raises HclError if one is not a text.

    Only the aliases that a module is given are names. The old form gives the constraint alone.
    """
    for name, argument in body.arguments.items():
        if not isinstance(argument.expression, Object):
            found = {"version": _text(argument)}
        else:
            found = {
                key: _text(Argument(key, value, value.place))
                for key, value in _members(argument.expression)
                if key != "configuration_aliases"
            }
        source = found.get("source") or f"hashicorp/{name}"
        yield RequiredProvider(name, source.lower(), found.get("version", ""))


def _members(expression: Object) -> Iterator[tuple[str, Expression]]:
    for key, value in expression.items:
        yield str(key.value.data) if isinstance(key, Literal) else "", value


def _text(argument: Argument) -> str:
    value = constant(argument, STRING)
    return "" if value is None or value.is_null else str(value.data)
