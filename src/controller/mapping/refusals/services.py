"""
CreateService: what ECS refuses of a service, its tasks and where they run.

Its size: a table, one row for each refusal of AWS.
"""

from __future__ import annotations

import re
from typing import Any

from controller.domain.problem import Level
from controller.mapping.refusals.deployments import DEPLOYMENTS
from controller.mapping.refusals.row import (
    API,
    ECS_GUIDE,
    PREFLIGHT,
    PROVIDER,
    UNKNOWN,
    Found,
    Refusal,
)
from controller.mapping.refusals.service_parts import PARTS
from controller.mapping.refusals.views import FARGATE, ServiceView, apart

_AWSVPC = "networkConfiguration.awsvpcConfiguration"


def _instance_target(service: ServiceView) -> Found:
    """The default of a target group is instance."""
    if not service.is_awsvpc:
        return None
    for index, group in enumerate(service.groups):
        if group.get("TargetType", "instance") == "instance":
            at = f"loadBalancers[{index}].targetGroupArn"
            return {"at": at, "arn": group.get("arn", "of the load_balancer block")}
    return None


def _role_is_of_no_use(service: ServiceView) -> Found:
    linked = service.is_awsvpc or service.has("serviceRegistries")
    return service.has("role") and (linked or len(service.get("loadBalancers", [])) > 1)


def _by_launch_type(service: ServiceView, field: str) -> Found:
    return service.launch == "FARGATE" and service.has(field)


def _by_provider(service: ServiceView, field: str) -> Found:
    return service.launch != "FARGATE" and service.on_fargate and service.has(field)


def _strategy_at(service: ServiceView, key: str) -> list[Any]:
    return [each.get(key, 0) for each in service.strategy]


def _foreign_provider(service: ServiceView) -> Found:
    if service.providers is UNKNOWN:
        return None
    for index, each in enumerate(service.strategy):
        name = each.get("capacityProvider")
        if name is not UNKNOWN and name not in service.providers:
            at = f"capacityProviderStrategy[{index}].capacityProvider"
            return {"at": at, "name": name}
    return None


def _no_weight(service: ServiceView) -> bool:
    weights = _strategy_at(service, "weight")
    return bool(weights) and all(weight == 0 for weight in weights)


def _mixed_providers(service: ServiceView) -> Found:
    names = [each.get("capacityProvider") for each in service.strategy]
    if any(name is UNKNOWN for name in names):
        return None
    kinds = {name in FARGATE for name in names}
    return {"names": ", ".join(map(str, names))} if len(kinds) > 1 else None


def _strategy_field(service: ServiceView, type_: str) -> tuple[int, Any] | None:
    for index, each in enumerate(service.get("placementStrategy", [])):
        if each.get("type") == type_ and "field" in each:
            return index, each["field"]
    return None


def _binpack(service: ServiceView) -> Found:
    found = _strategy_field(service, "binpack")
    if found is None or not isinstance(found[1], str) or found[1].lower() in ("cpu", "memory"):
        return None
    return {"at": f"placementStrategy[{found[0]}].field", "field": found[1]}


def _random(service: ServiceView) -> Found:
    found = _strategy_field(service, "random")
    return {"at": f"placementStrategy[{found[0]}].field"} if found else None


def _distinct(service: ServiceView) -> Found:
    for index, each in enumerate(service.get("placementConstraints", [])):
        if each.get("type") == "distinctInstance" and each.get("expression"):
            return {"at": f"placementConstraints[{index}].expression"}
    return None


def _not_awsvpc(service: ServiceView, *, by_default: bool) -> Found:
    task = service.task
    wrong = service.on_fargate and task.network_mode in ("bridge", "host", "none")
    return {"mode": task.network_mode} if wrong and task.by_default is by_default else None


def _too_many(service: ServiceView) -> Found:
    for field, argument, most in (
        ("securityGroups", "security_groups", 5),
        ("subnets", "subnets", 16),
    ):
        found = service.get(f"{_AWSVPC}.{field}", [])
        if len(found) > most:
            return {"at": f"{_AWSVPC}.{field}", "argument": argument, "found": len(found),
                    "most": most}  # fmt: skip
    return None


def _name(service: ServiceView) -> Found:
    name = service.get("serviceName")
    wrong = isinstance(name, str) and not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name)
    return {"name": name} if wrong else None


