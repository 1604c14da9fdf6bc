"""Scalable targets: register, describe, deregister, and their tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.autoscaling.shared import (
    DIMENSION,
    check_dimension,
    find_service,
    find_target,
    invalid,
    paged,
)
from local.autoscaling.state import ScalableTarget
from local.ecs import services
from local.errors import AwsError
from local.lifetimes import moment

if TYPE_CHECKING:
    from local.world import Region

_NOT_SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}


def register(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Make or change a target; the number of tasks is moved into its range at once."""
    check_dimension(params)
    id_ = params["ResourceId"]
    if find_service(region, id_) is None:
        raise invalid(f"ECS service doesn't exist: {id_}")
    target = region.autoscaling.targets.get(id_) or _make(region, params)
    least, most = params.get("MinCapacity", target.least), params.get("MaxCapacity", target.most)
    if least > most:
        raise invalid("Maximum capacity cannot be less than minimum capacity")
    target.least, target.most = least, most
    target.suspended.update(params.get("SuspendedState", {}))
    region.autoscaling.targets[id_] = target
    move_into_range(region, target)
    return {"ScalableTargetARN": target.arn}


def _make(region: Region, params: Mapping[str, Any]) -> ScalableTarget:
    if "MinCapacity" not in params or "MaxCapacity" not in params:
        raise invalid("You must specify the minimum and maximum capacity of a new scalable target")
    uid = region.ids.uuid("scalable target")
    return ScalableTarget(
        resource_id=params["ResourceId"],
        arn=region.arn("application-autoscaling", f"scalable-target/{uid.replace('-', '')}"),
        uid=uid,
        least=params["MinCapacity"],
        most=params["MaxCapacity"],
        suspended=dict(_NOT_SUSPENDED),
        created_at=region.now,
        tags=dict(params.get("Tags", {})),
    )


def move_into_range(region: Region, target: ScalableTarget) -> None:
    service = find_service(region, target.resource_id)
    if service is None:
        return
    wanted = max(target.least, min(service.desired, target.most))
    if wanted != service.desired:
        update = {"cluster": service.cluster.name, "service": service.name}
        services.update(region, {**update, "desiredCount": wanted})


def describe(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    check_dimension(params)
    wanted = params.get("ResourceIds")
    found = [
        _view(region, target)
        for id_, target in region.autoscaling.targets.items()
        if (not wanted or id_ in wanted)
        and region.now >= target.created_at + region.timing.service_lag
    ]
    return paged(found, {"MaxResults": 50, **params}, "ScalableTargets")


def _view(region: Region, target: ScalableTarget) -> dict[str, Any]:
    return {
        "ServiceNamespace": "ecs",
        "ResourceId": target.resource_id,
        "ScalableDimension": DIMENSION,
        "MinCapacity": target.least,
        "MaxCapacity": target.most,
        "RoleARN": f"arn:aws:iam::{region.account}:role/aws-service-role/"
        "ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_"
        "ECSService",
        "CreationTime": moment(target.created_at),
        "SuspendedState": dict(target.suspended),
        "ScalableTargetARN": target.arn,
    }


def deregister(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Policies and scheduled actions go with it."""
    target = find_target(region, params)
    del region.autoscaling.targets[target.resource_id]
    return {}


def _tags(region: Region, params: Mapping[str, Any]) -> dict[str, str]:
    for target in region.autoscaling.targets.values():
        if target.arn == params["ResourceARN"]:
            return target.tags
    raise AwsError(
        "ResourceNotFoundException", f"The resource {params['ResourceARN']} does not exist."
    )


def list_tags(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    return {"Tags": dict(_tags(region, params))}


def add_tags(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    _tags(region, params).update(params["Tags"])
    return {}


def remove_tags(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    tags = _tags(region, params)
    for key in params["TagKeys"]:
        tags.pop(key, None)
    return {}


OPERATIONS = {
    "RegisterScalableTarget": register,
    "DescribeScalableTargets": describe,
    "DeregisterScalableTarget": deregister,
    "ListTagsForResource": list_tags,
    "TagResource": add_tags,
    "UntagResource": remove_tags,
}
