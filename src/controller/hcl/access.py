"""
Attributes and elements of values: `.name` and `[key]` (HCL semantics §9).

Of an unknown the result is unknown too, and remembers the path by which it was reached (§21).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from controller.hcl import numbers
from controller.hcl.carried import computed, element_at
from controller.hcl.construct import number, string
from controller.hcl.convert import convert, describe
from controller.hcl.errors import HclError
from controller.hcl.types import (
    DYNAMIC,
    NUMBER,
    STRING,
    ListType,
    MapType,
    ObjectType,
    SetType,
    TupleType,
    Type,
)
from controller.hcl.values import OpenObject, Unknown, Value


def carry(value: Value, *sources: Value) -> Value:
    """The value with the marks of the sources themselves; marks inside them stay where they are."""
    sensitive = value.sensitive or any(source.sensitive for source in sources)
    ephemeral = value.ephemeral or any(source.ephemeral for source in sources)
    if (sensitive, ephemeral) == (value.sensitive, value.ephemeral):
        return value
    return replace(value, sensitive=sensitive, ephemeral=ephemeral)


def step_into(unknown: Value, step: str | int, type_: Type) -> Value:
    """A part of an unknown value, of the given type."""
    data: Unknown = unknown.data
    origin = data.origin
    if origin is None:
        key = string(step) if isinstance(step, str) else number(step)
        if data.pattern is not None:
            return carry(element_at(data.pattern, key), unknown)
        return carry(Value(type_, computed("get", (unknown, key))), unknown)
    inner = replace(origin, path=(*origin.path, step))
    return carry(Value(type_, Unknown((inner,), (inner,))), unknown)


def get_attribute(value: Value, name: str) -> Value:
    """`value.name`; raises HclError "null", "attribute" or "index" (a key that a map lacks)."""
    if value.is_null:
        raise HclError("null", f'cannot read the attribute "{name}" of null')
    match value.type:
        case ObjectType(attributes):
            return _object_attribute(value, name, dict(attributes))
        case MapType(element):
            return _map_element(value, name, element)
    if value.type == DYNAMIC:
        return step_into(value, name, DYNAMIC)
    if isinstance(value.type, ListType | TupleType | SetType):
        raise HclError(
            "attribute",
            f'a {describe(value.type)} has no attribute "{name}"; '
            f"use [0].{name} for one element or [*].{name} for all",
        )
    raise HclError("attribute", f'a {describe(value.type)} has no attributes, found ".{name}"')


def get_element(value: Value, key: Value) -> Value:
    """`value[key]`; raises HclError "null" or "index"."""
    if value.is_null:
        raise HclError("null", "cannot take an element of null")
    if key.is_null:
        raise HclError("index", "the index is null")
    return carry(_element(value, key), key)


def _element(value: Value, key: Value) -> Value:
    match value.type:
        case ListType() | TupleType():
            return _sequence_element(value, _converted(key, NUMBER))
        case MapType(element):
            text = _converted(key, STRING)
            return _unknown_key(value, key, element) or _map_element(value, text.data, element)
        case ObjectType(attributes):
            text = _converted(key, STRING)
            unknown = _unknown_key(value, key, DYNAMIC)
            return unknown or _object_attribute(value, text.data, dict(attributes), "index")
        case SetType():
            raise HclError("index", "a set has no order, so no index; use tolist() or a for")
    if value.type == DYNAMIC:
        return _unknown_key(value, key, DYNAMIC) or step_into(value, _step(key), DYNAMIC)
    raise HclError("index", f"a {describe(value.type)} has no elements")


def _converted(key: Value, type_: Type) -> Value:
    try:
        return convert(key, type_)
    except HclError:
        raise HclError(
            "index", f"found a {describe(key.type)} as index, expected a {describe(type_)}"
        ) from None


def _unknown_key(value: Value, key: Value, type_: Type) -> Value | None:
    if not key.is_unknown:
        return None
    if value.is_unknown and value.data.pattern is not None:
        return carry(element_at(value.data.pattern, key), value)
    return carry(Value(type_, computed("get", (value, key))), value)


def _step(key: Value) -> str | int:
    if isinstance(key.data, numbers.Number) and numbers.is_whole(key.data):
        return numbers.to_int(key.data)
    return str(key.data)


def _sequence_element(value: Value, key: Value) -> Value:
    element = value.type.element if isinstance(value.type, ListType) else DYNAMIC
    unknown = _unknown_key(value, key, element)
    if unknown is not None:
        return unknown
    if not numbers.is_whole(key.data):
        raise HclError("index", f"the index {numbers.format_number(key.data)} is not whole")
    position = numbers.to_int(key.data)
    if isinstance(value.type, TupleType):
        size: int | None = len(value.type.elements)
    else:
        size = None if value.is_unknown else len(value.data)
    if position < 0 or (size is not None and position >= size):
        raise HclError("index", f"there is no element {position}; {_count(size)}")
    if value.is_unknown:
        types = value.type.elements if isinstance(value.type, TupleType) else ()
        return step_into(value, position, types[position] if types else element)
    return carry(value.data[position], value)


def _count(size: int | None) -> str:
    if size is None:
        return "indexes begin at 0"
    return "there is none at all" if size == 0 else f"the last one is {size - 1}"


def _map_element(value: Value, key: str, element: Type) -> Value:
    if value.is_unknown:
        return step_into(value, key, element)
    if key not in value.data:
        raise HclError("index", f'the map has no element "{key}"{_available(value)}')
    return carry(value.data[key], value)


def _object_attribute(
    value: Value, name: str, types: dict[str, Type], kind: str = "attribute"
) -> Value:
    if name not in types and isinstance(value.data, OpenObject):
        origin = replace(value.data.origin, path=(*value.data.origin.path, name))
        return carry(Value(DYNAMIC, Unknown((origin,), (origin,))), value)
    if name not in types:
        raise HclError(kind, f'the object has no attribute "{name}"{_available(value, types)}')
    if value.is_unknown:
        return step_into(value, name, types[name])
    return carry(value.data[name], value)


def _available(value: Value, names: Iterable[str] | None = None) -> str:
    """What there is instead, unless the names themselves are secret."""
    if value.sensitive:
        return ""
    found = list(value.data if names is None else names)
    shown = ", ".join(found[:8]) + (", …" if len(found) > 8 else "")
    return f"; it has {shown}" if found else "; it is empty"
