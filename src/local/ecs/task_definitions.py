"""Task definitions: families and their revisions, and what Fargate accepts."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.ecs.shared import invalid, page, read_tags, short_name, tag_list
from local.ecs.state import TaskDefinition
from local.errors import AwsError
from local.lifetimes import moment

if TYPE_CHECKING:
    from local.world import Region

MEMORY = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4097, 1024)),
    1024: tuple(range(2048, 8193, 1024)),
    2048: tuple(range(4096, 16385, 1024)),
    4096: tuple(range(8192, 30721, 1024)),
    8192: tuple(range(16384, 61441, 4096)),
    16384: tuple(range(32768, 122881, 8192)),
}
"""MiB that Fargate offers for each number of CPU units (ECS developer guide, task size)."""

CONTAINER_DEFAULTS: dict[str, Any] = {
    "cpu": 0,
    "portMappings": [],
    "essential": True,
    "environment": [],
    "mountPoints": [],
    "volumesFrom": [],
    "systemControls": [],
}


def register(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    body = {key: copy.deepcopy(value) for key, value in params.items() if key != "tags"}
    _check(body)
    definition = add(region, body, tags=read_tags(params.get("tags")))
    return {"taskDefinition": view(region, definition), "tags": tag_list(definition.tags)}


def add(
    region: Region,
    body: dict[str, Any],
    *,
    tags: dict[str, str] | None = None,
    revision: int | None = None,
) -> TaskDefinition:
    """The next revision of `body["family"]`; revision numbers are never used twice."""
    family = body["family"]
    revisions = region.ecs.definitions.setdefault(family, [])
    revision = revision or (revisions[-1].revision + 1 if revisions else 1)
    body["containerDefinitions"] = [
        {**copy.deepcopy(CONTAINER_DEFAULTS), **each} for each in body["containerDefinitions"]
    ]
    definition = TaskDefinition(
        arn=region.arn("ecs", f"task-definition/{family}:{revision}"),
        family=family,
        revision=revision,
        body=body,
        registered_at=region.now,
        tags=tags or {},
    )
    revisions.append(definition)
    return definition


def _check(body: Mapping[str, Any]) -> None:
    if not body.get("containerDefinitions"):
        raise _client("Container list cannot be empty.")
    if "FARGATE" not in (body.get("requiresCompatibilities") or ()):
        return
    if body.get("networkMode") != "awsvpc":
        raise _client("Fargate only supports network mode ‘awsvpc’.")
    cpu, memory = str(body.get("cpu", "")), str(body.get("memory", ""))
    fits = cpu.isdigit() and memory.isdigit() and int(memory) in MEMORY.get(int(cpu), ())
    if not fits:
        raise _client(
            f"No Fargate configuration exists for given values: {cpu or 'no'} CPU, "
            f"{memory or 'no'} memory. See the Amazon ECS documentation for the valid values."
        )


def _client(message: str) -> AwsError:
    return AwsError("ClientException", message)


def find(region: Region, wanted: str) -> TaskDefinition | None:
    """A revision by ARN or `family:revision`, or the family's latest ACTIVE one (§2.1)."""
    family, _, revision = short_name(wanted).partition(":")
    revisions = region.ecs.definitions.get(family) or []
    if revision:
        return next((each for each in revisions if str(each.revision) == revision), None)
    return next((each for each in reversed(revisions) if each.status == "ACTIVE"), None)


def for_service(region: Region, wanted: str) -> TaskDefinition:
    """The revision that a service asks for; raises as CreateService does (§2.2)."""
    definition = find(region, wanted)
    if not definition:
        raise _client("TaskDefinition not found.")
    if definition.status != "ACTIVE":
        raise invalid("TaskDefinition is inactive")
    return definition


def view(region: Region, definition: TaskDefinition) -> dict[str, Any]:
    found: dict[str, Any] = {
        "volumes": [],
        "placementConstraints": [],
        **definition.body,
        "taskDefinitionArn": definition.arn,
        "revision": definition.revision,
        "status": definition.status,
        "requiresAttributes": [],
        "compatibilities": ["EC2", "FARGATE"],
        "registeredAt": moment(definition.registered_at),
        "registeredBy": f"arn:aws:iam::{region.account}:user/laptop",
    }
    if definition.deregistered_at:
        found["deregisteredAt"] = moment(definition.deregistered_at)
    return found


def describe(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    definition = find(region, params["taskDefinition"])
    if not definition:
        raise _client("Unable to describe task definition.")
    reply = {"taskDefinition": view(region, definition)}
    if "TAGS" in (params.get("include") or ()):
        reply["tags"] = tag_list(definition.tags)  # type: ignore[assignment]
    return reply


def deregister(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    definition = find(region, params["taskDefinition"])
    if not definition or ":" not in short_name(params["taskDefinition"]):
        raise _client("The specified task definition does not exist.")
    if definition.status == "ACTIVE":
        definition.status = "INACTIVE"
        definition.deregistered_at = region.now
    return {"taskDefinition": view(region, definition)}


def list_all(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    prefix = params.get("familyPrefix")
    status = params.get("status", "ACTIVE")
    arns = [
        each.arn
        for family, revisions in sorted(region.ecs.definitions.items())
        if prefix in (None, family)
        for each in revisions
        if each.status == status
    ]
    if params.get("sort") == "DESC":
        arns.reverse()
    return page(arns, params, "taskDefinitionArns")


def list_families(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    prefix, status = params.get("familyPrefix", ""), params.get("status", "ACTIVE")
    families = [
        family
        for family, revisions in sorted(region.ecs.definitions.items())
        if family.startswith(prefix)
        and (status == "ALL" or any(each.status == status for each in revisions))
    ]
    return page(families, params, "families")


OPERATIONS = {
    "RegisterTaskDefinition": register,
    "DescribeTaskDefinition": describe,
    "DeregisterTaskDefinition": deregister,
    "ListTaskDefinitions": list_all,
    "ListTaskDefinitionFamilies": list_families,
}
