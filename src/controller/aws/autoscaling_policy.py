"""A scaling policy: when autoscaling moves the number of a service's tasks, and how far."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from controller.aws import scaling
from controller.aws.attributes import AttributeCalls
from controller.aws.autoscaling_target import SETTING_UP
from controller.aws.context import Context
from controller.aws.errors import gone_is_fine
from controller.aws.kind import Job
from controller.aws.settings import differing, said
from controller.aws.snapshot import Snapshot
from controller.domain.planning.observed import ABSENT, Observation, Observed, State
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


class AutoscalingPolicy:
    kind = Kind.AUTOSCALING_POLICY
    attributes: AttributeCalls | None = None
    leaving = ""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._autoscaling = scaling.client_of(context.clients)

    def first_reads(self, snapshot: Snapshot, resources: Sequence[ResourceSpec]) -> list[Job]:
        return []

    def second_reads(self, snapshot: Snapshot, resources: Sequence[ResourceSpec]) -> list[Job]:
        """One call for each service; without a target there is none to ask about."""
        standing = scaling.standing_targets(self._context, snapshot, resources)
        return [
            scaling.reading(snapshot, some, partial(self._read, snapshot, id_, some))
            for id_, some in standing.items()
        ]

    def _read(self, snapshot: Snapshot, id_: str, resources: Sequence[ResourceSpec]) -> None:
        named = {resource.name: resource for resource in resources}
        pages = self._autoscaling.get_paginator("describe_scaling_policies").paginate(
            ResourceId=id_, **scaling.SCALED
        )
        for found in (each for page in pages for each in page["ScalingPolicies"]):
            resource = named.get(found["PolicyName"])
            if resource is not None:
                known = identity(found["PolicyARN"], resource)
                snapshot.put(resource.address, found, known)

    def interpret(self, snapshot: Snapshot, resource: ResourceSpec) -> Observation:
        if resource.address in snapshot.unread:
            return scaling.left_alone(snapshot)
        found = snapshot.found.get(resource.address)
        if found is None:
            made = snapshot.progress.just_created(resource.address, snapshot.now)
            lags = Observation(state=State.PENDING, phase=SETTING_UP)
            return ABSENT if made is None else lags
        known = snapshot.identities[resource.address]
        if not scaling.is_ours(self._context, snapshot, resource):
            return scaling.foreign(resource, known)
        differs = differing(resource, found, _COMPARED)
        return Observation(state=State.READY, attributes=known, differs=differs)

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


def identity(arn: str, resource: ResourceSpec) -> dict[str, str]:
    return {"arn": arn, "id": resource.name}
