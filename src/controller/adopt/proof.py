"""
Is an edited directory still the same one?

Asked three times: of our own evaluation (the same requests), of Terraform's plan with
`awake = true` (moves and tags, nothing else), and of its plan when all is done (nothing).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from controller.domain.planning.spec import ResourceSpec, Spec

_MADE_UP = re.compile(r"[0-9a-f]{4,16}")
_QUIET = (["no-op"], ["read"])
_TAGS = ("tags", "tags_all")


def renamed(before: Spec, after: Spec) -> Mapping[str, str]:
    """The addresses of a directory in the two-worlds form, and what they were before."""
    old = {resource.address for resource in before.resources}
    names = {}
    for resource in after.resources:
        plain = resource.address.removesuffix("[0]")
        names[resource.address] = resource.address if resource.address in old else plain
    return names


def spec_differences(before: Spec, after: Spec) -> Iterator[str]:
    """What Dormouse would make otherwise than before, by address."""
    names = renamed(before, after)
    was = {resource.address: resource for resource in before.resources}
    now = {names[resource.address]: resource for resource in after.resources}
    yield from (f"{address} is gone" for address in sorted(was.keys() - now.keys()))
    yield from (f"{address} is new" for address in sorted(now.keys() - was.keys()))
    for address in sorted(was.keys() & now.keys()):
        one, other = was[address], now[address]
        ours = _as_before({"r": _named_as(one, other), "a": other.attributes}, names)
        if {"r": one.request, "a": one.attributes} != ours:
            yield f"{address} is made otherwise"


def _named_as(one: ResourceSpec, other: ResourceSpec) -> Mapping[str, Any]:
    """The second's request; a name that we have made up of the address is the first's."""
    was, now = one.request.get("Name"), other.request.get("Name")
    if (
        isinstance(was, str)
        and isinstance(now, str)
        and _MADE_UP.sub("", was) == _MADE_UP.sub("", now)
    ):
        return {**other.request, "Name": was}
    return other.request


def _as_before(data: Any, names: Mapping[str, str]) -> Any:
    if isinstance(data, Mapping):
        return {
            key: _old_name(value, names) if key == "$ref" else _as_before(value, names)
            for key, value in data.items()
        }
    if isinstance(data, list | tuple):
        return type(data)(_as_before(one, names) for one in data)
    return data


def _old_name(text: Any, names: Mapping[str, str]) -> Any:
    for new, old in names.items():
        if isinstance(text, str) and text.startswith(f"{new}."):
            return old + text[len(new) :]
    return text


def not_only_moves(plan: Mapping[str, Any]) -> Iterator[str]:
    """What a plan with `awake = true` holds besides moves and tags."""
    for change in plan.get("resource_changes") or ():
        actions = change["change"]["actions"]
        if actions in _QUIET or (actions == ["update"] and _is_about_tags(change["change"])):
            continue
        yield f"{change['address']} would be {_words(actions, change['change'])}"
    yield from changed_outputs(plan)


def not_nothing(plan: Mapping[str, Any]) -> Iterator[str]:
    """What a plan would do to resources."""
    for change in plan.get("resource_changes") or ():
        actions = change["change"]["actions"]
        if actions not in _QUIET:
            yield f"{change['address']} would be {_words(actions, change['change'])}"


def changed_outputs(plan: Mapping[str, Any]) -> Iterator[str]:
    for name, change in (plan.get("output_changes") or {}).items():
        if change["actions"] != ["no-op"]:
            yield f"output.{name} would be {_words(change['actions'], change)}"


def created(plan: Mapping[str, Any]) -> frozenset[str]:
    """Addresses of what a plan makes, an index of the only instance left out."""
    return frozenset(
        change["address"].removesuffix("[0]")
        for change in plan.get("resource_changes") or ()
        if "create" in change["change"]["actions"]
    )


def _is_about_tags(change: Mapping[str, Any]) -> bool:
    has_values = isinstance(change.get("before"), Mapping) and isinstance(
        change.get("after"), Mapping
    )
    return has_values and all(name in _TAGS for name in _differing(change))


def _differing(change: Mapping[str, Any]) -> list[str]:
    before, after = change.get("before"), change.get("after")
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return []
    unknown = change.get("after_unknown") or {}
    return sorted(
        name
        for name in before.keys() | after.keys()
        if _said(before.get(name)) != _said(after.get(name)) or unknown.get(name) is True
    )


def _said(value: Any) -> Any:
    """
    Null is what a resource has after an import where its schema has a default of false or nothing.

    Terraform finds that to be the same, and names it only beside another change (provider 5.100).
    """
    return None if value in (False, 0, "", [], {}) else value


def _words(actions: list[str], change: Mapping[str, Any]) -> str:
    if actions == ["update"]:
        names = _differing(change)
        return f"updated ({', '.join(names)})" if names else "updated"
    words = {"create": "created", "delete": "destroyed", "update": "updated", "forget": "forgotten"}
    return " and ".join(words.get(action, action) for action in actions)
