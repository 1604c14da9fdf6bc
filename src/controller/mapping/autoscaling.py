"""
Application Auto Scaling beside a service: whose number of tasks counts.

RegisterScalableTarget moves the count into the target's bounds at once (AWS behaviour §2.14), so a
`desired_count` outside of them is undone, and Terraform undoes that. A service whose target is made
with it is therefore made inside of them.
"""

from __future__ import annotations

from controller.domain.dataclass import dataclass
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
    scaled = _scaled(stack, service)
    if scaled is None:
        return {}
    moved = [
        action.request.get("ScalableTargetAction", {})
        for action in stack.of_kind(Kind.SCHEDULED_ACTION)
        if action.sleeper.service == service.address
    ]
    least = min([scaled.least, *(m["MinCapacity"] for m in moved if "MinCapacity" in m)])
    most = max([scaled.most, *(m["MaxCapacity"] for m in moved if "MaxCapacity" in m)])
    return {"least": least, "most": most}


def within_range(stack: StackDraft, service: Draft) -> dict[str, Json]:
    """The count that a service is made with: what its own target would make of it at once."""
    scaled, count = _scaled(stack, service), service.request.get("desiredCount")
    if scaled is None or not scaled.is_ours or not isinstance(count, int):
        return {}
    return {"desiredCount": scaled.within(count)}


def check_count(stack: StackDraft, service: Draft) -> None:
    """Warn of a `desired_count` that autoscaling does not leave as it is."""
    scaled, count = _scaled(stack, service), service.request.get("desiredCount")
    ignored = {"desired_count", "all"} & set(service.instance.ignore_changes)
    if scaled is None or ignored or not isinstance(count, int) or scaled.within(count) == count:
        return
    within = scaled.within(count)
    undone = "each apply sets it back, and autoscaling sets it again"
    if scaled.is_ours:
        undone = f"dormouse makes the service with {within}"
    service.filling.warn(
        "autoscaling",
        f"desired_count is {count}, and {scaled.address} keeps it from {scaled.least} to "
        f"{scaled.most}: {undone}; write desired_count = {within}, or lifecycle "
        "{ ignore_changes = [desired_count] }",
        service.filling.place_of("desiredCount"),
    )


@dataclass(frozen=True, slots=True)
class _Scaled:
    """The target of a service; `is_ours` is one that is made with it at each wake."""

    address: str
    least: int
    most: int
    is_ours: bool

    def within(self, count: int) -> int:
        return max(self.least, min(count, self.most))


def _scaled(stack: StackDraft, service: Draft) -> _Scaled | None:
    for draft in stack.scaling_targets_of(service.address):
        least, most = draft.request.get("MinCapacity"), draft.request.get("MaxCapacity")
        if isinstance(least, int) and isinstance(most, int):
            return _Scaled(draft.address, least, most, is_ours=True)
        return None
    for instance in stack.kept.values():
        is_target = instance.type == _TARGET and instance.mode == "managed"
        if is_target and service_of(instance, [service.instance], stack.kept):
            return _kept(instance)
    return None


def _kept(target: ResourceInstance) -> _Scaled | None:
    least, most = known(target.body, "min_capacity"), known(target.body, "max_capacity")
    numeric = isinstance(least, numbers.Number) and isinstance(most, numbers.Number)
    if not target.error_free or not numeric:
        return None
    return _Scaled(target.address, numbers.to_int(least), numbers.to_int(most), is_ours=False)
