"""
How records look in the table.

pk = `stack#<name>`; sk says what: `spec`, `status`, `lock`, `lease#<id>`, `hold`. What only we
read stands as JSON text in `body`; what AWS evaluates (keys, conditions, TTL, the index) stands
in attributes of its own: `due_at` and `due` (sparse index), `expires` (TTL, epoch seconds),
`fence` and `until` (lock).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from controller.domain.spec import Json

VERSION = 1
DUE_INDEX = "due"
DUE = "due"
"""The one partition of the sparse index: items without it are not in it."""

Item = dict[str, dict[str, str]]


def key(stack: str, sort: str) -> Item:
    return {"pk": {"S": f"stack#{stack}"}, "sk": {"S": sort}}


def to_item(stack: str, sort: str, body: Json, **attributes: Any) -> Item:
    """An item with its JSON body; attributes that are None are left out."""
    item = key(stack, sort)
    item["version"] = {"N": str(VERSION)}
    item["body"] = {"S": json.dumps(body, separators=(",", ":"), sort_keys=True)}
    for name, value in attributes.items():
        if isinstance(value, int):
            item[name] = {"N": str(value)}
        elif value is not None:
            item[name] = {"S": str(value)}
    return item


def body(item: Mapping[str, Mapping[str, str]]) -> Json:
    return json.loads(item["body"]["S"])


def sort_key(item: Mapping[str, Mapping[str, str]]) -> str:
    return item["sk"]["S"]


def stack_of(item: Mapping[str, Mapping[str, str]]) -> str:
    return item["pk"]["S"].removeprefix("stack#")
