"""VPC endpoints: put there by `furnish`, and described."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.ec2.filters import by_ids, page, select, tag_list
from local.ec2.state import VpcEndpoint

if TYPE_CHECKING:
    from local.world import Region

NO_ENDPOINT = ("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '{id}' does not exist")


def add(region: Region, *, vpc_id: str, service: str) -> VpcEndpoint:
    kind = "Gateway" if service in ("s3", "dynamodb") else "Interface"
    endpoint = VpcEndpoint(region.ids.ec2("vpce"), vpc_id, service, kind)
    region.ec2.endpoints[endpoint.id] = endpoint
    return endpoint


def describe(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    found = by_ids(region.ec2.endpoints, params.get("VpcEndpointIds"), *NO_ENDPOINT)
    chosen = select(
        found,
        params,
        lambda each: {
            "vpc-endpoint-id": each.id,
            "vpc-id": each.vpc_id,
            "service-name": _service_name(region, each),
            "vpc-endpoint-type": each.kind,
            "vpc-endpoint-state": "available",
            "tags": each.tags,
        },
    )
    return page([_view(region, each) for each in chosen], params, "VpcEndpoints")


def _service_name(region: Region, endpoint: VpcEndpoint) -> str:
    return f"com.amazonaws.{region.name}.{endpoint.service}"


def _view(region: Region, endpoint: VpcEndpoint) -> dict[str, Any]:
    """The state in small letters, as EC2 sends it, whatever its model says."""
    return {
        "VpcEndpointId": endpoint.id,
        "VpcEndpointType": endpoint.kind,
        "VpcId": endpoint.vpc_id,
        "ServiceName": _service_name(region, endpoint),
        "State": "available",
        "OwnerId": region.account,
        "Tags": tag_list(endpoint.tags),
    }


OPERATIONS = {"DescribeVpcEndpoints": describe}
