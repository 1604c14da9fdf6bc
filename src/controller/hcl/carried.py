"""
What is computed from values that are known only at wake time, as a term that is computed then.

Every operation on an unknown asks here for its result. Where all that goes into it can be had at
wake time, and the function is one that ships there, the result remembers how it is made; else it
only knows what it was made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from controller.domain.planning.computing import FUNCTIONS
from controller.hcl import numbers
from controller.hcl.bounds import compare, result_bounds
from controller.hcl.construct import (
    boolean,
    elements_of,
    is_wholly_known,
    make_object,
    merge_unknown,
    number,
)
from controller.hcl.origins import may_be_planned
from controller.hcl.types import BOOL, DYNAMIC, NUMBER, STRING, ListType, MapType, SetType, Type
from controller.hcl.values import (
    Computed,
    Fixed,
    Item,
    OpenObject,
    Origin,
    Pattern,
    Term,
    Unknown,
    Value,
)

_OUR_OWN: Final = frozenset({"get", "if", "list", "negate", "object", "splat"})
_COMPARISONS: Final = frozenset({"<", "<=", ">", ">=", "==", "!="})
SETS: Final = frozenset({"toset", "setunion", "setintersection", "setsubtract"})
_LARGEST: Final = 400
"""The most terms in one value: nobody reads larger ones."""


def computed(name: str, values: Sequence[Value]) -> Unknown:
    """The unknown result of a function or operator on these values, all converted already."""
    unknown = merge_unknown(*values)
    bounds = result_bounds(name, values)
    terms = terms_of(values) if name in FUNCTIONS or name == "if" else None
    parts = () if terms is None else _one(Computed(name, terms, size=_size(terms)))
    by = "" if parts else unknown.by or _spelled(name)
    return Unknown(unknown.origins, parts, bounds=bounds, by=by)


def _spelled(name: str) -> str:
    """As the user knows it; what has no name there is left out."""
    return "" if name in _OUR_OWN else f"{name}()" if name.isalnum() else name


def result_of(type_: Type, name: str, values: Sequence[Value]) -> Value:
    """The result of an operation on unknowns: still known if only one result is possible."""
    unknown = computed(name, values)
    if type_ == BOOL and (name in _COMPARISONS) and may_be_planned(unknown):
        decided = compare(name, *values)
        if decided is not None:
            return boolean(decided)
    low, high = unknown.bounds
    if type_ == NUMBER and low == high and may_be_planned(unknown):
        return number(int(low))
    return Value(type_, unknown)


def looped(
    pattern: Pattern,
    value: Value,
    condition: Value | None = None,
    key: Value | None = None,
    *,
    group: bool = False,
) -> Unknown:
    """What a `for` makes of a collection that is known only at wake time."""
    given = [v for v in (pattern.collection, value, condition, key) if v is not None]
    unknown = merge_unknown(*given)
    terms = terms_of(given)
    if terms is None:
        return unknown
    after = iter(terms[2:])
    rest: tuple[Term, ...] = (
        next(after) if condition is not None else "",
        next(after) if key is not None else "",
    )
    made = Computed("for", (*terms[:2], *rest), pattern.loop, group, _size(terms))
    return Unknown(unknown.origins, _one(made))


def element_at(pattern: Pattern, key: Value) -> Value:
    """One of the things that AWS counts, with each of its attributes as it is in all of them."""
    value = pattern.value
    named = key.type == STRING or (key.type == DYNAMIC and pattern.key.type != NUMBER)

    def taken(attribute: Value) -> Value:
        every = looped(pattern, attribute, key=pattern.key if named else None)
        return Value(attribute.type, computed("get", (Value(DYNAMIC, every), key)))

    if isinstance(value.data, dict):
        return make_object({name: taken(attribute) for name, attribute in value.data.items()})
    return taken(value)


def pattern_of(loop: str, collection: Value) -> Pattern:
    """The elements of an unknown collection, as a loop of that name is at them."""
    type_ = collection.type
    element = type_.element if isinstance(type_, ListType | SetType | MapType) else DYNAMIC
    findable = term_of(collection) is not None

    def item(type_: Type, *, key: bool) -> Value:
        parts = (Item(loop, key),) if findable else ()
        return Value(type_, Unknown(merge_unknown(collection).origins, parts))

    value = item(element, key=False)
    if isinstance(type_, SetType):
        return Pattern(loop, collection, value, value)
    key = item(NUMBER if isinstance(type_, ListType) else DYNAMIC, key=True)
    return Pattern(loop, collection, key, value)


def as_set(value: Value, from_: Value | None = None) -> Value:
    """
    What is a set, or was made `from_` one: in the order of sets and without doubles.

    A set with unknown elements has neither yet.
    """
    before = from_ or value
    if not isinstance(before.type, SetType) or is_wholly_known(value):
        return value
    term = _plain_term(value)
    if term is None or (isinstance(term, Computed) and term.name in SETS):
        return value
    data = Unknown(
        merge_unknown(value).origins, _one(Computed("toset", (term,), size=_size((term,))))
    )
    return Value(value.type, data, value.sensitive, value.ephemeral)


def terms_of(values: Iterable[Value]) -> tuple[Term, ...] | None:
    """The values as terms, or None where one of them cannot be had at wake time."""
    terms: list[Term] = []
    for value in values:
        term = term_of(value)
        if term is None:
            return None
        terms.append(term)
    return tuple(terms)


def term_of(value: Value) -> Term | None:
    return _plain_term(as_set(value))


def _plain_term(value: Value) -> Term | None:
    data = value.data
    if isinstance(data, Unknown):
        return _unknown_term(data, value)
    if isinstance(data, OpenObject):
        return None
    if is_wholly_known(value):
        return data if isinstance(data, str) else Fixed(_json(value))
    terms = terms_of(elements_of(value))
    if terms is None:
        return None
    if isinstance(data, dict):
        inside = tuple(term for pair in zip(data, terms, strict=True) for term in pair)
        return Computed("object", inside, size=_size(inside))
    return Computed("list", terms, size=_size(terms))


def _unknown_term(data: Unknown, value: Value) -> Term | None:
    if not data.parts:
        return None
    if len(data.parts) > 1:
        return Computed("join", ("", Computed("list", data.parts)), size=_size(data.parts))
    part = data.parts[0]
    if isinstance(part, Origin) and value.type in (NUMBER, BOOL):
        # What is looked up is a text, and may have been one before it was converted.
        return Computed("tonumber" if value.type == NUMBER else "tobool", (part,), size=2)
    return part


def _one(made: Computed) -> tuple[Computed, ...]:
    return (made,) if made.size <= _LARGEST else ()


def _size(terms: Iterable[Term]) -> int:
    return 1 + sum(term.size if isinstance(term, Computed) else 1 for term in terms)


def _json(value: Value) -> str:
    import json  # few values need it

    return json.dumps(plain_json(value), ensure_ascii=False)


def plain_json(value: Value) -> object:
    """A wholly known value as `json.dumps` takes it."""
    data = value.data
    if isinstance(data, dict):
        return {key: plain_json(element) for key, element in data.items()}
    if isinstance(data, tuple):
        return [plain_json(element) for element in data]
    return numbers.to_json_number(data) if isinstance(data, numbers.Number) else data
