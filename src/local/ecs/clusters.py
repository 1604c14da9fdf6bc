"""Clusters: made by Terraform, only looked up by Dormouse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.ecs.shared import page, read_tags, short_name, tag_list
from local.ecs.state import BEFORE_START, Cluster
from local.errors import AwsError

if TYPE_CHECKING:
    from local.world import Region


def create(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Create a cluster; an existing one is returned unchanged."""
    name = params.get("clusterName") or "default"
    standing = region.ecs.clusters.get(name)
    if standing and standing.status == "ACTIVE":
        return {"cluster": view(standing, ("TAGS", "SETTINGS"))}
    cluster = add(
        region,
        name,
        tags=read_tags(params.get("tags")),
        capacity_providers=list(params.get("capacityProviders") or ()),
    )
    cluster.settings = [dict(each) for each in params.get("settings") or ()] or cluster.settings
    cluster.configuration = dict(params.get("configuration") or {})
    cluster.default_strategy = list(params.get("defaultCapacityProviderStrategy") or ())
    return {"cluster": view(cluster, ("TAGS", "SETTINGS"))}


def add(
    region: Region,
    name: str,
    *,
    tags: dict[str, str] | None = None,
    capacity_providers: list[str] | None = None,
) -> Cluster:
    cluster = Cluster(
        name=name,
        arn=region.arn("ecs", f"cluster/{name}"),
        tags=tags or {},
        settings=[{"name": "containerInsights", "value": "disabled"}],
        capacity_providers=capacity_providers or [],
    )
    region.ecs.clusters[name] = cluster
    return cluster


def view(cluster: Cluster, include: tuple[str, ...] | list[str] = ()) -> dict[str, Any]:
    live = [service for service in cluster.services.values() if service.status == "ACTIVE"]
    tasks = cluster.tasks.values()
    found: dict[str, Any] = {
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": cluster.status,
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": sum(task.last_status == "RUNNING" for task in tasks),
        "pendingTasksCount": sum(task.last_status in BEFORE_START for task in tasks),
        "activeServicesCount": len(live),
        "statistics": [],
        "capacityProviders": list(cluster.capacity_providers),
        "defaultCapacityProviderStrategy": list(cluster.default_strategy),
        "tags": tag_list(cluster.tags) if "TAGS" in include else [],
        "settings": list(cluster.settings) if "SETTINGS" in include else [],
    }
    if cluster.configuration and "CONFIGURATIONS" in include:
        found["configuration"] = cluster.configuration
    return found


def describe(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    found, failures = [], []
    for wanted in params.get("clusters") or ["default"]:
        cluster = region.ecs.clusters.get(short_name(wanted))
        if cluster:
            found.append(view(cluster, params.get("include") or ()))
        else:
            arn = region.arn("ecs", f"cluster/{short_name(wanted)}")
            failures.append({"arn": arn, "reason": "MISSING"})
    return {"clusters": found, "failures": failures}


def list_all(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    arns = [each.arn for each in region.ecs.clusters.values() if each.status == "ACTIVE"]
    return page(arns, params, "clusterArns")


def delete(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    cluster = _find(region, params["cluster"])
    if any(service.status != "INACTIVE" for service in cluster.services.values()):
        raise AwsError(
            "ClusterContainsServicesException",
            "The Cluster cannot be deleted while Services are active.",
        )
    if any(task.last_status != "STOPPED" for task in cluster.tasks.values()):
        raise AwsError(
            "ClusterContainsTasksException",
            "The Cluster cannot be deleted while Tasks are active.",
        )
    cluster.status = "INACTIVE"
    return {"cluster": view(cluster)}


def put_providers(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    cluster = _find(region, params["cluster"])
    cluster.capacity_providers = list(params["capacityProviders"])
    cluster.default_strategy = list(params["defaultCapacityProviderStrategy"])
    return {"cluster": view(cluster)}


def update_settings(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    cluster = _find(region, params["cluster"])
    if params.get("settings"):
        cluster.settings = [dict(each) for each in params["settings"]]
    if params.get("configuration"):
        cluster.configuration = dict(params["configuration"])
    return {"cluster": view(cluster, ("SETTINGS",))}


def _find(region: Region, name_or_arn: str) -> Cluster:
    cluster = region.ecs.clusters.get(short_name(name_or_arn))
    if not cluster:
        raise AwsError("ClusterNotFoundException", "Cluster not found.")
    return cluster


OPERATIONS = {
    "CreateCluster": create,
    "DescribeClusters": describe,
    "ListClusters": list_all,
    "DeleteCluster": delete,
    "PutClusterCapacityProviders": put_providers,
    "UpdateCluster": update_settings,
    "UpdateClusterSettings": update_settings,
}
