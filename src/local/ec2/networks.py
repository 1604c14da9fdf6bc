"""VPCs and internet gateways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.ec2 import routes, security_groups
from local.ec2.filters import by_ids, page, select, tag_list, tags_for
from local.ec2.state import InternetGateway, Vpc
from local.errors import AwsError

if TYPE_CHECKING:
    from local.world import Region

NO_VPC = ("InvalidVpcID.NotFound", "The vpc ID '{id}' does not exist")
NO_GATEWAY = ("InvalidInternetGatewayID.NotFound", "The internetGateway ID '{id}' does not exist")


def create_vpc(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    vpc = add_vpc(
        region,
        region.ids.ec2("vpc"),
        cidr=params.get("CidrBlock", "10.0.0.0/16"),
        tags=tags_for(params, "vpc"),
    )
    return {"Vpc": _vpc_view(region, vpc)}


def add_vpc(region: Region, vpc_id: str, *, cidr: str, tags: dict[str, str] | None = None) -> Vpc:
    """A VPC with what AWS puts in it: a default security group and a main route table."""
    vpc = Vpc(id=vpc_id, cidr=cidr, tags=tags or {})
    region.ec2.vpcs[vpc_id] = vpc
    security_groups.add(
        region,
        group_id=region.ids.ec2("sg"),
        name="default",
        vpc_id=vpc_id,
        description="default VPC security group",
    )
    routes.add_table(region, vpc_id, main=True)
    return vpc


def describe_vpcs(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    found = by_ids(region.ec2.vpcs, params.get("VpcIds"), *NO_VPC)
    chosen = select(found, params, _vpc_fields)
    return page([_vpc_view(region, vpc) for vpc in chosen], params, "Vpcs")


def _vpc_fields(vpc: Vpc) -> dict[str, Any]:
    return {
        "vpc-id": vpc.id,
        "cidr": vpc.cidr,
        "cidr-block-association.cidr-block": vpc.cidr,
        "is-default": vpc.is_default,
        "isDefault": vpc.is_default,
        "state": "available",
        "tags": vpc.tags,
    }


def _vpc_view(region: Region, vpc: Vpc) -> dict[str, Any]:
    association = {
        "AssociationId": f"vpc-cidr-assoc-{vpc.id[4:]}",
        "CidrBlock": vpc.cidr,
        "CidrBlockState": {"State": "associated"},
    }
    return {
        "VpcId": vpc.id,
        "CidrBlock": vpc.cidr,
        "CidrBlockAssociationSet": [association],
        "DhcpOptionsId": "default",
        "InstanceTenancy": "default",
        "IsDefault": vpc.is_default,
        "OwnerId": region.account,
        "State": "available",
        "Tags": tag_list(vpc.tags),
    }


def delete_vpc(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    vpc = by_ids(region.ec2.vpcs, [params["VpcId"]], *NO_VPC)[0]
    users = [each for each in region.ec2.subnets.values() if each.vpc_id == vpc.id]
    if users or region.ec2.has_gateway(vpc.id):
        raise AwsError(
            "DependencyViolation", f"The vpc '{vpc.id}' has dependencies and cannot be deleted."
        )
    del region.ec2.vpcs[vpc.id]
    for store in (region.ec2.groups, region.ec2.route_tables):
        for each in [key for key, item in store.items() if item.vpc_id == vpc.id]:
            del store[each]
    return {}


def describe_vpc_attribute(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    vpc = by_ids(region.ec2.vpcs, [params["VpcId"]], *NO_VPC)[0]
    name = params["Attribute"]
    key = name[0].upper() + name[1:]
    return {"VpcId": vpc.id, key: {"Value": vpc.attributes[key]}}


def modify_vpc_attribute(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    vpc = by_ids(region.ec2.vpcs, [params["VpcId"]], *NO_VPC)[0]
    for key in vpc.attributes:
        if key in params:
            vpc.attributes[key] = params[key]["Value"]
    return {}


def create_gateway(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    tags = tags_for(params, "internet-gateway")
    gateway = InternetGateway(region.ids.ec2("igw"), tags=tags)
    region.ec2.gateways[gateway.id] = gateway
    return {"InternetGateway": _gateway_view(region, gateway)}


def describe_gateways(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    found = by_ids(region.ec2.gateways, params.get("InternetGatewayIds"), *NO_GATEWAY)
    chosen = select(
        found,
        params,
        lambda each: {
            "internet-gateway-id": each.id,
            "attachment.vpc-id": each.vpc_id,
            "attachment.state": "available" if each.vpc_id else None,
            "tags": each.tags,
        },
    )
    return page([_gateway_view(region, each) for each in chosen], params, "InternetGateways")


def _gateway_view(region: Region, gateway: InternetGateway) -> dict[str, Any]:
    attachments = [{"VpcId": gateway.vpc_id, "State": "available"}] if gateway.vpc_id else []
    return {
        "InternetGatewayId": gateway.id,
        "OwnerId": region.account,
        "Attachments": attachments,
        "Tags": tag_list(gateway.tags),
    }


def attach_gateway(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    gateway = by_ids(region.ec2.gateways, [params["InternetGatewayId"]], *NO_GATEWAY)[0]
    gateway.vpc_id = by_ids(region.ec2.vpcs, [params["VpcId"]], *NO_VPC)[0].id
    return {}


def detach_gateway(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    gateway = by_ids(region.ec2.gateways, [params["InternetGatewayId"]], *NO_GATEWAY)[0]
    gateway.vpc_id = None
    return {}


def delete_gateway(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    gateway = by_ids(region.ec2.gateways, [params["InternetGatewayId"]], *NO_GATEWAY)[0]
    if gateway.vpc_id:
        raise AwsError(
            "DependencyViolation",
            f"The internetGateway '{gateway.id}' has dependencies and cannot be deleted.",
        )
    del region.ec2.gateways[gateway.id]
    return {}


OPERATIONS = {
    "CreateVpc": create_vpc,
    "DescribeVpcs": describe_vpcs,
    "DeleteVpc": delete_vpc,
    "DescribeVpcAttribute": describe_vpc_attribute,
    "ModifyVpcAttribute": modify_vpc_attribute,
    "CreateInternetGateway": create_gateway,
    "DescribeInternetGateways": describe_gateways,
    "AttachInternetGateway": attach_gateway,
    "DetachInternetGateway": detach_gateway,
    "DeleteInternetGateway": delete_gateway,
}
