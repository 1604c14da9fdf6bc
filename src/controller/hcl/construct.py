"""Making values: where strings are normalised, objects sorted and sets deduplicated."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cmp_to_key

from controller.hcl import numbers
from controller.hcl.numbers import Number
from controller.hcl.types import (
    BOOL,
    NUMBER,
    STRING,
    ListType,
    MapType,
    ObjectType,
    SetType,
    TupleType,
    Type,
)
from controller.hcl.values import OpenObject, Origin, Part, Unknown, Value


def string(text: str) -> Value:
    """A text, normalised to NFC as Terraform does whenever it makes one (HCL semantics §4)."""
    return Value(STRING, text if text.isascii() else unicodedata.normalize("NFC", text))


def number(value: Number | int) -> Value:
    """A Python int represents something counted: 64 bits, as what Terraform's functions count."""
    if isinstance(value, int):
        value = numbers.from_int(value, max(numbers.COUNTED_BITS, min(value.bit_length(), 512)))
    return Value(NUMBER, value)


def boolean(value: bool) -> Value:
    return Value(BOOL, value)


def null(type_: Type) -> Value:
    return Value(type_, None)


def make_tuple(values: Iterable[Value]) -> Value:
    elements = tuple(values)
    return Value(TupleType(tuple(element.type for element in elements)), elements)


def make_object(attributes: Mapping[str, Value]) -> Value:
    data = dict(sorted(attributes.items()))
    return Value(ObjectType(tuple((name, value.type) for name, value in data.items())), data)


def make_list(element_type: Type, values: Iterable[Value]) -> Value:
    """The values must be of the element type already."""
    return Value(ListType(element_type), tuple(values))


def make_map(element_type: Type, values: Mapping[str, Value]) -> Value:
    """The values must be of the element type already."""
    return Value(MapType(element_type), dict(sorted(values.items())))


def make_set(element_type: Type, values: Iterable[Value]) -> Value:
    """
    Sorted, without duplicates: strings by bytes, numbers by size, false before true.

    Elements known only after apply are all kept, behind the known ones, null last: whether two of
    them are equal cannot be said yet. A mark on an element becomes a mark of the set.
    """
    elements = list(values)
    marked = Value(SetType(element_type), ())
    plain = sorted((without_marks(element) for element in elements), key=_SET_ORDER)
    kept: list[Value] = []
    for element in plain:
        if not kept or not is_wholly_known(element) or _set_compare(kept[-1], element) != 0:
            kept.append(element)
    return with_marks(replace(marked, data=tuple(kept)), *elements)


def unknown(type_: Type, origins: Sequence[Origin] = (), parts: Sequence[Part] = ()) -> Value:
    return Value(type_, Unknown(tuple(origins), tuple(parts)))


def concatenate(pieces: Sequence[Value]) -> Value:
    """
    One text of several, all of type string and none null.

    A text of known pieces and bare unknowns keeps them as its parts, so that it can be made at
    wake time; anything else unknown in it makes it unknown without parts (HCL semantics §21).
    """
    if all(isinstance(piece.data, str) for piece in pieces):
        result = string("".join(piece.data for piece in pieces))
    else:
        parts, merged = _parts(pieces), merge_unknown(*pieces)
        result = Value(STRING, Unknown(merged.origins, parts, by="" if parts else merged.by))
    return with_marks(result, *pieces)


def merge_unknown(*values: Value) -> Unknown:
    """What an operation on these values leaves: all their origins, and no way to repeat it."""
    found: dict[Origin, None] = {}
    by = ""
    for value in values:
        for part in unknowns_in(value):
            found.update(dict.fromkeys(part.origins))
            by = by or part.by
    return Unknown(tuple(found), by=by)


def unknowns_in(value: Value) -> Iterable[Unknown]:
    """Every unknown in the value, at any depth, in order; an open object may hold any attribute."""
    if isinstance(value.data, OpenObject):
        yield Unknown((value.data.origin,))
    if isinstance(value.data, Unknown):
        yield value.data
    else:
        for element in elements_of(value):
            yield from unknowns_in(element)


def is_wholly_known(value: Value) -> bool:
    return next(iter(unknowns_in(value)), None) is None


