"""Functions that look into collections and structures of any kind."""

from __future__ import annotations

from controller.hcl.convert import (
    boolean,
    convert,
    elements_of,
    equal,
    is_wholly_known,
    make_list,
    make_map,
    make_object,
    make_tuple,
    merge_unknown,
    number,
    string,
    unify,
    with_marks,
)
from controller.hcl.errors import HclError
from controller.hcl.functions.definition import ArgumentError, Parameter, function
from controller.hcl.functions.strings import graphemes
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


def top_marks(value: Value, *sources: Value) -> Value:
    """Mark the value where a source is marked as a whole; marks inside a source stay inside."""
    return with_marks(value, *(Value(DYNAMIC, None, s.sensitive, s.ephemeral) for s in sources))


@function(Parameter("value", unknown=True), returns=NUMBER, whole=False, marks=True)
def length(value: Value) -> Value:
    """Characters of a text, elements of anything else; a structure's type alone gives its own."""
    return top_marks(_length(value), value)


@function(Parameter("list"), Parameter("value"), returns=BOOL, whole=False)
def contains(list_: Value, value: Value) -> Value:
    if not isinstance(list_.type, ListType | SetType | TupleType):
        raise ArgumentError(0, "must be a list, set or tuple")
    found = [equal(value, element) for element in elements_of(list_)]
    if True in found:
        return boolean(True)
    return Value(BOOL, merge_unknown(list_, value)) if None in found else boolean(False)


@function(Parameter("list"), Parameter("value"), returns=NUMBER, whole=False)
def index(list_: Value, value: Value) -> Value:
    if not isinstance(list_.type, ListType | TupleType):
        raise ArgumentError(0, "must be a list or tuple")
    for position, element in enumerate(elements_of(list_)):
        same = equal(element, value)
        if same is None:
            return Value(NUMBER, merge_unknown(list_, value))
        if same:
            return number(position)
    raise HclError("argument", "the list does not hold that value")


@function(Parameter("inputMap", unknown=True), whole=False, marks=True)
def keys(map_: Value) -> Value:
    """In order; those of an object are known even where the object itself is not."""
    if isinstance(map_.type, ObjectType):
        return top_marks(make_tuple(string(name) for name, _ in map_.type.attributes), map_)
    if map_.is_unknown and (isinstance(map_.type, MapType) or map_.type == DYNAMIC):
        return top_marks(Value(ListType(STRING), merge_unknown(map_)), map_)
    if not isinstance(map_.type, MapType):
        raise ArgumentError(0, "must be a map or an object")
    return top_marks(make_list(STRING, (string(key) for key in map_.data)), map_)


@function(Parameter("mapping"), whole=False, marks=True)
def values(map_: Value) -> Value:
    """In the order of the keys."""
    if isinstance(map_.type, MapType):
        return top_marks(make_list(map_.type.element, elements_of(map_)), map_)
    if isinstance(map_.type, ObjectType):
        return top_marks(make_tuple(elements_of(map_)), map_)
    raise ArgumentError(0, "must be a map or an object")


@function(
    Parameter("inputMap", unknown=True),
    Parameter("key", STRING, unknown=True),
    variadic=Parameter("default", nullable=True, unknown=True),
    whole=False,
    marks=True,
)
def lookup(map_: Value, key: Value, *defaults: Value) -> Value:
    if len(defaults) > 1:
        raise HclError(
            "argument-count", f"lookup() takes 2 or 3 arguments, {2 + len(defaults)} given"
        )
    return top_marks(_lookup(map_, key, defaults), map_, key)


@function(variadic=Parameter("maps", nullable=True, unknown=True), whole=False, marks=True)
def merge(*maps: Value) -> Value:
    """All attributes, those of later maps winning; maps of one type make a map, else an object."""
    if not maps:
        return make_object({})
    for position, map_ in enumerate(maps):
        if not isinstance(map_.type, MapType | ObjectType) and map_.type != DYNAMIC:
            raise ArgumentError(position, "must be a map or an object")
    return top_marks(_merge(maps), *maps)


