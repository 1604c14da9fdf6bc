"""What CreateService and UpdateService refuse, in AWS's words (AWS behaviour §2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.ecs.shared import invalid
from local.ecs.state import TaskDefinition
from local.errors import AwsError

if TYPE_CHECKING:
    from local.world import Region

PLATFORMS = ("LATEST", "1.4.0")
"""1.3.0 is retired (§2.3)."""

FARGATE = ("FARGATE", "FARGATE_SPOT")


def check_setup(region: Region, definition: TaskDefinition, setup: Mapping[str, Any]) -> None:
    """What depends on what else is there; the rest of the refusals are `local.refusals`."""
    _check_launch(setup)
    _check_platform(setup)
    _check_network(region, definition, setup)


def _check_launch(setup: Mapping[str, Any]) -> None:
    strategy = setup.get("capacityProviderStrategy")
    if not strategy and setup.get("launchType", "EC2") != "FARGATE":
        raise AwsError(
            "NotImplemented",
            "the simulated AWS runs tasks on Fargate only, got launchType "
            f"'{setup.get('launchType', 'EC2')}' (the API's default is 'EC2')",
            501,
        )


def _check_platform(setup: Mapping[str, Any]) -> None:
    if setup.get("platformVersion", "LATEST") not in PLATFORMS:
        raise AwsError("PlatformUnknownException", "The specified platform does not exist.")


def _check_network(region: Region, definition: TaskDefinition, setup: Mapping[str, Any]) -> None:
    if definition.body.get("networkMode") != "awsvpc":
        raise AwsError(
            "PlatformTaskDefinitionIncompatibilityException",
            "One or more of the requested capabilities are not supported.",
        )
    network = setup["networkConfiguration"]["awsvpcConfiguration"]
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
    """Each target group exists, has a load balancer by now, and fits the containers."""
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
    _check_container(definition, entry)


def _check_container(definition: TaskDefinition, entry: Mapping[str, Any]) -> None:
    name, port = entry.get("containerName"), entry.get("containerPort")
    container = definition.container(name or "")
    if not container:
        raise invalid(f"The container {name} does not exist in the task definition.")
    if all(each.get("containerPort") != port for each in container.get("portMappings") or ()):
        raise invalid(f"The container {name} did not have a container port {port} defined.")
