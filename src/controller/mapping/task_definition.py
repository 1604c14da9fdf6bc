"""
`lifecycle.ignore_changes = [task_definition]`: revisions made elsewhere stay.

A service that is created again at every wake honours that by taking the family's latest ACTIVE
revision, whatever revision the configuration names (AWS behaviour §2.1).
"""

from __future__ import annotations

from typing import Any

from controller.hcl.world import ResourceInstance
from controller.mapping.fill import Filling


def pin_latest(instance: ResourceInstance, filling: Filling) -> None:
    """Replace a named revision by a look-up of the latest one, if changes are to be ignored."""
    ignored = set(instance.ignore_changes)
    found = filling.request.get("taskDefinition")
    if not ignored & {"task_definition", "all"} or found is None:
        return
    filling.request["taskDefinition"] = _latest(found, instance.address)


def _latest(found: Any, service: str) -> Any:
    if isinstance(found, str) and ":" in found:
        return {
            "$look_up": "task_definition",
            "family": _family(found),
            "attribute": "arn",
            "of": f"{service}.task_definition",
        }
    if isinstance(found, dict) and found.get("$look_up") == "task_definition":
        family = found["family"]
        return {**found, "family": _family(family) if isinstance(family, str) else family}
    return found


def _family(text: str) -> str:
    """The family in "family:7" or "arn:…:task-definition/family:7"."""
    return text.rsplit("/", 1)[-1].split(":", 1)[0]
