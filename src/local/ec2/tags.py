"""Tags of EC2 things by id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.ec2.filters import page, select
from local.errors import AwsError

if TYPE_CHECKING:
    from local.world import Region

KINDS = {
    "vpc": "vpc",
    "subnet": "subnet",
    "igw": "internet-gateway",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "eni": "network-interface",
    "eipalloc": "elastic-ip",
    "rtb": "route-table",
}


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


def describe(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    state = region.ec2
    everything: tuple[Mapping[str, Any], ...] = (
        state.vpcs,
        state.subnets,
        state.gateways,
        state.groups,
        state.addresses,
        state.route_tables,
    )
    rows = [
        {"ResourceId": key, "ResourceType": _kind(key), "Key": name, "Value": value}
        for store in everything
        for key, thing in store.items()
        for name, value in thing.tags.items()
    ]
    chosen = select(
        rows,
        params,
        lambda row: {
            "resource-id": row["ResourceId"],
            "resource-type": row["ResourceType"],
            "key": row["Key"],
            "value": row["Value"],
            "tags": {row["Key"]: row["Value"]},
        },
    )
    return page(chosen, params, "Tags")


def _kind(resource_id: str) -> str:
    return KINDS[resource_id.partition("-")[0]]


OPERATIONS = {"CreateTags": create, "DeleteTags": delete, "DescribeTags": describe}
