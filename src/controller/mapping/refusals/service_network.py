"""CreateService: what ECS refuses of a service's network: subnets, security groups, network mode."""

from __future__ import annotations

from controller.domain.problem import Level
from controller.mapping.refusals.row import API, PREFLIGHT, Found, Refusal
from controller.mapping.refusals.views import ServiceView, apart

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


NETWORK: tuple[Refusal, ...] = (
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
        rule="too-many",
        when=_too_many,
        at=_AWSVPC,
        text="",
        advice="network_configuration.{argument}: found {found}, expected {most} at most",
        source=API,
    ),
)
