"""`of[*]` and `of.*` (HCL semantics §9)."""

from __future__ import annotations

from collections.abc import Callable

from controller.hcl.access import carry
from controller.hcl.carried import computed, looped, pattern_of
from controller.hcl.conditional import Evaluate
from controller.hcl.convert import convert, describe, make_list, make_tuple, merge_unknown, unify
from controller.hcl.errors import HclError
from controller.hcl.scope import Bindings, Scope
from controller.hcl.syntax import Splat, SplatItem
from controller.hcl.types import DYNAMIC, ListType, SetType, TupleType, Type
from controller.hcl.values import Unknown, Value

Each = Callable[[Value], Value]
# No splat refers to the item of another that it is in.
_LOOP = "@*"


def splat(expression: Splat, scope: Scope, evaluate: Evaluate) -> Value:
    """`of[*]…`: null gives nothing, any value that is not a list counts as one element."""

    def each(element: Value) -> Value:
        return evaluate(expression.each, Bindings(scope, {}, element))

    source = evaluate(expression.of, scope)
    sequence = isinstance(source.type, ListType | SetType | TupleType)
    if source.is_null:
        if sequence:
            raise HclError("null", f"found a null {describe(source.type)} before the splat")
        return carry(make_tuple([]), source)
    if source.is_unknown and (sequence or not _surely_not_null(source)):
        return carry(_unknown_splat(expression, source, each), source)
    elements = source.data if sequence else (source,)
    results = [each(element) for element in elements]
    if isinstance(source.type, ListType | SetType):
        return carry(_as_list(source.type.element, results, each), source)
    return carry(make_tuple(results), source)


def _surely_not_null(value: Value) -> bool:
    """A null before a splat gives no element, anything else that is no list gives one."""
    data: Unknown = value.data
    return value.type != DYNAMIC and (data.not_null or len(data.parts) > 1)


def _as_list(element: Type, results: list[Value], each: Each) -> Value:
    types = [result.type for result in results]
    if not types:
        return make_list(_result_of(element, each), [])
    common = types[0] if all(type_ == types[0] for type_ in types) else unify(types)
    if common is None or common == DYNAMIC:
        return make_tuple(results)
    return make_list(common, [convert(result, common) for result in results])


def _result_of(element: Type, each: Each) -> Type:
    """The type of what the splat makes of one element, by trying it with an unknown one."""
    return each(Value(element, merge_unknown())).type


def _unknown_splat(expression: Splat, source: Value, each: Each) -> Value:
    """A loop that runs at wake time; what is no list then counts as one element."""
    if isinstance(source.type, TupleType):
        elements = tuple(_result_of(e, each) for e in source.type.elements)
        return Value(TupleType(elements), merge_unknown(source))
    if isinstance(expression.each, SplatItem) and isinstance(source.type, ListType):
        return source
    sequence = source.type if isinstance(source.type, ListType | SetType) else None
    listed = source if sequence else Value(DYNAMIC, computed("splat", (source,)))
    pattern = source.data.pattern or pattern_of(_LOOP, listed)
    result = each(pattern.value)
    made = looped(pattern, result)
    return Value(ListType(result.type) if sequence else DYNAMIC, made)
