"""Route tables and network ACLs: as much as Terraform asks for around a subnet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.ec2.filters import by_ids, page, select, tag_list, tags_for
from local.ec2.state import RouteTable
from local.errors import AwsError

if TYPE_CHECKING:
    from local.world import Region

NO_TABLE = ("InvalidRouteTableID.NotFound", "The routeTable ID '{id}' does not exist")


def add_table(
    region: Region, vpc_id: str, *, main: bool = False, tags: dict[str, str] | None = None
) -> RouteTable:
    table = RouteTable(region.ids.ec2("rtb"), vpc_id, main=main, tags=tags or {})
    region.ec2.route_tables[table.id] = table
    return table


def create_table(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    vpc_id = params["VpcId"]
    if vpc_id not in region.ec2.vpcs:
        raise AwsError("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")
    table = add_table(region, vpc_id, tags=tags_for(params, "route-table"))
    return {"RouteTable": _view(region, table)}


def describe_tables(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    found = by_ids(region.ec2.route_tables, params.get("RouteTableIds"), *NO_TABLE)
    chosen = select(
        found,
        params,
        lambda table: {
            "route-table-id": table.id,
            "vpc-id": table.vpc_id,
            "association.main": table.main,
            "association.subnet-id": list(table.associations.values()),
            "association.route-table-association-id": list(table.associations),
            "tags": table.tags,
        },
    )
    return page([_view(region, table) for table in chosen], params, "RouteTables")


def _view(region: Region, table: RouteTable) -> dict[str, Any]:
    local_route = {
        "DestinationCidrBlock": region.ec2.vpcs[table.vpc_id].cidr,
        "GatewayId": "local",
        "Origin": "CreateRouteTable",
        "State": "active",
    }
    routes = [
        {
            "DestinationCidrBlock": destination,
            kind: target,
            "Origin": "CreateRoute",
            "State": "active",
        }
        for destination, (kind, target) in table.routes.items()
    ]
    return {
        "RouteTableId": table.id,
        "VpcId": table.vpc_id,
        "OwnerId": region.account,
        "Associations": _associations(table),
        "PropagatingVgws": [],
        "Routes": [local_route, *routes],
        "Tags": tag_list(table.tags),
    }


def _associations(table: RouteTable) -> list[dict[str, Any]]:
    state = {"State": "associated"}
    found: list[dict[str, Any]] = [
        {
            "Main": False,
            "RouteTableAssociationId": association_id,
            "RouteTableId": table.id,
            "SubnetId": subnet_id,
            "AssociationState": state,
        }
        for association_id, subnet_id in table.associations.items()
    ]
    if table.main:
        found.append(
            {
                "Main": True,
                "RouteTableAssociationId": f"rtbassoc-{table.id[4:]}",
                "RouteTableId": table.id,
                "AssociationState": state,
            }
        )
    return found


def _table(region: Region, params: Mapping[str, Any]) -> RouteTable:
    return by_ids(region.ec2.route_tables, [params["RouteTableId"]], *NO_TABLE)[0]


def associate_table(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    table = _table(region, params)
    association_id = region.ids.ec2("rtbassoc")
    table.associations[association_id] = params["SubnetId"]
    return {"AssociationId": association_id, "AssociationState": {"State": "associated"}}


def describe_acls(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """The default ACL of each VPC, which lets everything through."""
    acls = [{"id": f"acl-{vpc.id[4:]}", "vpc": vpc.id} for vpc in region.ec2.vpcs.values()]
    chosen = select(
        acls,
        params,
        lambda acl: {
            "network-acl-id": acl["id"],
            "vpc-id": acl["vpc"],
            "default": True,
            "tags": {},
        },
    )
    views = [
        {
            "NetworkAclId": acl["id"],
            "VpcId": acl["vpc"],
            "IsDefault": True,
            "OwnerId": region.account,
            "Associations": [],
            "Entries": [],
            "Tags": [],
        }
        for acl in chosen
    ]
    return page(views, params, "NetworkAcls")


OPERATIONS = {
    "CreateRouteTable": create_table,
    "DescribeRouteTables": describe_tables,
    "AssociateRouteTable": associate_table,
    "DescribeNetworkAcls": describe_acls,
}
