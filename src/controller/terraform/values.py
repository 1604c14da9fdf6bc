"""A state's JSON as values of the language, with what is secret marked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from controller.hcl.construct import make_list, make_map, make_object, make_set, make_tuple, null
from controller.hcl.convert import convert, from_python
from controller.hcl.errors import HclError
from controller.hcl.types import DYNAMIC, ListType, MapType, ObjectType, SetType, TupleType, Type
from controller.hcl.values import OpenObject, Value
from controller.terraform.state import Thing, any_of, part_of


def complete(value: Value, thing: Thing, wanted: Callable[[str], bool]) -> Value:
    """
    The value of a resource with what is unknown in it taken from Terraform.

    Only top-level attributes that are `wanted`; what is known stays as it is.
    """
    if not isinstance(value.data, dict):
        return value
    members = {
        name: _member(member, thing, name) if wanted(name) else member
        for name, member in value.data.items()
    }
    if not isinstance(value.data, OpenObject):
        return replace(make_object(members), sensitive=value.sensitive, ephemeral=value.ephemeral)
    for name in thing.values:
        if name not in members and wanted(name) and _is_said(thing, name):
            members[name] = to_value(thing, name, DYNAMIC)
    types = tuple(sorted((name, member.type) for name, member in members.items()))
    return replace(
        value, type=ObjectType(types), data=OpenObject(sorted(members.items()), value.data.origin)
    )


def to_value(thing: Thing, name: str, type_: Type) -> Value:
    """One attribute as Terraform has it, of the given type where it can be."""
    data = thing.values[name]
    value = null(type_) if data is None else _fitted(from_python(data), type_)
    return _marked(value, part_of(thing.sensitive, name))


def _member(member: Value, thing: Thing, name: str) -> Value:
    if not _is_said(thing, name):
        return member
    return _merged(member, to_value(thing, name, member.type))


def _is_said(thing: Thing, name: str) -> bool:
    return name in thing.values and not any_of(part_of(thing.unknown, name))


def _merged(ours: Value, theirs: Value) -> Value:
    """What is unknown in our value filled in from theirs, place by place."""
    if ours.is_unknown:
        return replace(
            theirs, ephemeral=ours.ephemeral, sensitive=theirs.sensitive or ours.sensitive
        )
    if isinstance(ours.data, dict) and isinstance(theirs.data, dict):
        members = {
            name: _merged(inner, theirs.data[name]) if name in theirs.data else inner
            for name, inner in ours.data.items()
        }
        return _rebuilt(ours, members)
    if _side_by_side(ours, theirs):
        pairs = zip(ours.data, theirs.data, strict=True)
        return _rebuilt(ours, tuple(_merged(a, b) for a, b in pairs))
    return ours


def _side_by_side(ours: Value, theirs: Value) -> bool:
    """Whether elements of the same place are the same thing: never in a set."""
    if isinstance(ours.type, SetType) or not isinstance(ours.data, tuple):
        return False
    return isinstance(theirs.data, tuple) and len(ours.data) == len(theirs.data)


def _rebuilt(value: Value, data: dict[str, Value] | tuple[Value, ...]) -> Value:
    """A value of the same kind; of the same type too, unless an element has found another one."""
    elements = tuple(data.values()) if isinstance(data, dict) else data
    same = all(element.type == elements[0].type for element in elements)
    if isinstance(data, dict):
        made = (
            make_map(elements[0].type, data)
            if isinstance(value.type, MapType) and same and data
            else make_object(data)
        )
    elif isinstance(value.type, ListType) and same and data:
        made = make_list(elements[0].type, data)
    elif isinstance(value.type, SetType) and same and data:
        made = make_set(elements[0].type, data)
    else:
        made = make_tuple(data) if data or isinstance(value.type, TupleType) else value
    return replace(made, sensitive=value.sensitive, ephemeral=value.ephemeral)


def _fitted(value: Value, type_: Type) -> Value:
    try:
        return convert(value, type_)
    except HclError:
        return value  # another version of the provider has written it


def _marked(value: Value, mask: Any) -> Value:
    if mask is True:
        return replace(value, sensitive=True)
    if not any_of(mask):
        return value
    if isinstance(value.type, SetType):
        return replace(value, sensitive=True)
    if isinstance(value.data, dict):
        return _rebuilt(value, {k: _marked(v, part_of(mask, k)) for k, v in value.data.items()})
    if isinstance(value.data, tuple):
        return _rebuilt(
            value, tuple(_marked(v, part_of(mask, i)) for i, v in enumerate(value.data))
        )
    return value
