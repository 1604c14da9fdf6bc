"""Conversions written as functions (HCL semantics §5)."""

from __future__ import annotations

from controller.hcl.convert import convert
from controller.hcl.functions.definition import Function, Parameter, function
from controller.hcl.types import (
    BOOL,
    DYNAMIC,
    NUMBER,
    STRING,
    ListType,
    MapType,
    SetType,
    Type,
)
from controller.hcl.values import Value


def _conversion(name: str, target: Type) -> Function:
    @function(
        Parameter("v", nullable=True, unknown=True),
        returns=target,
        whole=False,
        marks=True,
        name=name,
    )
    def body(value: Value) -> Value:
        return convert(value, target)

    return body


FUNCTIONS = (
    _conversion("tostring", STRING),
    _conversion("tonumber", NUMBER),
    _conversion("tobool", BOOL),
    _conversion("tolist", ListType(DYNAMIC)),
    _conversion("toset", SetType(DYNAMIC)),
    _conversion("tomap", MapType(DYNAMIC)),
)
