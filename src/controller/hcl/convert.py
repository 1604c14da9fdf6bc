"""
Conversion between Terraform's types (HCL semantics §5), unification (§6) and equality (§7).

The constructors of `construct.py` and the bridge to plain Python of `plain.py` are offered here
too, so that this is the one import for whoever handles values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from controller.hcl import numbers
from controller.hcl.construct import (
    boolean,
    concatenate,
    elements_of,
    is_ephemeral,
    is_sensitive,
    is_wholly_known,
    make_list,
    make_map,
    make_object,
    make_set,
    make_tuple,
    merge_unknown,
    null,
    number,
    string,
    unknown,
    unknowns_in,
    with_marks,
    without_marks,
)
from controller.hcl.errors import HclError
from controller.hcl.misfit import describe, misfit
from controller.hcl.plain import from_python, to_python, unknown_mask
from controller.hcl.types import (
    BOOL,
    DYNAMIC,
    NUMBER,
    STRING,
    ListType,
    MapType,
    ObjectType,
    Primitive,
    SetType,
    TupleType,
    Type,
)
from controller.hcl.unify import convertible, has_dynamic, only_type, unify, without_optional
from controller.hcl.values import OpenObject, Value

__all__ = [
    "boolean",
    "concatenate",
    "convert",
    "convertible",
    "describe",
    "elements_of",
    "equal",
    "from_python",
    "is_ephemeral",
    "is_sensitive",
    "is_wholly_known",
    "make_list",
    "make_map",
    "make_object",
    "make_set",
    "make_tuple",
    "merge_unknown",
    "null",
    "number",
    "string",
    "to_python",
    "unify",
    "unify_values",
    "unknown",
    "unknown_mask",
    "unknowns_in",
    "with_marks",
    "without_marks",
]

_BOOLS = {"true": True, "1": True, "false": False, "0": False}


def convert(value: Value, to: Type) -> Value:
    """
    The value as the type `to` (which may hold `any` and optional attributes), marks kept.

    Null becomes a null of that type; an unknown keeps where it comes from. An optional attribute
    that is missing becomes null. Raises HclError "conversion".
    """
    if to == DYNAMIC or value.type == to:
        return value
    if not convertible(value.type, to) and not _holds_open(value):
        raise HclError("conversion", _misfit(value, to))
    if value.is_null or value.is_unknown:
        return replace(value, type=_settled(value.type, to))
    try:
        return with_marks(_convert_known(value, to), replace(value, data=None))
    except HclError:
        if value.sensitive:
            message = f"cannot convert a sensitive value to {describe(to)}"
            raise HclError("conversion", message) from None
        raise


def _misfit(value: Value, to: Type) -> str:
    hint = _list_in_list(value, to) or misfit(value.type, to)
    return f"cannot convert {describe(value.type)} to {describe(to)}{hint}"


def _holds_open(value: Value) -> bool:
    """Whether it is, or contains, a resource of a provider with unknown attributes."""
    return isinstance(value.data, OpenObject) or any(map(_holds_open, elements_of(value)))


def _list_in_list(value: Value, to: Type) -> str:
    """`["${a.*.id}"]`: up to Terraform 0.11 brackets around a list made no list of lists."""
    nested = isinstance(value.type, TupleType) and any(
        isinstance(element, TupleType | ListType | SetType) for element in value.type.elements
    )
    if nested and isinstance(to, ListType | SetType) and isinstance(to.element, Primitive):
        return (
            '; it is a list in a list, so drop the brackets around it: a[*].id, not ["${a.*.id}"]'
        )
    return ""


def unify_values(values: Sequence[Value]) -> tuple[Value, ...]:
    """All values as their one common type; raises HclError "conversion" where there is none."""
    common = unify([value.type for value in values])
    if common is None and values:
        found = ", ".join(dict.fromkeys(describe(value.type) for value in values))
        raise HclError("conversion", f"no single type fits all of: {found}")
    return tuple(convert(value, common) if common else value for value in values)


def equal(a: Value, b: Value) -> bool | None:
    """
    Terraform's `==`: type and value, deeply; None where it is known only after apply.

    Nothing is converted: 1 is not "1", and [1] is not tolist([1]). Nulls of any type are equal.
    """
    if a.is_unknown or b.is_unknown:
        return _equal_unknown(a, b) if a.is_unknown else _equal_unknown(b, a)
    if a.is_null or b.is_null:
        return a.is_null and b.is_null
    if a.type != b.type and not _open_types(a, b):
        return False
    if isinstance(a.data, dict) and isinstance(b.data, dict):
        if a.data.keys() != b.data.keys():
            return False
        return _all_equal(tuple(a.data.values()), tuple(b.data.values()))
    if isinstance(a.data, tuple) and isinstance(b.data, tuple):
        return _sets_equal(a, b) if isinstance(a.type, SetType) else _all_equal(a.data, b.data)
    return bool(a.data == b.data)


def _settled(given: Type, to: Type) -> Type:
    """The type of a null or unknown converted to `to`: what `any` represents is taken as given."""
    plain = without_optional(to)
    if not has_dynamic(plain):
        return plain
    match given, plain:
        case _, Primitive():
            return given
        case (ListType(a) | SetType(a) | MapType(a), ListType(b) | SetType(b) | MapType(b)):
            return type(plain)(_settled(a, b))
        case TupleType(elements), ListType(b) | SetType(b):
            unified = unify(elements)
            return type(plain)(_settled(unified, b)) if unified else plain
        case ObjectType(attributes), MapType(b):
            unified = unify([t for _, t in attributes])
            return MapType(_settled(unified, b)) if unified else plain
    return plain


def _convert_known(value: Value, to: Type) -> Value:
    match to:
        case Primitive():
            return _convert_primitive(value, to)
        case ListType(element) | SetType(element):
            elements = _elements(value, element)
            kind = elements[0].type if elements else _empty_element(value.type, element)
            make = make_list if isinstance(to, ListType) else make_set
            return make(kind, elements)
        case MapType(element):
            elements = _elements(value, element)
            kind = elements[0].type if elements else _empty_element(value.type, element)
            return make_map(kind, dict(zip(value.data, elements, strict=True)))
        case TupleType(wanted):
            return make_tuple(map(convert, value.data, wanted))
        case ObjectType():
            return _convert_object(value.data, to)
    raise TypeError(to)


def _convert_primitive(value: Value, to: Primitive) -> Value:
    data = value.data
    if to == STRING:
        if isinstance(data, bool):
            return string("true" if data else "false")
        return string(numbers.format_number(data))
    if to == NUMBER:
        return Value(NUMBER, numbers.parse_number(data))
    if data not in _BOOLS:
        hint = f'; write "{data.lower()}"' if data.lower() in _BOOLS else ""
        raise HclError("conversion", f'cannot convert "{data}" to bool{hint}')
    return Value(BOOL, _BOOLS[data])


def _convert_object(given: Mapping[str, Value], to: ObjectType) -> Value:
    converted = {}
    for name, wanted in to.attributes:
        if name in given:
            converted[name] = convert(given[name], wanted)
        elif isinstance(given, OpenObject):
            origin = replace(given.origin, path=(*given.origin.path, name))
            converted[name] = unknown(without_optional(wanted), (origin,), (origin,))
        elif name in to.optional:
            converted[name] = null(without_optional(wanted))
        else:
            raise HclError("conversion", f'attribute "{name}" is required and missing')
    return make_object(converted)


def _elements(value: Value, element: Type) -> Sequence[Value]:
    """The converted elements, all of one type: where any will do, of the one they unify to."""
    elements: Sequence[Value] = elements_of(value)
    if element == DYNAMIC and isinstance(value.type, ObjectType):
        only = only_type([e.type for e in elements])
        elements = [convert(e, only) for e in elements] if only else unify_values(elements)
    elif element == DYNAMIC and isinstance(value.type, TupleType):
        elements = unify_values(elements)
    elif element != DYNAMIC:
        elements = [convert(e, element) for e in elements]
    if any(e.type != elements[0].type for e in elements):
        # `any` inside the type was settled for each element alone: once more for all together.
        elements = unify_values(elements)
    if any(e.type != elements[0].type for e in elements):
        raise HclError("conversion", "the elements must all be of the same type")
    return elements


def _empty_element(given: Type, element: Type) -> Type:
    if element == DYNAMIC and isinstance(given, ListType | SetType | MapType):
        return given.element
    return without_optional(element)


def _open_types(a: Value, b: Value) -> bool:
    """Whether types that differ could still turn out the same, once unknowns in them are known."""
    if type(a.type) is not type(b.type) or not (has_dynamic(a.type) or has_dynamic(b.type)):
        return False
    return not (is_wholly_known(a) and is_wholly_known(b)) and convertible(a.type, b.type)


def _equal_unknown(value: Value, other: Value) -> bool | None:
    """A text with a known beginning is never null, and equals nothing that begins otherwise."""
    parts = value.data.parts
    composed = len(parts) > 1
    if other.is_null:
        return False if composed or value.data.not_null else None
    if DYNAMIC not in (value.type, other.type) and value.type != other.type:
        return None if has_dynamic(value.type) or has_dynamic(other.type) else False
    if composed and isinstance(other.data, str) and isinstance(parts[0], str):
        return None if other.data.startswith(parts[0]) else False
    return None


def _all_equal(a: Sequence[Value], b: Sequence[Value]) -> bool | None:
    if len(a) != len(b):
        return False
    results = [equal(x, y) for x, y in zip(a, b, strict=True)]
    return False if False in results else None if None in results else True


def _sets_equal(a: Value, b: Value) -> bool | None:
    if is_wholly_known(a) and is_wholly_known(b):
        return _all_equal(a.data, b.data)
    return None