@function(Parameter("keys", ListType(STRING)), Parameter("values"), whole=False, marks=True)
def zipmap(keys_: Value, values_: Value) -> Value:
    if not isinstance(values_.type, ListType | TupleType):
        raise ArgumentError(1, "must be a list or tuple")
    if not is_wholly_known(keys_):
        return with_marks(Value(DYNAMIC, merge_unknown(keys_, values_)), keys_, values_)
    names, given = elements_of(keys_), elements_of(values_)
    if len(names) != len(given):
        raise HclError("argument", f"{len(names)} keys do not match {len(given)} values")
    if any(name.is_null for name in names):
        raise ArgumentError(0, "a key is null")
    pairs = {name.data: value for name, value in zip(names, given, strict=True)}
    if isinstance(values_.type, ListType):
        return top_marks(make_map(values_.type.element, pairs), keys_, *names, values_)
    return top_marks(make_object(pairs), keys_, *names, values_)


@function(Parameter("values", MapType(ListType(STRING))), returns=MapType(ListType(STRING)))
def transpose(map_: Value) -> Value:
    result: dict[str, list[str]] = {}
    for key, list_ in map_.data.items():
        if list_.is_null:
            raise ArgumentError(0, f'the list under "{key}" is null')
        for element in elements_of(list_):
            if element.is_null:
                raise ArgumentError(0, "an element is null")
            result.setdefault(element.data, []).append(key)
    lists = {
        name: make_list(STRING, (string(key) for key in sorted(found)))
        for name, found in result.items()
    }
    return make_map(ListType(STRING), lists)


@function(variadic=Parameter("vals", nullable=True, unknown=True), whole=False)
def coalesce(*vals: Value) -> Value:
    """The first that is neither null nor an empty text, after all became one type."""
    common = unify([value.type for value in vals])
    if common is None:
        raise HclError("argument", "all arguments must be of one type, or convert to one")
    converted = [convert(value, common) for value in vals]
    for position, value in enumerate(converted):
        if value.is_unknown:
            rest = [v for v in converted[position + 1 :] if not _is_empty(v)]
            # The last candidate is the result, or there is none and Terraform fails.
            return value if not rest else Value(common, merge_unknown(*converted[position:]))
        if not _is_empty(value):
            return value
    raise HclError("argument", "every argument is null or an empty string")


def _length(value: Value) -> Value:
    type_ = value.type
    if isinstance(type_, TupleType):
        return number(len(type_.elements))
    if isinstance(type_, ObjectType):
        return number(len(type_.attributes))
    if type_ not in (STRING, DYNAMIC) and not isinstance(type_, ListType | SetType | MapType):
        raise ArgumentError(0, "must be a string, a collection or a structure")
    vague = isinstance(type_, SetType) and len(elements_of(value)) > 1
    if value.is_unknown or (vague and not is_wholly_known(value)):
        return Value(NUMBER, merge_unknown(value))
    return number(len(graphemes(value.data) if type_ == STRING else elements_of(value)))


def _lookup(map_: Value, key: Value, defaults: tuple[Value, ...]) -> Value:
    type_ = map_.type
    if not isinstance(type_, MapType | ObjectType) and not (type_ == DYNAMIC and map_.is_unknown):
        raise ArgumentError(0, "must be a map or an object")
    default = defaults[0] if defaults else None
    if default is not None and isinstance(type_, MapType):
        default = _as_element(default, type_.element)
    if map_.is_unknown or key.is_unknown:
        result = type_.element if isinstance(type_, MapType) else DYNAMIC
        return Value(result, merge_unknown(map_, key))
    if key.data in map_.data:
        found: Value = map_.data[key.data]
        return found
    if default is None:
        named = "a sensitive key" if key.sensitive else f'"{key.data}"'
        raise HclError("argument", f"there is no {named} in the map, and no default")
    return default


def _as_element(default: Value, element: Type) -> Value:
    try:
        return convert(default, element)
    except HclError as error:
        raise ArgumentError(2, f"must convert to the map's elements: {error.message}") from None


def _merge(maps: tuple[Value, ...]) -> Value:
    same = all(map_.type == maps[0].type for map_ in maps)
    if any(map_.is_unknown for map_ in maps):
        return Value(maps[0].type if same else DYNAMIC, merge_unknown(*maps))
    merged = {key: value for map_ in maps if not map_.is_null for key, value in map_.data.items()}
    first = maps[0].type
    return (
        make_map(first.element, merged)
        if same and isinstance(first, MapType)
        else make_object(merged)
    )


def _is_empty(value: Value) -> bool:
    return value.is_null or value.data == ""


FUNCTIONS = (
    length, contains, index, keys, values, lookup, merge, zipmap, transpose, coalesce,
)  # fmt: skip
