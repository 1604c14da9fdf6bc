"""Terraform's types. Equal types compare equal, so they can be dictionary keys."""

from __future__ import annotations

from typing import Any

from controller.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Type:
    """Base of all types; the subclasses say what a value looks like."""


@dataclass(frozen=True, slots=True)
class Primitive(Type):
    name: str


STRING = Primitive("string")
NUMBER = Primitive("number")
BOOL = Primitive("bool")
DYNAMIC = Primitive("dynamic")
"""As a constraint: `any`. As a value's type: an untyped null, or an unknown of unknown type."""


@dataclass(frozen=True, slots=True)
class ListType(Type):
    element: Type


@dataclass(frozen=True, slots=True)
class SetType(Type):
    element: Type


@dataclass(frozen=True, slots=True)
class MapType(Type):
    element: Type


@dataclass(frozen=True, slots=True)
class TupleType(Type):
    elements: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class ObjectType(Type):
    """
    Attributes sorted by name (bytes), as pairs, so that equal objects have equal types.

    `optional` names the attributes that a value may leave out when it is converted to this type; it
    occurs in type constraints only, never in the type of a value.
    """

    attributes: tuple[tuple[str, Type], ...]
    optional: frozenset[str] = frozenset()


def to_json(type_: Type) -> Any:
    """Terraform's own JSON spelling: "string", ["list", "string"], ["object", {…}]."""
    match type_:
        case Primitive(name):
            return name
        case ListType(element):
            return ["list", to_json(element)]
        case SetType(element):
            return ["set", to_json(element)]
        case MapType(element):
            return ["map", to_json(element)]
        case TupleType(elements):
            return ["tuple", [to_json(e) for e in elements]]
        case ObjectType(attributes):
            return ["object", {name: to_json(t) for name, t in attributes}]
    raise TypeError(type_)
