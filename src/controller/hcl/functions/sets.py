"""Functions on sets."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from controller.hcl.convert import (
    convert,
    elements_of,
    equal,
    is_wholly_known,
    make_list,
    make_set,
    make_tuple,
    merge_unknown,
    unify,
    with_marks,
)
from controller.hcl.errors import HclError
from controller.hcl.functions.collections import top_marks
from controller.hcl.functions.definition import ArgumentError, Parameter, function
from controller.hcl.types import DYNAMIC, ListType, SetType, TupleType, Type
from controller.hcl.values import Value

_SET = SetType(DYNAMIC)
_FIRST, _OTHERS = Parameter("first_set", _SET), Parameter("other_sets", _SET)


@function(_FIRST, variadic=_OTHERS, returns=_SET, whole=False)
def setunion(*sets: Value) -> Value:
    kind, alike = _unified(sets)
    return make_set(kind, (e for set_ in alike for e in set_))


@function(_FIRST, variadic=_OTHERS, returns=_SET)
def setintersection(*sets: Value) -> Value:
    kind, (first, *others) = _unified(sets)
    return make_set(kind, (e for e in first if all(_has(other, e) for other in others)))


@function(Parameter("a", _SET), Parameter("b", _SET), returns=_SET)
def setsubtract(a: Value, b: Value) -> Value:
    kind, (first, second) = _unified((a, b))
    return make_set(kind, (e for e in first if not _has(second, e)))


@function(variadic=Parameter("sets"), whole=False, marks=True)
def setproduct(*sets: Value) -> Value:
    """Every combination; of lists alone it is a list that keeps their order, else a set."""
    if len(sets) < 2:
        raise HclError("argument", "at least two sets are needed")
    kinds = [_product_element(index, set_) for index, set_ in enumerate(sets)]
    tuple_type = TupleType(tuple(kinds))
    ordered = not any(isinstance(set_.type, SetType) for set_ in sets)
    if any(isinstance(set_.type, SetType) and not is_wholly_known(set_) for set_ in sets):
        return with_marks(Value(SetType(tuple_type), merge_unknown(*sets)), *sets)
    columns = [
        [convert(e, kind) for e in elements_of(set_)]
        for set_, kind in zip(sets, kinds, strict=True)
    ]
    rows = [make_tuple(row) for row in product(*columns)]
    result = make_list(tuple_type, rows) if ordered else make_set(tuple_type, rows)
    return top_marks(result, *sets)


def _unified(sets: Sequence[Value]) -> tuple[Type, list[list[Value]]]:
    """The elements of all sets as one type; an empty set of no particular type fits any."""
    kinds = [_kind(set_) for set_ in sets if elements_of(set_) or _kind(set_) != DYNAMIC]
    common = unify(kinds) if kinds else DYNAMIC
    if common is not None:
        alike = [[convert(e, common) for e in elements_of(set_)] for set_ in sets]
        if all(e.type == common for elements in alike for e in elements):
            return common, alike
    raise HclError("argument", "the sets must hold elements of one type, or convert to one")


def _kind(set_: Value) -> Type:
    return set_.type.element if isinstance(set_.type, SetType | ListType) else DYNAMIC


def _product_element(index: int, set_: Value) -> Type:
    if isinstance(set_.type, SetType | ListType):
        return set_.type.element
    if not isinstance(set_.type, TupleType):
        raise ArgumentError(index, "must be a set or a list")
    if not set_.type.elements:
        return DYNAMIC
    common = unify(set_.type.elements)
    if common is None:
        raise ArgumentError(index, "all elements must be of one type, or convert to one")
    return common


def _has(elements: Sequence[Value], wanted: Value) -> bool:
    return any(equal(element, wanted) for element in elements)


FUNCTIONS = (setunion, setintersection, setsubtract, setproduct)
