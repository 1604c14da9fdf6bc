"""Functions on lists and tuples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from controller.hcl import numbers
from controller.hcl.access import step_into
from controller.hcl.carried import computed
from controller.hcl.convert import (
    boolean,
    convert,
    elements_of,
    equal,
    is_wholly_known,
    make_list,
    make_tuple,
    merge_unknown,
    null,
    number,
    unify,
    unify_values,
    with_marks,
)
from controller.hcl.errors import HclError
from controller.hcl.functions.collections import top_marks
from controller.hcl.functions.definition import ArgumentError, Parameter, function, whole_number
from controller.hcl.origins import may_be_planned
from controller.hcl.types import (
    BOOL,
    DYNAMIC,
    NUMBER,
    STRING,
    ListType,
    SetType,
    TupleType,
    Type,
)
from controller.hcl.unify import only_type
from controller.hcl.values import Value

_LIST = Parameter("list")
_STRINGS = Parameter("list", ListType(STRING))
_ANY_LIST = Parameter("list", ListType(DYNAMIC))
_BOOLS = Parameter("list", ListType(BOOL))
_RANGE_LIMIT = 1024


@function(_LIST, Parameter("index", NUMBER), whole=False, marks=True)
def element(list_: Value, position: Value) -> Value:
    """
    The element at that index, which wraps around at both ends.

    In a tuple Terraform 1.11 fails below zero, but for whole rounds (HCL semantics §16).
    """
    elements = _sequence(list_)
    wanted = whole_number(position, 1)
    if not elements:
        raise ArgumentError(0, "an empty list has no elements")
    if wanted < 0 and isinstance(list_.type, TupleType) and wanted % len(elements):
        raise ArgumentError(1, "must not be negative for a tuple; put tolist() around it")
    return top_marks(elements[wanted % len(elements)], list_, position)


@function(
    variadic=Parameter("seqs", unknown=True),
    whole=False,
    marks=True,
)
def concat(*sequences: Value) -> Value:
    """Lists that unify make a list of the unified type; anything else makes a tuple."""
    if not sequences:
        raise HclError("argument", "at least one list is needed")
    for position, sequence in enumerate(sequences):
        if not isinstance(sequence.type, ListType | TupleType) and not sequence.is_unknown:
            raise ArgumentError(position, "must be a list or tuple; use tolist() on a set")
    all_lists = all(isinstance(sequence.type, ListType) for sequence in sequences)
    common = unify([sequence.type for sequence in sequences]) if all_lists else None
    if any(sequence.is_unknown for sequence in sequences):
        return top_marks(Value(common or DYNAMIC, merge_unknown(*sequences)), *sequences)
    if isinstance(common, ListType):
        return top_marks(_joined(common.element, sequences), *sequences)
    return top_marks(make_tuple(e for s in sequences for e in elements_of(s)), *sequences)


@function(_LIST, whole=False, marks=True)
def flatten(list_: Value) -> Value:
    """The elements of lists, sets and tuples at every depth; an unknown one leaves no count."""
    if not isinstance(list_.type, ListType | SetType | TupleType):
        raise ArgumentError(0, "must be a list, set or tuple")
    found, marked = [], [list_]
    for value in _leaves(list_, marked):
        if value.is_unknown and _may_be_sequence(value.type):
            return with_marks(Value(DYNAMIC, merge_unknown(list_)), list_)
        found.append(value)
    return top_marks(make_tuple(found), *marked)


@function(_ANY_LIST, returns=ListType(DYNAMIC))
def distinct(list_: Value) -> Value:
    kept: list[Value] = []
    for candidate in elements_of(list_):
        if not any(equal(candidate, other) for other in kept):
            kept.append(candidate)
    return make_list(_element_type(list_), kept)


@function(_STRINGS, returns=ListType(STRING))
def compact(list_: Value) -> Value:
    return make_list(STRING, (e for e in elements_of(list_) if not e.is_null and e.data != ""))


@function(
    Parameter("list", unknown=True),
    Parameter("start_index", NUMBER),
    Parameter("end_index", NUMBER),
    whole=False,
    marks=True,
    name="slice",
)
def slice_(list_: Value, start: Value, end: Value) -> Value:
    """Of a list that only AWS knows, too: its length is known, or Terraform fails."""
    if list_.is_unknown:
        return top_marks(_unknown_slice(list_, whole_number(start, 1), whole_number(end, 2)), list_)
    elements = _sequence(list_)
    first, last = whole_number(start, 1), whole_number(end, 2)
    for position, bound in ((1, first), (2, last)):
        if not 0 <= bound <= len(elements):
            raise ArgumentError(position, f"must be between 0 and {len(elements)}, not {bound}")
    if first > last:
        raise ArgumentError(1, f"must not be greater than the end, {last}")
    return top_marks(_like(list_, elements[first:last]), list_)


@function(_STRINGS, returns=ListType(STRING), whole=False)
def sort(list_: Value) -> Value:
    """By bytes, which for UTF-8 is the order of code points; one unknown hides all places."""
    elements = elements_of(list_)
    if not is_wholly_known(list_):
        sorted_ = Value(ListType(STRING), computed("sort", (list_,)))
        return make_list(STRING, [step_into(sorted_, i, STRING) for i in range(len(elements))])
    if any(e.is_null for e in elements):
        raise ArgumentError(0, "an element is null")
    return make_list(STRING, sorted(elements, key=lambda e: str(e.data)))


@function(_LIST, whole=False, marks=True)
def reverse(list_: Value) -> Value:
    if isinstance(list_.type, SetType):
        return top_marks(make_list(list_.type.element, reversed(elements_of(list_))), list_)
    return top_marks(_like(list_, tuple(reversed(_sequence(list_)))), list_)


@function(variadic=Parameter("params", NUMBER), returns=ListType(NUMBER), name="range")
def range_(*params: Value) -> Value:
    """Up to the limit but not with it; without a step it counts down where the limit is lower."""
    if not 1 <= len(params) <= 3:
        raise HclError("argument-count", f"range() takes 1, 2 or 3 arguments, {len(params)} given")
    start = params[0].data if len(params) > 1 else numbers.from_int(0)
    limit = params[min(1, len(params) - 1)].data
    direction = numbers.compare(limit, start)
    if len(params) == 3:
        step = params[2].data
        if step.mantissa == 0 and direction:
            raise ArgumentError(2, "must not be zero")
        if direction and (direction > 0) != (step.mantissa > 0):
            raise ArgumentError(2, "leads away from the limit")
    else:
        step = numbers.from_int(direction or 1)
    return make_list(NUMBER, _count(start, limit, step))


@function(_ANY_LIST, Parameter("size", NUMBER), whole=False, marks=True)
def chunklist(list_: Value, size: Value) -> Value:
    step = whole_number(size, 1)
    if step < 0:
        raise ArgumentError(1, "must not be negative")
    elements = elements_of(list_)
    starts = range(0, len(elements), step) if step else range(bool(elements))
    chunks = [elements[i : i + step] if step else elements for i in starts]
    kind = _element_type(list_)
    result = make_list(ListType(kind), (make_list(kind, chunk) for chunk in chunks))
    return top_marks(result, list_, size)


@function(variadic=Parameter("vals", nullable=True, unknown=True), whole=False)
def coalescelist(*lists: Value) -> Value:
    """The first that is not empty."""
    if not lists:
        raise HclError("argument", "at least one list is needed")
    for position, list_ in enumerate(lists):
        if list_.is_unknown:
            return Value(DYNAMIC, merge_unknown(*lists))
        if not isinstance(list_.type, ListType | TupleType):
            raise ArgumentError(position, "must be a list or tuple")
    found = next((list_ for list_ in lists if elements_of(list_)), None)
    if found is None:
        raise HclError("argument", "every list is empty or null")
    return found


@function(
    Parameter("values", ListType(DYNAMIC)),
    Parameter("keys", ListType(DYNAMIC)),
    Parameter("searchset", ListType(DYNAMIC)),
    returns=ListType(DYNAMIC),
)
def matchkeys(values: Value, keys: Value, searched: Value) -> Value:
    """The values whose key, at the same index, is one of those searched."""
    if unify([keys.type, searched.type]) is None:
        raise HclError("argument", "keys and searchset must be of the same type")
    if len(elements_of(values)) != len(elements_of(keys)):
        raise HclError("argument", "values and keys must be equally long")
    keys_, wanted = (elements_of(list_) for list_ in unify_values([keys, searched]))
    pairs = zip(elements_of(values), keys_, strict=True)
    found = (value for value, key in pairs if any(equal(key, other) for other in wanted))
    return make_list(_element_type(values), found)


@function(_LIST, whole=False)
def one(list_: Value) -> Value:
    """The one element, or null where there is none."""
    if isinstance(list_.type, ListType | SetType | TupleType):
        elements = elements_of(list_)
        if len(elements) == 1:
            return elements[0]
        if isinstance(list_.type, SetType) and not is_wholly_known(list_):
            return Value(list_.type.element, merge_unknown(list_))
        if not elements:
            return null(DYNAMIC if isinstance(list_.type, TupleType) else _element_type(list_))
    raise ArgumentError(0, "must be a list, set or tuple with no more than one element")


@function(_BOOLS, returns=BOOL, whole=False)
def alltrue(list_: Value) -> Value:
    for value in elements_of(list_):
        if value.is_unknown:
            return Value(BOOL, merge_unknown(list_))
        if not value.data:
            return boolean(False)
    return boolean(True)


@function(_BOOLS, returns=BOOL, whole=False)
def anytrue(list_: Value) -> Value:
    elements = elements_of(list_)
    if any(value.data is True for value in elements):
        return boolean(True)
    return boolean(False) if is_wholly_known(list_) else Value(BOOL, merge_unknown(list_))


def _joined(kind: Type, lists: Sequence[Value]) -> Value:
    """One list of all elements; where `kind` leaves a type open, they must still agree on one."""
    elements = [convert(e, kind) for list_ in lists for e in elements_of(list_)]
    kind = only_type([e.type for e in elements]) or kind
    elements = [convert(e, kind) for e in elements]
    if any(e.type != kind for e in elements):
        raise HclError("argument", "the lists hold elements of different types")
    return make_list(kind, elements)


def _sequence(list_: Value) -> tuple[Value, ...]:
    if not isinstance(list_.type, ListType | TupleType):
        hint = "; use tolist() on a set" if isinstance(list_.type, SetType) else ""
        raise ArgumentError(0, f"must be a list or tuple{hint}")
    return elements_of(list_)


def _like(list_: Value, elements: Sequence[Value]) -> Value:
    if isinstance(list_.type, ListType):
        return make_list(list_.type.element, elements)
    return make_tuple(elements)


def _element_type(list_: Value) -> Type:
    return list_.type.element if isinstance(list_.type, ListType | SetType) else DYNAMIC


def _may_be_sequence(type_: Type) -> bool:
    return isinstance(type_, ListType | SetType | TupleType)


def _leaves(list_: Value, opened: list[Value]) -> Iterator[Value]:
    """What is not a sequence, in order; `opened` collects the sequences that were looked into."""
    for value in elements_of(list_):
        if _may_be_sequence(value.type) and not value.is_unknown:
            opened.append(value)
            yield from _leaves(value, opened)
        else:
            yield value


def _unknown_slice(list_: Value, first: int, last: int) -> Value:
    if isinstance(list_.type, SetType) or first < 0 or not may_be_planned(list_.data):
        return Value(list_.type, merge_unknown(list_))
    element = _element_type(list_)
    elements = [step_into(list_, position, element) for position in range(first, last)]
    return make_tuple(elements) if element == DYNAMIC else make_list(element, elements)


def _count(start: numbers.Number, limit: numbers.Number, step: numbers.Number) -> Iterable[Value]:
    found: list[Value] = []
    while numbers.compare(start, limit) == (-1 if step.mantissa > 0 else 1):
        if len(found) == _RANGE_LIMIT:
            raise HclError("argument", f"a range of more than {_RANGE_LIMIT} numbers is refused")
        found.append(number(start))
        start = numbers.add(start, step)
    return found


FUNCTIONS = (
    element, concat, flatten, distinct, compact, slice_, sort, reverse, range_, chunklist,
    coalescelist, matchkeys, one, alltrue, anytrue,
)  # fmt: skip
