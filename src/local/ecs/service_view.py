"""How ECS shows a service."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING, Any

from local.ecs.shared import tag_list
from local.ecs.state import BEFORE_START, Deployment, Service
from local.lifetimes import moment

if TYPE_CHECKING:
    from local.world import Region

KEPT = (
    "launchType",
    "capacityProviderStrategy",
    "networkConfiguration",
    "healthCheckGracePeriodSeconds",
    "availabilityZoneRebalancing",
)


def view(region: Region, service: Service, include: Container[str] = ("TAGS",)) -> dict[str, Any]:
    setup = service.setup
    found: dict[str, Any] = {
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": service.cluster.arn,
        "status": service.status,
        "desiredCount": service.desired,
        "runningCount": service.count("RUNNING"),
        "pendingCount": service.count(*BEFORE_START),
        "taskDefinition": service.primary.definition.arn,
        "platformVersion": setup.get("platformVersion", "LATEST"),
        "platformFamily": "Linux",
        "loadBalancers": list(setup.get("loadBalancers") or ()),
        "serviceRegistries": list(setup.get("serviceRegistries") or ()),
        "deploymentConfiguration": setup["deploymentConfiguration"],
        "deploymentController": {"type": "ECS"},
        "deployments": [_deployment(service, each) for each in service.deployments],
        "events": [each.shown for each in service.events],
        "roleArn": _role(region),
        "createdAt": moment(service.created_at),
        "createdBy": f"arn:aws:iam::{region.account}:user/laptop",
        "schedulingStrategy": "REPLICA",
        "propagateTags": setup.get("propagateTags") or "NONE",
        "enableECSManagedTags": bool(setup.get("enableECSManagedTags")),
        "enableExecuteCommand": bool(setup.get("enableExecuteCommand")),
        "placementConstraints": [],
        "placementStrategy": [],
    }
    found |= {key: setup[key] for key in KEPT if setup.get(key) is not None}
    if "TAGS" in include:
        found["tags"] = tag_list(service.tags)
    return found


def _role(region: Region) -> str:
    return (
        f"arn:aws:iam::{region.account}:role/aws-service-role/ecs.amazonaws.com/"
        "AWSServiceRoleForECS"
    )


def _deployment(service: Service, deployment: Deployment) -> dict[str, Any]:
    platform = deployment.setup.get("platformVersion", "LATEST")
    primary = deployment is service.primary
    found: dict[str, Any] = {
        "id": deployment.id,
        "status": deployment.status,
        "taskDefinition": deployment.definition.arn,
        "desiredCount": service.desired if primary else 0,
        "pendingCount": service.count(*BEFORE_START, deployment=deployment),
        "runningCount": service.count("RUNNING", deployment=deployment),
        "failedTasks": deployment.failures,
        "createdAt": moment(deployment.created_at),
        "updatedAt": moment(deployment.updated_at),
        "platformVersion": "1.4.0" if platform == "LATEST" else platform,
        "platformFamily": "Linux",
        "networkConfiguration": deployment.setup["networkConfiguration"],
        "rolloutState": deployment.rollout,
        "rolloutStateReason": deployment.reason or f"ECS deployment {deployment.id} in progress.",
    }
    for key in ("launchType", "capacityProviderStrategy"):
        if deployment.setup.get(key):
            found[key] = deployment.setup[key]
    return found
