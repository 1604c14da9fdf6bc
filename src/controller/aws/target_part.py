"""What scaling policies and scheduled actions share: both are part of a service's target."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from controller.aws import scaling
from controller.aws.attributes import AttributeCalls
from controller.aws.context import Context
from controller.aws.kind import Job
from controller.aws.settings import Read, differing
from controller.aws.snapshot import Snapshot
from controller.domain.planning.observed import Observation, State
from controller.domain.planning.spec import ResourceSpec


class TargetPart(ABC):
    """
    The reads of a `ResourceKind` that has no tags and is known by its name within a target.

    `what` begins the names of AWS's fields for its name and its ARN; `compared` as in `differing`.
    """

    attributes: AttributeCalls | None = None
    leaving = ""
    what: ClassVar[str]
    compared: ClassVar[Mapping[str, tuple[Read, Read]]]

    def __init__(self, context: Context) -> None:
        self._context = context
        self._autoscaling = scaling.client_of(context.clients)

    @abstractmethod
    def describe(self, resource_id: str) -> Iterable[Mapping[str, Any]]:
        """All of this kind that one service has."""

    def first_reads(self, snapshot: Snapshot, resources: Sequence[ResourceSpec]) -> list[Job]:
        return []

    def second_reads(self, snapshot: Snapshot, resources: Sequence[ResourceSpec]) -> list[Job]:
        """One call for each service; without a target there is none to ask about."""
        standing = _by_standing_target(self._context, snapshot, resources)
        dropped = _without_target(self._context, resources)
        reads = [(self._read, *each) for each in standing.items()]
        reads += [(self._read_dropped, *each) for each in dropped.items()]
        return [
            scaling.reading(snapshot, some, partial(read, snapshot, id_, some))
            for read, id_, some in reads
        ]

    def _read_dropped(
        self, snapshot: Snapshot, id_: str, resources: Sequence[ResourceSpec]
    ) -> None:
        """Of a target that the spec does not name: only one with our tags is asked about."""
        found = self._autoscaling.describe_scalable_targets(ResourceIds=[id_], **scaling.SCALED)
        arns = [each.get("ScalableTargetARN", "") for each in found["ScalableTargets"]]
        tags = [scaling.read_tags(self._autoscaling, arn) for arn in arns]
        if any(self._context.owner(resources[0]).owns(each or {}) for each in tags):
            self._read(snapshot, id_, resources)

    def _read(self, snapshot: Snapshot, id_: str, resources: Sequence[ResourceSpec]) -> None:
        named = {resource.name: resource for resource in resources}
        for found in self.describe(id_):
            resource = named.get(found[f"{self.what}Name"])
            if resource is not None:
                known = identity(found[f"{self.what}ARN"], resource)
                snapshot.put(resource.address, dict(found), known)

    def interpret(self, snapshot: Snapshot, resource: ResourceSpec) -> Observation:
        if resource.address in snapshot.unread:
            return scaling.left_alone(snapshot)
        found = snapshot.found.get(resource.address)
        if found is None:
            return scaling.unseen(snapshot, resource)
        known = snapshot.identities[resource.address]
        if not _is_ours(self._context, snapshot, resource):
            return _foreign(resource, known)
        differs = differing(resource, found, self.compared)
        return Observation(state=State.READY, attributes=known, differs=differs)


def identity(arn: str, resource: ResourceSpec) -> dict[str, str]:
    return {"arn": arn, "id": resource.name}


def _by_standing_target(
    context: Context, snapshot: Snapshot, resources: Sequence[ResourceSpec]
) -> dict[str, list[ResourceSpec]]:
    """Those of the resources whose target was found, by what AWS calls the service."""
    standing = []
    for resource in resources:
        target = scaling.target_of(context, resource)
        if target is not None and target.address in snapshot.found:
            standing.append(resource)
        elif target is not None and target.address in snapshot.unread:
            snapshot.unread[resource.address] = snapshot.unread[target.address]
    return scaling.by_resource_id(context, standing)


def _without_target(
    context: Context, resources: Sequence[ResourceSpec]
) -> dict[str, list[ResourceSpec]]:
    """Those that the files have dropped from a target that stays, by what AWS calls the service."""
    alone = [each for each in resources if isinstance(each.request["ResourceId"], str)]
    dropped = [each for each in alone if scaling.target_of(context, each) is None]
    return scaling.by_resource_id(context, dropped)


def _is_ours(context: Context, snapshot: Snapshot, resource: ResourceSpec) -> bool:
    """A policy or an action has no tags: it is whose its target is."""
    target = scaling.target_of(context, resource)
    if target is None:
        return isinstance(resource.request["ResourceId"], str)  # read of our target alone
    tags = snapshot.tags.get(snapshot.arn(target.address)) or {}
    made = snapshot.progress.just_created(target.address, snapshot.now)
    return context.owner(target).owns(tags) or made is not None


def _foreign(resource: ResourceSpec, known: Mapping[str, str]) -> Observation:
    what = resource.kind.replace("_", " ")
    return Observation(
        state=State.FOREIGN,
        attributes=known,
        cause=f'{what} "{resource.name}" ({resource.address}) belongs to a scalable target that is '
        "not ours; deregister that target",
    )
