"""
A tag that a resource in AWS may lack, where `try` or `can` asks for it.

Terraform knows the tags while planning. At wake time `tags["Name"]` of a subnet without it is an
error, so what asks whether it is there becomes a question to the map.
"""

from __future__ import annotations

from dataclasses import replace

from controller.hcl.carried import computed
from controller.hcl.construct import string
from controller.hcl.types import BOOL, STRING, ListType, MapType
from controller.hcl.values import Unknown, Value


def tag_or(value: Value, otherwise: Value) -> Value:
    """`try(x.tags["Name"], otherwise)`, of a value that `is_tag`."""
    return Value(STRING, computed("lookup", (*_asked(value), otherwise)))


def has_tag(value: Value) -> Value:
    """`can(x.tags["Name"])`."""
    tags, name = _asked(value)
    keys = Value(ListType(STRING), computed("keys", (tags,)))
    return Value(BOOL, computed("contains", (keys, name)))


def is_tag(value: Value) -> bool:
    origin = value.data.origin if isinstance(value.data, Unknown) else None
    return origin is not None and len(origin.path) == 2 and origin.path[0] == "tags"


def _asked(value: Value) -> tuple[Value, Value]:
    origin = value.data.origin
    whole = replace(origin, path=origin.path[:1])
    return Value(MapType(STRING), Unknown((whole,), (whole,))), string(str(origin.path[1]))
