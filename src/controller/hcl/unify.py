"""
Finding one type for several (HCL semantics §6), and which conversions exist between types.

The order of attempts is that of go-cty's `convert.UnifyUnsafe`, because it decides the result:
text wins over numbers and bools, a list over a set, a collection over a structure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

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

Collection = ListType | SetType | MapType


def unify(types: Sequence[Type]) -> Type | None:
    """
    The one type that values of all these types convert to, or None where there is none.

    DYNAMIC among structures gives DYNAMIC (it is not known yet what will come); among primitives
    it gives way. No types at all have no common type.
    """
    if not types:
        return None
    if all(type_ == types[0] for type_ in types):
        return types[0]
    found, final = _by_kind(types)
    return found if found is not None or final else _most_general(types)


def convertible(source: Type, target: Type) -> bool:
    """Whether a conversion exists at all; a value may still refuse it (the text "a" to number)."""
    if target == DYNAMIC or source in (DYNAMIC, target):
        return True
    match source, target:
        case Primitive(), Primitive():
            return {source, target} != {NUMBER, BOOL}
        case (ListType(a) | SetType(a), ListType(b) | SetType(b)) | (MapType(a), MapType(b)):
            return convertible(a, b)
        case TupleType(elements), ListType(b) | SetType(b):
            return _all_convertible(elements, b)
        case ObjectType(attributes), MapType(b):
            types = [type_ for _, type_ in attributes]
            return _all_convertible(types, b) or (b == DYNAMIC and only_type(types) is not None)
        case TupleType(elements), TupleType(wanted):
            return len(elements) == len(wanted) and all(map(convertible, elements, wanted))
        case MapType(a), ObjectType(attributes):
            return all(convertible(a, b) for _, b in attributes)
        case ObjectType(), ObjectType():
            return _object_convertible(source, target)
    return False


def only_type(types: Sequence[Type]) -> Type | None:
    """The one type there is beside DYNAMIC, which is how a map takes nulls among structures."""
    found = set(types) - {DYNAMIC}
    return found.pop() if len(found) == 1 else None


def without_optional(type_: Type) -> Type:
    """The type of a value converted to this constraint: no attribute of it is optional any more."""
    match type_:
        case ListType(element):
            return ListType(without_optional(element))
        case SetType(element):
            return SetType(without_optional(element))
        case MapType(element):
            return MapType(without_optional(element))
        case TupleType(elements):
            return TupleType(tuple(without_optional(element) for element in elements))
        case ObjectType(attributes):
            return ObjectType(tuple((name, without_optional(t)) for name, t in attributes))
    return type_


def has_dynamic(type_: Type) -> bool:
    """Whether `any` occurs in the type, at any depth."""
    match type_:
        case ListType(element) | SetType(element) | MapType(element):
            return has_dynamic(element)
        case TupleType(elements):
            return any(has_dynamic(element) for element in elements)
        case ObjectType(attributes):
            return any(has_dynamic(t) for _, t in attributes)
    return type_ == DYNAMIC


def _all_convertible(elements: Sequence[Type], target: Type) -> bool:
    if target == DYNAMIC and elements:
        unified = unify(elements)
        if unified is None or (unified == DYNAMIC and any(t != DYNAMIC for t in elements)):
            return False
        target = unified
    return all(convertible(element, target) for element in elements)


def _object_convertible(source: ObjectType, target: ObjectType) -> bool:
    given = dict(source.attributes)
    return all(
        convertible(given[name], wanted) if name in given else name in target.optional
        for name, wanted in target.attributes
    )


def _by_kind(types: Sequence[Type]) -> tuple[Type | None, bool]:
    """The answer where all types are of one kind, and whether it is the last word."""
    kinds = {type(type_) for type_ in types if type_ != DYNAMIC}
    dynamic = DYNAMIC in types
    if len(kinds) == 1 and kinds <= {ListType, SetType, MapType, ObjectType, TupleType}:
        return (DYNAMIC if dynamic else _one_kind(types)), True
    if kinds == {MapType, ObjectType}:
        return _replaced(types, ObjectType, _objects_as_map), False
    if kinds == {ListType, TupleType}:
        return _replaced(types, TupleType, _tuples_as_list), False
    return None, {ObjectType, TupleType} <= kinds


def _one_kind(types: Sequence[Type]) -> Type | None:
    first = types[0]
    if isinstance(first, ObjectType):
        return _objects([t for t in types if isinstance(t, ObjectType)])
    if isinstance(first, TupleType):
        return _tuples([t for t in types if isinstance(t, TupleType)])
    if isinstance(first, ListType | SetType | MapType):
        element = unify([t.element for t in types if isinstance(t, ListType | SetType | MapType)])
        return None if element is None else type(first)(element)
    return None


def _replaced(
    types: Sequence[Type], kind: type[Type], joined: Callable[[Sequence[Type]], Type | None]
) -> Type | None:
    """Unify the structures of one kind into a collection first, then that with the others."""
    collection = joined([t for t in types if isinstance(t, kind)])
    if collection is None:
        return None
    unified = unify([collection if isinstance(t, kind) else t for t in types])
    return unified if isinstance(unified, ListType | MapType) else None


def _objects(types: Sequence[ObjectType]) -> Type | None:
    names = [tuple(name for name, _ in type_.attributes) for type_ in types]
    if any(other != names[0] for other in names):
        return _objects_as_map(types)
    columns = zip(*(dict(type_.attributes).values() for type_ in types), strict=True)
    unified = [unify(column) for column in columns]
    if any(type_ is None for type_ in unified):
        return None
    pairs = ((n, t) for n, t in zip(names[0], unified, strict=True) if t is not None)
    result = ObjectType(tuple(pairs))
    return result if all(convertible(t, result) for t in types) else _objects_as_map(types)


def _tuples(types: Sequence[TupleType]) -> Type | None:
    if any(len(type_.elements) != len(types[0].elements) for type_ in types):
        return _tuples_as_list(types)
    unified = [unify(column) for column in zip(*(t.elements for t in types), strict=True)]
    if any(type_ is None for type_ in unified):
        return None
    result = TupleType(tuple(type_ for type_ in unified if type_ is not None))
    return result if all(convertible(t, result) for t in types) else _tuples_as_list(types)


def _objects_as_map(types: Sequence[Type]) -> Type | None:
    objects = [t for t in types if isinstance(t, ObjectType)]
    element = unify([t for object_ in objects for _, t in object_.attributes])
    result = None if element is None else MapType(element)
    return result if result and all(convertible(t, result) for t in objects) else None


def _tuples_as_list(types: Sequence[Type]) -> Type | None:
    tuples = [t for t in types if isinstance(t, TupleType)]
    element = unify([t for tuple_ in tuples for t in tuple_.elements])
    result = None if element is None else ListType(element)
    return result if result and all(convertible(t, result) for t in tuples) else None


def _most_general(types: Sequence[Type]) -> Type | None:
    """The first of the given types, most general first, that all others convert to."""
    for candidate in sorted(types, key=_generality):
        if all(convertible(type_, candidate) for type_ in types):
            return candidate
    return None


def _generality(type_: Type) -> tuple[int, ...]:
    """Small is general: text before number, list before tuple before set, map before object."""
    match type_:
        case Primitive():
            return (9,) if type_ == DYNAMIC else (0,) if type_ == STRING else (1,)
        case ListType(element) | MapType(element):
            return (0, *_generality(element))
        case SetType(element):
            return (2, *_generality(element))
        case TupleType():
            return (1,)
    return (3,)
