"""A value for people, in the notation of Terraform's own console."""

from __future__ import annotations

import json
from collections.abc import Iterable

from controller.hcl.numbers import Number
from controller.hcl.types import ListType, MapType, Primitive, SetType
from controller.hcl.values import Value


def value_text(value: Value, indent: int = 0) -> str:
    """Several lines for collections; what is unknown or sensitive is said in brackets."""
    if value.sensitive:
        return "(sensitive value)"
    if value.is_unknown:
        return "(known after apply)"
    data = value.data
    if data is None:
        return _null(value)
    if isinstance(data, dict):
        return _wrap(value, "{", _pairs(data, indent), "}", indent)
    if isinstance(data, tuple):
        items = (f"{value_text(element, indent + 2)}," for element in data)
        return _wrap(value, "[", items, "]", indent)
    return str(data) if isinstance(data, Number) else _text(data)


def _pairs(data: dict[str, Value], indent: int) -> Iterable[str]:
    return (f"{_text(key)} = {value_text(item, indent + 2)}" for key, item in data.items())


def _wrap(value: Value, opening: str, lines: Iterable[str], closing: str, indent: int) -> str:
    inner = "".join(f"{' ' * (indent + 2)}{line}\n" for line in lines)
    body = f"{opening}\n{inner}{' ' * indent}{closing}" if inner else f"{opening}{closing}"
    match value.type:
        case ListType():
            return f"tolist({body})"
        case SetType():
            return f"toset({body})"
        case MapType():
            return f"tomap({body})"
    return body


def _null(value: Value) -> str:
    if isinstance(value.type, Primitive) and value.type.name != "dynamic":
        return f"to{value.type.name}(null)"
    return "null"


def _text(data: object) -> str:
    return json.dumps(data, ensure_ascii=False)
