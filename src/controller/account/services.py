"""The rest of a survey: what ECS, ELBv2 and IAM say, as the domain's facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from controller.aws import load_balancer, service, target_group
from controller.aws.clients import Client
from controller.aws.context import Context, desired_count
from controller.aws.errors import code_of
from controller.aws.load_balancer import LoadBalancerAdapter
from controller.aws.service import Backing, ServiceAdapter
from controller.aws.target_group import TargetGroupAdapter
from controller.domain.diagnostics.facts import Container, Quota, Role, TaskDefinition
from controller.domain.planning.observed import Observation
from controller.domain.planning.plan import Target
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Kind, ResourceSpec


def read_clusters(ecs: Client, names: Sequence[str]) -> dict[str, str]:
    """Each as it was named, by name or ARN, to its status; what does not exist is left out."""
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
    return Container(name=name, image=image, ports=ports, needs_role=needs)


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
    limits = {one["Name"]: int(one["Max"]) for one in _all(elbv2, "account_limits", "Limits")}
    balancers = _all(elbv2, "load_balancers", "LoadBalancers")
    network = sum(1 for each in balancers if each.get("Type") == "network")
    groups = len(_all(elbv2, "target_groups", "TargetGroups"))
    used = {
        "network-load-balancers": ("network load balancers", network),
        "target-groups": ("target groups", groups),
    }
    return tuple(
        Quota(what=what, used=count, most=limits[name])
        for name, (what, count) in used.items()
        if name in limits
    )


def read_standing(context: Context, resource: ResourceSpec, now: datetime) -> Observation | None:
    """What stands under the name of a resource, ours or not; None if that cannot be told."""
    owner, nothing, elbv2 = context.owner(resource), Progress(), context.clients.elbv2
    match resource.kind:
        case Kind.LOAD_BALANCER:
            seen = LoadBalancerAdapter(elbv2).describe(resource)
            tags = _tags(context, seen, "LoadBalancerArn")
            return load_balancer.interpret(resource, seen, tags, owner, nothing, now)
        case Kind.TARGET_GROUP:
            seen = TargetGroupAdapter(elbv2).describe(resource)
            tags = _tags(context, seen, "TargetGroupArn")
            return target_group.interpret(resource, seen, tags, owner, nothing, now)
        case Kind.SERVICE:
            try:
                cluster = context.cluster(resource)
                found = ServiceAdapter(context.clients.ecs).describe(cluster, [resource.name])
            except Exception as error:
                if code_of(error) != "ClusterNotFoundException":
                    raise
                return None  # the cluster's own check says so
            seen, count = found.get(resource.name), desired_count(resource, Target.AWAKE)
            return service.interpret(resource, seen, Backing(), count, owner, nothing, now)
        case _:
            return None


def _tags(context: Context, seen: Mapping[str, Any] | None, key: str) -> dict[str, str] | None:
    return context.read_tags([seen[key]])[seen[key]] if seen else None


def _all(elbv2: Client, what: str, result: str) -> list[dict[str, Any]]:
    pages = elbv2.get_paginator(f"describe_{what}").paginate()
    return [item for page in pages for item in page[result]]


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
