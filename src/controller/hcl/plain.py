"""Between Terraform's values and plain Python data (what JSON can hold)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from controller.hcl import numbers
from controller.hcl.construct import (
    boolean,
    elements_of,
    make_object,
    make_tuple,
    string,
)
from controller.hcl.types import NUMBER
from controller.hcl.values import NULL, Value


def from_python(data: Any) -> Value:
    """str, int, float, Decimal, bool, None, sequences (tuples) and mappings (objects)."""
    if data is None:
        return NULL
    if isinstance(data, bool):
        return boolean(data)
    if isinstance(data, str):
        return string(data)
    if isinstance(data, int):
        return Value(NUMBER, numbers.from_int(data))
    if isinstance(data, float | Decimal):
        # Read from the decimal text, as Terraform reads JSON: 0.1 is then the 0.1 of the language.
        return Value(NUMBER, numbers.parse_number(str(data)))
    if isinstance(data, Mapping):
        return make_object({string(str(key)).data: from_python(v) for key, v in data.items()})
    if isinstance(data, Sequence):
        return make_tuple(from_python(element) for element in data)
    raise TypeError(f"no Terraform value for {type(data).__name__}")


def to_python(value: Value) -> Any:
    """
    What `json.dumps` can write; whole numbers in full, others as the nearest double.

    Unknown elements are None and unknown attributes left out; sets are lists in set order.
    """
    data = value.data
    if data is None or value.is_unknown:
        return None
    if isinstance(data, dict):
        return {key: to_python(v) for key, v in data.items() if not v.is_unknown}
    if isinstance(data, tuple):
        return [to_python(element) for element in data]
    return numbers.to_json_number(data) if isinstance(data, numbers.Number) else data


def unknown_mask(value: Value) -> Any:
    """
    The shape of what is known only after apply, as Terraform's plan JSON gives it.

    True for an unknown and False for a known value; lists keep all places, objects only those that
    are not False.
    """
    if value.is_unknown:
        return True
    if isinstance(value.data, dict):
        masks = {key: unknown_mask(element) for key, element in value.data.items()}
        return {key: mask for key, mask in masks.items() if mask is not False}
    if isinstance(value.data, tuple):
        return [unknown_mask(element) for element in elements_of(value)]
    return False
