"""
The autoscaling of a service that stays, once the files do not name it any more. Pure.

It has no name of its own in AWS beside its service's, and goes with that. Where the service stays,
it would go on moving the number of tasks until the next sleep.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from controller.domain.planning.spec import Kind, ResourceSpec, Spec, split_reference

RESOURCE_ID = "ResourceId"


def dropped_scaling(old: Spec, new: Spec, gone: Collection[str]) -> dict[str, ResourceSpec]:
    """
    By address: the targets, policies and scheduled actions of `old` that `new` lacks, each with
    what AWS calls its service. Those of the services that are `gone` go with these.
    """
    kept = {key for resource in new.resources if (key := _key(resource, new))}
    dropped = {}
    for resource in old.resources:
        key = _key(resource, old)
        if key and key not in kept and _service(resource) not in gone:
            request = {**resource.request, RESOURCE_ID: key[1]}
            dropped[resource.address] = replace(resource, request=request)
    return dropped


def _key(resource: ResourceSpec, spec: Spec) -> tuple[str, str, str] | None:
    """Kind, service and name; None for other kinds, and where the cluster's name is not known."""
    if not resource.kind.is_companion:
        return None
    id_ = resource.request[RESOURCE_ID]
    if isinstance(id_, Mapping):
        id_ = resource_id(spec[_service(resource)])
    field = resource.kind.traits.name
    return (resource.kind, id_, str(resource.request[field]) if field else "") if id_ else None


def _service(resource: ResourceSpec) -> str:
    """The address of its service; "" where only AWS's name of that is known."""
    id_ = resource.request[RESOURCE_ID]
    return split_reference(id_["$ref"])[0] if isinstance(id_, Mapping) else ""


def resource_id(service: ResourceSpec) -> str:
    """What Application Auto Scaling calls a service; "" where its cluster's name is looked up."""
    cluster = service.request.get("cluster", "default")
    if isinstance(cluster, Mapping):
        cluster = cluster.get("name") if cluster.get("$look_up") == "cluster" else None
    if not isinstance(cluster, str) or service.kind is not Kind.SERVICE:
        return ""
    return f"service/{cluster.rpartition('/')[2]}/{service.name}"
