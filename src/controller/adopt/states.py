"""Terraform's state in version 4: put forgotten resources back into one that has gone on since."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from controller.terraform.version4 import address_of

_IDENTITY = ("module", "mode", "type", "name", "provider")


def addresses_in(state: bytes) -> frozenset[str]:
    """All managed instances of a state; none for an empty one."""
    if not state.strip():
        return frozenset()
    return frozenset(
        address_of(resource, instance)
        for resource in json.loads(state).get("resources") or ()
        if resource["mode"] == "managed"
        for instance in resource["instances"]
    )


def serial_of(state: bytes) -> int:
    return int(json.loads(state)["serial"]) if state.strip() else 0


def with_forgotten(now: bytes, then: bytes, addresses: Collection[str]) -> bytes:
    """The present state with these instances as they were then, one serial on."""
    state: dict[str, Any] = json.loads(now)
    there = addresses_in(now)
    for resource in json.loads(then).get("resources") or ():
        lost = [
            instance
            for instance in resource["instances"]
            if (address := address_of(resource, instance)) in addresses and address not in there
        ]
        if lost:
            _put(state, resource, lost)
    state["serial"] = int(state["serial"]) + 1
    return json.dumps(state, indent=2, ensure_ascii=False).encode() + b"\n"


def with_serial(state: bytes, serial: int) -> bytes:
    """The same state as a later version of itself."""
    return json.dumps({**json.loads(state), "serial": serial}, indent=2).encode() + b"\n"


def _put(state: dict[str, Any], resource: dict[str, Any], instances: list[Any]) -> None:
    for other in state.setdefault("resources", []):
        if all(other.get(name) == resource.get(name) for name in _IDENTITY):
            other["instances"] += instances
            return
    state["resources"].append({**resource, "instances": instances})
