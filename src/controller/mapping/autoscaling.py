"""
Application Auto Scaling beside a service: whose number of tasks counts.

RegisterScalableTarget moves the count into the target's bounds at once (botocore's model of
application-autoscaling), so a `desired_count` outside of them is undone, and Terraform undoes that.
A service whose target is made with it is therefore made inside of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from controller.domain.planning.spec import Json, Kind
from controller.hcl import numbers
from controller.hcl.world import ResourceInstance
from controller.mapping.companions import service_of
from controller.mapping.draft import Draft, StackDraft
from controller.mapping.fill import known

_TARGET = "aws_appautoscaling_target"


def scaling_of(stack: StackDraft, service: Draft) -> dict[str, Json]:
    """
    {"least": 2, "most": 6} where autoscaling sets the count of this service, else {}.

    Scheduled actions move these bounds while the stack is awake, so theirs count as well.
    """
    target = _target_of(stack, service)
    bounds = _bounds(target) if target else {}
    if not bounds:
        return {}
    all_bounds = [bounds, *_scheduled(stack, service)]
    least = min(each["MinCapacity"] for each in all_bounds if "MinCapacity" in each)
    most = max(each["MaxCapacity"] for each in all_bounds if "MaxCapacity" in each)
    return {"least": least, "most": most}


def within_range(stack: StackDraft, service: Draft) -> dict[str, Json]:
    """The count that a service is made with: what its own target would make of it at once."""
    count = service.request.get("desiredCount")
    targets = stack.scaling_targets_of(service.address)
    if not targets or not isinstance(count, int):
        return {}
    bounds = _bounds(targets[0].instance)
    return {"desiredCount": _within(count, bounds)} if bounds else {}


def check_count(stack: StackDraft, service: Draft) -> None:
    """Warn of a `desired_count` that autoscaling does not leave as it is."""
    target, count = _target_of(stack, service), service.request.get("desiredCount")
    bounds = _bounds(target) if target else {}
    ignored = {"desired_count", "all"} & set(service.instance.ignore_changes)
    if not bounds or ignored or target is None or not isinstance(count, int):
        return
    least, most = bounds["MinCapacity"], bounds["MaxCapacity"]
    if least <= count <= most:
        return
    within = _within(count, bounds)
    is_made_with_it = bool(stack.scaling_targets_of(service.address))
    undone = (
        f"dormouse makes the service with {within}"
        if is_made_with_it
        else "each apply sets it back, and autoscaling sets it again"
    )
    service.filling.warn(
        "autoscaling",
        f"desired_count is {count}, and {target.address} keeps it from {least} to {most}: "
        f"{undone}; write desired_count = {within}, or lifecycle "
        "{ ignore_changes = [desired_count] }",
        service.filling.place_of("desiredCount"),
    )


def _target_of(stack: StackDraft, service: Draft) -> ResourceInstance | None:
    """One that sleeps with it, or that Terraform keeps."""
    for target in stack.scaling_targets_of(service.address):
        return target.instance
    for instance in stack.kept.values():
        is_target = instance.type == _TARGET and instance.mode == "managed"
        if is_target and service_of(instance, [service.instance], stack.kept):
            return instance
    return None


def _bounds(target: ResourceInstance) -> Mapping[str, int]:
    if not target.error_free:
        return {}
    least, most = known(target.body, "min_capacity"), known(target.body, "max_capacity")
    if not isinstance(least, numbers.Number) or not isinstance(most, numbers.Number):
        return {}
    return {"MinCapacity": numbers.to_int(least), "MaxCapacity": numbers.to_int(most)}


def _within(count: int, bounds: Mapping[str, int]) -> int:
    return max(bounds["MinCapacity"], min(count, bounds["MaxCapacity"]))


def _scheduled(stack: StackDraft, service: Draft) -> Iterator[Mapping[str, int]]:
    for action in stack.of_kind(Kind.SCHEDULED_ACTION):
        if action.sleeper.service == service.address:
            yield action.request.get("ScalableTargetAction", {})
