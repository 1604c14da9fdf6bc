"""Scaling policies: put, describe, delete. Nothing scales by them here: no metric is played."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.autoscaling.shared import find_target, invalid, listed, paged
from local.autoscaling.state import ScalableTarget
from local.errors import AwsError
from local.lifetimes import moment

if TYPE_CHECKING:
    from local.world import Region

_CONFIGURATIONS = {
    "StepScaling": "StepScalingPolicyConfiguration",
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
    "PredictiveScaling": "PredictiveScalingPolicyConfiguration",
}


def put(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    target = find_target(region, params)
    type_ = params.get("PolicyType", "StepScaling")
    if _CONFIGURATIONS[type_] not in params:
        raise invalid(f"{_CONFIGURATIONS[type_]} is required for a policy of type {type_}")
    name = params["PolicyName"]
    standing = target.policies.get(name, {})
    made = {
        **copy.deepcopy(dict(params)),
        "PolicyType": type_,
        "PolicyARN": _arn(region, target, name),
        "CreationTime": standing.get("CreationTime", moment(region.now)),
        "Alarms": _alarms(region, target, name) if type_ == "TargetTrackingScaling" else [],
    }
    target.policies[name] = made
    return {"PolicyARN": made["PolicyARN"], "Alarms": made["Alarms"]}


def _arn(region: Region, target: ScalableTarget, name: str) -> str:
    path = f"scalingPolicy:{target.uid}:resource/ecs/{target.resource_id}:policyName/{name}"
    return region.arn("autoscaling", path)


def _alarms(region: Region, target: ScalableTarget, name: str) -> list[dict[str, str]]:
    """Those that AWS makes for target tracking, and deletes with the policy."""
    names = [
        f"TargetTracking-{target.resource_id}-Alarm{side}-{target.uid}-{name}"
        for side in ("High", "Low")
    ]
    return [
        {"AlarmName": each, "AlarmARN": region.arn("cloudwatch", f"alarm:{each}")} for each in names
    ]


def describe(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    targets = region.autoscaling.targets.values()
    found = listed(targets, params, lambda target: target.policies, "PolicyNames")
    return paged(found, params, "ScalingPolicies")


def delete(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    target = find_target(region, params)
    if target.policies.pop(params["PolicyName"], None) is None:
        raise AwsError(
            "ObjectNotFoundException",
            f"No scaling policy found for resource ID: {target.resource_id}, policy name: "
            f"{params['PolicyName']}",
        )
    return {}


OPERATIONS = {
    "PutScalingPolicy": put,
    "DescribeScalingPolicies": describe,
    "DeleteScalingPolicy": delete,
}
