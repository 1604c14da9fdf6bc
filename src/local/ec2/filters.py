"""EC2's filters, tags and pages: the same for every Describe call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from local.ec2.state import Tags
from local.errors import AwsError

Item = TypeVar("Item")
Fields = Mapping[str, Any]
"""Filter name to the value, or the list of values, that a thing has for it."""


def tag_list(tags: Tags) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tags_for(params: Mapping[str, Any], kind: str) -> Tags:
    """The tags that a create asks for through its TagSpecifications."""
    found: Tags = {}
    for specification in params.get("TagSpecifications") or ():
        if specification.get("ResourceType") == kind:
            found.update({tag["Key"]: tag.get("Value", "") for tag in specification["Tags"]})
    return found


def select(
    items: Iterable[Item],
    params: Mapping[str, Any],
    fields: Callable[[Item], Fields],
) -> list[Item]:
    """
    Those that pass every filter; within one filter any value will do.

    Values may hold the wildcards * and ?; case counts. Raises InvalidParameterValue for a filter
    that the kind does not have.
    """
    filters = params.get("Filters") or ()
    return [item for item in items if all(_passes(fields(item), each) for each in filters)]


def _passes(fields: Fields, condition: Mapping[str, Any]) -> bool:
    name = condition["Name"]
    wanted = condition.get("Values") or ()
    if name.startswith("tag:"):
        tags: Tags = fields["tags"]
        found: Any = [tags[name[4:]]] if name[4:] in tags else []
    elif name == "tag-key":
        found = list(fields["tags"])
    elif name in fields and name != "tags":
        found = fields[name]
    else:
        raise AwsError("InvalidParameterValue", f"The filter '{name}' is invalid")
    values = found if isinstance(found, (list, tuple)) else [found]
    return any(
        _pattern(str(want)).fullmatch(_text(value))
        for want in wanted
        for value in values
        if value is not None
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@lru_cache(maxsize=512)
def _pattern(wanted: str) -> re.Pattern[str]:
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in wanted)
    return re.compile("".join(parts), re.DOTALL)


def by_ids(
    store: Mapping[str, Item], ids: Sequence[str] | None, code: str, message: str
) -> list[Item]:
    """The things with these ids, or all of them; `message` holds {id} for the missing one."""
    if not ids:
        return list(store.values())
    for each in ids:
        if each not in store:
            raise AwsError(code, message.format(id=each))
    return [store[each] for each in ids]


def page(items: list[Any], params: Mapping[str, Any], key: str) -> dict[str, Any]:
    """One page of `items` under `key`, with a NextToken if there is more."""
    start = int(params.get("NextToken") or 0)
    size = params.get("MaxResults")
    if not size:
        return {key: items[start:]}
    reply: dict[str, Any] = {key: items[start : start + size]}
    if start + size < len(items):
        reply["NextToken"] = str(start + size)
    return reply
