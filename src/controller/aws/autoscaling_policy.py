"""A scaling policy: when autoscaling moves the number of a service's tasks, and how far."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from controller.aws import scaling
from controller.aws.errors import gone_is_fine
from controller.aws.listing import list_all
from controller.aws.settings import said
from controller.aws.target_part import TargetPart, identity
from controller.domain.planning.observed import Observation, Observed, State
from controller.domain.planning.plan import Action
from controller.domain.planning.spec import Kind, ResourceSpec

_COMPARED = {
    key: said(key)
    for key in (
        "PolicyType",
        "StepScalingPolicyConfiguration",
        "TargetTrackingScalingPolicyConfiguration",
        "PredictiveScalingPolicyConfiguration",
    )
}


class AutoscalingPolicy(TargetPart):
    kind = Kind.AUTOSCALING_POLICY
    what = "Policy"
    compared = _COMPARED

    def describe(self, resource_id: str) -> list[Any]:
        request = {"ResourceId": resource_id, **scaling.SCALED}
        return list_all(
            self._autoscaling, "describe_scaling_policies", "ScalingPolicies", **request
        )

    def create(
        self, resource: ResourceSpec, request: Mapping[str, Any], observed: Observed
    ) -> Observation:
        reply = self._autoscaling.put_scaling_policy(**request)
        known = identity(reply["PolicyARN"], resource)
        return Observation(state=State.READY, attributes=known)

    def update(
        self, resource: ResourceSpec, changes: Collection[str], action: Action, observed: Observed
    ) -> None:
        """The whole of it: what is left out may keep its old value (API reference)."""
        self._autoscaling.put_scaling_policy(**self._context.filled(resource, observed))

    def delete(self, resource: ResourceSpec, seen: Observation) -> None:
        id_ = scaling.resource_id(self._context, resource)
        with gone_is_fine():
            self._autoscaling.delete_scaling_policy(
                PolicyName=resource.name, ResourceId=id_, **scaling.SCALED
            )
