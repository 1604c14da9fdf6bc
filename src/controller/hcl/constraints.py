"""
Type constraints of variables: `list(object({ port = optional(number, 80) }))` (HCL semantics §13).

A constraint is a type, in which objects know their optional attributes, and the defaults of those,
which are put in before the value is converted.
"""

from __future__ import annotations

from collections.abc import Mapping

from controller.domain.dataclass import dataclass, field, replace
from controller.hcl.convert import (
    convert,
    elements_of,
    make_object,
    make_tuple,
)
from controller.hcl.errors import HclError
from controller.hcl.evaluate import evaluate
from controller.hcl.scope import CONSTANT
from controller.hcl.syntax import (
    Call,
    Expression,
    Literal,
    Object,
    Reference,
    Template,
    Tuple,
    Word,
)
from controller.hcl.types import (
    BOOL,
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
from controller.hcl.values import Value

_WORDS: Mapping[str, Type] = {
    "string": STRING,
    "number": NUMBER,
    "bool": BOOL,
    "any": DYNAMIC,
    "list": ListType(DYNAMIC),
    "map": MapType(DYNAMIC),
}
_COLLECTIONS = {"list": ListType, "set": SetType, "map": MapType}
# The key of the defaults that hold for every element of a collection.
_EVERY = ""


@dataclass(frozen=True, slots=True)
class Defaults:
    """Defaults of an object's attributes, and those further inside by attribute or position."""

    values: Mapping[str, Value] = field(default_factory=dict)
    inside: Mapping[str, Defaults] = field(default_factory=dict)

    def apply(self, value: Value) -> Value:
        """Put defaults where an attribute is missing or null, at every depth."""
        if value.is_null or value.is_unknown or not (self.values or self.inside):
            return value
        if isinstance(value.data, dict):
            filled = make_object(self._members(value.data))
        elif isinstance(value.data, tuple):
            filled = make_tuple(
                self._inside(str(position), element)
                for position, element in enumerate(elements_of(value))
            )
        else:
            return value
        return replace(filled, sensitive=value.sensitive, ephemeral=value.ephemeral)

    def _members(self, given: Mapping[str, Value]) -> dict[str, Value]:
        members = {name: self._inside(name, value) for name, value in given.items()}
        for name, default in self.values.items():
            if name not in members or members[name].is_null:
                members[name] = self._inside(name, default)
        return members

    def _inside(self, name: str, value: Value) -> Value:
        defaults = self.inside.get(name) or self.inside.get(_EVERY)
        return defaults.apply(value) if defaults else value


@dataclass(frozen=True, slots=True)
class Constraint:
    type: Type
    defaults: Defaults

    def conform(self, value: Value) -> Value:
        """The value with defaults, as that type; raises HclError "conversion"."""
        return convert(self.defaults.apply(value), self.type)


ANYTHING = Constraint(DYNAMIC, Defaults())


def read_constraint(expression: Expression) -> Constraint:
    """Raises HclError "type-constraint", or "default-type" for a default of an optional."""
    if isinstance(expression, Literal | Template):
        raise _error(expression, "a type is written without quotes")
    if isinstance(expression, Reference) and not expression.steps:
        if expression.root not in _WORDS:
            raise _error(expression, f'"{expression.root}" is no type{_hint(expression.root)}')
        return Constraint(_WORDS[expression.root], Defaults())
    if isinstance(expression, Call):
        return _call(expression)
    raise _error(expression, "expected a type such as string, list(string) or object({ … })")


def _hint(word: str) -> str:
    hints = {
        "object": "; write object({ name = string })",
        "tuple": "; write tuple([string, number])",
        "set": "; write set(string)",
        "boolean": "; write bool",
        "int": "; write number",
        "float": "; write number",
    }
    return hints.get(word, "; there are string, number, bool, any, list, set, map, object, tuple")


def _error(expression: Expression, message: str) -> HclError:
    return HclError("type-constraint", message, place=expression.place, static=True)


def _call(call: Call) -> Constraint:
    if call.name == "optional":
        raise _error(call, "optional() is allowed only for an attribute of object({ … })")
    if call.name not in (*_COLLECTIONS, "object", "tuple"):
        raise _error(call, f'"{call.name}" is no type that takes others')
    if len(call.arguments) != 1 or call.spread:
        raise _error(call, f"{call.name}() takes exactly one argument")
    argument = call.arguments[0]
    if call.name == "object":
        return _object(argument)
    if call.name == "tuple":
        return _tuple(argument)
    element = read_constraint(argument)
    inside = {_EVERY: element.defaults} if _says_something(element.defaults) else {}
    return Constraint(_COLLECTIONS[call.name](element.type), Defaults(inside=inside))


def _says_something(defaults: Defaults) -> bool:
    return bool(defaults.values or defaults.inside)


def _tuple(argument: Expression) -> Constraint:
    if not isinstance(argument, Tuple):
        raise _error(argument, "tuple() takes a list of types: tuple([string, number])")
    elements = [read_constraint(element) for element in argument.elements]
    inside = {
        str(position): element.defaults
        for position, element in enumerate(elements)
        if _says_something(element.defaults)
    }
    return Constraint(TupleType(tuple(e.type for e in elements)), Defaults(inside=inside))


def _object(argument: Expression) -> Constraint:
    if not isinstance(argument, Object):
        raise _error(argument, "object() takes attributes with types: object({ name = string })")
    types: dict[str, Type] = {}
    optional: set[str] = set()
    values: dict[str, Value] = {}
    inside: dict[str, Defaults] = {}
    for key, member in argument.items:
        name = _name(key)
        if name in types:
            raise _error(key, f'the attribute "{name}" is there twice')
        if isinstance(member, Call) and member.name == "optional":
            optional.add(name)
            constraint = _optional(member, name, values)
        else:
            constraint = read_constraint(member)
        types[name] = constraint.type
        if _says_something(constraint.defaults):
            inside[name] = constraint.defaults
    pairs = tuple(sorted(types.items()))
    return Constraint(ObjectType(pairs, frozenset(optional)), Defaults(values, inside))


def _name(key: Expression) -> str:
    if not isinstance(key, Word):
        raise _error(key, "the name of an attribute is a plain word, without quotes")
    return str(key.value.data)


def _optional(call: Call, name: str, values: dict[str, Value]) -> Constraint:
    if len(call.arguments) not in (1, 2) or call.spread:
        raise _error(call, "optional() takes a type and perhaps a default")
    constraint = read_constraint(call.arguments[0])
    if len(call.arguments) == 2:
        given = evaluate(call.arguments[1], CONSTANT)
        try:
            # Its own defaults are put in when it is used, so here only the type is checked.
            values[name] = convert(given, constraint.type)
        except HclError as error:
            raise HclError(
                "default-type",
                f'the default of "{name}" does not fit its type: {error.message}',
                place=call.arguments[1].place,
                static=True,
            ) from None
    return constraint
