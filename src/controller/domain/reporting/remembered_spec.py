"""
What a status remembers of its stack's spec, for when neither the spec nor its copy can be read.

That is enough to decide when the stack sleeps, and to find what costs money by the hour: a pass
reads the owner tags of these resources before it touches one. It is not enough to make any. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from controller.domain.dataclass import replace
from controller.domain.planning.observed import Leftover
from controller.domain.planning.spec import Json, Kind, ResourceSpec, Spec
from controller.domain.planning.spec_identity import is_replaced
from controller.domain.reporting.status import Status

_BALANCER = re.compile(r"arn:[^:]+:elasticloadbalancing:[^:]+:[^:]*:loadbalancer/net/([^/]+)/")
_SERVICE = re.compile(r"arn:[^:]+:ecs:[^:]+:[^:]*:service/(?:([^/]+)/)?([^/]+)$")


def last_spec(spec: Spec) -> dict[str, Json]:
    """What a status keeps of a spec: where the stack is, and its policy."""
    return {"region": spec.region, "role_arn": spec.role_arn, "policy": dict(spec.policy)}


def remembered_spec(stack: str, status: Status) -> Spec:
    """Region, role and policy of the last spec, and the resources that were billed last."""
    known = status.last_spec
    billed = (each for each in status.lifecycle.billed if not is_replaced(each.address))
    return Spec(
        stack=stack,
        region=known.get("region"),
        role_arn=known.get("role_arn"),
        policy=known.get("policy", {}),
        resources=tuple(
            _sized(each, status) for each in _resources((one.address, one.arn) for one in billed)
        ),
        is_remembered=True,
    )


def _sized(resource: ResourceSpec, status: Status) -> ResourceSpec:
    """With what the money of a service's tasks is counted by."""
    tasks = status.meter.use.tasks.get(resource.address)
    if tasks is None:
        return resource
    address = {"assignPublicIp": "ENABLED" if tasks.public_ip else "DISABLED"}
    return replace(
        resource,
        request={
            **resource.request,
            "desiredCount": tasks.count,
            "networkConfiguration": {"awsvpcConfiguration": address},
        },
        size={"cpu": tasks.cpu, "memory": tasks.memory, "arm": tasks.arm},
    )


def tagged_spec(spec: Spec, found: Iterable[Leftover]) -> Spec:
    """The same with the resources that only their owner tags have shown."""
    known = {resource.address for resource in spec.resources}
    more = _resources((one.address, one.arn) for one in found if one.address not in known)
    return Spec(
        stack=spec.stack,
        region=spec.region,
        role_arn=spec.role_arn,
        policy=spec.policy,
        resources=(*spec.resources, *more),
        is_remembered=True,
    )


def _resources(known: Iterable[tuple[str, str]]) -> tuple[ResourceSpec, ...]:
    found = (_resource(address, arn) for address, arn in known)
    return tuple(each for each in found if each)


def _resource(address: str, arn: str) -> ResourceSpec | None:
    """A load balancer or a service by the names in its ARN; None for what is neither."""
    balancer, service = _BALANCER.match(arn), _SERVICE.match(arn)
    if balancer:
        return _named(address, Kind.LOAD_BALANCER, Name=balancer[1])
    if service:
        cluster, name = service[1] or "default", service[2]
        return _named(address, Kind.SERVICE, cluster=cluster, serviceName=name)
    return None


def _named(address: str, kind: Kind, **request: Json) -> ResourceSpec:
    return ResourceSpec(address=address, kind=kind, source="", request=request)
