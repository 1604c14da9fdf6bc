"""The values that `computing` works with: their kinds, conversions and equality. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from controller.domain.errors import PermanentError

Data = Any
"""None, bool, int, Decimal, str, a list or a dict of these."""

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?\Z")


class CannotComputeError(PermanentError):
    """A value found at wake time is not of the kind that the configuration computes with."""


def text(value: Data) -> str:
    """A value as a template shows it (HCL semantics §4)."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        whole = to_result(Decimal(str(value)))
        return str(whole) if isinstance(whole, int) else format(whole.normalize(), "f")
    raise CannotComputeError(f"found {kind_of(value)}, expected a text")


def plain(value: Data) -> Data:
    """The value as a request takes it: no Decimals."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def truth(value: Data) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "1"):
        return True
    if value in ("false", "0"):
        return False
    raise CannotComputeError(f"found {kind_of(value)}, expected true or false")


def pairs(collection: Data) -> list[tuple[Data, Data]]:
    """Keys and values in Terraform's order."""
    if isinstance(collection, dict):
        return sorted(collection.items())
    return list(enumerate(to_list(collection)))


def to_number(value: Data) -> Decimal:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return Decimal(str(value))
    if isinstance(value, str) and _NUMBER.match(value):
        return Decimal(value)
    raise CannotComputeError(f"found {kind_of(value)}, expected a number")


def to_result(value: Decimal) -> Data:
    return int(value) if value == value.to_integral_value() else value


def to_index(value: Data) -> int:
    number = to_number(value)
    if number != number.to_integral_value():
        raise CannotComputeError(f"found {number}, expected a whole number")
    return int(number)


def to_list(value: Data) -> list[Data]:
    if isinstance(value, list):
        return value
    raise CannotComputeError(f"found {kind_of(value)}, expected a list")


def to_map(value: Data) -> dict[str, Data]:
    if isinstance(value, dict):
        return value
    raise CannotComputeError(f"found {kind_of(value)}, expected a map")


def kind_of(value: Data) -> str:
    """The kind of a value alone: it may be a secret."""
    if value is None:
        return "null"
    names = {str: "a text", bool: "a bool", list: "a list", dict: "a map"}
    return names.get(type(value), "a number")


def same(a: Data, b: Data) -> bool:
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    numbers = (int, float, Decimal)
    if isinstance(a, numbers) and isinstance(b, numbers):
        return Decimal(str(a)) == Decimal(str(b))
    return type(a) is type(b) and bool(a == b)


def alike(a: Data, b: Data) -> bool:
    """The same once both are of one type, which is text where one of them is (HCL semantics §6)."""
    mixed = isinstance(a, str) != isinstance(b, str)
    if mixed and all(isinstance(one, str | int | Decimal) for one in (a, b)):
        return text(a) == text(b)
    return same(a, b)


def without_doubles(items: Iterable[Data]) -> list[Data]:
    kept: list[Data] = []
    for item in items:
        if not any(same(item, other) for other in kept):
            kept.append(item)
    return kept
