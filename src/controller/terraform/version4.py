"""State files of version 4: `terraform.tfstate`, `terraform state pull`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from controller.terraform.secrets import by_nature
from controller.terraform.state import State, Thing

_DYNAMIC = {
    "terraform_remote_state": ("outputs", "config", "defaults"),
    "terraform_data": ("input", "output", "triggers_replace"),
}
"""Attributes of any type are stored with their type; of these it is known, of others it is seen."""


def read_version_4(data: Mapping[str, Any], shown_as: str) -> State:
    """Raises KeyError, TypeError or the like where it is not as Terraform writes it."""
    things = {thing.address: thing for r in data.get("resources") or () for thing in _things(r)}
    return State(
        shown_as=shown_as,
        things=things,
        serial=int(data["serial"]) if "serial" in data else None,
        lineage=str(data["lineage"]) if "lineage" in data else None,
    )


def _things(resource: Mapping[str, Any]) -> Iterator[Thing]:
    mode, type_ = resource["mode"], resource["type"]
    for instance in resource["instances"]:
        if instance.get("deposed") or instance.get("attributes") is None:
            continue
        values = {
            name: _unwrapped(type_, name, value) for name, value in instance["attributes"].items()
        }
        yield Thing(
            address=address_of(resource, instance),
            mode=mode,
            type=type_,
            values=values,
            sensitive=_mask(type_, instance.get("sensitive_attributes") or ()),
            tainted=instance.get("status") == "tainted",
        )


def address_of(resource: Mapping[str, Any], instance: Mapping[str, Any]) -> str:
    """Terraform's address of one instance of a resource, as the state file has both."""
    module = f"{resource['module']}." if resource.get("module") else ""
    data = "data." if resource["mode"] == "data" else ""
    address = f"{module}{data}{resource['type']}.{resource['name']}"
    key = instance.get("index_key")
    return address if key is None else f"{address}[{json.dumps(key, ensure_ascii=False)}]"


def _unwrapped(type_: str, name: str, value: Any) -> Any:
    if not isinstance(value, dict) or value.keys() != {"value", "type"}:
        return value
    if name in _DYNAMIC.get(type_, ()):
        return value["value"]
    # Of the AWS provider no attribute has any type: there it is a map with two such keys.
    return value if type_.startswith("aws_") or isinstance(value["type"], str) else value["value"]


def _mask(type_: str, paths: Any) -> dict[str, Any]:
    mask: dict[Any, Any] = by_nature(type_)
    for path in paths:
        at = mask
        steps = [_step(step) for step in path]
        for step in steps[:-1]:
            inner = at.setdefault(step, {})
            if inner is True:
                break
            at = inner
        else:
            at[steps[-1]] = True
    return mask


def _step(step: Mapping[str, Any]) -> str | int:
    """`{"type": "get_attr", "value": "a"}`, `{"type": "index", "value": {"value": 0, …}}`."""
    value = step["value"]
    value = value["value"] if isinstance(value, dict) else value
    return value if isinstance(value, str) else int(value)
