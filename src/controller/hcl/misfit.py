"""Types in words, and why one cannot be converted to another."""

from __future__ import annotations

from collections.abc import Iterator

from controller.hcl.types import ListType, MapType, ObjectType, Primitive, SetType, TupleType, Type
from controller.hcl.unify import convertible


def describe(type_: Type) -> str:
    """A type in words, for messages: "list of string"."""
    match type_:
        case ListType(element):
            return f"list of {describe(element)}"
        case SetType(element):
            return f"set of {describe(element)}"
        case MapType(element):
            return f"map of {describe(element)}"
        case TupleType():
            return "tuple"
        case ObjectType():
            return "object"
        case Primitive("dynamic"):
            return "any single type"
        case Primitive(name):
            return name
    raise TypeError(type_)


def misfit(given: Type, to: Type) -> str:
    """
    `: "image.git_sha" is missing`, or "" where the types as a whole do not fit.

    The path begins below the value itself.
    """
    path, what = _first(given, to, "")
    return f': "{path}" {what}' if path else ""


def _first(given: Type, to: Type, path: str) -> tuple[str, str]:
    missing = _missing(given, to)
    if missing:
        return _below(path, missing), "is missing"
    for step, inner, wanted in _inside(given, to):
        if not convertible(inner, wanted):
            return _first(inner, wanted, _below(path, step))
    return path, f"is a {describe(given)}, expected a {describe(to)}"


def _missing(given: Type, to: Type) -> str:
    if not (isinstance(given, ObjectType) and isinstance(to, ObjectType)):
        return ""
    there = dict(given.attributes)
    needed = (name for name, _ in to.attributes if name not in to.optional)
    return next((name for name in needed if name not in there), "")


def _inside(given: Type, to: Type) -> Iterator[tuple[str, Type, Type]]:
    match given, to:
        case ObjectType(attributes), ObjectType():
            wanted = dict(to.attributes)
            yield from ((n, t, wanted[n]) for n, t in attributes if n in wanted)
        case ObjectType(attributes), MapType(element):
            yield from ((n, t, element) for n, t in attributes)
        case TupleType(elements), (ListType(element) | SetType(element)):
            yield from ((f"[{i}]", t, element) for i, t in enumerate(elements))
        case ((ListType(inner) | SetType(inner)), (ListType(element) | SetType(element))):
            yield "[0]", inner, element
        case MapType(inner), MapType(element):
            yield "*", inner, element
        case MapType(inner), ObjectType(attributes):
            yield from ((n, inner, t) for n, t in attributes)


def _below(path: str, step: str) -> str:
    return f"{path}{step}" if not path or step.startswith("[") else f"{path}.{step}"
