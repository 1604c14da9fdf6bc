"""
What the three kinds of Application Auto Scaling share: all hang on one service's target.

Source: AWS behaviour §2.14.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from controller.aws.clients import Client, Clients
from controller.aws.context import Context
from controller.aws.errors import DENIED, code_of, translate
from controller.aws.kind import Job
from controller.aws.snapshot import Snapshot
from controller.domain.planning.observed import ABSENT, Observation, State
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Kind, ResourceSpec, split_reference

SETTING_UP = "autoscaling being set up"
NAMESPACE = "ecs"
DIMENSION = "ecs:service:DesiredCount"
SCALED = {"ServiceNamespace": NAMESPACE, "ScalableDimension": DIMENSION}
"""What tells the number of a service's tasks from other things that can be scaled."""


def client_of(clients: Clients) -> Client:
    return clients.get("application-autoscaling")


def read_tags(autoscaling: Client, arn: str) -> dict[str, str] | None:
    """Of a target; None where AWS does not know it (yet, or any more)."""
    try:
        reply = autoscaling.list_tags_for_resource(ResourceARN=arn)
    except Exception as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return None
    return dict(reply.get("Tags", {}))


def resource_id(context: Context, resource: ResourceSpec) -> str:
    """What AWS calls the service that a target, policy or action is about, also once it is gone."""
    known = resource.request["ResourceId"]
    if isinstance(known, str):
        return known
    service = context.spec[split_reference(known["$ref"])[0]]
    cluster = context.cluster(service).rpartition("/")[2]
    return f"service/{cluster}/{service.name}"


def by_resource_id(
    context: Context, resources: Iterable[ResourceSpec]
) -> dict[str, list[ResourceSpec]]:
    found: dict[str, list[ResourceSpec]] = {}
    for resource in resources:
        found.setdefault(resource_id(context, resource), []).append(resource)
    return found


def target_of(context: Context, resource: ResourceSpec) -> ResourceSpec | None:
    """The target that a policy or an action belongs to."""
    targets = context.spec.of_kind(Kind.AUTOSCALING_TARGET)
    same = (t for t in targets if t.request["ResourceId"] == resource.request["ResourceId"])
    return next(same, None)


def reading(snapshot: Snapshot, resources: Sequence[ResourceSpec], read: Callable[[], None]) -> Job:
    """
    A job that reports a missing right, and does not fail.

    A stack serves people without its autoscaling, and must be able to sleep.
    """
    return partial(_read, snapshot, resources, read)


def _read(snapshot: Snapshot, resources: Sequence[ResourceSpec], read: Callable[[], None]) -> None:
    try:
        read()
    except Exception as error:
        if code_of(error) not in DENIED:
            raise
        why = str(translate(error, "read the autoscaling of the services"))
        snapshot.unread |= {resource.address: why for resource in resources}


def left_alone(snapshot: Snapshot) -> Observation:
    """What nobody can, or need, look at: it stays while awake, and goes with the service."""
    return ABSENT if snapshot.target is Target.ASLEEP else Observation(state=State.READY)


def unseen(snapshot: Snapshot, resource: ResourceSpec) -> Observation:
    """What AWS does not show: it was made a moment ago, or is not there."""
    if snapshot.progress.just_created(resource.address, snapshot.now) is None:
        return ABSENT
    return Observation(state=State.PENDING, phase=SETTING_UP)
