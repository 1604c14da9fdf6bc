"""The scalable target of a service: between which counts autoscaling may move its tasks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from controller.aws import scaling
from controller.aws.attributes import AttributeCalls
from controller.aws.context import Context
from controller.aws.errors import gone_is_fine
from controller.aws.kind import Job
from controller.aws.listing import in_parts
from controller.aws.settings import differing, said
from controller.aws.snapshot import Snapshot
from controller.domain.planning.observed import ABSENT, Observation, Observed, State
from controller.domain.planning.plan import Action
from controller.domain.planning.spec import Kind, ResourceSpec

_TARGETS_LIMIT = 50  # targets per DescribeScalableTargets (API reference)
_RANGE = ("MinCapacity", "MaxCapacity")


class AutoscalingTarget:
    kind = Kind.AUTOSCALING_TARGET
    attributes: AttributeCalls | None = None
    leaving = "autoscaling being removed"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._autoscaling = scaling.client_of(context.clients)

    def first_reads(self, snapshot: Snapshot, resources: Sequence[ResourceSpec]) -> list[Job]:
        """One call for fifty."""
        return [
            scaling.reading(snapshot, some, partial(self._read, snapshot, some))
            for some in in_parts(resources, _TARGETS_LIMIT)
        ]

    def _read(self, snapshot: Snapshot, resources: Sequence[ResourceSpec]) -> None:
        by_id = scaling.by_resource_id(self._context, resources)
        pages = self._autoscaling.get_paginator("describe_scalable_targets").paginate(
            ResourceIds=list(by_id), **scaling.SCALED
        )
        for found in (each for page in pages for each in page["ScalableTargets"]):
            for resource in by_id.get(found["ResourceId"], ()):
                known = identity(found.get("ScalableTargetARN", ""), found["ResourceId"])
                snapshot.put(resource.address, found, known)

    def second_reads(self, snapshot: Snapshot, resources: Sequence[ResourceSpec]) -> list[Job]:
        """Whose they are; DescribeScalableTargets does not say it."""
        undelivered = [
            (resource, snapshot.arn(resource.address))
            for resource in resources
            if snapshot.tags.get(snapshot.arn(resource.address)) is None
        ]
        return [
            scaling.reading(snapshot, [resource], partial(self._read_tags, snapshot, arn))
            for resource, arn in undelivered
            if arn
        ]

    def _read_tags(self, snapshot: Snapshot, arn: str) -> None:
        tags = scaling.read_tags(self._autoscaling, arn)
        if tags is not None:
            snapshot.tags[arn] = tags

    def interpret(self, snapshot: Snapshot, resource: ResourceSpec) -> Observation:
        if resource.address in snapshot.unread:
            return scaling.left_alone(snapshot)
        progress, now = snapshot.progress, snapshot.now
        made = progress.just_created(resource.address, now)
        found = snapshot.found.get(resource.address)
        if found is None:
            return scaling.unseen(snapshot, resource)
        known = snapshot.identities[resource.address]
        if progress.is_doomed(resource.address, known["arn"], now):
            return ABSENT
        tags, owner = snapshot.tags.get(known["arn"]), self._context.owner(resource)
        is_just_made = not tags and made and made.arn == known["arn"]
        if not is_just_made and not owner.owns(tags or {}):
            cause = owner.describe_stranger(
                f"the scalable target of {found['ResourceId']}", tags or {}, "deregister it"
            )
            return Observation(state=State.FOREIGN, attributes=known, cause=cause)
        differs = differing(resource, found, dict(self._compared(resource, snapshot)))
        return Observation(state=State.READY, attributes=known, differs=differs)

    def _compared(self, resource: ResourceSpec, snapshot: Snapshot) -> Iterator[tuple[str, Any]]:
        """Scheduled actions move the range: then it is as it may be, unless the files changed."""
        arn, progress = snapshot.arn(resource.address), snapshot.progress
        is_new = progress.was_settled(arn) and not progress.is_settled(arn, resource)
        actions = self._context.spec.of_kind(Kind.SCHEDULED_ACTION)
        yield "SuspendedState", said("SuspendedState")
        if is_new or all(
            scaling.target_of(self._context, each) is not resource for each in actions
        ):
            yield from ((key, said(key)) for key in _RANGE)

    def create(
        self, resource: ResourceSpec, request: Mapping[str, Any], observed: Observed
    ) -> Observation:
        tags = {**request.get("Tags", {}), **dict(self._context.owner(resource).pairs())}
        reply = self._autoscaling.register_scalable_target(**{**request, "Tags": tags})
        known = identity(reply.get("ScalableTargetARN", ""), request["ResourceId"])
        return Observation(state=State.READY, attributes=known)

    def update(
        self, resource: ResourceSpec, changes: Collection[str], action: Action, observed: Observed
    ) -> None:
        """Tags go into a call of their own; whoever made it gave it ours (API reference)."""
        request = self._context.filled(resource, observed)
        wanted = {key: value for key, value in request.items() if key in changes}
        whole = {"ResourceId": request["ResourceId"], **scaling.SCALED, **wanted}
        self._autoscaling.register_scalable_target(**whole)

    def delete(self, resource: ResourceSpec, seen: Observation) -> None:
        """Its policies and scheduled actions go with it (API reference)."""
        id_ = scaling.resource_id(self._context, resource)
        with gone_is_fine():
            self._autoscaling.deregister_scalable_target(ResourceId=id_, **scaling.SCALED)


def identity(arn: str, resource_id: str) -> dict[str, str]:
    return {"arn": arn, "id": resource_id}
