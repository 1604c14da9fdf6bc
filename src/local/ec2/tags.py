"""Tags of EC2 things by id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.errors import AwsError

if TYPE_CHECKING:
    from local.world import Region


def create(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    for tags in _tags(region, params):
        tags.update({tag["Key"]: tag.get("Value", "") for tag in params["Tags"]})
    return {}


def delete(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    keys = [tag["Key"] for tag in params.get("Tags") or ()]
    for tags in _tags(region, params):
        for key in keys or list(tags):
            tags.pop(key, None)
    return {}


def _tags(region: Region, params: Mapping[str, Any]) -> list[dict[str, str]]:
    found = []
    for resource_id in params["Resources"]:
        tags = region.ec2.tags_of(resource_id)
        if tags is None:
            raise AwsError("InvalidID", f"The ID '{resource_id}' is not valid")
        found.append(tags)
    return found


OPERATIONS = {"CreateTags": create, "DeleteTags": delete}