def elements_of(value: Value) -> tuple[Value, ...]:
    """Elements of a list, tuple or set, values of a map or object (in key order); else nothing."""
    if isinstance(value.data, tuple):
        return value.data
    if isinstance(value.data, dict):
        return tuple(value.data.values())
    return ()


def is_sensitive(value: Value) -> bool:
    """Whether the value or anything in it is marked sensitive."""
    return value.sensitive or any(is_sensitive(element) for element in elements_of(value))


def is_ephemeral(value: Value) -> bool:
    """Whether the value or anything in it is marked ephemeral."""
    return value.ephemeral or any(is_ephemeral(element) for element in elements_of(value))


def with_marks(value: Value, *sources: Value) -> Value:
    """Mark the value as sensitive or ephemeral where any source is, at any depth."""
    sensitive = value.sensitive or any(is_sensitive(source) for source in sources)
    ephemeral = value.ephemeral or any(is_ephemeral(source) for source in sources)
    if sensitive == value.sensitive and ephemeral == value.ephemeral:
        return value
    return replace(value, sensitive=sensitive, ephemeral=ephemeral)


def without_marks(value: Value) -> Value:
    """The value and everything in it without marks."""
    if not (is_sensitive(value) or is_ephemeral(value)):
        return value
    data = value.data
    if isinstance(data, tuple):
        data = tuple(without_marks(element) for element in data)
    elif isinstance(data, dict):
        data = {key: without_marks(element) for key, element in data.items()}
    return Value(value.type, data)


def _parts(pieces: Sequence[Value]) -> tuple[Part, ...]:
    """The pieces in order, neighbouring texts as one; empty where one cannot be repeated."""
    parts: list[Part] = []
    for piece in pieces:
        data = piece.data
        if isinstance(data, Unknown) and not data.parts:
            return ()
        for part in data.parts if isinstance(data, Unknown) else (data,):
            if isinstance(part, str) and parts and isinstance(parts[-1], str):
                part = f"{parts.pop()}{part}"
            if part:
                parts.append(part)
    return tuple(parts)


def _set_compare(a: Value, b: Value) -> int:
    """The order of cty's sets: known before unknown, null last."""
    ranks = (_rank(a), _rank(b))
    if ranks != (0, 0):
        return ranks[0] - ranks[1]
    if isinstance(a.data, Number):
        return numbers.compare(a.data, b.data)
    if isinstance(a.data, str | bool):
        return int(a.data > b.data) - int(a.data < b.data)
    for exact in (False, True):
        left, right = (_set_key(value, exact=exact) for value in (a, b))
        if left != right:
            return 1 if left > right else -1
    return 0


_SET_ORDER = cmp_to_key(_set_compare)


def _rank(value: Value) -> int:
    return 2 if value.is_null else 1 if value.is_unknown else 0


def _set_key(value: Value, *, exact: bool) -> str:
    """
    The text by which cty sorts what has no order of its own (`appendSetHashBytes` in go-cty).

    It writes ten digits of a number; `exact` ones tell apart what these do not.
    """
    data = value.data
    if isinstance(data, Unknown):
        return "?"
    if data is None:
        return "~"
    if isinstance(data, bool):
        return "T" if data else "F"
    if isinstance(data, Number):
        return numbers.format_number(data) if exact else _ten_digits(data)
    if isinstance(data, str):
        return _go_quoted(data)
    if isinstance(data, dict) and isinstance(value.type, MapType):
        pairs = (f"{_go_quoted(k)}:{_set_key(e, exact=exact)};" for k, e in data.items())
        return "{" + "".join(pairs) + "}"
    body = "".join(_set_key(element, exact=exact) + ";" for element in elements_of(value))
    return f"[{body}]" if isinstance(value.type, ListType | SetType) else f"<{body}>"


def _go_quoted(text: str) -> str:
    """As Go's `%q` writes a text, near enough to sort by."""
    return '"' + "".join(_go_character(char) for char in text) + '"'


def _go_character(char: str) -> str:
    if char in '\\"':
        return "\\" + char
    if char.isprintable():
        return char
    if char in "\n\r\t":
        return repr(char)[1:-1]
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}"


def _ten_digits(number_: Number) -> str:
    """Go's `%.10g`, which `big.Float.String` gives."""
    if numbers.is_whole(number_) and abs(numbers.to_int(number_)) < 10**10:
        return str(numbers.to_int(number_))
    return f"{numbers.to_float(number_):.10g}"
