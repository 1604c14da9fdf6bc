"""What `terraform show -json` prints of a state, and of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from controller.terraform.secrets import by_nature
from controller.terraform.state import State, Thing


def read_shown_state(data: Mapping[str, Any], shown_as: str) -> State:
    """An empty state has no "values" at all."""
    values = data.get("values") or {}
    things = {t.address: t for t in _things(values.get("root_module") or {}, {})}
    return State(shown_as=shown_as, things=things)


def read_plan(data: Mapping[str, Any], shown_as: str) -> State:
    """
    What will be, as far as the plan knows it; data sources also as they were read for it.

    A data source that could be read is in the prior state alone, one whose reading is put off among
    the planned values (seen with Terraform 1.11.4).
    """
    changes = {
        change["address"]: change["change"]
        for change in data.get("resource_changes") or ()
        if "deposed" not in change
    }
    prior = (data.get("prior_state") or {}).get("values") or {}
    planned = data.get("planned_values") or {}
    things = {
        thing.address: thing
        for thing in _things(prior.get("root_module") or {}, {})
        if thing.mode == "data" and thing.address not in changes
    }
    for thing in _things(planned.get("root_module") or {}, changes):
        things[thing.address] = thing
    return State(shown_as=shown_as, things=things, plan=True)


def _things(module: Mapping[str, Any], changes: Mapping[str, Any]) -> Iterator[Thing]:
    for resource in module.get("resources") or ():
        if "deposed_key" not in resource:
            yield _thing(resource, changes.get(resource["address"]) or {})
    for child in module.get("child_modules") or ():
        yield from _things(child, changes)


def _thing(resource: Mapping[str, Any], change: Mapping[str, Any]) -> Thing:
    return Thing(
        address=resource["address"],
        mode=resource["mode"],
        type=resource["type"],
        values=dict(resource.get("values") or {}),
        sensitive=_sensitive(resource, change.get("after_sensitive")),
        unknown=change.get("after_unknown") or {},
        tainted=bool(resource.get("tainted")),
    )


def _sensitive(resource: Mapping[str, Any], planned: Any) -> Any:
    said = resource.get("sensitive_values") or {}
    if said is True or planned is True:
        return True
    more = planned if isinstance(planned, Mapping) else {}
    return {
        **said,
        **{name: mask for name, mask in more.items() if mask},
        **by_nature(resource["type"]),
    }
