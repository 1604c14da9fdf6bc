"""The rest of a survey: what ECS, ELBv2 and IAM say, as the domain's facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from controller.aws.clients import Client
from controller.aws.context import Context
from controller.aws.errors import code_of
from controller.aws.kinds import make_kinds
from controller.aws.listing import list_all
from controller.aws.snapshot import Snapshot
from controller.domain.diagnostics.facts import Container, Quota, Role, TaskDefinition
from controller.domain.diagnostics.front_quotas import PER_BALANCER
from controller.domain.planning.observed import Observation
from controller.domain.planning.plan import Target
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import ResourceSpec


def read_clusters(ecs: Client, names: Sequence[str]) -> dict[str, str]:
    """Each by the name or ARN that was given, to its status; missing ones are left out."""
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return {}
    found: dict[str, str] = {}
    for cluster in ecs.describe_clusters(clusters=wanted)["clusters"]:
        found[cluster["clusterName"]] = found[cluster["clusterArn"]] = cluster["status"]
    return {name: found[name] for name in wanted if name in found}


def read_definition(ecs: Client, name: str) -> TaskDefinition | None:
    try:
        found = ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]
    except Exception as error:
        if code_of(error) == "ClientException":
            return None  # "Unable to describe task definition." (AWS behaviour §2.2)
        raise
    return TaskDefinition(
        arn=found["taskDefinitionArn"],
        active=found.get("status") == "ACTIVE",
        network_mode=found.get("networkMode", "bridge"),
        compatibilities=tuple(found.get("requiresCompatibilities", ())),
        architecture=found.get("runtimePlatform", {}).get("cpuArchitecture", "X86_64"),
        execution_role=found.get("executionRoleArn", ""),
        containers=tuple(_container(c) for c in found["containerDefinitions"]),
        vcpus=int(found.get("cpu") or 0) / 1024,
    )


def _container(found: Mapping[str, Any]) -> Container:
    name, image = str(found["name"]), str(found.get("image", ""))
    needs = ""
    if ".dkr.ecr." in image:
        needs = f"the image {image} in ECR"
    elif found.get("secrets"):
        needs = f'container "{name}" with its secrets'
    elif found.get("logConfiguration", {}).get("logDriver") == "awslogs":
        needs = f'container "{name}" with its log driver awslogs'
    ports = tuple(int(p["containerPort"]) for p in found.get("portMappings", ()))
    return Container(
        name=name,
        image=image,
        ports=ports,
        needs_role=needs,
        secrets=_secrets(found),
        log_group=_log_group(found.get("logConfiguration", {})),
    )


def _secrets(container: Mapping[str, Any]) -> tuple[str, ...]:
    log = container.get("logConfiguration", {})
    named = [*container.get("secrets", ()), *log.get("secretOptions", ())]
    registry = container.get("repositoryCredentials", {}).get("credentialsParameter")
    return tuple(
        dict.fromkeys([str(each["valueFrom"]) for each in named] + [registry] * bool(registry))
    )


def _log_group(log: Mapping[str, Any]) -> str:
    options = log.get("options", {})
    if log.get("logDriver") != "awslogs" or options.get("awslogs-create-group") == "true":
        return ""
    return str(options.get("awslogs-group", ""))


def read_role(iam: Client, name: str) -> Role:
    """By name or ARN; the path in front of the name does not count."""
    short = name.rpartition("/")[2]
    try:
        found = iam.get_role(RoleName=short)["Role"]
    except Exception as error:
        if code_of(error) in ("NoSuchEntity", "NoSuchEntityException"):
            return Role(name=short, found=False)
        raise
    trusts = [
        trusted
        for statement in _as_list(found["AssumeRolePolicyDocument"].get("Statement", []))
        if statement.get("Effect") == "Allow" and isinstance(statement.get("Principal"), Mapping)
        for trusted in _as_list(statement["Principal"].get("Service", []))
    ]
    return Role(name=short, found=True, trusts=tuple(dict.fromkeys(trusts)))


def read_quotas(elbv2: Client) -> tuple[Quota, ...]:
    limits = {
        one["Name"]: int(one["Max"]) for one in list_all(elbv2, "describe_account_limits", "Limits")
    }
    balancers = list_all(elbv2, "describe_load_balancers", "LoadBalancers")
    network = sum(1 for each in balancers if each.get("Type") == "network")
    groups = len(list_all(elbv2, "describe_target_groups", "TargetGroups"))
    used = {
        "network-load-balancers": ("network load balancers", network),
        "target-groups": ("target groups", groups),
    }
    of_region = (
        Quota(what=what, used=count, most=limits[name])
        for name, (what, count) in used.items()
        if name in limits
    )
    of_balancers = (
        Quota(what=name, used=0, most=limits[name]) for name in PER_BALANCER if name in limits
    )
    return (*of_region, *of_balancers)


def read_standing(context: Context, resource: ResourceSpec, now: datetime) -> Observation | None:
    """What exists under the name of a resource, ours or not; None if unknown."""
    kind = make_kinds(context)[resource.kind]
    snapshot = Snapshot(spec=context.spec, target=Target.AWAKE, progress=Progress(), now=now)
    try:
        for read in kind.first_reads(snapshot, [resource]):
            read()
    except Exception as error:
        if code_of(error) != "ClusterNotFoundException":
            raise
        return None  # the cluster's own check says so
    arn = snapshot.arn(resource.address)
    if arn and kind.attributes:
        snapshot.tags = context.read_tags([arn])
    # Neither its health nor its settings count here.
    return kind.interpret(replace(snapshot, target=Target.ASLEEP), resource)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
