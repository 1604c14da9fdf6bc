"""
Check that a record holds what its class says: a text where a text belongs, a number where a number.

Reading a record by its keys alone accepts `null` in place of a name; the code that uses the name
then fails, in every pass. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

Check = Callable[[Any], bool]

LARGEST = 2**63
"""We write no number beyond it: the largest are the minutes of an hour, as bits."""


def check_shape(record: Any, checked: Container[type] = ()) -> None:
    """
    Raises TypeError for a dataclass with a field of another type, at any depth.

    Values of the classes `checked` in its fields have been checked before.
    """
    wrong = _wrong_field(record, checked)
    if wrong:
        raise TypeError(f'"{wrong}" is of another type')


def _wrong_field(record: Any, checked: Container[type] = ()) -> str:
    """The first such field, by its path in the record; "" without any."""
    for name, check in _checks_of(type(record)):  # type: ignore[arg-type]  # a class is hashable
        value = getattr(record, name)
        if type(value) not in checked and not check(value):
            inner = _wrong_field(value) if is_dataclass(value) else ""
            return f"{name}.{inner}" if inner else name
    return ""


@cache
def _checks_of(kind: type) -> tuple[tuple[str, Check], ...]:
    hints = get_type_hints(kind) if is_dataclass(kind) else {}
    named = fields(kind) if is_dataclass(kind) else ()
    return tuple((each.name, _check_of(hints[each.name])) for each in named)


@cache
def _check_of(hint: Any) -> Check:
    origin, parts = get_origin(hint), get_args(hint)
    if hint is Any:
        return lambda value: True
    if origin in (Union, UnionType):
        return _any_of([_check_of(part) for part in parts])
    if origin is tuple and parts[-1] is not Ellipsis:
        return _tuple_of([_check_of(part) for part in parts])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping_of(*map(_check_of, parts))
    if isinstance(origin, type) and issubclass(origin, Iterable):
        return _each_of(origin, _check_of(parts[0]))
    return _OF_PLAIN.get(hint) or _instance_of(hint)


def _any_of(checks: Sequence[Check]) -> Check:
    if len(checks) != 2:
        return lambda value: any(check(value) for check in checks)
    first, second = checks  # as most are: something or None
    return lambda value: first(value) or second(value)


def _tuple_of(checks: Sequence[Check]) -> Check:
    return lambda value: (
        isinstance(value, tuple)
        and len(value) == len(checks)
        and all(check(part) for check, part in zip(checks, value, strict=True))
    )


def _mapping_of(key: Check, value: Check) -> Check:
    return lambda found: (
        isinstance(found, Mapping) and all(map(key, found)) and all(map(value, found.values()))
    )


def _each_of(kind: type[Iterable[Any]], check: Check) -> Check:
    return lambda value: isinstance(value, kind) and all(map(check, value))


def _instance_of(kind: type) -> Check:
    if is_dataclass(kind):
        return lambda value: isinstance(value, kind) and not _wrong_field(value)
    return lambda value: isinstance(value, kind)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and (value.isascii() or _can_be_sent(value))


def _can_be_sent(text: str) -> bool:
    """A surrogate alone has no form in UTF-8."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and abs(value) <= LARGEST


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and abs(value) <= LARGEST


def _is_decimal(value: Any) -> bool:
    return isinstance(value, Decimal) and value.is_finite() and abs(value) <= LARGEST


_OF_PLAIN: Mapping[Any, Check] = {
    str: _is_text,
    int: _is_whole,
    float: _is_number,
    Decimal: _is_decimal,
    type(None): lambda value: value is None,
}
