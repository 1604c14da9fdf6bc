"""`[for …]`, `{for …}` and `%{ for }` (HCL semantics §10)."""

from __future__ import annotations

from collections.abc import Iterator

from controller.hcl.access import carry
from controller.hcl.carried import computed, looped, pattern_of
from controller.hcl.conditional import Evaluate, as_condition
from controller.hcl.convert import (
    convert,
    describe,
    make_object,
    make_tuple,
    merge_unknown,
    number,
    string,
)
from controller.hcl.errors import HclError
from controller.hcl.scope import Bindings, Scope
from controller.hcl.syntax import Expression, For
from controller.hcl.types import (
    DYNAMIC,
    STRING,
    ListType,
    MapType,
    ObjectType,
    Primitive,
    SetType,
    TupleType,
)
from controller.hcl.values import Value


def loop_over(expression: For, scope: Scope, evaluate: Evaluate) -> Value:
    """`[for …]` and `{for …}`: a tuple or an object."""
    collection = evaluate(expression.collection, scope)
    if collection.is_unknown:
        if isinstance(collection.type, Primitive) and collection.type != DYNAMIC:
            raise HclError("type", f"for cannot go through a {describe(collection.type)}")
        return carry(_unknown_loop(expression, collection, scope, evaluate), collection)
    loop = _Loop(expression, scope, evaluate)
    if isinstance(collection.data, tuple | dict) and not collection.data:
        loop.check_condition()
    for key, value in iterate(collection, "for"):
        loop.take(key, value)
    return carry(loop.result(), collection, *loop.marks)


def _unknown_loop(expression: For, collection: Value, scope: Scope, evaluate: Evaluate) -> Value:
    """
    A loop that runs at wake time, its body evaluated once with what it will be at.

    A body that cannot be evaluated so (it wants a type that nobody knows) leaves an unknown that
    cannot be had then.
    """
    name = f"@{expression.place}:{expression.key_name or ''},{expression.value_name}"
    pattern = collection.data.pattern or pattern_of(name, collection)
    names = (expression.key_name, expression.value_name)
    bound = zip(names, (pattern.key, pattern.value), strict=True)
    inner = Bindings(scope, {name: item for name, item in bound if name})
    parts = (expression.value, expression.condition, expression.key)
    try:
        made, condition, made_key = (evaluate(p, inner) if p else None for p in parts)
    except HclError as error:
        if error.static:
            raise
        return Value(DYNAMIC, merge_unknown(collection))
    assert made is not None
    data = looped(pattern, made, condition, made_key, group=expression.group)
    return Value(DYNAMIC, data)


def iterate(collection: Value, what: str) -> Iterator[tuple[Value, Value]]:
    """Keys and values in Terraform's order; for a set both are the element."""
    if collection.is_null:
        raise HclError("null", f"{what} cannot go through null")
    match collection.type:
        case ListType() | TupleType():
            for position, element in enumerate(collection.data):
                yield number(position), element
        case SetType():
            for element in collection.data:
                yield element, element
        case MapType() | ObjectType():
            for key, element in collection.data.items():
                yield string(key), element
        case _:
            raise HclError("type", f"{what} cannot go through a {describe(collection.type)}")


class _Loop:
    """What a `for` collects."""

    def __init__(self, expression: For, scope: Scope, evaluate: Evaluate) -> None:
        self._expression = expression
        self._scope = scope
        self._evaluate = evaluate
        self._elements: list[Value] = []
        self._members: dict[str, Value] = {}
        self._groups: dict[str, list[Value]] = {}
        self._unknown: list[Value] = []
        # Elements, each a list of one or of none: which, is known only at wake time.
        self._doubtful: list[Value] = []
        self.marks: list[Value] = []

    def take(self, key: Value, value: Value) -> None:
        expression = self._expression
        given = zip(self._names(), (key, value), strict=True)
        scope = Bindings(self._scope, {name: bound for name, bound in given if name})
        condition = self._included(scope)
        if condition is False:
            return
        if expression.key is None:
            element = self._evaluate(expression.value, scope)
            self._elements.append(element)
            some = make_tuple([element])
            if isinstance(condition, Value):
                nothing = make_tuple([])
                some = Value(DYNAMIC, computed("if", (condition, some, nothing)))
            self._doubtful.append(some)
        elif isinstance(condition, Value):
            self._unknown.append(condition)
        else:
            self._put(expression.key, scope)

    def check_condition(self) -> None:
        """Without any element Terraform still checks the condition."""
        unknown = Value(DYNAMIC, merge_unknown())
        names = {name: unknown for name in self._names() if name}
        self._condition(Bindings(self._scope, names))

    def _names(self) -> tuple[str | None, str]:
        return self._expression.key_name, self._expression.value_name

    def _condition(self, scope: Scope) -> Value | None:
        expression = self._expression.condition
        if expression is None:
            return None
        try:
            return as_condition(self._evaluate(expression, scope), "the condition of a for")
        except HclError as error:
            raise error.at(expression.place) from None

    def _included(self, scope: Scope) -> bool | Value:
        """Whether the element is taken; the condition where that is not known yet."""
        condition = self._condition(scope)
        if condition is None:
            return True
        self.marks.append(condition)
        return condition if condition.is_unknown else bool(condition.data)

    def _put(self, key_expression: Expression, scope: Scope) -> None:
        key = object_key(self._evaluate(key_expression, scope), key_expression)
        value = self._evaluate(self._expression.value, scope)
        self.marks.append(key)
        if key.is_unknown:
            self._unknown += [key, value]
        elif self._expression.group:
            self._groups.setdefault(key.data, []).append(value)
        elif key.data in self._members:
            raise HclError(
                "duplicate",
                f'two elements of the for have the key "{key.data}"; '
                "write ... after the value to collect them",
                place=key_expression.place,
            )
        else:
            self._members[key.data] = value

    def result(self) -> Value:
        if any(element.is_unknown for element in self._doubtful):
            return Value(DYNAMIC, computed("concat", self._doubtful))
        if self._unknown:
            known = [*self._elements, *self._members.values()]
            return Value(DYNAMIC, merge_unknown(*self._unknown, *known))
        if self._expression.key is None:
            return make_tuple(self._elements)
        groups = {key: make_tuple(values) for key, values in self._groups.items()}
        return make_object({**self._members, **groups})


def object_key(key: Value, expression: Expression) -> Value:
    """A key as text, or unknown; null and what has no text are errors."""
    if key.is_null:
        raise HclError("null", "a key is null", place=expression.place)
    try:
        return convert(key, STRING)
    except HclError:
        raise HclError(
            "type",
            f"found a {describe(key.type)} as a key, expected a text",
            place=expression.place,
        ) from None
