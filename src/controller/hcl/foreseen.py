"""
What an unknown value will be once the things that it comes from exist.

Terraform's plan leaves `aws_lb_target_group.api.arn != null` open, because a provider promises
nothing (HCL semantics §21); after apply it is true, for whatever exists has an ARN and an id. A
dynamic block may wait for that, a `count` may not: so only blocks and arguments ask here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from controller.hcl import functions
from controller.hcl.access import carry, get_element
from controller.hcl.carried import computed
from controller.hcl.construct import make_object, make_tuple, string, unknowns_in
from controller.hcl.convert import boolean, convert, equal, from_python
from controller.hcl.errors import HclError
from controller.hcl.functions.definition import CallContext
from controller.hcl.loops import iterate
from controller.hcl.operators import apply_binary, apply_unary
from controller.hcl.origins import is_there, kind_of
from controller.hcl.types import DYNAMIC, NUMBER, STRING, SetType
from controller.hcl.values import Computed, Fixed, Item, Origin, Term, Unknown, Value

_SYMBOLS: Final = frozenset({"+", "-", "*", "/", "%", "<", "<=", ">", ">=", "&&", "||"})
_UNARY: Final = {"!": "!", "negate": "-"}
_BY_SHAPE: Final = frozenset(
    {"concat", "element", "keys", "length", "lookup", "merge", "reverse", "slice", "values"}
)
"""Functions that do not ask what their elements are; to others an unknown may be a list."""
_Items = Mapping[tuple[str, bool], Value]


def foreseen(value: Value) -> Value:
    """The value, or what it will be where that can be said already; its elements may be unknown."""
    if not isinstance(value.data, Unknown):
        return value
    part = value.data.parts[0] if len(value.data.parts) == 1 else None
    if not isinstance(part, Computed):
        return value
    try:
        made = _value_of(part, {})
        result = value if made.is_unknown else convert(made, value.type)
    except HclError:
        return value
    return carry(result, value)


def are_apart(elements: tuple[Value, ...]) -> bool:
    """Whether no two elements of a set can turn out to be the same."""
    return all(_apart(a, b) for i, a in enumerate(elements) for b in elements[:i])


def _apart(a: Value, b: Value) -> bool:
    if equal(a, b) is False:
        return True
    if isinstance(a.data, dict) and isinstance(b.data, dict):
        return any(_apart(a.data[key], b.data[key]) for key in a.data.keys() & b.data.keys())
    one, other = (v.data.origin if isinstance(v.data, Unknown) else None for v in (a, b))
    if one is None or other is None or one.address == other.address or one.path != other.path:
        return False
    return one.path in (("arn",), ("id",)) and {kind_of(one), kind_of(other)} == {"managed"}


def _value_of(term: Term, items: _Items) -> Value:
    match term:
        case str():
            return string(term)
        case Fixed(json=text):
            return _fixed(text)
        case Origin():
            return Value(DYNAMIC, Unknown((term,), (term,)))
        case Item(loop=loop, key=key):
            return items[loop, key]
    return _apply(term, items)


def _fixed(text: str) -> Value:
    import json  # few values need it
    from decimal import Decimal

    return from_python(json.loads(text, parse_float=Decimal))


def _apply(term: Computed, items: _Items) -> Value:
    if term.name == "for":
        return _loop(term, items)
    if term.name == "if":
        return _choice(term, items)
    inside = term.terms[0] if term.terms else ""
    if term.name == "jsondecode" and isinstance(inside, Computed) and inside.name == "jsonencode":
        return _value_of(inside.terms[0], items)
    values = tuple(_value_of(inner, items) for inner in term.terms)
    match term.name:
        case "list":
            return make_tuple(values)
        case "object":
            pairs = zip(values[::2], values[1::2], strict=True)
            return make_object({str(key.data): value for key, value in pairs})
        case "get":
            return get_element(*values)
        case "==" | "!=":
            return _equality(term.name, *values)
        case "length" if is_there(values[0].data):
            return Value(NUMBER, Unknown(computed("length", values).origins, bounds=(1, 4096)))
        case "compact" if isinstance(values[0].data, tuple):
            return _compact(values[0])
    return _called(term.name, values)


def _called(name: str, values: tuple[Value, ...]) -> Value:
    if name in _SYMBOLS:
        return apply_binary(name, *values)
    if name in _UNARY:
        return apply_unary(_UNARY[name], *values)
    texts = all(is_there(one) for value in values for one in unknowns_in(value))
    if name not in functions.FUNCTIONS or not (texts or name in _BY_SHAPE):
        return Value(DYNAMIC, computed(name, values))
    return functions.call(name, values, _NOWHERE)


def _choice(term: Computed, items: _Items) -> Value:
    """The branch not taken is not looked at: it may not fail (HCL semantics §8)."""
    condition = _value_of(term.terms[0], items)
    if isinstance(condition.data, bool):
        return _value_of(term.terms[1 if condition.data else 2], items)
    branches = (_value_of(inner, items) for inner in term.terms[1:])
    return Value(DYNAMIC, computed("if", (condition, *branches)))


def _equality(operator: str, left: Value, right: Value) -> Value:
    same = equal(left, right)
    if same is None and any(
        is_there(a.data) and (b.is_null or b.data == "") for a, b in ((left, right), (right, left))
    ):
        same = False
    if same is None:
        return Value(DYNAMIC, computed(operator, (left, right)))
    return boolean(same is (operator == "=="))


def _compact(value: Value) -> Value:
    kept = [e for e in value.data if not (e.is_null or e.data == "")]
    if all(isinstance(e.data, str) or is_there(e.data) for e in kept):
        return make_tuple(e if e.is_unknown else convert(e, STRING) for e in kept)
    return Value(DYNAMIC, computed("compact", (value,)))


def _loop(term: Computed, items: _Items) -> Value:
    """A `for` over what is known by now; one whose keys or conditions are not stays unknown."""
    over, made, *rest = term.terms
    collection = _value_of(over, items)
    if collection.is_unknown or isinstance(collection.type, SetType):
        return Value(DYNAMIC, Unknown(()))
    condition, key = (*rest, "", "")[:2]
    elements: list[Value] = []
    keys: list[str] = []
    for position, element in iterate(collection, "for"):
        inner = {**items, (term.loop, False): element, (term.loop, True): position}
        taken = True if condition == "" else _value_of(condition, inner).data
        name = "" if key == "" else _value_of(key, inner).data
        if not (isinstance(taken, bool) and isinstance(name, str)):
            return Value(DYNAMIC, Unknown(()))
        if taken:
            elements.append(_value_of(made, inner))
            keys.append(name)
    if key == "":
        return make_tuple(elements)
    if term.group or len(set(keys)) < len(keys):
        return Value(DYNAMIC, Unknown(()))
    return make_object(dict(zip(keys, elements, strict=True)))


def _no_template(text: str, variables: Mapping[str, Value], name: str) -> Value:
    raise HclError("file", f"{name} cannot be rendered here")


_NOWHERE: Final = CallContext(Path(), _no_template)
"""What is computed at wake time reads no file and renders no template."""
