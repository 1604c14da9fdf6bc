"""
Application Auto Scaling beside a service: whose number of tasks counts.

RegisterScalableTarget moves the count into the target's bounds at once (botocore's model of
application-autoscaling), so a `desired_count` outside of them is undone, and Terraform undoes that.
"""

from __future__ import annotations

from collections.abc import Mapping

from controller.domain.planning.spec import Json
from controller.hcl import numbers
from controller.hcl.values import Unknown
from controller.hcl.world import ResourceInstance
from controller.mapping.draft import Draft, StackDraft
from controller.mapping.fill import given, known

_TARGET = "aws_appautoscaling_target"


def scaling_of(stack: StackDraft, service: Draft) -> dict[str, Json]:
    """{"least": 2, "most": 6} where autoscaling sets the count of this service, else {}."""
    target = _target_of(stack, service)
    if target is None or not target.error_free:
        return {}
    least, most = known(target.body, "min_capacity"), known(target.body, "max_capacity")
    if least is None or most is None:
        return {}
    return {"least": numbers.to_int(least), "most": numbers.to_int(most)}


def check_count(stack: StackDraft, service: Draft) -> None:
    """Warn of a `desired_count` that autoscaling does not leave as it is."""
    bounds, count = scaling_of(stack, service), service.request.get("desiredCount")
    target = _target_of(stack, service)
    ignored = {"desired_count", "all"} & set(service.instance.ignore_changes)
    if not bounds or ignored or target is None or not isinstance(count, int):
        return
    if not bounds["least"] <= count <= bounds["most"]:
        service.filling.warn(
            "autoscaling",
            f"desired_count is {count}, and {target.address} keeps it from {bounds['least']} to "
            f"{bounds['most']}: each apply sets it back, and autoscaling sets it again; write "
            f"desired_count = {max(bounds['least'], min(count, bounds['most']))}, or lifecycle "
            "{ ignore_changes = [desired_count] }",
            service.filling.place_of("desiredCount"),
        )


def _target_of(stack: StackDraft, service: Draft) -> ResourceInstance | None:
    for instance in stack.kept.values():
        if instance.type == _TARGET and instance.mode == "managed" and _is_of(instance, service):
            return instance
    return None


def _is_of(target: ResourceInstance, service: Draft) -> bool:
    """By its resource_id, "service/CLUSTER/NAME", as far as that is known."""
    argument = given(target.body, "resource_id")
    if argument is None or known(target.body, "service_namespace") not in (None, "ecs"):
        return False
    data = argument.value.data
    if not isinstance(data, Unknown):
        namespace, _, path = str(data).partition("/")
        cluster, _, name = path.partition("/")
        wanted = (namespace, name) == ("service", service.request.get("serviceName"))
        return wanted and _cluster_name(service) in (cluster, None)
    last = data.parts[-1] if data.parts else None
    by_name = isinstance(last, str) and last == f"/{service.request.get('serviceName')}"
    return by_name or any(origin.address == service.address for origin in data.origins)


def _cluster_name(service: Draft) -> str | None:
    """None where it is found only when the stack wakes."""
    cluster = service.request.get("cluster", "default")
    if isinstance(cluster, Mapping):
        cluster = cluster.get("name")
    return cluster.rpartition("/")[2] if isinstance(cluster, str) else None
