"""Tags of clusters, services, tasks and task definitions by ARN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.ecs.shared import invalid, read_tags, tag_list
from local.ecs.state import Tags
from local.ecs.task_definitions import find as find_definition
from local.errors import AwsError

if TYPE_CHECKING:
    from local.world import Region


def _tags(region: Region, arn: str) -> Tags:
    kind, _, rest = arn.rpartition(":ecs:")[2].partition(":")[2].partition(":")[2].partition("/")
    name, _, inner = rest.partition("/")
    found: Any = None
    if kind == "task-definition":
        found = find_definition(region, arn)
    elif kind in ("cluster", "service", "task"):
        found = region.ecs.clusters.get(name)
        if found and kind == "service":
            found = found.services.get(inner)
        elif found and kind == "task":
            found = found.tasks.get(inner)
    else:
        raise invalid(f"Invalid arn syntax: {arn}")
    if not found:
        raise AwsError("ResourceNotFoundException", f"The specified {kind} wasn't found.")
    tags: Tags = found.tags
    return tags


def add(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    _tags(region, params["resourceArn"]).update(read_tags(params["tags"]))
    return {}


def remove(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    tags = _tags(region, params["resourceArn"])
    for key in params["tagKeys"]:
        tags.pop(key, None)
    return {}


def list_all(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    return {"tags": tag_list(_tags(region, params["resourceArn"]))}


OPERATIONS = {"TagResource": add, "UntagResource": remove, "ListTagsForResource": list_all}
