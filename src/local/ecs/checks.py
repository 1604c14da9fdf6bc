"""What CreateService and UpdateService refuse, in AWS's words (AWS behaviour §2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.ecs.shared import invalid
from local.ecs.state import Cluster, TaskDefinition
from local.errors import AwsError

if TYPE_CHECKING:
    from local.world import Region

PLATFORMS = ("LATEST", "1.4.0")
"""1.3.0 is retired (§2.3)."""

FARGATE = ("FARGATE", "FARGATE_SPOT")


def check_setup(
    region: Region, cluster: Cluster, definition: TaskDefinition, setup: Mapping[str, Any]
) -> None:
    """Check the fields of a service that AWS looks at before it makes or changes one."""
    _check_launch(cluster, definition, setup)
    _check_platform(setup)
    _check_network(region, definition, setup)
    if setup.get("healthCheckGracePeriodSeconds") and not setup.get("loadBalancers"):
        raise invalid(
            "Health check grace period is only valid for services configured to use load balancers"
        )
    _check_rebalancing(setup)


def _check_launch(cluster: Cluster, definition: TaskDefinition, setup: Mapping[str, Any]) -> None:
    strategy = setup.get("capacityProviderStrategy")
    if strategy and setup.get("launchType"):
        raise invalid(
            "Specifying both a launch type and capacity provider strategy is not "
            "supported. Remove one and try again."
        )
    for each in strategy or ():
        if each["capacityProvider"] not in cluster.capacity_providers:
            raise invalid(
                "The specified capacity provider strategy cannot contain a capacity provider "
                "that is not associated with the cluster. Associate the capacity provider with "
                "the cluster and try again."
            )
    if not strategy and setup.get("launchType", "EC2") != "FARGATE":
        raise AwsError(
            "NotImplemented",
            "the laptop AWS runs tasks on Fargate only, got launchType "
            f"'{setup.get('launchType', 'EC2')}' (the API's default is 'EC2')",
            501,
        )
    if "FARGATE" not in (definition.body.get("requiresCompatibilities") or ("FARGATE",)):
        raise invalid("Task definition does not support launch_type FARGATE.")


def _check_platform(setup: Mapping[str, Any]) -> None:
    if setup.get("platformVersion", "LATEST") not in PLATFORMS:
        raise AwsError("PlatformUnknownException", "The specified platform does not exist.")


def _check_network(region: Region, definition: TaskDefinition, setup: Mapping[str, Any]) -> None:
    if definition.body.get("networkMode") != "awsvpc":
        raise AwsError(
            "PlatformTaskDefinitionIncompatibilityException",
            "One or more of the requested capabilities are not supported.",
        )
    network = (setup.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if not network or not network.get("subnets"):
        raise invalid(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        )
    for subnet_id in network["subnets"]:
        if subnet_id not in region.ec2.subnets:
            raise invalid(
                f"Error retrieving subnet information for [{subnet_id}]: The subnet ID "
                f"'{subnet_id}' does not exist (ErrorCode: InvalidSubnetID.NotFound)"
            )
    for group_id in network.get("securityGroups") or ():
        if group_id not in region.ec2.groups:
            raise invalid(
                f"Error retrieving security group information for [{group_id}]: The security "
                f"group '{group_id}' does not exist (ErrorCode: InvalidGroup.NotFound)"
            )


def check_load_balancers(
    region: Region, definition: TaskDefinition, setup: Mapping[str, Any]
) -> None:
    """Each target group stands, has a load balancer by now, and fits the containers."""
    for entry in setup.get("loadBalancers") or ():
        _check_load_balancer(region, definition, entry)


def _check_load_balancer(
    region: Region, definition: TaskDefinition, entry: Mapping[str, Any]
) -> None:
    arn = entry.get("targetGroupArn", "")
    group = region.elbv2.groups.get(arn)
    if not group:
        raise invalid(f"The target group {arn} does not exist.")
    if region.now < group.used_from + region.timing.association_visible:
        raise invalid(
            f"The target group with targetGroupArn {arn} does not have an associated load balancer."
        )
    if group.target_type != "ip":
        raise invalid(
            f"The provided target group {arn} has target type {group.target_type}, which is "
            "incompatible with the awsvpc network mode specified in the task definition."
        )
    _check_container(definition, entry)


def _check_container(definition: TaskDefinition, entry: Mapping[str, Any]) -> None:
    name, port = entry.get("containerName"), entry.get("containerPort")
    container = definition.container(name or "")
    if not container:
        raise invalid(f"The container {name} does not exist in the task definition.")
    if all(each.get("containerPort") != port for each in container.get("portMappings") or ()):
        raise invalid(f"The container {name} did not have a container port {port} defined.")


def _check_rebalancing(setup: Mapping[str, Any]) -> None:
    """AvailabilityZoneRebalancing is ENABLED unless told otherwise, and needs room (§2.1)."""
    configuration = setup.get("deploymentConfiguration") or {}
    enabled = setup.get("availabilityZoneRebalancing", "DISABLED") == "ENABLED"
    if enabled and configuration.get("maximumPercent", 200) <= 100:
        raise invalid(
            "Services with availability zone rebalancing enabled must have a maximumPercent "
            "above 100."
        )