_OWN: tuple[Refusal, ...] = (
    Refusal(
        rule="instance-targets",
        by_trap=True,
        when=_instance_target,
        at="loadBalancers",
        text="The provided target group {arn} has target type instance, which is incompatible with "
        "the awsvpc network mode specified in the task definition.",
        advice='the target group has target_type "instance" (the default), and each task a network '
        'interface of its own; set target_type = "ip" there',
        source=API,
    ),
    Refusal(
        rule="no-network",
        when=lambda service: service.is_awsvpc and not service.has("networkConfiguration"),
        at="networkConfiguration",
        text="Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        advice="network_configuration is missing, and each task has a network interface of its own; "
        "add the block with its subnets",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="network-without-awsvpc",
        by_task=True,
        when=lambda service: (
            not service.on_fargate
            and service.task.network_mode in ("bridge", "host", "none")
            and service.has("networkConfiguration")
            and not service.task.by_default
            and {"mode": service.task.network_mode}
        ),
        at="networkConfiguration",
        text="Network Configuration is not valid for the given networkMode of this task definition.",
        advice='network_configuration: found one for tasks of network_mode "{mode}"; set '
        'network_mode = "awsvpc" in the task definition, or remove the block',
        source=PREFLIGHT,
    ),
    Refusal(
        rule="network-without-awsvpc",
        when=lambda service: (
            not service.on_fargate
            and service.task.network_mode in ("bridge", "host", "none")
            and service.has("networkConfiguration")
            and service.task.by_default
            and {"mode": service.task.network_mode}
        ),
        at="networkConfiguration",
        text="Network Configuration is not valid for the given networkMode of this task definition.",
        advice='network_configuration: found one for tasks of network_mode "{mode}" (the default); set '
        'network_mode = "awsvpc" in the task definition, or remove the block',
        source=PREFLIGHT,
        level=Level.WARNING,
    ),
    Refusal(
        rule="no-subnets",
        when=lambda service: service.get(f"{_AWSVPC}.subnets") == [],
        at=f"{_AWSVPC}.subnets",
        text="subnets can not be empty.",
        advice="network_configuration.subnets: found an empty list, expected one subnet at least",
        source=API,
    ),
    Refusal(
        rule="other-vpc",
        when=lambda service: apart(service.vpcs),
        at=f"{_AWSVPC}.subnets",
        text="",
        advice="network_configuration.subnets: found those of two VPCs, expected those of one",
        source=API,
    ),
    Refusal(
        rule="other-vpc",
        when=lambda service: (
            not apart(service.vpcs) and apart((*service.vpcs, *service.group_vpcs))
        ),
        at=f"{_AWSVPC}.securityGroups",
        text="",
        advice="network_configuration.security_groups: found one of another VPC than the subnets'",
        source=API,
    ),
    Refusal(
        rule="not-for-fargate",
        by_task=True,
        when=lambda service: (
            service.launch == "FARGATE"
            and isinstance(service.task.compatibilities, list)
            and "FARGATE" not in service.task.compatibilities
            and {"found": ", ".join(service.task.compatibilities)}
        ),
        at="launchType",
        text="Task definition does not support launch_type FARGATE.",
        advice="launch_type: found FARGATE, but the task definition requires_compatibilities {found}; "
        "add FARGATE there",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="fargate-network-mode",
        by_task=True,
        when=lambda service: _not_awsvpc(service, by_default=False),
        at="launchType",
        text="Fargate only supports network mode 'awsvpc'.",
        code="ClientException",
        advice='the task definition has network_mode "{mode}", expected "awsvpc" on Fargate',
        source=PREFLIGHT,
    ),
    Refusal(
        rule="fargate-network-mode",
        when=lambda service: _not_awsvpc(service, by_default=True),
        at="launchType",
        text="Fargate only supports network mode 'awsvpc'.",
        code="ClientException",
        advice='the task definition names no network_mode, which is "{mode}"; write '
        'network_mode = "awsvpc" for Fargate',
        source=PREFLIGHT,
        level=Level.WARNING,
    ),
    Refusal(
        rule="iam-role",
        when=_role_is_of_no_use,
        at="role",
        text="You cannot specify an IAM role for services that require a service linked role.",
        advice="iam_role: remove it; ECS takes its service-linked role for tasks with a network "
        "interface of their own, for several target groups and for service discovery",
        source=f"{PREFLIGHT}; {PROVIDER} #4657",
    ),
    Refusal(
        rule="iam-role",
        when=lambda service: service.has("role") and not service.has("loadBalancers"),
        at="role",
        text="IAM roles are only valid for services configured to use load balancers.",
        advice="iam_role: remove it; this service has no load balancer",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="grace-without-load-balancer",
        when=lambda service: (
            service.has("healthCheckGracePeriodSeconds")
            and service.get("healthCheckGracePeriodSeconds") != 0
            and not service.has("loadBalancers")
        ),
        at="healthCheckGracePeriodSeconds",
        text="Health check grace period is only valid for services configured to use load balancers",
        advice="health_check_grace_period_seconds: remove it; this service has no load balancer",
        source=f"{PROVIDER} #31104; cfn-lint #3612",
        level=Level.WARNING,
    ),
    Refusal(
        rule="placement-strategy",
        when=lambda service: _by_launch_type(service, "placementStrategy"),
        at="placementStrategy",
        text="Placement strategies are not supported with FARGATE launch type.",
        advice="ordered_placement_strategy: remove it; Fargate places tasks by itself",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="placement-strategy",
        when=lambda service: _by_provider(service, "placementStrategy"),
        at="placementStrategy",
        text="Placement strategies are not supported with FARGATE launch type.",
        advice="ordered_placement_strategy: remove it; Fargate places tasks by itself",
        source=PREFLIGHT,
        level=Level.WARNING,
        refused=False,
    ),
    Refusal(
        rule="placement-constraints",
        when=lambda service: _by_launch_type(service, "placementConstraints"),
        at="placementConstraints",
        text="Placement constraints are not supported with FARGATE launch type.",
        advice="placement_constraints: remove it; Fargate places tasks by itself",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="placement-constraints",
        when=lambda service: _by_provider(service, "placementConstraints"),
        at="placementConstraints",
        text="Placement constraints are not supported with FARGATE launch type.",
        advice="placement_constraints: remove it; Fargate places tasks by itself",
        source=PREFLIGHT,
        level=Level.WARNING,
        refused=False,
    ),
    Refusal(
        rule="execute-command-role",
        by_task=True,
        when=lambda service: (
            service.get("enableExecuteCommand") is True and service.task.role is False
        ),
        at="enableExecuteCommand",
        text="The service couldn't be created because a valid taskRoleArn is not being used.",
        advice="enable_execute_command: found true, but the task definition has no task_role_arn; "
        "give it one",
        # Read of updates; of creates it is only said.
        source="docker/compose-cli #2120; aws-toolkit-jetbrains #3649",
        level=Level.WARNING,
    ),
    Refusal(
        rule="launch-type",
        by_trap=True,
        when=lambda service: service.has("launchType") and service.has("capacityProviderStrategy"),
        at="launchType",
        text="Specifying both a launch type and capacity provider strategy is not supported. Remove "
        "one and try again.",
        advice="found both launch_type and capacity_provider_strategy, expected one of them",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="capacity-provider",
        when=_foreign_provider,
        at="capacityProviderStrategy",
        text="The specified capacity provider strategy cannot contain a capacity provider that is "
        "not associated with the cluster. Associate the capacity provider with the cluster and try "
        "again.",
        advice='capacity_provider: found "{name}", which the cluster does not have; add it to '
        "aws_ecs_cluster_capacity_providers",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="capacity-weight",
        when=lambda service: _no_weight(service) and len(service.strategy) > 1,
        at="capacityProviderStrategy",
        text="There are no capacity providers",
        advice="capacity_provider_strategy: every weight is 0 (the default), expected one above 0",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="capacity-weight",
        when=lambda service: _no_weight(service) and len(service.strategy) == 1,
        at="capacityProviderStrategy",
        text="There are no capacity providers",
        advice="capacity_provider_strategy.weight: found 0 (the default), expected 1 or more",
        source=PREFLIGHT,
        level=Level.WARNING,
        refused=False,
    ),
    Refusal(
        rule="capacity-base",
        when=lambda service: sum(base > 0 for base in _strategy_at(service, "base")) > 1,
        at="capacityProviderStrategy",
        text="There are multiple capacity providers",
        advice="capacity_provider_strategy: found a base above 0 in several, expected it in one",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="capacity-mixed",
        when=_mixed_providers,
        at="capacityProviderStrategy",
        text="",
        advice="capacity_provider_strategy: found {names}; Fargate and others cannot be mixed in one",
        source=ECS_GUIDE,
    ),
    Refusal(
        rule="platform-of-ec2",
        when=lambda service: service.launch == "EC2" and service.has("platformVersion"),
        at="platformVersion",
        text="The platform version must be null when specifying an EC2 launch type.",
        advice='platform_version: remove it; it is for Fargate, and launch_type is "EC2"',
        source=PREFLIGHT,
    ),
    Refusal(
        rule="public-address-of-ec2",
        when=lambda service: (
            service.launch == "EC2" and service.get(f"{_AWSVPC}.assignPublicIp") == "ENABLED"
        ),
        at=f"{_AWSVPC}.assignPublicIp",
        text="Assign public IP is not supported for this launch type.",
        advice='assign_public_ip: found true, expected false for launch_type "EC2"',
        source=PREFLIGHT,
    ),
    Refusal(
        rule="placement-field",
        when=_binpack,
        at="placementStrategy",
        text="binpack field '{field}' is invalid.",
        advice='ordered_placement_strategy.field: found "{field}", expected cpu or memory to binpack',
        source=PREFLIGHT,
    ),
    Refusal(
        rule="placement-field",
        when=_random,
        at="placementStrategy",
        text="random field should not be specified.",
        advice="ordered_placement_strategy.field: remove it; random has none",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="placement-field",
        when=_distinct,
        at="placementConstraints",
        text="distinctInstance expression should not be specified",
        advice="placement_constraints.expression: remove it; distinctInstance has none",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="too-many",
        when=_too_many,
        at=_AWSVPC,
        text="",
        advice="network_configuration.{argument}: found {found}, expected {most} at most",
        source=API,
    ),
    Refusal(
        rule="service-name",
        when=_name,
        at="serviceName",
        text="",
        advice='name: found "{name}", expected up to 255 letters, digits, hyphens and underscores',
        source=f"{PREFLIGHT}; {API}",
    ),
)

SERVICES: tuple[Refusal, ...] = (*_OWN, *DEPLOYMENTS, *PARTS)
